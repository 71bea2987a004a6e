//! Flow records: one per flow session, with stable field names. One file per format, one row in [`FORMATS`].
//!
//! A [`FlowRecord`] borrows everything from the flow, its place and its attribution; writers append to a buffer that the
//! caller reuses, since captures hold millions of flows.

#[cfg(feature = "columns")]
mod arrow;
#[cfg(feature = "columns")]
mod batches;
#[cfg(any(feature = "columns", feature = "parquet"))]
mod columns;
mod community_id;
mod csv;
mod format;
mod in_order;
mod ndjson;
mod owned;
#[cfg(feature = "parquet")]
mod parquet;
mod record;
mod redaction;
mod sink;
mod sorter;
mod writer;

#[cfg(feature = "columns")]
pub use batches::FlowBatches;
pub use format::FlowFormat;
pub use in_order::{InOrder, NotKept};
pub use owned::{OwnedClaim, OwnedName, OwnedOwner, OwnedRecord};
pub use record::FlowRecord;
pub use redaction::Redaction;
pub use sink::FlowSink;
pub use writer::{FlowWriter, Out};

/// All formats, sorted by name.
pub const FORMATS: &[FlowFormat] = &[
    #[cfg(feature = "columns")]
    FlowFormat {
        name: "arrow",
        about: "a stream of Arrow record batches with the columns of parquet",
        writer: NDJSON.writer,
        sink: arrow::sink,
        is_binary: true,
    },
    FlowFormat {
        name: "csv",
        about: "comma-separated values with a header line; lists and objects as JSON in a cell",
        writer: || Box::new(csv::Csv::default()),
        sink: sink::text,
        is_binary: false,
    },
    NDJSON,
    #[cfg(feature = "parquet")]
    FlowFormat {
        name: "parquet",
        about: "a Parquet file with typed columns, the same for every capture",
        writer: NDJSON.writer,
        sink: parquet::sink,
        is_binary: true,
    },
];

/// Formats that this build is without: each with the feature that has it.
pub const LACKING: &[(&str, &str)] = &[
    #[cfg(not(feature = "columns"))]
    ("arrow", "columns"),
    #[cfg(not(feature = "parquet"))]
    ("parquet", "parquet"),
];

/// One JSON object per line.
pub const NDJSON: FlowFormat = FlowFormat {
    name: "ndjson",
    about: "one JSON object per line",
    writer: || Box::new(ndjson::Ndjson),
    sink: sink::text,
    is_binary: false,
};

/// The format with this name.
pub fn format(name: &str) -> Option<&'static FlowFormat> {
    FORMATS.iter().find(|format| format.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_found_by_name() {
        assert!(FORMATS.is_sorted_by_key(|format| format.name));
        assert_eq!(format("ndjson").map(|format| format.name), Some("ndjson"));
        assert!(format("xlsx").is_none());
    }
}
