//! What is left to be read, capture by capture, and what may be read next: a lane per capture, its pieces numbered in the
//! order in which they join.

use super::input::{Input, Sequential};
use super::records::State;
use super::resync::Guess;
use super::sniff::Start;
use super::source::{Place, Source};
use super::stream::{Cut, Cutter};
use super::tally::Counts;
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
        ready: VecDeque<(u64, Cut)>,
    },
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
            problem: None,
        }
    }
}

/// What a worker is to do.
pub(super) enum Job {
    Open(Box<Source>),
    Range(Arc<Ranges>, u64),
    Cut(Box<Cutter>, Vec<u8>),
    Parse(u64, Cut),
}

/// A job, and where its result belongs.
pub(super) struct Ticket {
    pub(super) lane: usize,
    pub(super) epoch: u32,
    pub(super) job: Job,
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
    /// Most pieces in flight of one stream, whose bytes are in memory.
    stream_window: usize,
    /// Captures worked on at once: as many as keep the threads busy, far fewer than there are file handles.
    open_window: usize,
    /// Buffers to be used again.
    scrap: Vec<Vec<u8>>,
    pub(super) is_joining: bool,
    pub(super) helpers: usize,
    pub(super) has_panicked: bool,
}

impl<P> Queue<P> {
    pub(super) fn new(sources: Vec<Source>, threads: usize) -> Self {
        Self {
            lanes: sources.into_iter().map(Lane::new).collect(),
            front: 0,
            in_flight: 0,
            window: 2 * threads + 2,
            stream_window: threads + 2,
            open_window: 2 * threads + 2,
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
    pub(super) fn pick(&mut self) -> Option<Ticket> {
        let (index, what) = self.find()?;
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
                lane.in_flight += 1;
                self.in_flight += 1;
                Job::Cut(cutter, scrap.unwrap_or_default())
            }
            (What::Parse, Stage::Stream { ready, .. }) => {
                let (number, cut) = ready.pop_front()?;
                Job::Parse(number, cut)
            }
            _ => return None,
        };
        Some(Ticket { lane: index, epoch, job })
    }

    /// Whether there is a job to take.
    pub(super) fn has_job(&self) -> bool {
        self.find().is_some()
    }

    fn find(&self) -> Option<(usize, What)> {
        let lanes = self.lanes.iter().enumerate().skip(self.front).take(self.open_window);
        for (index, lane) in lanes {
            // What the front waits for is always allowed, or nothing would move.
            let may_start = self.in_flight < self.window || (index == self.front && lane.in_flight == 0);
            let what = match &lane.stage {
                Stage::Unopened(_) => What::Open,
                Stage::Ranges(ranges) if may_start && lane.next < ranges.count() => What::Range,
                Stage::Stream { cutter: Some(_), .. } if may_start && lane.in_flight < self.stream_window => What::Cut,
                Stage::Stream { ready, .. } if !ready.is_empty() => What::Parse,
                _ => continue,
            };
            return Some((index, what));
        }
        None
    }

    /// Takes back a buffer.
    pub(super) fn scrap(&mut self, buffer: Vec<u8>) {
        if self.scrap.len() < self.stream_window {
            self.scrap.push(buffer);
        }
    }

    /// Puts a cutter back with the piece it cut.
    pub(super) fn cut(&mut self, index: usize, epoch: u32, cutter: Box<Cutter>, piece: Cut) {
        let Some(lane) = self.lanes.get_mut(index) else { return };
        match &mut lane.stage {
            Stage::Stream { cutter: place, ready } if lane.epoch == epoch => {
                let number = lane.next;
                lane.next += 1;
                if piece.is_last {
                    lane.total = Some(lane.next);
                } else {
                    *place = Some(cutter);
                }
                ready.push_back((number, piece));
            }
            _ => {
                lane.in_flight -= 1;
                self.in_flight -= 1;
            }
        }
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
        lane.next_join += 1;
        lane.in_flight -= 1;
        self.in_flight -= 1;
        Some(done)
    }

    /// Forgets what is in flight of the front capture, and reads it on in another way, or no more.
    pub(super) fn restart_front(&mut self, stage: Stage) {
        let Some(lane) = self.lanes.get_mut(self.front) else { return };
        let waiting = match &lane.stage {
            Stage::Stream { ready, .. } => ready.len(),
            _ => 0,
        };
        let dropped = lane.done.len() + waiting;
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
    let Source { place, compression, start, .. } = source;
    let piece_bytes = piece_bytes(range_bytes);
    let (input, size) = match place {
        Place::Pipe(stream) => {
            let reader = Box::new(Counted { reader: stream, done: Arc::clone(done) });
            return Ok(stream_stage(reader, 0, start.offset, start.state, piece_bytes));
        }
        Place::Memory(bytes) => {
            let size = bytes.len() as u64;
            (Input::Bytes(bytes), size)
        }
        Place::Path(path) => {
            let file = File::open(path)?;
            let size = file.metadata()?.len();
            (Input::File(file), size)
        }
    };
    let input = Arc::new(input);
    if compression.name().is_none() {
        let range_bytes = range_bytes.unwrap_or_else(|| default_range_bytes(size, threads)).max(1);
        return Ok(Stage::Ranges(Arc::new(Ranges { input, size, range_bytes, start })));
    }
    let reader = Counted { reader: Sequential { input, offset: 0 }, done: Arc::clone(done) };
    Ok(stream_stage(compression.decoder(Box::new(reader))?, 0, start.offset, start.state, piece_bytes))
}

/// Bytes of a stream per piece: few pieces, since joining them costs, yet several in memory at once.
const PIECE_BYTES: usize = 8 << 20;
/// Most that a caller can make of it: unlike a range, a piece is held in memory.
const MAX_PIECE_BYTES: usize = 64 << 20;

/// Bytes of a stream per piece where ranges are to be of this size.
pub(super) fn piece_bytes(range_bytes: Option<u64>) -> usize {
    range_bytes.map_or(PIECE_BYTES, super::range::to_usize).clamp(1, MAX_PIECE_BYTES)
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
