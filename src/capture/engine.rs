//! Reads captures on all threads and joins what was accumulated in the order of the frames.
//!
//! Workers take ranges and pieces from the queue; whoever deposits the piece that is waited for joins it and all that
//! follow it. Nobody waits in a pool thread for another's work: a helper without work ends, and is called again when there
//! is some. Only the caller waits, and only while others read; so a pool of one thread, or a caller inside the pool, is
//! enough.

use super::FrameId;
use super::batch;
use super::compression::Window as DecoderWindow;
use super::input::Sequential;
use super::lane::{self, Done, Lane, Ranges, Run, Stage};
use super::queue::{self, Job, Queue, Ticket};
use super::range::{Ended, Extent, Window, read_range};
use super::records::State;
use super::source::Source;
use super::tally::{Counts, Observe, Tally};
use crate::error::Defect;
use rayon::Scope;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Wrong guesses after which a capture is cut in order instead: its packets hold captures, or its blocks change what later
/// packets mean.
const MAX_MISSES: u32 = 3;

/// What was accumulated over a range of one capture, proven to be exactly its frames; or over several small captures that
/// follow each other, whose frames have the ordinals from `base` on.
#[derive(Debug)]
pub struct Piece<P> {
    /// The observer that saw the frames, numbered from `FrameId::new(0, 0)`.
    pub partial: P,
    /// The identity of the first frame.
    pub base: FrameId,
    /// Records that take a frame number.
    pub frames: u64,
    /// Lengths on the wire of the packets.
    pub wire_bytes: u64,
}

/// What became of a capture.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// The capture as the user named it.
    pub name: String,
    /// The format, for people: `pcapng (zstd)`.
    pub format: String,
    /// Frames, as Wireshark numbers them.
    pub frames: u64,
    /// Those of them that are no packets and were not observed: pcapng custom, journal and system event blocks.
    pub not_packets: u64,
    /// Lengths on the wire of all packets.
    pub wire_bytes: u64,
    /// Captured bytes of all packets.
    pub captured_bytes: u64,
    /// Earliest packet time.
    pub first_time_ns: Option<i64>,
    /// Latest packet time.
    pub last_time_ns: Option<i64>,
    /// Owners that the capture's own tables name and that there was no room for.
    pub owners_left_out: u64,
    /// Why and where reading ended before the end, if it did.
    pub defect: Option<Defect>,
}

/// How to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions {
    /// Bytes per range; by default chosen from the size of the capture alone, so that the number of threads changes nothing.
    pub range_bytes: Option<u64>,
    /// Most bytes per range, where it is chosen.
    pub most_range_bytes: Option<u64>,
    /// Bytes of memory that the whole analysis may take, about; no limit where none. Compressed captures that ask for a window
    /// larger than a part of it are not read.
    pub memory_bytes: Option<u64>,
}

/// How far reading came, for a display that polls it; and whether it is to go on.
#[derive(Debug, Default)]
pub struct Progress {
    done: Arc<AtomicU64>,
    total: AtomicU64,
    is_stopped: Arc<AtomicBool>,
}

impl Progress {
    /// Bytes of the files read so far.
    pub fn bytes_done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Bytes of all files; pipes count nothing.
    pub fn bytes_total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Ends the reading: pieces that are being read are finished, others are not begun. What is read already but
    /// not joined is dropped, and captures that were not read to their end have no outcome.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }
}

/// Reads captures: each range's frames go to an observer made by `empty`, and the observers to `join`, one at a time, in
/// the order of the frames. A capture's ordinal is its place in `sources`. The outcomes are in the same order.
///
/// Runs on the current rayon pool and on the calling thread.
pub fn read<P: Observe>(
    sources: Vec<Source>,
    options: &ReadOptions,
    progress: &Progress,
    empty: &(dyn Fn() -> P + Sync),
    join: &mut (dyn FnMut(Piece<P>) + Send),
) -> Vec<Outcome> {
    progress.total.store(sources.iter().filter_map(|source| source.size).sum(), Ordering::Relaxed);
    let engine = Engine::new(sources, options, progress, rayon::current_num_threads().max(1), empty, join);
    rayon::in_place_scope(|scope| engine.work(scope, true));
    engine.joiner.into_inner().unwrap_or_else(PoisonError::into_inner).outcomes
}

