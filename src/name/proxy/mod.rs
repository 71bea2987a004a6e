//! What is said to a proxy before the conversation with the server behind it: SOCKS and the PROXY protocol.

pub(super) mod proxy_protocol;
pub(super) mod socks;
