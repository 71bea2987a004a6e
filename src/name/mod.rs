//! Names that packets carry: one file per protocol, one row in a table.
//!
//! A reader maps bytes to [`Findings`] and knows nothing of flows. `flow` asks each row's `starts` for every payload
//! (constant time), gathers the bytes that follow a start, and hands them to `read` until it says [`Reading::Done`] or
//! [`Reading::No`].

mod certificate;
mod client_hello;
mod dtls;
mod fbzero;
mod findings;
mod gquic;
mod quic;
mod quic_frames;
mod quic_keys;
mod quic_packet;
mod quic_versions;
mod reassembly;
pub mod table;
mod tls;
mod wire;

pub use findings::{
    Answer, Application, CertificateSubject, EchConfig, EchOffer, Findings, NameFound, NameSource, Reading, Role,
};
