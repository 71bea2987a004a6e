//! What may be read next: the jobs that are left, over all captures.

use super::batch::{self, Member};
use super::engine::ReadOptions;
use super::lane::{Done, Lane, MAX_STREAM_THREADS, RUN, Ranges, Run, Stage};
use super::source::Source;
use super::stream::{Cut, Cutter, MAX_PIECE};
use super::tally::Counts;
use std::sync::Arc;

/// What a worker is to do.
pub(super) enum Job<P> {
    Open(Box<Source>),
    /// Captures from the ticket's lane on.
    Batch(Vec<Source>),
    Range(Arc<Ranges>, u64),
    Cut(Box<Cutter>, Vec<u8>),
    Parse(Box<Piece<P>>),
}

/// A piece of a stream, its number, and the run that goes on with it.
pub(super) struct Piece<P> {
    pub(super) cut: Cut,
    pub(super) number: u64,
    pub(super) run: Option<Run<P>>,
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
    /// Bytes of a piece of a stream, where no record is longer.
    piece_bytes: usize,
    /// Captures worked on at once: as many as keep the threads busy, far fewer than there are file handles.
    open_window: usize,
    range_bytes: Option<u64>,
    /// Buffers to be used again.
    scrap: Vec<Vec<u8>>,
    pub(super) is_joining: bool,
    pub(super) helpers: usize,
    pub(super) has_panicked: bool,
}

