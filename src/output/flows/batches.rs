//! Flow records as record batches of Arrow.

use super::columns::{COLUMNS, facts};
use crate::output::columns::Batch;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use serde_json::{Map, Value};
use std::io;

/// Makes batches of records that come as lines of NDJSON.
pub struct FlowBatches(Batch);

impl FlowBatches {
    /// Without a record.
    #[allow(clippy::new_without_default, reason = "an empty batch is no value of its own")]
    pub fn new() -> Self {
        Self(Batch::new(COLUMNS, &facts()))
    }

    /// The schema of all batches.
    pub fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    /// Takes one record or several, and hands the batches that are full to `full`, which says whether it wants more.
    ///
    /// # Errors
    /// If a record is not what its columns hold, or `full` fails.
    pub fn records<E: From<io::Error>>(
        &mut self,
        records: &[u8],
        mut full: impl FnMut(RecordBatch) -> Result<bool, E>,
    ) -> Result<bool, E> {
        for row in serde_json::Deserializer::from_slice(records).into_iter::<Map<String, Value>>() {
            if let Some(batch) = self.0.row(&row.map_err(io::Error::from)?)?
                && !full(batch)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The batch of the records that are left, if there are any.
    ///
    /// # Errors
    /// If its columns do not fit each other, which is a defect of the program.
    pub fn rest(&mut self) -> io::Result<Option<RecordBatch>> {
        self.0.take()
    }
}
