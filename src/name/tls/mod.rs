//! The names in the handshakes of TLS and DTLS: the client's hello and the server's certificate.

mod certificate;
pub(super) mod client_hello;
pub(super) mod dialect;
pub(super) mod dtls;
mod extensions;
mod flight;
pub(super) mod hello_piece;
pub(super) mod ja4;
pub(super) mod offer;
mod server_hello;
mod ssl2;
pub(super) mod stream;
pub(super) mod turn_channel;

#[cfg(test)]
pub(crate) mod samples;