struct Engine<'a, P> {
    options: ReadOptions,
    threads: usize,
    done: Arc<AtomicU64>,
    is_stopped: Arc<AtomicBool>,
    empty: &'a (dyn Fn() -> P + Sync),
    queue: Mutex<Queue<P>>,
    joiner: Mutex<Joiner<'a, P>>,
    /// Wakes the caller.
    wake: Condvar,
}

/// How far the front capture is proven.
struct Proof {
    position: u64,
    state: Option<State>,
    counts: Counts,
    misses: u32,
    ranges: Option<Arc<Ranges>>,
    /// The range that joins next.
    index: u64,
}

/// Owned by whoever joins.
struct Joiner<'a, P> {
    join: &'a mut (dyn FnMut(Piece<P>) + Send),
    formats: Vec<String>,
    outcomes: Vec<Outcome>,
    proof: Option<Proof>,
}

/// How the front capture goes on after a piece.
enum Next {
    On,
    /// Reading ends here.
    Broken(String),
    /// The rest is cut in order.
    Recut(Stage),
}

impl<'a, P> Engine<'a, P> {
    fn new(
        sources: Vec<Source>,
        options: &ReadOptions,
        progress: &Progress,
        threads: usize,
        empty: &'a (dyn Fn() -> P + Sync),
        join: &'a mut (dyn FnMut(Piece<P>) + Send),
    ) -> Self {
        let formats = sources.iter().map(Source::format).collect();
        Self {
            options: *options,
            threads,
            done: Arc::clone(&progress.done),
            is_stopped: Arc::clone(&progress.is_stopped),
            empty,
            queue: Mutex::new(Queue::new(sources, threads, options)),
            joiner: Mutex::new(Joiner { join, formats, outcomes: Vec::new(), proof: None }),
            wake: Condvar::new(),
        }
    }
}

