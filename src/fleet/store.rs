//! Where the rows of workers are, when they are verified and merged.

use crate::error::Error;
use crate::fleet::reading::{Piece, Reading};
use crate::fleet::row::Row;
use std::collections::{BTreeMap, BTreeSet};

/// The readings of ranges, and the bytes of their partials on request.
pub trait Store {
    /// What is said of ranges; a range may be there more than once.
    fn readings(&self) -> &[Reading];

    /// Whether a partial is there whole.
    fn has(&self, piece: &Piece) -> bool;

    /// How many frames come before a partial in its range, and its bytes; none where it is not there.
    ///
    /// # Errors
    /// If they cannot be read.
    fn partial(&mut self, piece: &Piece) -> Result<Option<(u64, Vec<u8>)>, Error>;
}

/// Chunks of a partial, by their number; `T` is where their bytes are.
#[derive(Clone, Debug)]
pub(super) struct Chunks<T> {
    base: u64,
    count: u32,
    by: BTreeMap<u32, T>,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { base: 0, count: 0, by: BTreeMap::new() }
    }
}

impl<T> Chunks<T> {
    /// Takes in a chunk. One that is there already counts once: it was read twice, and is the same.
    pub(super) fn add(&mut self, base: u64, chunk: u32, chunks: u32, what: T) {
        (self.base, self.count) = (base, chunks);
        self.by.entry(chunk).or_insert(what);
    }

    pub(super) fn is_whole(&self) -> bool {
        self.by.len() as u64 == u64::from(self.count)
    }

    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// In order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.by.values()
    }
}

/// Which plans rows are of.
#[derive(Clone, Debug, Default)]
pub(super) struct Plans(BTreeSet<String>);

impl Plans {
    /// Takes note of a plan. There may be one only.
    pub(super) fn note(&mut self, plan: &str) -> Result<(), String> {
        if !self.0.contains(plan) {
            self.0.insert(plan.to_owned());
        }
        match self.0.len() {
            0 | 1 => Ok(()),
            _ => Err("it is of another plan than rows before it: other captures, another filter or other sizes of ranges, or a \
                      capture that has changed"
                .to_owned()),
        }
    }
}

/// Rows in memory.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    readings: Vec<Reading>,
    partials: BTreeMap<Piece, Chunks<Vec<u8>>>,
    plans: Plans,
}

impl Memory {
    /// Takes in a row.
    ///
    /// # Errors
    /// If it is of another plan than the rows before it.
    pub fn add(&mut self, row: Row) -> Result<(), Error> {
        let refused = |what| Error::usage(what, "give the rows of one plan");
        match row {
            Row::Range(reading) => {
                self.plans.note(&reading.task.plan).map_err(refused)?;
                self.readings.push(*reading);
            }
            Row::Part(plan, chunk) => {
                self.plans.note(&plan).map_err(refused)?;
                let chunks = self.partials.entry(chunk.of).or_default();
                chunks.add(chunk.base, chunk.chunk, chunk.chunks, chunk.bytes);
            }
        }
        Ok(())
    }
}

impl Store for Memory {
    fn readings(&self) -> &[Reading] {
        &self.readings
    }

    fn has(&self, piece: &Piece) -> bool {
        self.partials.get(piece).is_some_and(Chunks::is_whole)
    }

    fn partial(&mut self, piece: &Piece) -> Result<Option<(u64, Vec<u8>)>, Error> {
        let Some(chunks) = self.partials.get(piece).filter(|chunks| chunks.is_whole()) else { return Ok(None) };
        Ok(Some((chunks.base(), chunks.iter().flatten().copied().collect())))
    }
}
