//! Makes of consecutive ranges of a capture one range, whose rows are fewer. Many workers do so at once, each for other ranges, so that
//! whoever merges has less to do.

use crate::capture::{FrameId, Outcome};
use crate::error::Error;
use crate::fleet::merge::Ranges;
use crate::fleet::plan::Task;
use crate::fleet::read::Out;
use crate::fleet::reading::Reading;
use crate::fleet::row::Row;
use crate::fleet::store::Store;
use crate::fleet::verify::choose;
use crate::flow::Partial;
use std::collections::{BTreeMap, VecDeque};

/// Stored bytes of the partials that are joined into one. A partial takes some times as much memory while it is open.
const JOINED_BYTES: usize = 64 << 20;

/// Joins consecutive ranges of one capture and gives the rows of what they come to to `emit`: the chunks of partials, then what is said of
/// the range from the first one's beginning to the last one's end. That may be joined again, with what is before it or behind it.
///
/// The first range must be proven, by [`verify`](super::verify()); it proves those behind it as it does there. What does not count there
/// does not count here: ranges that a record fills or that are behind a defect, and readings that begin at the wrong place.
///
/// # Errors
/// If the rows are of several captures or plans, contradict each other, or are not consecutive; if a partial cannot be read. What `emit`
/// returns.
pub fn join(store: &mut dyn Store, emit: &mut (dyn FnMut(Row) -> Result<(), Error> + Send)) -> Result<(), Error> {
    join_up_to(store, JOINED_BYTES, emit)
}

fn join_up_to(
    store: &mut dyn Store,
    limit_bytes: usize,
    emit: &mut (dyn FnMut(Row) -> Result<(), Error> + Send),
) -> Result<(), Error> {
    let readings = chain(store)?;
    let (Some(first), Some(last)) = (readings.front().cloned(), readings.back().cloned()) else {
        return Err(Error::usage("there is no row of a range", "give the rows of ranges that are proven"));
    };
    let task = Task { to: last.task.to, ..first.task };
    let mut out = Out { task: &task, start: first.start.unwrap_or_default(), parts: 0, emit };
    let mut ranges = Ranges::new(store, readings);
    let mut open: Option<(Partial, u64, usize)> = None;
    while let Some((right, frame)) = ranges.try_next()? {
        let (base, bytes) = (frame.record(), ranges.stored_bytes);
        open = match open.take() {
            Some((mut left, first, sum)) if sum.saturating_add(bytes) <= limit_bytes => {
                let before = base.checked_sub(first).ok_or_else(|| task.changed("partials of it are not in order"))?;
                let merged = left.merge(right, FrameId::new(0, before));
                merged.map_err(|why| Error::usage(why.to_string(), "give the rows of one plan"))?;
                Some((left, first, sum + bytes))
            }
            full => {
                if let Some((left, first, _)) = full {
                    out.part(left, first)?;
                }
                Some((right, base, bytes))
            }
        };
    }
    if let Some((left, first, _)) = open {
        out.part(left, first)?;
    }
    let parts = out.parts;
    // What a defect is called is in `problem`; where it is follows from the ranges before.
    let counted = Outcome { defect: None, ..ranges.outcomes.pop().unwrap_or_default() };
    emit(Row::Range(Box::new(Reading {
        task,
        start: first.start,
        end: last.end,
        problem: last.problem,
        counted,
        parts,
    })))
}

/// The readings that follow each other, in order.
fn chain(store: &dyn Store) -> Result<VecDeque<Reading>, Error> {
    let readings = store.readings();
    let mut by: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (at, reading) in readings.iter().enumerate() {
        let task = &reading.task;
        let is_one = readings
            .first()
            .is_none_or(|first| first.task.capture == task.capture && first.task.is_of_same_capture(task));
        if !is_one {
            return Err(Error::usage("these are ranges of several captures or plans", "join those of one capture"));
        }
        by.entry(task.from).or_default().push(at);
    }
    let mut chain: VecDeque<Reading> = VecDeque::new();
    for (from, read) in by {
        let start = match chain.back() {
            // A joined range reaches beyond it, or a record fills it, or nothing behind a defect counts.
            Some(last) if from < last.task.to || last.problem.is_some() => continue,
            Some(last) if last.end >= last.task.range(last.task.ranges_before(from)).to => continue,
            Some(last) => Some(last.end),
            None => the_start(read.iter().filter_map(|&at| readings.get(at)))?,
        };
        let Some(reading) = choose(store, &read, start)?.and_then(|at| readings.get(at)) else {
            let what = format!(
                "its ranges to offset {from} and from there on do not follow each other, or lack some of their rows"
            );
            let task = readings.first().map(|reading| reading.task.clone());
            let name = task.map(|task| task.name).unwrap_or_default();
            return Err(Error::not_usable(name, what, "join consecutive ranges that are proven"));
        };
        chain.push_back(reading.clone());
    }
    Ok(chain)
}

/// Where the readings of the first range begin, all of them.
fn the_start<'a>(mut readings: impl Iterator<Item = &'a Reading>) -> Result<Option<u64>, Error> {
    let Some(first) = readings.next() else { return Ok(None) };
    if first.start.is_some() && readings.all(|reading| reading.start == first.start) {
        return Ok(first.start);
    }
    let what = format!("its range from offset {} does not begin at one place", first.task.from);
    Err(Error::not_usable(&first.task.name, what, "join consecutive ranges that are proven"))
}
