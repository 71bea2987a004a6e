//! Rows to record batches of Arrow, each of limited size.

use super::growing::Growing;
use super::schema::schema;
use super::shape::Column;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use serde_json::{Map, Value};
use std::io;

/// Rows of a batch at most. Engines work on so many at a time, or on fewer.
const BATCH_ROWS: usize = 1 << 14;
/// Bytes of a batch in memory at most, about: a row that goes beyond it is the last.
const BATCH_BYTES: usize = 8 << 20;

/// A record batch that is being filled.
#[derive(Debug)]
pub(in crate::output) struct Batch {
    schema: SchemaRef,
    columns: &'static [Column],
    growing: Vec<Growing>,
    rows: usize,
    bytes: usize,
}

impl Batch {
    /// An empty batch of these columns; `facts` are names and values that stand in the metadata of its schema.
    pub(in crate::output) fn new(columns: &'static [Column], facts: &[(&str, String)]) -> Self {
        let growing = columns.iter().map(|column| Growing::new(&column.shape)).collect();
        Self { schema: schema(columns, facts), columns, growing, rows: 0, bytes: 0 }
    }

    /// The schema, which is the same for all batches.
    pub(in crate::output) fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    /// Appends a row. If the batch is full with it, gives it out.
    ///
    /// # Errors
    /// If a field is not what its column holds. The batch is of no use then.
    pub(in crate::output) fn row(&mut self, row: &Map<String, Value>) -> io::Result<Option<RecordBatch>> {
        for (column, growing) in self.columns.iter().zip(&mut self.growing) {
            self.bytes += growing.field(column, row.get(column.name))?;
        }
        self.rows += 1;
        if self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES { self.take() } else { Ok(None) }
    }

    /// Gives out what there is, if there is anything.
    ///
    /// # Errors
    /// If the columns do not fit each other, which is a defect of the program.
    pub(in crate::output) fn take(&mut self) -> io::Result<Option<RecordBatch>> {
        if self.rows == 0 {
            return Ok(None);
        }
        (self.rows, self.bytes) = (0, 0);
        let columns = self.growing.iter_mut().map(Growing::take).collect::<Result<_, _>>().map_err(io::Error::other)?;
        RecordBatch::try_new(self.schema(), columns).map(Some).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape::Shape;
    use super::super::shapes::{BYTES, FLAG, REAL, TEXT, TIME, WHOLE};
    use super::*;
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Int64Type, TimestampNanosecondType};
    use serde_json::json;

    const NAME: &[Column] = &[Column::new("name", TEXT), Column::maybe("frame", WHOLE)];
    const COLUMNS: &[Column] = &[
        Column::new("seen", TIME),
        Column::maybe("rtt", REAL),
        Column::new("names", Shape::List(&Shape::Object(NAME))),
        Column::maybe("owner", Shape::Object(NAME)),
        Column::maybe("point", BYTES),
        Column::new("anycast", FLAG),
    ];

    fn row(names: &Value, owner: &Value) -> Map<String, Value> {
        let row = json!({"seen": "2026-06-01T02:00:01.000000001Z", "rtt": null, "names": names, "owner": owner, "point": "00ff",
                         "anycast": true});
        row.as_object().unwrap().clone()
    }

    #[test]
    fn rows_come_back_with_their_lists_and_what_is_null() {
        let mut batch = Batch::new(COLUMNS, &[]);
        let names = json!([{"name": "x", "frame": 1}, {"name": "y"}]);
        assert!(batch.row(&row(&json!([]), &Value::Null)).unwrap().is_none());
        assert!(batch.row(&row(&names, &json!({"name": "o", "frame": null}))).unwrap().is_none());
        let rows = batch.take().unwrap().unwrap();
        assert!(batch.take().unwrap().is_none() && rows.num_rows() == 2);
        assert_eq!(rows.column(0).as_primitive::<TimestampNanosecondType>().values(), &[1_780_279_201_000_000_001; 2]);
        assert_eq!(rows.column(1).null_count(), 2);
        let names = rows.column(2).as_list::<i32>();
        let elements = names.values().as_struct();
        assert_eq!((names.value_offsets(), names.null_count()), (&[0, 0, 2][..], 0));
        assert_eq!(elements.column(0).as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(elements.column(1).as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [Some(1), None]);
        let owners = rows.column(3).as_struct();
        assert_eq!([0, 1].map(|at| owners.is_null(at)), [true, false]);
        assert_eq!(owners.column(0).null_count(), 0, "what may not be null is not, even where nothing is there");
        assert_eq!(rows.column(4).as_binary::<i32>().value(1), [0, 255]);
        assert!(rows.column(5).as_boolean().value(0));
    }

    #[test]
    fn batches_are_bounded_in_rows_and_in_bytes() {
        let mut batch = Batch::new(COLUMNS, &[]);
        let small = row(&json!([]), &Value::Null);
        let full = (0..BATCH_ROWS).filter_map(|_| batch.row(&small).unwrap()).collect::<Vec<_>>();
        assert_eq!(full.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [BATCH_ROWS]);
        let large = row(&json!([{"name": "x".repeat(BATCH_BYTES / 2)}]), &Value::Null);
        assert!(batch.row(&large).unwrap().is_none());
        assert_eq!(batch.row(&large).unwrap().map(|rows| rows.num_rows()), Some(2));
    }

    #[test]
    fn what_does_not_fit_its_column_is_an_error() {
        for (names, owner) in [(json!(null), json!(null)), (json!([{"frame": 1}]), json!(null)), (json!([]), json!(7))]
        {
            let error = Batch::new(COLUMNS, &[]).row(&row(&names, &owner)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{names} {owner}");
        }
    }
}
