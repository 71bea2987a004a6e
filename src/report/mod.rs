//! The one output model: what every output format shows. Serialised as it is for `--json`.

pub mod analysis;
mod build;
mod inherit;
pub mod memory;
mod model;
pub mod stages;

pub use build::{build, rfc3339};
pub use inherit::{Order, Unheard, order};

pub use crate::route::Traffic;
pub use model::{
    AppRoutes, CaptureSummary, CountryLine, Destination, EvidenceShare, Generator, NameEvidence, OpinionLine,
    PlaceKind, Remainder, Report, RttLine, SCHEMA, VantageLine,
};