impl<P> Queue<P> {
    pub(super) fn new(sources: Vec<Source>, threads: usize, options: &ReadOptions) -> Self {
        /// Least memory of which more captures need not be fewer at once.
        const AMPLE: u64 = 1 << 30;
        /// Captures at once where memory is scarcer: each may be compressed, with a decoder that takes its share.
        const FEW: usize = 4;
        let most = options.memory_bytes.filter(|bytes| *bytes < AMPLE).map_or(usize::MAX, |_| FEW);
        Self {
            lanes: sources.into_iter().map(Lane::new).collect(),
            front: 0,
            in_flight: 0,
            window: 2 * threads + 2,
            stream_window: RUN as usize * (threads.min(MAX_STREAM_THREADS) + 1),
            piece_bytes: super::lane::piece_bytes(options).clamp(1, MAX_PIECE),
            open_window: (2 * threads + 2).min(most),
            range_bytes: options.range_bytes.or(options.most_range_bytes),
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
                let parked = lane.parked.take_if(|run| ready.iter().any(|(number, _)| *number == run.next));
                let wanted = parked.as_ref().map_or(lane.next_run, |run| run.next);
                let at = ready.iter().position(|(number, _)| *number == wanted)?;
                let (number, piece) = ready.remove(at)?;
                if parked.is_none() {
                    lane.next_run = number + RUN;
                    lane.in_flight += 1;
                    self.in_flight += 1;
                }
                Job::Parse(Box::new(Piece { cut: piece, number, run: parked }))
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
                    let is_ready = |wanted: u64| ready.iter().any(|(number, _)| *number == wanted);
                    let goes_on = lane.parked.as_ref().is_some_and(|run| is_ready(run.next));
                    let can_parse = goes_on || (may_start && is_ready(lane.next_run));
                    let can_cut = cutter.is_some()
                        && lane.buffers < self.stream_window
                        && lane.buffer_bytes < self.stream_window.saturating_mul(self.piece_bytes);
                    // What waits is parsed while it is in a cache; but nobody can parse what nobody cuts.
                    if can_parse && (ready.len() > 1 || !can_cut) {
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
                let number = lane.next;
                lane.next += 1;
                lane.buffer_bytes += piece.memory();
                if piece.is_last {
                    lane.total = Some(lane.next);
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
        if let Some(lane) = self.lanes.get_mut(index) {
            lane.buffers = lane.buffers.saturating_sub(1);
            lane.buffer_bytes = lane.buffer_bytes.saturating_sub(buffer.len());
        }
        // One that a long record made longer is not kept.
        if self.scrap.len() < self.stream_window && buffer.len() <= self.piece_bytes {
            self.scrap.push(buffer);
        }
    }

    /// Takes back a run, or gives it out again with its next piece.
    pub(super) fn parsed(&mut self, index: usize, epoch: u32, run: Run<P>) -> Option<(Run<P>, Cut)> {
        let lane = self.lanes.get_mut(index)?;
        if let Stage::Stream { ready, .. } = &mut lane.stage
            && lane.epoch == epoch
            && !run.is_whole()
        {
            if let Some(at) = ready.iter().position(|(number, _)| *number == run.next) {
                return ready.remove(at).map(|(_, piece)| (run, piece));
            }
            // No other run can lack a piece: the pieces after this one's are not cut yet.
            lane.parked = Some(run);
            return None;
        }
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

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::{lane, stream};
    use super::*;
    use std::io::Cursor;
    use std::path::Path;

    /// Bytes of a range, or of a piece of a stream: four packets.
    const OPTIONS: ReadOptions =
        ReadOptions { range_bytes: Some(4 * 1_016), most_range_bytes: None, memory_bytes: None };

    /// A capture of ten ranges, or of ten pieces.
    fn ten_ranges() -> Vec<u8> {
        pcap_of(&(0..40).map(|index| vec![index; 1_000]).collect::<Vec<_>>())
    }

    /// A queue for one thread, so that at most four ranges or runs are in flight.
    fn queue_of(sources: Vec<Source>) -> Queue<Log> {
        Queue::new(sources, 1, &OPTIONS)
    }

    fn file() -> Source {
        Source::memory("test", ten_ranges()).unwrap()
    }

    fn pipe() -> Source {
        Source::pipe(Path::new("test"), "test".to_owned(), Box::new(Cursor::new(ten_ranges()))).unwrap()
    }

    /// Opens the capture that the next job is to open.
    fn open(queue: &mut Queue<Log>) {
        let Some(Ticket { lane, job: Job::Open(source), .. }) = queue.pick() else { unreachable!() };
        finish_opening(queue, lane, *source);
    }

    fn finish_opening(queue: &mut Queue<Log>, lane: usize, source: Source) {
        queue.lanes[lane].stage = lane::open(source, &OPTIONS, &Arc::default()).unwrap();
    }

    /// Takes the next range: its capture and number; none if nothing may be read now.
    fn take_range(queue: &mut Queue<Log>) -> Option<(usize, u64)> {
        let Ticket { lane, job, .. } = queue.pick()?;
        let Job::Range(_, index) = job else { unreachable!() };
        Some((lane, index))
    }

    /// What a range gives, told from others by where it ends.
    fn done(end: u64) -> Done<Log> {
        let (partial, counts) = (Log::default(), Counts::default());
        Done { partial, counts, start: None, end, problem: None, states: None, beyond: (0, 0), pieces: 1 }
    }

    fn joined(queue: &mut Queue<Log>) -> Vec<u64> {
        std::iter::from_fn(|| queue.next_done()).map(|done| done.end).collect()
    }

    #[test]
    fn what_is_deposited_in_any_order_joins_in_order() {
        let mut queue = queue_of(vec![file()]);
        open(&mut queue);
        assert_eq!([(); 3].map(|()| take_range(&mut queue)), [Some((0, 0)), Some((0, 1)), Some((0, 2))]);
        queue.deposit(0, 0, 2, done(12));
        assert!(joined(&mut queue).is_empty());
        queue.deposit(0, 0, 0, done(10));
        assert_eq!(joined(&mut queue), [10]);
        queue.deposit(0, 0, 1, done(11));
        assert_eq!(joined(&mut queue), [11, 12]);
        assert_eq!((queue.in_flight, queue.lanes[0].in_flight), (0, 0));
    }

    #[test]
    fn no_more_is_in_flight_than_memory_is_to_hold() {
        let mut queue = queue_of(vec![file()]);
        open(&mut queue);
        assert_eq!(std::iter::from_fn(|| take_range(&mut queue)).count(), queue.window);
        // What waits to join is still in memory.
        queue.deposit(0, 0, 1, done(1));
        assert_eq!((joined(&mut queue), take_range(&mut queue)), (vec![], None));
        queue.deposit(0, 0, 0, done(0));
        assert_eq!(joined(&mut queue), [0, 1]);
        assert_eq!([(); 3].map(|()| take_range(&mut queue)), [Some((0, 4)), Some((0, 5)), None]);
    }

    #[test]
    fn what_all_wait_for_may_be_read_however_much_is_in_flight() {
        let mut queue = queue_of(vec![file(), file()]);
        let Some(Ticket { lane: 0, job: Job::Open(slow), .. }) = queue.pick() else { unreachable!() };
        open(&mut queue);
        assert_eq!(std::iter::from_fn(|| take_range(&mut queue)).last(), Some((1, 3)));
        finish_opening(&mut queue, 0, *slow);
        assert_eq!([(); 2].map(|()| take_range(&mut queue)), [Some((0, 0)), None]);
    }

    #[test]
    fn results_of_a_reading_that_was_given_up_are_dropped() {
        let mut queue = queue_of(vec![file()]);
        open(&mut queue);
        assert_eq!([(); 3].map(|()| take_range(&mut queue)), [Some((0, 0)), Some((0, 1)), Some((0, 2))]);
        queue.deposit(0, 0, 1, done(1));
        let again = std::mem::replace(&mut queue.lanes[0].stage, Stage::Opening);
        queue.restart_front(again);
        // These were in the hands of workers when the front began anew.
        queue.deposit(0, 0, 0, done(0));
        queue.deposit(0, 0, 2, done(2));
        assert_eq!((joined(&mut queue), queue.in_flight, queue.lanes[0].in_flight), (vec![], 0, 0));
        let Some(Ticket { lane: 0, epoch, job: Job::Range(_, 0) }) = queue.pick() else { unreachable!() };
        queue.deposit(0, epoch, 0, done(7));
        assert_eq!(joined(&mut queue), [7]);
    }

    /// Takes the next piece of the stream and cuts it.
    fn cut(queue: &mut Queue<Log>) -> (Box<Cutter>, stream::Cut) {
        let Some(Ticket { job: Job::Cut(mut cutter, buffer), .. }) = queue.pick() else { unreachable!() };
        let piece = cutter.cut(buffer);
        (cutter, piece)
    }

    fn cut_and_put_back(queue: &mut Queue<Log>) {
        let (cutter, piece) = cut(queue);
        queue.cut(0, 0, cutter, piece);
    }

    /// Takes a piece to parse: its number, and the run that it went to.
    fn parse(queue: &mut Queue<Log>) -> (u64, Run<Log>) {
        let Some(Ticket { job: Job::Parse(piece), .. }) = queue.pick() else { unreachable!() };
        let Piece { cut, number, run } = *piece;
        (number, go_on(queue, run.unwrap_or_else(|| Run::new(number, Log::default())), cut))
    }

    fn go_on(queue: &mut Queue<Log>, mut run: Run<Log>, piece: stream::Cut) -> Run<Log> {
        let buffer = run.parse(piece);
        queue.scrap(0, buffer);
        run
    }

    /// Goes on with a run as long as its pieces are there.
    fn go_on_as_far_as_possible(queue: &mut Queue<Log>, mut run: Run<Log>) {
        while let Some((same, piece)) = queue.parsed(0, 0, run) {
            run = go_on(queue, same, piece);
        }
    }

    fn firsts(done: &Done<Log>) -> Vec<u8> {
        done.partial.0.iter().map(|seen| seen.bytes[0]).collect()
    }

    #[test]
    fn a_run_whose_next_piece_is_not_there_yet_waits_for_another_worker() {
        let mut queue = queue_of(vec![pipe()]);
        open(&mut queue);
        cut_and_put_back(&mut queue);
        cut_and_put_back(&mut queue);
        let (number, run) = parse(&mut queue);
        assert_eq!(number, 0);
        // The third piece is in another worker's hands, so this one leaves its run and ends.
        let (cutter, third) = cut(&mut queue);
        go_on_as_far_as_possible(&mut queue, run);
        assert!(queue.lanes[0].parked.is_some() && queue.next_done().is_none());
        queue.cut(0, 0, cutter, third);
        cut_and_put_back(&mut queue);
        let (number, run) = parse(&mut queue);
        assert_eq!((number, run.next), (2, 3));
        go_on_as_far_as_possible(&mut queue, run);
        let done = queue.next_done().unwrap();
        assert_eq!((firsts(&done), done.pieces), ((0..16).collect(), RUN));
        assert!(queue.lanes[0].parked.is_none());
        assert_eq!((queue.in_flight, queue.lanes[0].buffers), (0, 0));
    }

    #[test]
    fn a_later_run_may_be_done_before_the_one_that_joins_first() {
        let mut queue = queue_of(vec![pipe()]);
        open(&mut queue);
        cut_and_put_back(&mut queue);
        cut_and_put_back(&mut queue);
        let (number, slow) = parse(&mut queue);
        assert_eq!(number, 0);
        // The next run begins with the fifth piece, so nobody else can parse before that is cut.
        let mut pieces_cut = 2;
        let (number, quick) = loop {
            match queue.pick().map(|ticket| ticket.job) {
                Some(Job::Cut(mut cutter, buffer)) => {
                    let piece = cutter.cut(buffer);
                    queue.cut(0, 0, cutter, piece);
                    pieces_cut += 1;
                }
                Some(Job::Parse(piece)) => {
                    let Piece { cut, number, run } = *piece;
                    assert!(run.is_none());
                    break (number, go_on(&mut queue, Run::new(number, Log::default()), cut));
                }
                _ => unreachable!(),
            }
        };
        assert!(pieces_cut > RUN);
        assert_eq!(number, RUN);
        while queue.lanes[0].next < 2 * RUN {
            cut_and_put_back(&mut queue);
        }
        go_on_as_far_as_possible(&mut queue, quick);
        assert!(queue.next_done().is_none());
        go_on_as_far_as_possible(&mut queue, slow);
        let joined: Vec<_> = std::iter::from_fn(|| queue.next_done()).collect();
        assert_eq!(joined.iter().map(|done| done.pieces).collect::<Vec<_>>(), [RUN, RUN]);
        assert_eq!(joined.iter().flat_map(firsts).collect::<Vec<_>>(), (0..32).collect::<Vec<_>>());
    }
}
