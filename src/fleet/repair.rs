//! What is to be read again, round by round, until all is proven.

use crate::error::Error;
use crate::fleet::plan::{Plan, Task};
use crate::fleet::reading::{Piece, Reading};
use crate::fleet::row::Row;
use crate::fleet::store::{Chunks, Store};
use crate::fleet::verify::verify;
use std::collections::{BTreeMap, BTreeSet};

/// Rows that are there, and what is said of those that come in addition, whose bytes are not kept.
pub struct Repair<'a> {
    before: &'a dyn Store,
    plan: &'a Plan,
    readings: Vec<Reading>,
    more: BTreeMap<Piece, Chunks<()>>,
}

impl<'a> Repair<'a> {
    /// Of the rows of a plan.
    ///
    /// # Errors
    /// If the rows are of another one.
    pub fn new(before: &'a dyn Store, plan: &'a Plan) -> Result<Self, Error> {
        let is_of_plan = |reading: &&Reading| plan.firsts().iter().any(|task| task.is_of_same_capture(&reading.task));
        match before.readings().first() {
            Some(reading) if !is_of_plan(&reading) => {
                Err(reading.task.changed("the rows are not of these captures as they are now"))
            }
            _ => Ok(Self { before, plan, readings: before.readings().to_vec(), more: BTreeMap::new() }),
        }
    }

    /// The ranges to read now; none where all is proven. Each round proves at least one more range of each capture.
    ///
    /// # Errors
    /// As [`verify`].
    pub fn next(&self) -> Result<Vec<Task>, Error> {
        if self.readings.is_empty() {
            return Ok(self.plan.tasks().collect());
        }
        let verified = verify(self)?;
        let mut tasks: Vec<Task> = verified.again.into_iter().map(|again| again.task).collect();
        if verified.captures_missing > 0 {
            let seen: BTreeSet<u32> = self.readings.iter().map(|reading| reading.task.capture).collect();
            tasks.extend(self.plan.tasks().filter(|task| !seen.contains(&task.capture)));
        }
        Ok(tasks)
    }

    /// Takes note of a row that was read.
    pub fn note(&mut self, row: &Row) {
        match row {
            Row::Range(reading) => self.readings.push((**reading).clone()),
            Row::Part(_, chunk) => {
                let chunks = self.more.entry(chunk.of).or_default();
                chunks.add(chunk.base, chunk.chunk, chunk.chunks, ());
            }
        }
    }
}

impl Store for Repair<'_> {
    fn readings(&self) -> &[Reading] {
        &self.readings
    }

    fn has(&self, piece: &Piece) -> bool {
        self.before.has(piece) || self.more.get(piece).is_some_and(Chunks::is_whole)
    }

    fn partial(&mut self, _: &Piece) -> Result<Option<(u64, Vec<u8>)>, Error> {
        Ok(None)
    }
}
