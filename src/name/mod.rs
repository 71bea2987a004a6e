//! Names that packets carry: one file per protocol, one row in a table.
//!
//! A reader maps bytes to [`Findings`] and knows nothing of flows. `flow` asks each row's `starts` for every payload
//! (constant time), gathers the bytes that follow a start, and hands them to `read` until it says [`Reading::Done`] or
//! [`Reading::No`].

mod app_resolver;
mod application;
mod bittorrent;
mod certificate;
mod client_hello;
mod datagram;
mod dcerpc;
mod dns;
mod dtls;
mod fbzero;
mod findings;
mod gquic;
mod greeting;
mod http;
mod http2;
mod kerberos;
mod netbios;
mod preamble;
mod proxy;
mod quic;
mod quic_frames;
mod quic_keys;
mod quic_packet;
mod quic_versions;
mod rdp_udp;
mod reassembly;
mod rtmp;
mod security_token;
mod sip;
mod smb;
mod socks;
mod stun;
pub mod table;
mod tls;
mod turn;
mod wire;

#[cfg(test)]
pub(crate) use quic::tests as quic_samples;

pub(crate) use client_hello::server_name_in_piece;
pub use client_hello::{ClientHello, Dialect, Offer};
pub use dns::encrypted_resolver;
pub use findings::{
    Alpn, Answer, Application, CertificateSubject, EchConfig, EchOffer, Findings, NameFound, NameSource, Reading, Role,
};
pub use http::is_ip_literal;
