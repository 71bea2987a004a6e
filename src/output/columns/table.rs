//! Rows to a Parquet file, a row group at a time.

use super::cell::wrong;
use super::leaf::{Leaf, Levels};
use super::message::message;
use super::shape::{Column, Shape};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::{Map, Value};
use std::io::{self, Write};
use std::sync::Arc;

/// Rows of a row group at most: engines read one at a time.
const GROUP_ROWS: usize = 1 << 16;
/// Bytes of a row group in memory at most, about.
const GROUP_BYTES: usize = 32 << 20;

/// A Parquet file that is being written. Its memory does not grow with the number of rows, but for a few kilobytes for each row group.
pub(in crate::output) struct Table<W: Write + Send> {
    file: SerializedFileWriter<W>,
    columns: &'static [Column],
    leaves: Vec<Leaf>,
    rows: usize,
    bytes: usize,
}

impl<W: Write + Send> Table<W> {
    /// Begins a file with these columns; `facts` are names and values that stand in its metadata.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(in crate::output) fn new(
        name: &str,
        columns: &'static [Column],
        facts: &[(&str, String)],
        out: W,
    ) -> io::Result<Self> {
        let schema = parse_message_type(&message(name, columns)).map_err(io::Error::other)?;
        let facts = facts.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone())).collect();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(format!("whither {}", env!("CARGO_PKG_VERSION")))
            .set_key_value_metadata(Some(facts))
            .build();
        let file = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties)).map_err(failed)?;
        let mut kinds = Vec::new();
        columns.iter().for_each(|column| column.shape.kinds(&mut kinds));
        Ok(Self { file, columns, leaves: kinds.into_iter().map(Leaf::new).collect(), rows: 0, bytes: 0 })
    }

    /// Appends a row.
    ///
    /// # Errors
    /// If a field is not what its column holds, or the file cannot be written.
    pub(in crate::output) fn row(&mut self, row: &Map<String, Value>) -> io::Result<()> {
        let mut put = Put { leaves: &mut self.leaves, at: 0, bytes: 0 };
        for column in self.columns {
            put.field(column, row.get(column.name), Levels::default(), 0)?;
        }
        self.bytes += put.bytes;
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES { self.end_group() } else { Ok(()) }
    }

    /// Writes what is left, and the end of the file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(in crate::output) fn finish(&mut self) -> io::Result<()> {
        if self.rows > 0 {
            self.end_group()?;
        }
        self.file.finish().map(drop).map_err(failed)
    }

    fn end_group(&mut self) -> io::Result<()> {
        let mut group = self.file.next_row_group().map_err(failed)?;
        for leaf in &mut self.leaves {
            let Some(mut column) = group.next_column().map_err(failed)? else { break };
            leaf.write(&mut column).map_err(failed)?;
            column.close().map_err(failed)?;
        }
        group.close().map_err(failed)?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

/// A row that is taken apart.
struct Put<'a> {
    leaves: &'a mut [Leaf],
    /// The leaf that comes next.
    at: usize,
    bytes: usize,
}

impl Put<'_> {
    /// Puts a field. `depth` is the number of lists that it is in.
    fn field(&mut self, column: &Column, value: Option<&Value>, levels: Levels, depth: i16) -> io::Result<()> {
        let levels = match value {
            None | Some(Value::Null) if column.is_optional => {
                self.skip(&column.shape, levels);
                return Ok(());
            }
            _ => Levels { definition: levels.definition + i16::from(column.is_optional), ..levels },
        };
        let value = value.ok_or_else(|| wrong(column.name))?;
        self.value(column.name, &column.shape, value, levels, depth)
    }

    fn value(&mut self, name: &str, shape: &Shape, value: &Value, levels: Levels, depth: i16) -> io::Result<()> {
        match shape {
            Shape::Value(_) => {
                let leaf = self.leaves.get_mut(self.at).ok_or_else(|| wrong(name))?;
                self.bytes += leaf.push(value, levels).ok_or_else(|| wrong(name))?;
                self.at += 1;
            }
            Shape::List(element) => {
                let list = value.as_array().ok_or_else(|| wrong(name))?;
                if list.is_empty() {
                    self.skip(element, levels);
                }
                let (first, definition) = (self.at, levels.definition + 1);
                for (index, value) in list.iter().enumerate() {
                    self.at = first;
                    let repetition = if index == 0 { levels.repetition } else { depth + 1 };
                    self.value(name, element, value, Levels { definition, repetition }, depth + 1)?;
                }
            }
            Shape::Object(columns) => {
                let object = value.as_object().ok_or_else(|| wrong(name))?;
                for column in *columns {
                    self.field(column, object.get(column.name), levels, depth)?;
                }
            }
        }
        Ok(())
    }

    /// Leaves all columns of a shape empty.
    fn skip(&mut self, shape: &Shape, levels: Levels) {
        let end = self.at + shape.leaves();
        self.leaves.get_mut(self.at..end).unwrap_or_default().iter_mut().for_each(|leaf| leaf.skip(levels));
        self.at = end;
    }
}

