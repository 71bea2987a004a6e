//! What a worker says of a range that it read: where it began and ended, and what it counted.

use crate::capture::Outcome;
use crate::error::Defect;
use crate::fleet::plan::Task;

/// What was read of a range, or of consecutive ranges that were joined. `start` of its task is what the worker was told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The range.
    pub task: Task,
    /// Where the first record started; none where none seemed to start in the range.
    pub start: Option<u64>,
    /// Where the first record starts that was not read.
    pub end: u64,
    /// Why reading ended before the end of the range, if it did.
    pub problem: Option<String>,
    /// What was counted in the range; without a defect.
    pub counted: Outcome,
    /// How many partials were made of it.
    pub parts: u32,
}

/// A part of the bytes of a partial.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chunk {
    /// The range, and where its first record started.
    pub of: Piece,
    /// How many frames of the range come before the partial.
    pub base: u64,
    /// Which chunk of the partial it is, from 0 on.
    pub chunk: u32,
    /// How many chunks the partial has.
    pub chunks: u32,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Names a partial: readings of the same range of a plan from the same start are the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Piece {
    /// The ordinal of the capture.
    pub capture: u32,
    /// Where the range begins.
    pub from: u64,
    /// Where the next one begins.
    pub to: u64,
    /// Where its first record started.
    pub start: u64,
    /// Which partial of the range it is, from 0 on.
    pub part: u32,
}

impl Reading {
    /// The name of one of its partials.
    pub(super) fn piece(&self, part: u32) -> Piece {
        let Task { capture, from, to, .. } = self.task;
        Piece { capture, from, to, start: self.start.unwrap_or_default(), part }
    }

    /// What is wrong with it, if a worker would not say so.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let Task { from, to, size, .. } = self.task;
        let start = self.start.unwrap_or(from);
        let is_whole = self.task.range_bytes == 0;
        if from > to || to > size || start < from || !is_whole && (self.end < start || self.end > size) {
            return Err("a range that does not lie in its capture");
        }
        if !is_whole && self.problem.is_none() && self.end < to {
            return Err("a range that ends before its end without a reason");
        }
        if self.start.is_none() && (self.counted.frames > 0 || self.parts > 0 || self.problem.is_some()) {
            return Err("frames of a range in which no record starts");
        }
        Ok(())
    }

    /// Adds what was counted to that of the ranges before it; none where the sums would be larger than those of any capture.
    pub(super) fn add_to(&self, whole: &mut Outcome) -> Option<()> {
        let counted = &self.counted;
        let sum = |mine: &mut u64, more: u64| {
            *mine = mine.checked_add(more).filter(|sum| *sum <= crate::stored::AMOUNT_LIMIT)?;
            Some(())
        };
        sum(&mut whole.frames, counted.frames)?;
        sum(&mut whole.not_packets, counted.not_packets)?;
        sum(&mut whole.wire_bytes, counted.wire_bytes)?;
        sum(&mut whole.captured_bytes, counted.captured_bytes)?;
        sum(&mut whole.owners_left_out, counted.owners_left_out)?;
        sum(&mut whole.lengths_not_believed, counted.lengths_not_believed)?;
        sum(&mut whole.joined_files, counted.joined_files)?;
        sum(&mut whole.secret_blocks, counted.secret_blocks)?;
        let either = |mine: Option<i64>, more: Option<i64>, pick: fn(i64, i64) -> i64| match (mine, more) {
            (Some(mine), Some(more)) => Some(pick(mine, more)),
            (one, None) | (None, one) => one,
        };
        whole.first_time_ns = either(whole.first_time_ns, counted.first_time_ns, i64::min);
        whole.last_time_ns = either(whole.last_time_ns, counted.last_time_ns, i64::max);
        whole.defect = self.problem.clone().map(|what| Defect {
            capture: self.task.name.clone(),
            offset: self.end,
            frame: whole.frames + 1,
            what,
        });
        Some(())
    }
}
