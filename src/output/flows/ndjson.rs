//! Flow records as newline-delimited JSON.

use super::record::FlowRecord;
use super::writer::FlowWriter;

/// One JSON object per line, no header.
pub(super) struct Ndjson;

impl FlowWriter for Ndjson {
    fn header(&mut self, _out: &mut Vec<u8>) {}

    fn record(&mut self, record: &FlowRecord<'_>, out: &mut Vec<u8>) {
        // Writing to a Vec cannot fail, and a record holds nothing that JSON cannot.
        let _ = serde_json::to_writer(&mut *out, record);
        out.push(b'\n');
    }

    fn finish(&mut self, _out: &mut Vec<u8>) {}
}
