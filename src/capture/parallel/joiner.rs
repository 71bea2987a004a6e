//! How much of the front capture has joined, and how that capture ends.

use super::outcome::{Outcome, Piece};
use super::queue::Queue;
use super::ranges::Ranges;
use super::reading::{Phase, Reading};
use crate::capture::format::state::State;
use crate::capture::tally::Counts;
use crate::error::Defect;
use std::sync::Arc;

/// Up to where the front capture is proven.
pub(super) struct Proof {
    pub(super) position: u64,
    pub(super) state: Option<State>,
    pub(super) counts: Counts,
    pub(super) misses: u32,
    pub(super) ranges: Option<Arc<Ranges>>,
    /// The range that joins next.
    pub(super) index: u64,
}

/// What the thread that joins needs.
pub(super) struct Joiner<'a, P> {
    pub(super) join: &'a mut (dyn FnMut(Piece<P>) + Send),
    pub(super) formats: Vec<String>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) proof: Option<Proof>,
}

impl Proof {
    pub(super) fn new<P>(reading: &Reading<P>) -> Self {
        let ranges = match &reading.phase {
            Phase::Ranges(ranges) => Some(Arc::clone(ranges)),
            _ => None,
        };
        let (counts, position) = match &reading.phase {
            Phase::Whole(counts, end) => (*counts, *end),
            _ => (Counts::default(), ranges.as_ref().map_or(0, |ranges| ranges.start.offset as u64)),
        };
        Self { position, state: None, counts, misses: 0, ranges, index: 0 }
    }
}

impl<P> Joiner<'_, P> {
    /// Ends the front capture if all of it has joined. Returns whether it has.
    pub(super) fn finish_front(&mut self, queue: &mut Queue<P>) -> bool {
        let index = queue.front;
        let Some(reading) = queue.readings.get_mut(index) else { return false };
        if reading.total != Some(reading.next_join) {
            return false;
        }
        let proof = self.proof.take().unwrap_or_else(|| Proof::new(reading));
        reading.phase = Phase::Finished;
        let defect = reading.problem.take().map(|what| Defect {
            capture: reading.name.clone(),
            offset: proof.position,
            frame: proof.counts.frames + 1,
            what,
        });
        let name = std::mem::take(&mut reading.name);
        let format = self.formats.get_mut(index).map(std::mem::take).unwrap_or_default();
        self.outcomes.push(outcome(name, format, proof.counts, defect));
        queue.front += 1;
        true
    }
}

/// The outcome of a capture of which so much has joined.
pub(super) fn outcome(name: String, format: String, counts: Counts, defect: Option<Defect>) -> Outcome {
    let Counts {
        frames,
        not_packets,
        wire_bytes,
        captured_bytes,
        span_ns,
        owners_left_out,
        lengths_not_believed,
        joined_files,
        secret_blocks,
    } = counts;
    Outcome {
        name,
        format,
        frames,
        not_packets,
        wire_bytes,
        captured_bytes,
        first_time_ns: span_ns.map(|(first, _)| first),
        last_time_ns: span_ns.map(|(_, last)| last),
        owners_left_out,
        lengths_not_believed,
        joined_files,
        secret_blocks,
        defect,
    }
}
