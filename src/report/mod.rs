//! The output model that all output formats show, and how it is built. `--json` writes it as it is.

mod build;
mod model;

pub use build::{build, rfc3339};

pub use crate::route::Traffic;
pub use model::{
    AppRoutes, CaptureSummary, CountryLine, Destination, EvidenceShare, Generator, NameEvidence, OpinionLine,
    PlaceKind, Remainder, Report, RttLine, SCHEMA, VantageLine,
};
