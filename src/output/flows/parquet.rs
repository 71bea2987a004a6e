//! Flow records as a Parquet file.

use super::columns::{COLUMNS, facts};
use super::sink::FlowSink;
use super::writer::{FlowWriter, Out};
use crate::output::columns::Table;
use serde_json::{Map, Value};
use std::io::{self, BufWriter};

struct Parquet(Table<BufWriter<Out>>);

/// Begins a file. Records come as lines of JSON.
pub(super) fn sink(_: Box<dyn FlowWriter>, out: Out) -> io::Result<Box<dyn FlowSink>> {
    Ok(Box::new(Parquet(Table::new("flow", COLUMNS, &facts(), BufWriter::new(out))?)))
}

impl FlowSink for Parquet {
    fn record(&mut self, record: &[u8]) -> io::Result<()> {
        // Several records may come at once.
        for row in serde_json::Deserializer::from_slice(record).into_iter::<Map<String, Value>>() {
            self.0.row(&row?)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.finish()
    }
}