/// An error of the file below, if that is what it is.
fn failed(error: parquet::errors::ParquetError) -> io::Error {
    match error {
        parquet::errors::ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => *source,
            Err(source) => io::Error::other(source),
        },
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape::Kind;
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use serde_json::json;

    const NAME: &[Column] =
        &[Column::new("name", Shape::Value(Kind::Text)), Column::maybe("frame", Shape::Value(Kind::Whole))];
    const COLUMNS: &[Column] = &[
        Column::new("capture", Shape::Value(Kind::Text)),
        Column::new("seen", Shape::Value(Kind::Time)),
        Column::maybe("rtt", Shape::Value(Kind::Real)),
        Column::new("names", Shape::List(&Shape::Object(NAME))),
        Column::maybe("owner", Shape::Object(NAME)),
        Column::new("anycast", Shape::Value(Kind::Flag)),
    ];

    fn written(rows: &[Value]) -> io::Result<SerializedFileReader<std::fs::File>> {
        let file = tempfile::tempfile()?;
        let mut table = Table::new("test", COLUMNS, &[("version", "1".to_owned())], file.try_clone()?)?;
        rows.iter().try_for_each(|row| table.row(row.as_object().expect("an object")))?;
        table.finish()?;
        SerializedFileReader::new(file).map_err(failed)
    }

    fn row(names: &Value, owner: &Value, rtt: &Value) -> Value {
        json!({"capture": "a", "seen": "2026-06-01T02:00:01.000000001Z", "rtt": rtt, "names": names, "owner": owner,
               "anycast": true})
    }

    #[test]
    fn rows_come_back_with_their_lists_and_what_is_null() {
        let rows = [
            row(&json!([{"name": "x", "frame": 1}, {"name": "y", "frame": null}]), &Value::Null, &json!(1.5)),
            row(&json!([]), &json!({"name": "o"}), &Value::Null),
        ];
        let file = written(&rows).unwrap();
        let read: Vec<String> = file.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        let wanted = [
            r#"{capture: "a", seen: 1780279201000000001, rtt: 1.5, names: [{name: "x", frame: 1}, {name: "y", frame: null}], owner: null, anycast: true}"#,
            r#"{capture: "a", seen: 1780279201000000001, rtt: null, names: [], owner: {name: "o", frame: null}, anycast: true}"#,
        ];
        assert_eq!(read, wanted);
    }

    #[test]
    fn an_empty_file_has_the_schema_of_a_full_one() {
        let schema = |rows: &[Value]| {
            let file = written(rows).unwrap();
            let metadata = file.metadata().file_metadata();
            (metadata.schema().clone(), metadata.num_rows())
        };
        let (empty, full) = (schema(&[]), schema(&[row(&json!([]), &Value::Null, &json!(2))]));
        assert_eq!((&empty.0, empty.1, full.1), (&full.0, 0, 1));
    }

    #[test]
    fn what_does_not_fit_its_column_is_an_error() {
        for (names, rtt) in [(json!(null), json!(1)), (json!([{"frame": 1}]), json!(1)), (json!([]), json!("fast"))] {
            let error = written(&[row(&names, &Value::Null, &rtt)]).err().unwrap();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{names} {rtt}");
        }
    }
}
