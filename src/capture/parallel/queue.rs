//! The jobs that are left, over all captures, and which of them may be done next.

use super::batch::{self, Member};
use super::group::{Beyond, Done, Group, PIECES_PER_GROUP};
use super::options::ReadOptions;
use super::ranges::Ranges;
use super::reading::{Phase, Reading};
use super::stream::{Cut, Cutter, MAX_PIECE};
use crate::capture::source::Source;
use crate::capture::tally::Counts;
use std::sync::Arc;

/// More threads than these do not help: so many parse a stream as fast as it can be read.
const MAX_STREAM_THREADS: usize = 8;

/// A job for a worker.
pub(super) enum Job<P> {
    Open(Box<Source>),
    /// Small captures, the first of which is the ticket's.
    Batch(Vec<Source>),
    Range(Arc<Ranges>, u64),
    Cut(Box<Cutter>, Vec<u8>),
    Parse(Box<ParseJob<P>>),
}

/// A piece of a stream, its number, and the group that goes on with it.
pub(super) struct ParseJob<P> {
    pub(super) cut: Cut,
    pub(super) number: u64,
    pub(super) group: Option<Group<P>>,
}

/// A job, and where its result belongs.
pub(super) struct Ticket<P> {
    pub(super) reading: usize,
    pub(super) epoch: u32,
    pub(super) job: Job<P>,
}

/// Everything that is left to be read.
pub(super) struct Queue<P> {
    pub(super) readings: Vec<Reading<P>>,
    /// The capture whose pieces join now.
    pub(super) front: usize,
    /// Pieces in flight over all captures.
    in_flight: usize,
    /// Most pieces in flight, so that memory does not grow with the capture.
    most_in_flight: usize,
    /// Most pieces of one stream whose bytes are in memory.
    most_buffers: usize,
    /// Bytes of a piece of a stream, unless a record is longer.
    piece_bytes: usize,
    /// Most captures open at once: enough to keep the threads busy, and far fewer than there are file handles.
    most_open: usize,
    range_bytes: Option<u64>,
    /// Buffers to be used again.
    scrap: Vec<Vec<u8>>,
    pub(super) is_joining: bool,
    pub(super) helpers: usize,
    pub(super) has_panicked: bool,
}

impl<P> Queue<P> {
    pub(super) fn new(sources: Vec<Source>, threads: usize, options: &ReadOptions) -> Self {
        /// With so much memory or more, the number of captures open at once is not reduced.
        const AMPLE: u64 = 1 << 30;
        /// Captures open at once with less memory: each may be compressed, and its decoder takes memory.
        const FEW: usize = 4;
        let most = options.memory_bytes.filter(|bytes| *bytes < AMPLE).map_or(usize::MAX, |_| FEW);
        Self {
            readings: sources.into_iter().map(Reading::new).collect(),
            front: 0,
            in_flight: 0,
            most_in_flight: 2 * threads + 2,
            most_buffers: PIECES_PER_GROUP as usize * (threads.min(MAX_STREAM_THREADS) + 1),
            piece_bytes: super::opening::piece_bytes(options).clamp(1, MAX_PIECE),
            most_open: (2 * threads + 2).min(most),
            range_bytes: options.range_bytes.or(options.most_range_bytes),
            scrap: Vec::new(),
            is_joining: false,
            helpers: 0,
            has_panicked: false,
        }
    }

    /// Whether everything is done.
    pub(super) fn is_over(&self) -> bool {
        self.front >= self.readings.len() || self.has_panicked
    }

    /// Takes the next job. Jobs of earlier captures come first, since later ones join after them.
    pub(super) fn pick(&mut self) -> Option<Ticket<P>> {
        let (index, what) = self.find()?;
        if let What::Batch(length) = what {
            return self.pick_batch(index, length);
        }
        let scrap = matches!(what, What::Cut).then(|| self.scrap.pop()).flatten();
        let reading = self.readings.get_mut(index)?;
        let epoch = reading.epoch;
        let job = match (what, &mut reading.phase) {
            (What::Open, phase @ Phase::Unopened(_)) => match std::mem::replace(phase, Phase::Opening) {
                Phase::Unopened(source) => Job::Open(source),
                _ => return None,
            },
            (What::Range, Phase::Ranges(ranges)) => {
                let ranges = Arc::clone(ranges);
                reading.in_flight += 1;
                self.in_flight += 1;
                reading.next += 1;
                Job::Range(ranges, reading.next - 1)
            }
            (What::Cut, Phase::Stream { cutter, .. }) => {
                let cutter = cutter.take()?;
                reading.buffers += 1;
                Job::Cut(cutter, scrap.unwrap_or_default())
            }
            (What::Parse, Phase::Stream { ready, .. }) => {
                let parked = reading.parked.take_if(|group| ready.iter().any(|(number, _)| *number == group.next));
                let wanted = parked.as_ref().map_or(reading.next_group, |group| group.next);
                let at = ready.iter().position(|(number, _)| *number == wanted)?;
                let (number, piece) = ready.remove(at)?;
                if parked.is_none() {
                    reading.next_group = number + PIECES_PER_GROUP;
                    reading.in_flight += 1;
                    self.in_flight += 1;
                }
                Job::Parse(Box::new(ParseJob { cut: piece, number, group: parked }))
            }
            _ => return None,
        };
        Some(Ticket { reading: index, epoch, job })
    }

