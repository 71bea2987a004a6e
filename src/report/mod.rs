//! The one output model: what every output format shows. Serialised as it is for `--json`.

mod model;

pub use model::{
    AppRoutes, CaptureSummary, CountryLine, Destination, EvidenceShare, Generator, NameEvidence, OpinionLine,
    PlaceKind, Remainder, Report, RttLine, SCHEMA, Traffic, VantageLine,
};
