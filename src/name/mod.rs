//! Names that packets carry: one file per protocol, one row in a table.
//!
//! A reader maps bytes to [`Findings`] and knows nothing of flows. `flow` asks each row's `starts` for every payload
//! (constant time), gathers the bytes that follow a start, and hands them to `read` until it says [`Reading::Done`] or
//! [`Reading::No`].

mod findings;
pub mod table;

pub use findings::{
    Answer, Application, CertificateSubject, EchConfig, EchOffer, Findings, NameFound, NameSource, Reading, Role,
};
