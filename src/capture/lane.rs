//! What is left to be read, capture by capture, and what may be read next: a lane per capture, its pieces numbered in the
//! order in which they join.

use super::batch::{self, Member};
use super::input::{Input, Sequential};
use super::records::State;
use super::resync::Guess;
use super::sniff::Start;
use super::source::{Place, Source};
use super::stream::{Cut, Cutter};
use super::tally::{Counts, Observe, Tally};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A capture that can be read at any position, cut into ranges of bytes.
pub(super) struct Ranges {
    pub(super) input: Arc<Input>,
    pub(super) size: u64,
    pub(super) range_bytes: u64,
    pub(super) start: Start,
}

impl Ranges {
    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.size.div_ceil(self.range_bytes).max(1)
    }

    /// Where range `index` ends and the next begins.
    pub(super) fn limit(&self, index: u64) -> u64 {
        (index + 1).saturating_mul(self.range_bytes).min(self.size)
    }

    /// What tells a first record of a range.
    pub(super) fn guess(&self) -> Guess<'_> {
        Guess { state: &self.start.at_packet, first_seconds: self.start.first_seconds() }
    }
}

/// What a range or piece gave.
pub(super) struct Done<P> {
    pub(super) partial: P,
    pub(super) counts: Counts,
    /// Where its first record starts, as far as it knows; none if it found none.
    pub(super) start: Option<u64>,
    /// Where the first record starts that it did not read.
    pub(super) end: u64,
    pub(super) problem: Option<String>,
    /// The states it began and ended with; none if there is nothing to prove, since its piece was cut in order.
    pub(super) states: Option<(State, State)>,
    /// Frames and bytes on the wire of further captures that the partial holds.
    pub(super) beyond: (u64, u64),
    /// How many numbers it takes in the order of joining: the pieces of a run.
    pub(super) pieces: u64,
}

/// Neighbouring pieces of a stream, taken in one after another. Pieces are small, so that they are parsed while they are in a
/// cache; runs are long, since each is joined.
pub(super) struct Run<P> {
    first: u64,
    /// The piece that would go on with it.
    next: u64,
    bytes: usize,
    end: u64,
    problem: Option<String>,
    has_ended: bool,
    tally: Tally<P>,
}

impl<P: Observe> Run<P> {
    pub(super) fn new(first: u64, partial: P) -> Self {
        let tally = Tally::new(partial);
        Self { first, next: first, bytes: 0, end: 0, problem: None, has_ended: false, tally }
    }

    /// Takes in the next piece; gives its buffer back.
    pub(super) fn parse(&mut self, cut: Cut) -> Vec<u8> {
        self.next += 1;
        self.bytes = self.bytes.saturating_add(cut.length());
        (self.end, self.problem, self.has_ended) = (cut.end, cut.problem.clone(), cut.is_last);
        cut.walk(&mut self.tally)
    }
}

impl<P> Run<P> {
    fn done(self) -> (u64, Done<P>) {
        let (partial, counts) = self.tally.finish();
        let (start, states, beyond, pieces) = (None, None, (0, 0), self.next - self.first);
        (self.first, Done { partial, counts, start, end: self.end, problem: self.problem, states, beyond, pieces })
    }
}

/// How far a capture's reading came.
pub(super) enum Stage {
    Unopened(Box<Source>),
    /// A worker has it in hand.
    Opening,
    Ranges(Arc<Ranges>),
    Stream {
        /// Away while a worker cuts.
        cutter: Option<Box<Cutter>>,
        /// Cut, not yet parsed.
        ready: VecDeque<Cut>,
    },
    /// In hand together with a capture before it.
    InBatch,
    /// Read to its end; its frames are in the piece of its own that waits to join, or in one of a capture before it.
    Whole(Counts, u64),
    Finished,
}

