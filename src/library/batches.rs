//! Flows as record batches of Arrow that a caller asks for one after the other, while threads read ahead.

use super::reader::Reader;
use super::reading::{NotYet, Reading};
use crate::capture::{Outcome, Progress, Source};
use crate::error::Error;
use crate::output::flows::FlowBatches;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use rayon::ThreadPool;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Flows of captures as record batches, with the columns of `docs/columns.md`. Dropping it ends the reading.
pub struct Batches(Reading<RecordBatch>);

/// Batches that wait for the caller: one is made while another is worked on.
const WAITING_BATCHES: usize = 1;

impl Batches {
    /// Begins to read.
    pub(super) fn start(reader: Reader, pool: ThreadPool, captures: Vec<Source>) -> io::Result<Self> {
        let progress = Arc::clone(&reader.progress);
        Reading::start(pool, progress, WAITING_BATCHES, move |full| {
            let mut batches = FlowBatches::new();
            let ended = reader.read(captures, &mut |records| {
                batches.records(records, |batch| Ok(full.send(batch).is_ok())).map_err(not_of_its_columns)
            })?;
            if let Some(rest) = batches.rest().map_err(not_of_its_columns)? {
                // Whoever wants no more is not there.
                let _ = full.send(rest);
            }
            Ok(ended)
        })
        .map(Self)
    }

    /// The schema of all batches, of any capture.
    pub fn schema() -> SchemaRef {
        FlowBatches::new().schema()
    }

    /// Each capture, in order, and why reading it ended before its end, if it did. Empty until all batches have been given.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.0.ended().outcomes
    }

    /// What is missing because memory was short, in words. Empty until all batches have been given.
    pub fn left_out(&self) -> &[String] {
        &self.0.ended().left_out
    }

    /// How far reading has come.
    pub fn progress(&self) -> &Progress {
        self.0.progress()
    }

    /// The next batch, if it comes within this time: for a caller that has to look after something else as well.
    ///
    /// # Errors
    /// If it does not. It may be asked for again.
    pub fn next_within(&mut self, time: Duration) -> Result<Option<Result<RecordBatch, Error>>, NotYet> {
        self.0.next_within(time)
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, Error>;

    /// The next batch. An error is the last item.
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

fn not_of_its_columns(error: io::Error) -> Error {
    Error::not_usable("<flow record>", error.to_string(), "please report this as a defect")
}
