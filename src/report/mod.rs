//! The one output model: what every output format shows. Serialised as it is for `--json`.

mod build;
mod model;

pub use build::{build, rfc3339};

pub use crate::route::Traffic;
pub use model::{
    AppRoutes, CaptureSummary, CountryLine, Destination, EvidenceShare, Generator, NameEvidence, OpinionLine,
    PlaceKind, Remainder, Report, RttLine, SCHEMA, VantageLine,
};
