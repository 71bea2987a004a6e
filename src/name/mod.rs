//! Names that packets carry: one file per protocol in its family's folder, and one row per reader in [`table`].
//!
//! A reader maps bytes to [`Findings`] and knows nothing of flows. `flow` asks each row's `starts` for every payload, which
//! takes constant time, gathers the bytes that follow a start, and hands them to the row's `read` until it says
//! [`Reading::Done`] or [`Reading::No`].
//!
//! [`table`] and the look-up beside it import the readers. The readers import the types in `reader` and `findings`, and what
//! reads single fields. These import no reader.

mod candidates;
mod exchange;
mod shown;
pub mod table;

mod application;
mod call;
mod dns;
mod ech;
mod http;
mod nameless;
mod proxy;
mod quic;
mod tls;
mod windows;

mod findings;
mod reader;

mod alpn;
mod host;
mod parsed;
mod reassembly;
mod source;
#[cfg(test)]
mod testing;
mod wire;

pub use alpn::Alpn;
pub(crate) use candidates::SECOND_CHOICES;
pub use candidates::{datagram_candidates, stream_candidates};
pub use dns::resolver::encrypted_resolver;
pub(crate) use dns::transaction::{Transaction, transaction};
pub use ech::{EchKeys, KeyCounts};
pub(crate) use ech::{EchOpening, accepts};
pub(crate) use exchange::{Part, datagram_part, stream_part};
pub use findings::{Answer, Application, CertificateSubject, EchConfig, EchOffer, Findings, FoundName, Role};
pub use host::is_ip_literal;
pub(crate) use quic::answer::hellos as quic_hellos;
pub(crate) use quic::head::InitialHead;
pub(crate) use quic::ids::{ConnectionId, chosen_id, is_telling, short_header_id};
pub(crate) use quic::initial::starts as quic_starts;
pub use reader::{Datagram, DatagramReader, IncrementalReader, Reading, StreamReader};
pub(crate) use shown::datagram_shown;
pub use source::NameSource;
pub use tls::client_hello::ClientHello;
pub use tls::dialect::Dialect;
pub(crate) use tls::hello_piece::server_name_in_piece;
pub(crate) use tls::ja4::JA4_LENGTH;
pub use tls::offer::Offer;
pub(crate) use tls::stream::{
    first_message as tls_hello, starts_client as tls_starts_client, starts_server as tls_starts_server,
};