impl<P: Observe> Engine<'_, P> {
    fn lock(&self) -> MutexGuard<'_, Queue<P>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing more is to be read.
    fn is_over(&self, queue: &Queue<P>) -> bool {
        queue.is_over() || self.is_stopped.load(Ordering::Relaxed)
    }

    /// Works until there is nothing to do; the caller until everything is done.
    fn work<'scope>(&'scope self, scope: &Scope<'scope>, is_caller: bool) {
        let _guard = OnPanic(self);
        loop {
            let mut queue = self.lock();
            let ticket = loop {
                if self.is_over(&queue) {
                    // The caller may wait for a piece that nobody reads any more.
                    self.wake.notify_all();
                    return;
                }
                if let Some(ticket) = queue.pick() {
                    break ticket;
                }
                if !is_caller {
                    queue.helpers -= 1;
                    return;
                }
                queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
            };
            drop(queue);
            self.call_helper(scope);
            self.run(ticket, scope);
            self.join_ready(scope);
            self.call_helper(scope);
        }
    }

    /// Calls another worker if there is work for one; it calls the next.
    fn call_helper<'scope>(&'scope self, scope: &Scope<'scope>) {
        let mut queue = self.lock();
        let is_over = self.is_over(&queue);
        let has_job = !is_over && queue.has_job();
        let is_called = has_job && queue.helpers + 1 < self.threads;
        queue.helpers += usize::from(is_called);
        drop(queue);
        if has_job || is_over {
            self.wake.notify_all();
        }
        if is_called {
            scope.spawn(|scope| self.work(scope, false));
        }
    }

    fn run<'scope>(&'scope self, ticket: Ticket<P>, scope: &Scope<'scope>) {
        let Ticket { lane, epoch, job } = ticket;
        match job {
            Job::Open(source) => {
                let opened = lane::open(*source, &self.options, &self.done);
                let mut queue = self.lock();
                let Some(lane) = queue.lanes.get_mut(lane) else { return };
                match opened {
                    Ok(stage) => {
                        if let Stage::Ranges(ranges) = &stage {
                            lane.total = Some(ranges.count());
                        }
                        lane.stage = stage;
                    }
                    Err(error) => {
                        lane.problem = Some(lane::not_opened(&error));
                        lane.total = Some(0);
                        lane.stage = Stage::Finished;
                    }
                }
            }
            Job::Batch(sources) => {
                let members =
                    batch::read(sources, DecoderWindow::within(self.options.memory_bytes), self.empty, &self.done);
                self.lock().deposit_batch(lane, members);
            }
            Job::Range(ranges, index) => {
                let done = self.range(&ranges, index);
                self.lock().deposit(lane, epoch, index, done);
            }
            Job::Cut(mut cutter, buffer) => {
                let cut = cutter.cut(buffer);
                self.lock().cut(lane, epoch, cutter, cut);
            }
            Job::Parse(piece) => {
                let queue::Piece { mut cut, number, run } = *piece;
                let mut run = run.unwrap_or_else(|| Run::new(number, (self.empty)()));
                loop {
                    let buffer = run.parse(cut);
                    let mut queue = self.lock();
                    queue.scrap(lane, buffer);
                    let Some(next) = queue.parsed(lane, epoch, run) else { return };
                    (run, cut) = next;
                    drop(queue);
                    // The reader may have waited for the buffer.
                    self.call_helper(scope);
                }
            }
        }
    }

    /// Reads a range from where its first record is guessed to be.
    fn range(&self, ranges: &Ranges, index: u64) -> Done<P> {
        let limit = ranges.limit(index);
        let mut window = Window::new();
        let (start, state) = if index == 0 {
            (Some(ranges.start.offset as u64), ranges.start.state.clone())
        } else {
            let from = ranges.limit(index - 1);
            // A read error shows again, with its offset, when the range before is read on.
            let start = ranges.guess().find(&ranges.input, &mut window, ranges.extent(from, limit)).unwrap_or(None);
            (start, ranges.at_packet.clone())
        };
        match start {
            Some(from) => self.range_from(ranges, window, ranges.extent(from, limit), state, true),
            None => Done {
                partial: (self.empty)(),
                counts: Counts::default(),
                start: None,
                end: limit,
                problem: None,
                states: None,
                beyond: (0, 0),
                pieces: 1,
            },
        }
    }

    fn range_from(&self, ranges: &Ranges, window: Window, extent: Extent, before: State, is_first: bool) -> Done<P> {
        let mut tally = Tally::new((self.empty)());
        let mut state = before.clone();
        state.start_range();
        let done = is_first.then_some(&*self.done);
        let Ended { end, problem } = read_range(&ranges.input, window, extent, &mut state, &mut tally, done);
        let (partial, counts) = tally.finish();
        let states = Some((before, state));
        Done { partial, counts, start: Some(extent.from), end, problem, states, beyond: (0, 0), pieces: 1 }
    }

    /// Joins what is there, unless another thread is at it.
    fn join_ready<'scope>(&'scope self, scope: &Scope<'scope>) {
        let mut queue = self.lock();
        if queue.is_joining {
            return;
        }
        queue.is_joining = true;
        let mut joiner = self.joiner.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.is_over(&queue) {
            if let Some(done) = queue.next_done() {
                let front = queue.front;
                if joiner.proof.is_none() {
                    joiner.proof = queue.lanes.get(front).map(Proof::new);
                }
                drop(queue);
                self.call_helper(scope);
                let next = self.join(&mut joiner, front, done);
                queue = self.lock();
                match next {
                    Next::On => {}
                    Next::Recut(stage) => queue.restart_front(stage),
                    Next::Broken(what) => {
                        queue.restart_front(Stage::Finished);
                        if let Some(lane) = queue.lanes.get_mut(front) {
                            lane.problem = Some(what);
                            lane.total = Some(0);
                        }
                    }
                }
            } else if !joiner.finish_front(&mut queue) {
                break;
            }
        }
        queue.is_joining = false;
    }

    /// Proves a piece, reads it again where the guess was wrong, and joins it.
    fn join(&self, joiner: &mut Joiner<'_, P>, front: usize, mut done: Done<P>) -> Next {
        let Joiner { join, proof: Some(proof), .. } = joiner else { return Next::On };
        let mut is_miss = false;
        if let Some(ranges) = proof.ranges.clone() {
            let limit = ranges.limit(proof.index);
            proof.index += 1;
            if proof.position >= limit {
                // A record that starts in an earlier range fills this one; whatever was found here is inside it.
                return Next::On;
            }
            let truth = proof.state.take().unwrap_or_else(|| ranges.start.state.clone());
            let holds = match done.states.take() {
                Some((before, after)) if done.start == Some(proof.position) => {
                    after.proven(&before, &truth, done.problem.is_none())
                }
                _ => None,
            };
            proof.state = holds.or_else(|| {
                is_miss = true;
                let extent = ranges.extent(proof.position, limit);
                done = self.range_from(&ranges, Window::new(), extent, truth, false);
                done.states.take().map(|(_, after)| after)
            });
        }
        proof.position = done.end;
        let base = FrameId::new(u32::try_from(front).unwrap_or(u32::MAX), proof.counts.frames);
        proof.counts.add(&done.counts);
        let frames = done.counts.frames + done.beyond.0;
        if frames > 0 {
            let wire_bytes = done.counts.wire_bytes + done.beyond.1;
            join(Piece { partial: done.partial, base, frames, wire_bytes });
        }
        if let Some(what) = done.problem {
            return Next::Broken(what);
        }
        proof.misses += u32::from(is_miss);
        match &proof.ranges {
            Some(ranges) if is_miss && proof.misses >= MAX_MISSES && proof.index < ranges.count() => {
                let (Some(state), Some(ranges)) = (proof.state.take(), proof.ranges.take()) else { return Next::On };
                let reader = Sequential { input: Arc::clone(&ranges.input), offset: proof.position };
                let piece_bytes = lane::piece_bytes(&self.options);
                Next::Recut(lane::stream_stage(Box::new(reader), proof.position, 0, state, piece_bytes))
            }
            _ => Next::On,
        }
    }
}