    fn pick_batch(&mut self, index: usize, length: usize) -> Option<Ticket<P>> {
        let mut sources = Vec::with_capacity(length);
        for reading in self.readings.get_mut(index..index + length)? {
            if let Phase::Unopened(source) = std::mem::replace(&mut reading.phase, Phase::InBatch) {
                sources.push(*source);
            }
        }
        let reading = self.readings.get_mut(index)?;
        reading.in_flight += 1;
        self.in_flight += 1;
        Some(Ticket { reading: index, epoch: reading.epoch, job: Job::Batch(sources) })
    }

    /// Takes in the results of captures that were read together.
    pub(super) fn deposit_batch(&mut self, index: usize, members: Vec<Member<P>>) {
        if let Some(reading) = self.readings.get_mut(index) {
            reading.in_flight -= 1;
            self.in_flight -= 1;
        }
        // The capture with which the current partial begins.
        let mut first = index;
        for (index, member) in (index..).zip(members) {
            let (read, partial) = match member {
                Member::Large(mut source) => {
                    source.may_share = false;
                    if let Some(reading) = self.readings.get_mut(index) {
                        reading.phase = Phase::Unopened(source);
                    }
                    continue;
                }
                Member::Shares(read) => (read, None),
                Member::First(read, partial) => (read, Some(partial)),
            };
            let batch::Read { counts, end, problem } = read;
            if let Some(partial) = partial {
                first = index;
                let Some(reading) = self.readings.get_mut(index) else { return };
                let done = Done {
                    partial,
                    counts,
                    start: None,
                    end,
                    problem,
                    states: None,
                    beyond: Beyond::default(),
                    pieces: 1,
                    is_pause: false,
                };
                reading.done.insert(0, done);
                reading.phase = Phase::Whole(Counts::default(), 0);
                reading.total = Some(1);
                reading.in_flight += 1;
                self.in_flight += 1;
                continue;
            }
            if let Some(reading) = self.readings.get_mut(index) {
                reading.phase = Phase::Whole(counts, end);
                reading.problem = problem;
                reading.total = Some(0);
            }
            if let Some(done) = self.readings.get_mut(first).and_then(|reading| reading.done.get_mut(&0)) {
                done.beyond.frames += counts.frames;
                done.beyond.wire_bytes += counts.wire_bytes;
            }
        }
    }

    /// Whether there is a job to take.
    pub(super) fn has_job(&self) -> bool {
        self.find().is_some()
    }

    fn find(&self) -> Option<(usize, What)> {
        let mut open = 0;
        for (index, reading) in self.readings.iter().enumerate().skip(self.front) {
            // The front capture may always have one job in flight; otherwise reading could come to a standstill.
            let may_start = self.in_flight < self.most_in_flight || (index == self.front && reading.in_flight == 0);
            let what = match &reading.phase {
                // These have no open file.
                Phase::InBatch | Phase::Whole(..) => continue,
                _ if open >= self.most_open => return None,
                Phase::Unopened(source) if !source.may_share => What::Open,
                Phase::Unopened(_) => match self.batch_length(index) {
                    0 | 1 => What::Open,
                    length if may_start => What::Batch(length),
                    _ => {
                        open += 1;
                        continue;
                    }
                },
                Phase::Ranges(ranges) if may_start && reading.next < ranges.count() => What::Range,
                Phase::Stream { cutter, ready } => {
                    let is_ready = |wanted: u64| ready.iter().any(|(number, _)| *number == wanted);
                    let goes_on = reading.parked.as_ref().is_some_and(|group| is_ready(group.next));
                    let can_parse = goes_on || (may_start && is_ready(reading.next_group));
                    let can_cut = cutter.is_some()
                        && reading.buffers < self.most_buffers
                        && reading.buffer_bytes < self.most_buffers.saturating_mul(self.piece_bytes);
                    // Pieces are parsed soon after they are cut, while they are in a cache. Cutting comes first only if there is little to parse.
                    // What came before a pause is wanted now, and the next piece may take long to come.
                    let is_wanted = ready.iter().any(|(_, cut)| cut.is_pause);
                    if can_parse && (ready.len() > 1 || !can_cut || is_wanted) {
                        What::Parse
                    } else if can_cut {
                        What::Cut
                    } else {
                        open += 1;
                        continue;
                    }
                }
                _ => {
                    open += 1;
                    continue;
                }
            };
            return Some((index, what));
        }
        None
    }

