//! Which app sent a flow, and on what evidence: owner metadata, names, wire signatures, operators.

mod evidence;

pub use evidence::{Attribution, Claim, EvidenceKind, Party};
