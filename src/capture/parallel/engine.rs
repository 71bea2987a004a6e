//! Reads captures on all threads and joins what was accumulated in the order of the frames.
//!
//! Workers take ranges and pieces from the queue. The worker that deposits the piece that joins next joins it, and all pieces
//! that follow it. No thread of the pool waits for the work of another: a helper without work ends, and a new one is called when
//! there is work again. Only the caller waits, and only while others read, so that a pool of one thread is enough, as is a caller
//! inside the pool.

use super::buffer::{Buffer, Extent};
use super::group::{Beyond, Done, Group, States};
use super::joiner::{self, Joiner, Proof};
use super::options::{Progress, ReadOptions};
use super::outcome::{Outcome, Piece};
use super::queue::{Job, ParseJob, Queue, Ticket};
use super::range::{Ended, read_range};
use super::ranges::Ranges;
use super::reading::Phase;
use super::{batch, opening};
use crate::capture::format::compression::DecoderWindow;
use crate::capture::format::state::State;
use crate::capture::frame::FrameId;
use crate::capture::input::Sequential;
use crate::capture::source::Source;
use crate::capture::tally::{Counts, Observe, Tally};
use rayon::Scope;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// After so many wrong guesses a capture is cut in order instead: its packets hold captures, or its blocks change what later
/// packets mean.
const MAX_MISSES: u32 = 3;

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
    // A reader that pauses would hold up a thread that helps in joining what came before.
    let is_paced = sources.iter().any(|source| source.is_paced);
    let threads = if is_paced { 1 } else { rayon::current_num_threads().max(1) };
    let engine = Engine::new(sources, options, progress, threads, empty, join);
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

/// How reading the front capture goes on after a piece.
enum Next {
    On,
    /// Reading ends here.
    Broken(String),
    /// The rest is cut in order.
    Recut(Phase),
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

    /// Works until there is no job; the caller works until everything is done.
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

