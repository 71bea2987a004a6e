//! What each format of flow records has: a name, a writer, and a sink.

use super::sink::FlowSink;
use super::writer::{FlowWriter, Out};
use std::io;

/// Begins a sink.
type Begin = fn(Box<dyn FlowWriter>, Out) -> io::Result<Box<dyn FlowSink>>;

/// A format that flow records can be written in.
pub struct FlowFormat {
    /// The value of `--format`.
    pub name: &'static str,
    /// What it is, for the help text.
    pub about: &'static str,
    /// Makes a writer.
    pub writer: fn() -> Box<dyn FlowWriter>,
    /// Begins what the records of these writers are put into, in their order.
    pub sink: Begin,
    /// Whether it is not for terminals.
    pub is_binary: bool,
}
