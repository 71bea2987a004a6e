//! Flow records as newline-delimited JSON.

use super::record::FlowRecord;
use super::writer::FlowWriter;
use crate::output::escape::json_visible;
use std::borrow::Cow;

/// One JSON object per line, no header.
pub(super) struct Ndjson;

impl FlowWriter for Ndjson {
    fn header(&mut self, _out: &mut Vec<u8>) {}

    fn record(&mut self, record: &FlowRecord<'_>, out: &mut Vec<u8>) {
        // Writing to a Vec cannot fail, and a record holds nothing that JSON cannot.
        let start = out.len();
        let _ = serde_json::to_writer(&mut *out, record);
        let shown = match out.get(start..).map(str::from_utf8) {
            Some(Ok(text)) => match json_visible(text) {
                Cow::Owned(shown) => Some(shown),
                Cow::Borrowed(_) => None,
            },
            _ => None,
        };
        if let Some(shown) = shown {
            out.truncate(start);
            out.extend_from_slice(shown.as_bytes());
        }
        out.push(b'\n');
    }

    fn finish(&mut self, _out: &mut Vec<u8>) {}
}
