//! What makes the bytes of records.

use super::record::FlowRecord;
use std::io::Write;

/// Appends flow records in one format to a buffer.
pub trait FlowWriter: Send {
    /// Appends what comes before the first record.
    fn header(&mut self, out: &mut Vec<u8>);
    /// Appends a record. Records may be written into several buffers and joined in any order.
    fn record(&mut self, record: &FlowRecord<'_>, out: &mut Vec<u8>);
    /// Appends what comes after the last record.
    fn finish(&mut self, out: &mut Vec<u8>);
}

/// Where a format writes to.
pub type Out = Box<dyn Write + Send>;
