//! The formats of captures: what the bytes of a file are, and from bytes to records.

pub(crate) mod classic;
pub(crate) mod compression;
pub(crate) mod pcapng;
pub(crate) mod secrets;
pub(crate) mod start;
pub(crate) mod state;
pub(crate) mod visit;