    /// Calls another worker if there is a job for it. That worker calls the next.
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
        let Ticket { reading, epoch, job } = ticket;
        match job {
            Job::Open(source) => {
                let opened = opening::open(*source, &self.options, &self.done);
                let mut queue = self.lock();
                let Some(reading) = queue.readings.get_mut(reading) else { return };
                match opened {
                    Ok(phase) => {
                        if let Phase::Ranges(ranges) = &phase {
                            reading.total = Some(ranges.count());
                        }
                        reading.phase = phase;
                    }
                    Err(error) => {
                        reading.problem = Some(opening::not_opened(&error));
                        reading.total = Some(0);
                        reading.phase = Phase::Finished;
                    }
                }
            }
            Job::Batch(sources) => {
                let members =
                    batch::read(sources, DecoderWindow::within(self.options.memory_bytes), self.empty, &self.done);
                self.lock().deposit_batch(reading, members);
            }
            Job::Range(ranges, index) => {
                let done = self.range(&ranges, index);
                self.lock().deposit(reading, epoch, index, done);
            }
            Job::Cut(mut cutter, buffer) => {
                let cut = cutter.cut(buffer);
                self.lock().cut(reading, epoch, cutter, cut);
            }
            Job::Parse(piece) => {
                let ParseJob { mut cut, number, group } = *piece;
                let mut group = group.unwrap_or_else(|| Group::new(number, (self.empty)()));
                loop {
                    let buffer = group.parse(cut);
                    let mut queue = self.lock();
                    queue.scrap(reading, buffer);
                    let Some(next) = queue.parsed(reading, epoch, group) else { return };
                    (group, cut) = next;
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
        let mut buffer = Buffer::new();
        let (start, state) = if index == 0 {
            (Some(ranges.start.offset as u64), ranges.start.state.clone())
        } else {
            let from = ranges.limit(index - 1);
            // A read error occurs again, with its offset, when the range before is read to its end.
            let start = ranges.guess().find(&ranges.input, &mut buffer, ranges.extent(from, limit)).unwrap_or(None);
            (start, ranges.at_packet.clone())
        };
        match start {
            Some(from) => self.range_from(ranges, buffer, ranges.extent(from, limit), state, true),
            None => Done {
                partial: (self.empty)(),
                counts: Counts::default(),
                start: None,
                end: limit,
                problem: None,
                states: None,
                beyond: Beyond::default(),
                pieces: 1,
                is_pause: false,
            },
        }
    }

    fn range_from(&self, ranges: &Ranges, buffer: Buffer, extent: Extent, before: State, is_first: bool) -> Done<P> {
        let mut tally = Tally::new((self.empty)());
        let mut state = before.clone();
        state.start_range();
        let done = is_first.then_some(&*self.done);
        let Ended { end, problem } = read_range(&ranges.input, buffer, extent, &mut state, &mut tally, done);
        let (partial, counts) = tally.finish();
        let states = Some(States { before, after: state });
        let (start, beyond) = (Some(extent.from), Beyond::default());
        Done { partial, counts, start, end, problem, states, beyond, pieces: 1, is_pause: false }
    }

    /// Joins the pieces that are there, unless another thread is joining.
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
                // It is said where the reader paused only.
                let name = match queue.readings.get(front) {
                    Some(reading) if done.is_pause => reading.name.clone(),
                    _ => String::new(),
                };
                if joiner.proof.is_none() {
                    joiner.proof = queue.readings.get(front).map(Proof::new);
                }
                drop(queue);
                self.call_helper(scope);
                let next = self.join(&mut joiner, front, &name, done);
                queue = self.lock();
                match next {
                    Next::On => {}
                    Next::Recut(phase) => queue.restart_front(phase),
                    Next::Broken(what) => {
                        queue.restart_front(Phase::Finished);
                        if let Some(reading) = queue.readings.get_mut(front) {
                            reading.problem = Some(what);
                            reading.total = Some(0);
                        }
                    }
                }
            } else if !joiner.finish_front(&mut queue) {
                break;
            }
        }
        queue.is_joining = false;
    }

    /// Proves a piece, reads it again if its guess was wrong, and joins it.
    fn join(&self, joiner: &mut Joiner<'_, P>, front: usize, name: &str, mut done: Done<P>) -> Next {
        let Joiner { join, proof: Some(proof), formats, .. } = joiner else { return Next::On };
        let mut is_miss = false;
        if let Some(ranges) = proof.ranges.clone() {
            let limit = ranges.limit(proof.index);
            proof.index += 1;
            if proof.position >= limit {
                // A record that starts in an earlier range fills this one. What was found here lies inside that record.
                return Next::On;
            }
            let truth = proof.state.take().unwrap_or_else(|| ranges.start.state.clone());
            let holds = match done.states.take() {
                Some(States { before, after }) if done.start == Some(proof.position) => {
                    after.proven(&before, &truth, done.problem.is_none())
                }
                _ => None,
            };
            proof.state = holds.or_else(|| {
                is_miss = true;
                let extent = ranges.extent(proof.position, limit);
                done = self.range_from(&ranges, Buffer::new(), extent, truth, false);
                done.states.take().map(|states| states.after)
            });
        }
        proof.position = done.end;
        let base = FrameId::new(u32::try_from(front).unwrap_or(u32::MAX), proof.counts.frames);
        proof.counts.add(&done.counts);
        let frames = done.counts.frames + done.beyond.frames;
        if frames > 0 || done.is_pause {
            let wire_bytes = done.counts.wire_bytes + done.beyond.wire_bytes;
            let pause = done.is_pause.then(|| {
                let format = formats.get(front).cloned().unwrap_or_default();
                Box::new(joiner::outcome(name.to_owned(), format, proof.counts, None))
            });
            join(Piece { partial: done.partial, base, frames, wire_bytes, pause });
        }
        if let Some(what) = done.problem {
            return Next::Broken(what);
        }
        proof.misses += u32::from(is_miss);
        match &proof.ranges {
            Some(ranges) if is_miss && proof.misses >= MAX_MISSES && proof.index < ranges.count() => {
                let (Some(state), Some(ranges)) = (proof.state.take(), proof.ranges.take()) else { return Next::On };
                let reader = Sequential { input: Arc::clone(&ranges.input), offset: proof.position };
                let piece_bytes = opening::piece_bytes(&self.options);
                Next::Recut(opening::stream_phase(Box::new(reader), proof.position, 0, state, piece_bytes))
            }
            _ => Next::On,
        }
    }
}

/// Wakes the caller when a worker panics, so that the panic is reported and the program does not hang.
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