/// One capture being read.
pub(super) struct Lane<P> {
    pub(super) name: String,
    pub(super) stage: Stage,
    /// Goes up when the lane is read in another way; results from before are dropped.
    pub(super) epoch: u32,
    /// Next piece to be handed to a worker.
    pub(super) next: u64,
    /// Next piece to join.
    pub(super) next_join: u64,
    /// How many pieces there are, once that is known.
    pub(super) total: Option<u64>,
    /// Pieces that a worker has, or that wait to be parsed or to join.
    pub(super) in_flight: usize,
    pub(super) done: BTreeMap<u64, Done<P>>,
    /// Pieces of a stream whose bytes are in memory: in a worker's hands, or ready.
    buffers: usize,
    /// Workers that parse pieces of a stream, and the first piece that none of them has.
    parsers: usize,
    next_parse: u64,
    /// A run whose next piece is not cut yet.
    parked: Option<Run<P>>,
    /// Why the capture could not be opened.
    pub(super) problem: Option<String>,
}

impl<P> Lane<P> {
    fn new(source: Source) -> Self {
        Self {
            name: source.name.clone(),
            stage: Stage::Unopened(Box::new(source)),
            epoch: 0,
            next: 0,
            next_join: 0,
            total: None,
            in_flight: 0,
            done: BTreeMap::new(),
            buffers: 0,
            parsers: 0,
            next_parse: 0,
            parked: None,
            problem: None,
        }
    }
}

/// What a worker is to do.
pub(super) enum Job<P> {
    Open(Box<Source>),
    /// Captures from the ticket's lane on.
    Batch(Vec<Source>),
    Range(Arc<Ranges>, u64),
    Cut(Box<Cutter>, Vec<u8>),
    /// Pieces that follow each other, the number of the first, and the run that they go on with.
    Parse(Vec<Cut>, u64, Option<Run<P>>),
}

/// A job, and where its result belongs.
pub(super) struct Ticket<P> {
    pub(super) lane: usize,
    pub(super) epoch: u32,
    pub(super) job: Job<P>,
}

/// Everything that is left to be read.
pub(super) struct Queue<P> {
    pub(super) lanes: Vec<Lane<P>>,
    /// The capture that joins now.
    pub(super) front: usize,
    /// Pieces in flight over all captures.
    in_flight: usize,
    /// Most pieces in flight, so that memory does not grow with the capture.
    window: usize,
    /// Most pieces of one stream whose bytes are in memory.
    stream_window: usize,
    /// Captures worked on at once: as many as keep the threads busy, far fewer than there are file handles.
    open_window: usize,
    range_bytes: Option<u64>,
    /// Bytes of a stream in a run.
    run_bytes: usize,
    /// Buffers to be used again.
    scrap: Vec<Vec<u8>>,
    pub(super) is_joining: bool,
    pub(super) helpers: usize,
    pub(super) has_panicked: bool,
}

impl<P> Queue<P> {
    pub(super) fn new(sources: Vec<Source>, threads: usize, range_bytes: Option<u64>) -> Self {
        Self {
            lanes: sources.into_iter().map(Lane::new).collect(),
            front: 0,
            in_flight: 0,
            window: 2 * threads + 2,
            stream_window: HELP * (threads.min(MAX_STREAM_THREADS) + 1),
            open_window: 2 * threads + 2,
            range_bytes,
            run_bytes: range_bytes.map_or(RUN_BYTES, |bytes| super::range::to_usize(bytes).saturating_mul(2)),
            scrap: Vec::new(),
            is_joining: false,
            helpers: 0,
            has_panicked: false,
        }
    }

    /// Whether nobody has anything left to do.
    pub(super) fn is_over(&self) -> bool {
        self.front >= self.lanes.len() || self.has_panicked
    }

