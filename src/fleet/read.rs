//! Reads one range of a capture into rows.

use crate::analysis::{Filtered, FrameFilter, Options};
use crate::capture::{First, FrameId, Outcome, ReadOptions, Source};
use crate::error::Error;
use crate::fleet::plan::{Task, USUAL_RANGE_BYTES};
use crate::fleet::reading::{Chunk, Reading};
use crate::fleet::row::Row;
use crate::flow::Partial;
use crate::name::KeyCounts;
use crate::output::escape::hex;
use std::path::Path;

/// Most bytes of a chunk: engines keep rows in memory by the thousand.
pub(super) const CHUNK_BYTES: usize = 1 << 20;
/// Most bytes of a partial as it is written.
pub(super) const MAX_PARTIAL: usize = 1 << 30;

/// Reads a range and gives its rows to `emit`: the chunks of its partials, then what is said of the range. A capture that is one range
/// becomes as many partials as it has times the usual bytes of a range, so that memory does not grow with it.
///
/// A guess that is wrong is no error: what is read from there is told apart when the ranges are verified.
///
/// # Errors
/// If the capture cannot be read, or is not what was planned, before reading or after it; the error names its path. What `emit` returns.
pub fn read(
    task: &Task,
    filter: Option<&FrameFilter>,
    emit: &mut (dyn FnMut(Row) -> Result<(), Error> + Send),
) -> Result<(), Error> {
    let path = Path::new(&task.name);
    task.check_unchanged()?;
    let source = Source::path(path)?;
    if source.size() != Some(task.size) || hex(&source.digest_of_first()) != task.first {
        return Err(task.changed("it has changed since the plan was made: its first bytes are others"));
    }
    if source.has_ranges() != (task.range_bytes > 0) {
        return Err(task.changed("the plan says of another kind of capture"));
    }
    // What they open, and what is said of them, is of one machine, which keeps the first bytes of connections for them.
    if Options::default().keys_with(std::slice::from_ref(&source)).counts() != KeyCounts::default() {
        let what = "it begins with secrets of encrypted hellos, which parts do not open";
        return Err(Error::not_usable(path, what, "leave it out of the parts, and read it with `whither map`"));
    }
    let early_blocks = source.secret_blocks();
    let empty = || Filtered { partial: Partial::new(task.key), filter: filter.cloned() };
    let mut out = Out { task, start: task.start.unwrap_or(task.from), parts: 0, emit };
    let (start, end, outcome) = if task.range_bytes > 0 {
        let first = task.start.map_or(First::Guessed, First::At);
        let read = source.read_range([task.from, task.to], first, empty()).map_err(|error| Error::io(path, error))?;
        if let Some(start) = read.start {
            out.start = start;
            out.part(read.partial.partial, 0)?;
        }
        (read.start, read.end, read.outcome)
    } else {
        out.start = 0;
        let outcome = whole(source, &empty, &mut out)?;
        let end = outcome.defect.as_ref().map_or(task.size, |defect| defect.offset);
        (Some(0), end, outcome)
    };
    let parts = out.parts;
    // What was read while it changed is of no use.
    task.check_unchanged()?;
    let problem = outcome.defect.as_ref().map(|defect| defect.what.clone());
    // Those ahead of the first packet are used where they hold any, so that they are not counted.
    let secret_blocks = outcome.secret_blocks.saturating_sub(early_blocks);
    let counted = Outcome { defect: None, secret_blocks, ..outcome };
    emit(Row::Range(Box::new(Reading { task: task.clone(), start, end, problem, counted, parts })))
}

/// Reads all of a capture into partials.
fn whole(source: Source, empty: &(dyn Fn() -> Filtered + Sync), out: &mut Out<'_>) -> Result<Outcome, Error> {
    let mut open: Option<(Partial, u64, u64)> = None;
    let mut failure = None;
    let mut take = |piece: crate::capture::Piece<Filtered>| {
        if failure.is_some() {
            return;
        }
        let base = piece.base.record();
        let (mut partial, first, mut bytes) = open.take().unwrap_or_else(|| (empty().partial, base, 0));
        bytes += piece.wire_bytes;
        // All have one key, and nothing was read from elsewhere.
        let merged = partial.merge(piece.partial.partial, FrameId::new(0, base - first));
        debug_assert_eq!(merged, Ok(()));
        match bytes < USUAL_RANGE_BYTES {
            true => open = Some((partial, first, bytes)),
            false => failure = out.part(partial, first).err(),
        }
    };
    let outcome = source.read_whole(&ReadOptions::default(), empty, &mut take);
    match (failure, open) {
        (Some(error), _) => Err(error),
        (None, Some((partial, first, _))) => out.part(partial, first).map(|()| outcome),
        (None, None) => Ok(outcome),
    }
}

/// Where the partials of a range, or of joined ones, go.
pub(super) struct Out<'a> {
    pub(super) task: &'a Task,
    /// Where the first record of the range started.
    pub(super) start: u64,
    /// How many partials there were so far.
    pub(super) parts: u32,
    pub(super) emit: &'a mut (dyn FnMut(Row) -> Result<(), Error> + Send),
}

impl Out<'_> {
    /// Gives out the chunks of the next partial, before which the range has `base` frames.
    pub(super) fn part(&mut self, mut partial: Partial, base: u64) -> Result<(), Error> {
        let mut bytes = Vec::new();
        partial.write_to(&mut bytes).map_err(|error| Error::io(&self.task.name, error))?;
        if bytes.len() > MAX_PARTIAL {
            let what = format!("the range from offset {} comes to {} bytes", self.task.from, bytes.len());
            return Err(Error::not_usable(&self.task.name, what, "make the ranges smaller"));
        }
        let Task { capture, from, to, .. } = *self.task;
        let of = super::reading::Piece { capture, from, to, start: self.start, part: self.parts };
        self.parts += 1;
        let chunks = bytes.chunks(CHUNK_BYTES);
        let count = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        for (chunk, bytes) in (0..).zip(chunks) {
            let chunk = Chunk { of, base, chunk, chunks: count, bytes: bytes.to_vec() };
            (self.emit)(Row::Part(self.task.plan.clone(), Box::new(chunk)))?;
        }
        Ok(())
    }
}