    /// How many captures, from this one on, one worker is to read together.
    fn batch_length(&self, index: usize) -> usize {
        let unopened = self.readings.iter().skip(index).map_while(|reading| match &reading.phase {
            Phase::Unopened(source) => Some(&**source),
            _ => None,
        });
        batch::length(unopened, self.range_bytes)
    }

    /// Puts a cutter back with the piece it cut.
    pub(super) fn cut(&mut self, index: usize, epoch: u32, cutter: Box<Cutter>, piece: Cut) {
        let Some(reading) = self.readings.get_mut(index) else { return };
        match &mut reading.phase {
            Phase::Stream { cutter: place, ready } if reading.epoch == epoch => {
                let number = reading.next;
                reading.next += 1;
                reading.buffer_bytes += piece.memory();
                if piece.is_last {
                    reading.total = Some(reading.next);
                } else {
                    *place = Some(cutter);
                }
                ready.push_back((number, piece));
            }
            _ => {}
        }
    }

    /// Takes back the buffer of a piece that was parsed.
    pub(super) fn scrap(&mut self, index: usize, buffer: Vec<u8>) {
        if let Some(reading) = self.readings.get_mut(index) {
            reading.buffers = reading.buffers.saturating_sub(1);
            reading.buffer_bytes = reading.buffer_bytes.saturating_sub(buffer.len());
        }
        // A buffer that a long record made longer is not kept.
        if self.scrap.len() < self.most_buffers && buffer.len() <= self.piece_bytes {
            self.scrap.push(buffer);
        }
    }

    /// Takes back a group, or gives it out again with its next piece.
    pub(super) fn parsed(&mut self, index: usize, epoch: u32, group: Group<P>) -> Option<(Group<P>, Cut)> {
        let reading = self.readings.get_mut(index)?;
        if let Phase::Stream { ready, .. } = &mut reading.phase
            && reading.epoch == epoch
            && !group.is_whole()
        {
            if let Some(at) = ready.iter().position(|(number, _)| *number == group.next) {
                return ready.remove(at).map(|(_, piece)| (group, piece));
            }
            // Only one group can wait for a piece: the pieces after it are not cut yet.
            reading.parked = Some(group);
            return None;
        }
        let next = group.next;
        let (first, done) = group.done();
        // A pause ends a group early.
        reading.next_group = if done.is_pause { next } else { reading.next_group };
        self.deposit(index, epoch, first, done);
        None
    }

    /// Takes in the result of a range or group.
    pub(super) fn deposit(&mut self, index: usize, epoch: u32, number: u64, done: Done<P>) {
        let Some(reading) = self.readings.get_mut(index) else { return };
        if reading.epoch == epoch && !matches!(reading.phase, Phase::Finished) {
            reading.done.insert(number, done);
        } else {
            reading.in_flight -= 1;
            self.in_flight -= 1;
        }
    }

    /// Takes the next piece of the front capture to join, if it is there.
    pub(super) fn next_done(&mut self) -> Option<Done<P>> {
        let reading = self.readings.get_mut(self.front)?;
        let done = reading.done.remove(&reading.next_join)?;
        reading.next_join += done.pieces;
        reading.in_flight -= 1;
        self.in_flight -= 1;
        Some(done)
    }

    /// Drops what is in flight of the front capture, and puts it into another phase.
    pub(super) fn restart_front(&mut self, phase: Phase) {
        let Some(reading) = self.readings.get_mut(self.front) else { return };
        // A stream has nothing else in flight, because only its last piece can end it.
        let dropped = reading.done.len();
        reading.done.clear();
        reading.in_flight -= dropped;
        self.in_flight -= dropped;
        reading.epoch += 1;
        (reading.next, reading.next_join, reading.total) = (0, 0, None);
        reading.phase = phase;
    }
}

/// The kind of the next job.
#[derive(Clone, Copy)]
enum What {
    Open,
    Batch(usize),
    Range,
    Cut,
    Parse,
}

#[cfg(test)]
mod tests;
