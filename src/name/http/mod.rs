//! Hosts that HTTP requests name: HTTP/1, HTTP/2 in clear text, and SSDP, which has the form of HTTP/1.

pub(super) mod head;
mod hpack;
pub(super) mod http1;
pub(super) mod http2;
mod huffman;
pub(super) mod ssdp;

#[cfg(test)]
mod tests;