    /// Takes the next job: of the earliest capture first, since all wait for it.
    pub(super) fn pick(&mut self) -> Option<Ticket<P>> {
        let (index, what) = self.find()?;
        if let What::Batch(length) = what {
            return self.pick_batch(index, length);
        }
        let scrap = matches!(what, What::Cut).then(|| self.scrap.pop()).flatten();
        let lane = self.lanes.get_mut(index)?;
        let epoch = lane.epoch;
        let job = match (what, &mut lane.stage) {
            (What::Open, stage @ Stage::Unopened(_)) => match std::mem::replace(stage, Stage::Opening) {
                Stage::Unopened(source) => Job::Open(source),
                _ => return None,
            },
            (What::Range, Stage::Ranges(ranges)) => {
                let ranges = Arc::clone(ranges);
                lane.in_flight += 1;
                self.in_flight += 1;
                lane.next += 1;
                Job::Range(ranges, lane.next - 1)
            }
            (What::Cut, Stage::Stream { cutter, .. }) => {
                let cutter = cutter.take()?;
                lane.buffers += 1;
                Job::Cut(cutter, scrap.unwrap_or_default())
            }
            (What::Parse, Stage::Stream { ready, .. }) => {
                let first = lane.next_parse;
                let run = lane.parked.take_if(|run| run.next == first);
                // Who goes on with a run goes on piece by piece; who comes to help takes several at once.
                let count = if run.is_some() || lane.parsers == 0 { 1 } else { HELP };
                let pieces: Vec<Cut> = ready.drain(..count.min(ready.len())).collect();
                lane.next_parse += pieces.len() as u64;
                lane.parsers += 1;
                if run.is_none() {
                    lane.in_flight += 1;
                    self.in_flight += 1;
                }
                Job::Parse(pieces, first, run)
            }
            _ => return None,
        };
        Some(Ticket { lane: index, epoch, job })
    }

    fn pick_batch(&mut self, index: usize, length: usize) -> Option<Ticket<P>> {
        let mut sources = Vec::with_capacity(length);
        for lane in self.lanes.get_mut(index..index + length)? {
            if let Stage::Unopened(source) = std::mem::replace(&mut lane.stage, Stage::InBatch) {
                sources.push(*source);
            }
        }
        let lane = self.lanes.get_mut(index)?;
        lane.in_flight += 1;
        self.in_flight += 1;
        Some(Ticket { lane: index, epoch: lane.epoch, job: Job::Batch(sources) })
    }

    /// Takes in what captures read together gave.
    pub(super) fn deposit_batch(&mut self, index: usize, members: Vec<Member<P>>) {
        if let Some(lane) = self.lanes.get_mut(index) {
            lane.in_flight -= 1;
            self.in_flight -= 1;
        }
        // Where the partial in hand begins, and how much of it is of captures after the first.
        let mut first = index;
        for (index, member) in (index..).zip(members) {
            let (read, partial) = match member {
                Member::Large(mut source) => {
                    source.may_share = false;
                    if let Some(lane) = self.lanes.get_mut(index) {
                        lane.stage = Stage::Unopened(source);
                    }
                    continue;
                }
                Member::Shares(read) => (read, None),
                Member::First(read, partial) => (read, Some(partial)),
            };
            let batch::Read { counts, end, problem } = read;
            if let Some(partial) = partial {
                first = index;
                let Some(lane) = self.lanes.get_mut(index) else { return };
                let done = Done { partial, counts, start: None, end, problem, states: None, beyond: (0, 0), pieces: 1 };
                lane.done.insert(0, done);
                lane.stage = Stage::Whole(Counts::default(), 0);
                lane.total = Some(1);
                lane.in_flight += 1;
                self.in_flight += 1;
                continue;
            }
            if let Some(lane) = self.lanes.get_mut(index) {
                lane.stage = Stage::Whole(counts, end);
                lane.problem = problem;
                lane.total = Some(0);
            }
            if let Some(done) = self.lanes.get_mut(first).and_then(|lane| lane.done.get_mut(&0)) {
                done.beyond.0 += counts.frames;
                done.beyond.1 += counts.wire_bytes;
            }
        }
    }

    /// Whether there is a job to take.
    pub(super) fn has_job(&self) -> bool {
        self.find().is_some()
    }