impl Proof {
    fn new<P>(lane: &Lane<P>) -> Self {
        let ranges = match &lane.stage {
            Stage::Ranges(ranges) => Some(Arc::clone(ranges)),
            _ => None,
        };
        let (counts, position) = match &lane.stage {
            Stage::Whole(counts, end) => (*counts, *end),
            _ => (Counts::default(), ranges.as_ref().map_or(0, |ranges| ranges.start.offset as u64)),
        };
        Self { position, state: None, counts, misses: 0, ranges, index: 0 }
    }
}

impl<P> Joiner<'_, P> {
    /// Ends the front capture if all of it has joined; whether it has.
    fn finish_front(&mut self, queue: &mut Queue<P>) -> bool {
        let index = queue.front;
        let Some(lane) = queue.lanes.get_mut(index) else { return false };
        if lane.total != Some(lane.next_join) {
            return false;
        }
        let proof = self.proof.take().unwrap_or_else(|| Proof::new(lane));
        lane.stage = Stage::Finished;
        let Counts { frames, not_packets, wire_bytes, captured_bytes, span_ns, owners_left_out } = proof.counts;
        let defect = lane.problem.take().map(|what| Defect {
            capture: lane.name.clone(),
            offset: proof.position,
            frame: frames + 1,
            what,
        });
        self.outcomes.push(Outcome {
            name: std::mem::take(&mut lane.name),
            format: self.formats.get_mut(index).map(std::mem::take).unwrap_or_default(),
            frames,
            not_packets,
            wire_bytes,
            captured_bytes,
            first_time_ns: span_ns.map(|(first, _)| first),
            last_time_ns: span_ns.map(|(_, last)| last),
            owners_left_out,
            defect,
        });
        queue.front += 1;
        true
    }
}

/// Lets the caller go when a worker panics, so that the panic is seen instead of a standstill.
struct OnPanic<'a, 'b, P>(&'a Engine<'b, P>);

impl<P> Drop for OnPanic<'_, '_, P> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).has_panicked = true;
            self.0.wake.notify_all();
        }
    }
}

#[cfg(test)]
mod tests;
