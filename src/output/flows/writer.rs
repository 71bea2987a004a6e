//! What each format of flow records has: a name, and a writer.

use super::record::FlowRecord;

/// Appends flow records in one format to a buffer.
pub trait FlowWriter: Send {
    /// Appends what comes before the first record.
    fn header(&mut self, out: &mut Vec<u8>);
    /// Appends a record. Records may be written into several buffers and joined in any order.
    fn record(&mut self, record: &FlowRecord<'_>, out: &mut Vec<u8>);
    /// Appends what comes after the last record.
    fn finish(&mut self, out: &mut Vec<u8>);
}

/// A format that flow records can be written in.
pub struct FlowFormat {
    /// The value of `--format`.
    pub name: &'static str,
    /// What it is, for the help text.
    pub about: &'static str,
    /// Makes a writer.
    pub writer: fn() -> Box<dyn FlowWriter>,
}
