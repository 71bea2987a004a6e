//! Flow records as a stream of Arrow's IPC format (<https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format>), without
//! compression: it goes to another program, and what is kept is better kept as Parquet.

use super::batches::FlowBatches;
use super::sink::FlowSink;
use super::writer::{FlowWriter, Out};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;
use std::io::{self, BufWriter};

struct Arrow {
    batches: FlowBatches,
    stream: StreamWriter<BufWriter<Out>>,
}

/// Begins a stream. Records come as lines of JSON.
pub(super) fn sink(_: Box<dyn FlowWriter>, out: Out) -> io::Result<Box<dyn FlowSink>> {
    let batches = FlowBatches::new();
    let stream = StreamWriter::try_new(BufWriter::new(out), &batches.schema()).map_err(failed)?;
    Ok(Box::new(Arrow { batches, stream }))
}

impl FlowSink for Arrow {
    fn record(&mut self, record: &[u8]) -> io::Result<()> {
        let Self { batches, stream } = self;
        batches.records(record, |batch| stream.write(&batch).map(|()| true).map_err(failed)).map(drop)
    }

    fn finish(&mut self) -> io::Result<()> {
        if let Some(batch) = self.batches.rest()? {
            self.stream.write(&batch).map_err(failed)?;
        }
        self.stream.finish().and_then(|()| self.stream.flush()).map_err(failed)
    }
}

/// An error of the stream below, if that is what it is.
fn failed(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, source) => source,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::flows::columns::COLUMNS;
    use arrow_array::RecordBatch;
    use arrow_ipc::reader::StreamReader;
    use arrow_schema::SchemaRef;
    use serde_json::{Map, Value};
    use std::io::{Read, Seek};

    /// The schema of what these records become, and the batches.
    fn written(records: &[&str]) -> io::Result<(SchemaRef, Vec<RecordBatch>)> {
        let mut file = tempfile::tempfile()?;
        let mut sink = sink((super::super::NDJSON.writer)(), Box::new(file.try_clone()?))?;
        records.iter().try_for_each(|record| sink.record(record.as_bytes()))?;
        sink.finish()?;
        file.rewind()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let reader = StreamReader::try_new(&bytes[..], None).map_err(failed)?;
        let schema = reader.schema();
        Ok((schema, reader.collect::<Result<_, _>>().map_err(failed)?))
    }

    /// A record in which nothing is null, and the same with null or nothing wherever that may be.
    fn full_and_sparse() -> [String; 2] {
        let full = include_str!("snapshots/whither__output__flows__record__tests__flow_ndjson.snap").lines().last();
        let mut row: Map<String, Value> = serde_json::from_str(full.unwrap()).unwrap();
        for column in COLUMNS.iter().filter(|column| column.is_optional) {
            row[column.name] = Value::Null;
        }
        row.values_mut().filter_map(Value::as_array_mut).for_each(Vec::clear);
        [full.unwrap().to_owned(), Value::Object(row).to_string()]
    }

    #[test]
    fn empty_sparse_and_full_streams_have_one_schema() {
        let [full, sparse] = full_and_sparse();
        let streams = [vec![], vec![&*sparse], vec![&*full, &*sparse]].map(|records| written(&records).unwrap());
        let rows: Vec<usize> =
            streams.iter().map(|(_, batches)| batches.iter().map(RecordBatch::num_rows).sum()).collect();
        assert_eq!(rows, [0, 1, 2]);
        assert!(streams.iter().all(|(schema, _)| *schema == streams[0].0));
        assert_eq!(streams[0].0.metadata().get("whither.flow_record").map(String::as_str), Some("1"));
    }

    #[test]
    fn a_record_that_is_none_is_an_error() {
        let error = written(&["{\"capture\":1}"]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
