//! The ClientHello in the first packets of QUIC, of Google's QUIC before it, and of Facebook's protocol that took over its message.

pub(super) mod answer;
pub(super) mod fbzero;
mod frames;
pub(super) mod gquic;
pub(super) mod head;
mod hello;
pub(super) mod ids;
pub(super) mod initial;
mod keys;
pub(super) mod packet;
mod tag_table;
mod versions;

#[cfg(test)]
pub(crate) mod samples;
