//! Finds which app sent a flow, and on what evidence: owner metadata, names, wire signatures, operators.
//!
//! The facts live in `data/apps.toml`, `data/operators.toml` and `data/parents.toml`; a new app is one entry there. A new wire signature is
//! one file in `signature/` and one row in its table.

mod attribute;
mod catalogue;
mod domain;
mod entry;
mod evidence;
mod inherit;
mod schema;
#[doc(hidden)]
pub mod signature;

pub use catalogue::Catalogue;
pub use domain::site_of;
pub use entry::{App, Basis, Confidence, Domain, Hit, HitTarget, Network, Part, Service, ServiceKind};
pub use evidence::{Attribution, Claim, EvidenceKind, Party};
pub use inherit::{Neighbour, inherit};
