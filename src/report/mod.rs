//! The output model that all output formats show, and how it is built. `--json` writes it as it is.

mod build;
pub mod diff;
mod model;
mod notes;
mod paths;
mod redaction;
mod remainders;
mod rows;
mod saved;
mod shares;
mod sites;
mod tally;
mod time;
pub mod transfers;
mod unseen;

#[cfg(test)]
pub(crate) use tally::Tally;

pub(crate) use build::OTHER_OWNERS;
pub use build::build;
pub use notes::for_lack_of_memory;
pub use redaction::{Redaction, RemovedLine};
pub use saved::{SavedError, schema_of};
pub use time::rfc3339;

pub use crate::route::{Exchange, Payload, Traffic};
pub use crate::standing::Standing;
pub use model::{
    AppRoutes, Candidate, CaptureSummary, CountryLine, Destination, EvidenceShare, ExclusionLine, Generator,
    NameEvidence, OpinionLine, PhysicsLine, Remainder, Report, RttLine, RunLine, SCHEMA, TablesAge, VantageLine,
};
pub use paths::{HopLine, PathCountry, PathLine};
pub use shares::{EndpointShares, ShareLine, UnplacedLine, WayShares};
pub use sites::{Site, SitePlace, Sites};
pub use unseen::Unseen;