    fn find(&self) -> Option<(usize, What)> {
        let mut open = 0;
        for (index, lane) in self.lanes.iter().enumerate().skip(self.front) {
            // What the front waits for is always allowed, or nothing would move.
            let may_start = self.in_flight < self.window || (index == self.front && lane.in_flight == 0);
            let what = match &lane.stage {
                // These hold no file open.
                Stage::InBatch | Stage::Whole(..) => continue,
                _ if open >= self.open_window => return None,
                Stage::Unopened(source) if !source.may_share => What::Open,
                Stage::Unopened(_) => match self.batch_length(index) {
                    0 | 1 => What::Open,
                    length if may_start => What::Batch(length),
                    _ => {
                        open += 1;
                        continue;
                    }
                },
                Stage::Ranges(ranges) if may_start && lane.next < ranges.count() => What::Range,
                Stage::Stream { cutter, ready } => {
                    let may_parse = lane.parked.is_some() || index == self.front || self.in_flight < self.window;
                    // One parses; others help where pieces pile up.
                    let can_parse = may_parse && !ready.is_empty() && (lane.parsers == 0 || lane.total.is_some());
                    let can_help = may_parse && ready.len() >= HELP;
                    let can_cut = cutter.is_some() && lane.buffers < self.stream_window;
                    if can_parse && ready.len() > 1 {
                        What::Parse
                    } else if can_cut {
                        What::Cut
                    } else if can_parse || can_help {
                        What::Parse
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

    /// How many captures from this lane on one worker is to read.
    fn batch_length(&self, index: usize) -> usize {
        let unopened = self.lanes.iter().skip(index).map_while(|lane| match &lane.stage {
            Stage::Unopened(source) => Some(&**source),
            _ => None,
        });
        batch::length(unopened, self.range_bytes)
    }

    /// Puts a cutter back with the piece it cut.
    pub(super) fn cut(&mut self, index: usize, epoch: u32, cutter: Box<Cutter>, piece: Cut) {
        let Some(lane) = self.lanes.get_mut(index) else { return };
        match &mut lane.stage {
            Stage::Stream { cutter: place, ready } if lane.epoch == epoch => {
                lane.next += 1;
                if piece.is_last {
                    lane.total = Some(lane.next);
                } else {
                    *place = Some(cutter);
                }
                ready.push_back(piece);
            }
            _ => {}
        }
    }

    /// Takes back the buffer of a piece that was parsed.
    pub(super) fn scrap(&mut self, index: usize, buffer: Vec<u8>) {
        if let Some(lane) = self.lanes.get_mut(index) {
            lane.buffers = lane.buffers.saturating_sub(1);
        }
        if self.scrap.len() < self.stream_window {
            self.scrap.push(buffer);
        }
    }

    /// Takes back a run, or gives it out again with its next piece.
    pub(super) fn parsed(&mut self, index: usize, epoch: u32, run: Run<P>) -> Option<(Run<P>, Cut)> {
        let lane = self.lanes.get_mut(index)?;
        if let Stage::Stream { ready, .. } = &mut lane.stage
            && lane.epoch == epoch
            && !run.has_ended
            && run.bytes < self.run_bytes
            && run.next == lane.next_parse
        {
            if let Some(piece) = ready.pop_front() {
                lane.next_parse += 1;
                return Some((run, piece));
            }
            lane.parsers -= 1;
            lane.parked = Some(run);
            return None;
        }
        lane.parsers = lane.parsers.saturating_sub(1);
        let (first, done) = run.done();
        self.deposit(index, epoch, first, done);
        None
    }

    /// Takes in what a piece gave.
    pub(super) fn deposit(&mut self, index: usize, epoch: u32, number: u64, done: Done<P>) {
        let Some(lane) = self.lanes.get_mut(index) else { return };
        if lane.epoch == epoch && !matches!(lane.stage, Stage::Finished) {
            lane.done.insert(number, done);
        } else {
            lane.in_flight -= 1;
            self.in_flight -= 1;
        }
    }

    /// Takes the next piece of the front capture to join, if it is there.
    pub(super) fn next_done(&mut self) -> Option<Done<P>> {
        let lane = self.lanes.get_mut(self.front)?;
        let done = lane.done.remove(&lane.next_join)?;
        lane.next_join += done.pieces;
        lane.in_flight -= 1;
        self.in_flight -= 1;
        Some(done)
    }

    /// Forgets what is in flight of the front capture, and reads it on in another way, or no more.
    pub(super) fn restart_front(&mut self, stage: Stage) {
        let Some(lane) = self.lanes.get_mut(self.front) else { return };
        // A stream has nothing else in flight: what ends it is in its last piece.
        let dropped = lane.done.len();
        lane.done.clear();
        lane.in_flight -= dropped;
        self.in_flight -= dropped;
        lane.epoch += 1;
        (lane.next, lane.next_join, lane.total) = (0, 0, None);
        lane.stage = stage;
    }
}

/// Kind of the next job.
#[derive(Clone, Copy)]
enum What {
    Open,
    Batch(usize),
    Range,
    Cut,
    Parse,
}

/// Opens a capture for reading, as ranges where it can be read at any position and is not compressed.
pub(super) fn open(
    source: Source,
    range_bytes: Option<u64>,
    threads: usize,
    done: &Arc<AtomicU64>,
) -> io::Result<Stage> {
    let Source { place, compression, start, size, .. } = source;
    let piece_bytes = piece_bytes(range_bytes);
    let (input, size) = match place {
        Place::Pipe(stream) => {
            let reader = Box::new(Counted { reader: stream, done: Arc::clone(done) });
            return Ok(stream_stage(reader, 0, start.offset, start.state, piece_bytes));
        }
        Place::Memory(bytes) => {
            let size = bytes.len() as u64;
            (Arc::new(Input::Bytes(bytes)), size)
        }
        Place::Path(path) => {
            let file = File::open(path)?;
            let size = file.metadata()?.len();
            (Arc::new(Input::File(file)), size)
        }
        Place::Held(input) => (input, size.unwrap_or_default()),
    };
    if compression.name().is_none() {
        let range_bytes = range_bytes.unwrap_or_else(|| default_range_bytes(size, threads)).max(1);
        return Ok(Stage::Ranges(Arc::new(Ranges { input, size, range_bytes, start })));
    }
    Ok(stream_stage(compression.decoder(counted(input, done))?, 0, start.offset, start.state, piece_bytes))
}

/// What is said of a capture that is not there any more.
pub(super) fn not_opened(error: &io::Error) -> String {
    format!("the capture could not be opened again: {error}")
}

/// Reads an input from its start, and counts what was read.
pub(super) fn counted(input: Arc<Input>, done: &Arc<AtomicU64>) -> Box<dyn Read + Send> {
    Box::new(Counted { reader: Sequential { input, offset: 0 }, done: Arc::clone(done) })
}

/// Bytes of a stream per piece: most of a second-level cache.
const PIECE_BYTES: usize = 1 << 20;
/// Bytes of a stream in a run, as in a large range: few, since joining them costs.
const RUN_BYTES: usize = 16 << 20;
/// Pieces that a worker takes at once where it breaks into another's run.
const HELP: usize = 4;
/// More threads than this do not parse a stream faster than it can be read.
const MAX_STREAM_THREADS: usize = 8;
/// Bytes of a stream per piece where ranges are to be of this size.
pub(super) fn piece_bytes(range_bytes: Option<u64>) -> usize {
    range_bytes.map_or(PIECE_BYTES, super::range::to_usize)
}

/// A lane that is cut in order.
pub(super) fn stream_stage(
    reader: Box<dyn Read + Send>,
    offset: u64,
    to_skip: usize,
    state: State,
    piece_bytes: usize,
) -> Stage {
    let cutter = Cutter::new(reader, offset, to_skip, state, piece_bytes);
    Stage::Stream { cutter: Some(Box::new(cutter)), ready: VecDeque::new() }
}

/// Few, large ranges, since joining costs; yet enough that no thread is left with much more than the others.
fn default_range_bytes(size: u64, threads: usize) -> u64 {
    /// Ranges per thread.
    const PER_THREAD: u64 = 8;
    /// Finding the first record costs a read of most of a mebibyte.
    const MIN: u64 = 4 << 20;
    /// What a range accumulates stays in memory until it joins, and small tables stay in the caches: on captures of many small
    /// flows, 16 MiB take a third less memory than 48 MiB at the same speed.
    const MAX: u64 = 16 << 20;
    (size / (threads.max(1) as u64 * PER_THREAD)).clamp(MIN, MAX)
}

/// Counts the bytes read, for the progress display.
struct Counted<R> {
    reader: R,
    done: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.done.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
