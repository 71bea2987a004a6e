//! What is left to be read of each capture: a lane, its pieces numbered in the order in which they join.

use super::compression::Window;
use super::engine::ReadOptions;
use super::input::{Input, Sequential};
use super::range::Extent;
use super::records::State;
use super::resync::Guess;
use super::sniff::{self, Start};
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
    /// State at the first packet.
    pub(super) at_packet: State,
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

    /// The records from one at `from` to those that start at `limit` or later.
    pub(super) fn extent(&self, from: u64, limit: u64) -> Extent {
        Extent { from, limit, size: self.size }
    }

    /// What tells a first record of a range.
    pub(super) fn guess(&self) -> Guess<'_> {
        Guess { state: &self.at_packet, first_seconds: self.start.first_seconds() }
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
    pub(super) next: u64,
    end: u64,
    problem: Option<String>,
    has_ended: bool,
    tally: Tally<P>,
}

impl<P: Observe> Run<P> {
    pub(super) fn new(first: u64, partial: P) -> Self {
        let tally = Tally::new(partial);
        Self { first, next: first, end: 0, problem: None, has_ended: false, tally }
    }

    /// Takes in the next piece; gives its buffer back.
    pub(super) fn parse(&mut self, cut: Cut) -> Vec<u8> {
        self.next += 1;
        (self.end, self.problem, self.has_ended) = (cut.end, cut.problem.clone(), cut.is_last);
        cut.walk(&mut self.tally)
    }
}

impl<P> Run<P> {
    /// Whether it has all its pieces.
    pub(super) fn is_whole(&self) -> bool {
        self.has_ended || self.next - self.first == RUN
    }

    pub(super) fn done(self) -> (u64, Done<P>) {
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
        /// Cut, not yet parsed; with their numbers.
        ready: VecDeque<(u64, Cut)>,
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
    pub(super) buffers: usize,
    /// The bytes of those that are cut: a piece is as long as its longest record.
    pub(super) buffer_bytes: usize,
    /// The first piece of a stream of which no worker has the run.
    pub(super) next_run: u64,
    /// A run whose next piece is not cut yet.
    pub(super) parked: Option<Run<P>>,
    /// Why the capture could not be opened.
    pub(super) problem: Option<String>,
}

impl<P> Lane<P> {
    pub(super) fn new(source: Source) -> Self {
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
            buffer_bytes: 0,
            next_run: 0,
            parked: None,
            problem: None,
        }
    }
}

/// Opens a capture for reading, as ranges where it can be read at any position and is not compressed.
pub(super) fn open(source: Source, options: &ReadOptions, done: &Arc<AtomicU64>) -> io::Result<Stage> {
    let Source { place, compression, start, size, .. } = source;
    let piece_bytes = piece_bytes(options);
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
        let range_bytes = range_bytes(options, size).max(1);
        let at_packet = match size > range_bytes {
            true => sniff::at_packet(&start, &mut Sequential { input: Arc::clone(&input), offset: 0 }),
            // One range has nothing to guess.
            false => start.state.clone(),
        };
        return Ok(Stage::Ranges(Arc::new(Ranges { input, size, range_bytes, start, at_packet })));
    }
    let decoder = compression.decoder(counted(input, done), Window::within(options.memory_bytes))?;
    Ok(stream_stage(decoder, 0, start.offset, start.state, piece_bytes))
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
const PIECE_BYTES: u64 = 1 << 20;
/// Pieces of a stream in a run: together as large as a range. Always as many, so that what is joined, and what is kept where
/// memory is limited, is the same whichever thread was quicker.
pub(super) const RUN: u64 = 4;
/// More threads than this do not parse a stream faster than it can be read.
pub(super) const MAX_STREAM_THREADS: usize = 8;
/// Bytes of a stream per piece.
pub(super) fn piece_bytes(options: &ReadOptions) -> usize {
    /// Smaller pieces are not worth their cutting.
    const LEAST: u64 = 64 << 10;
    // What is joined is a run.
    let most = options.most_range_bytes.map_or(u64::MAX, |most| (most / RUN).max(LEAST));
    super::range::to_usize(options.range_bytes.unwrap_or(PIECE_BYTES.min(most)))
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

/// Bytes of a range of a capture of this size: large, since joining costs, yet so many that no thread is left with much more
/// than the others.
fn range_bytes(options: &ReadOptions, size: u64) -> u64 {
    /// Ranges of a capture, for as many threads as a large machine has.
    const RANGES: u64 = 64;
    /// Where a range begins has to be found, and what it accumulates joined.
    const MIN: u64 = 2 << 20;
    /// What a range accumulates waits in the caches until it joins: on captures of many small flows, ranges of 16 MiB take
    /// up to a tenth longer.
    const MAX: u64 = 8 << 20;
    let most = options.most_range_bytes.unwrap_or(u64::MAX);
    options.range_bytes.unwrap_or((size / RANGES).clamp(MIN, MAX).min(most))
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

#[cfg(test)]
mod tests {
    use super::super::sniff;
    use super::super::testing::*;
    use super::*;

    fn three_packets() -> Vec<u8> {
        pcap_of(&(0..3).map(|index| vec![index; 100]).collect::<Vec<_>>())
    }

    fn opened(source: Source, range_bytes: u64) -> io::Result<Stage> {
        let options = ReadOptions { range_bytes: Some(range_bytes), ..ReadOptions::default() };
        open(source, &options, &Arc::default())
    }

    #[test]
    fn ranges_cover_a_file_without_gap_or_overlap() {
        let each_byte: Vec<u64> = (1..=372).collect();
        let rows =
            [(100, &[100, 200, 300, 372][..]), (186, &[186, 372]), (400, &[372]), (1, &each_byte), (0, &each_byte)];
        for (range_bytes, limits) in rows {
            let stage = opened(Source::memory("test", three_packets()).unwrap(), range_bytes).unwrap();
            let Stage::Ranges(ranges) = stage else { unreachable!() };
            assert_eq!(
                (0..ranges.count()).map(|index| ranges.limit(index)).collect::<Vec<_>>(),
                limits,
                "{range_bytes}"
            );
        }
    }

    #[test]
    fn ranges_are_neither_tiny_nor_large() {
        let mib = 1 << 20;
        let sizes = [0, 64 * mib, 256 * mib, 1 << 40, u64::MAX];
        let of = |most_range_bytes| {
            let options = ReadOptions { most_range_bytes, ..ReadOptions::default() };
            sizes.map(|size| range_bytes(&options, size) / mib)
        };
        assert_eq!(of(None), [2, 2, 4, 8, 8]);
        assert_eq!(of(Some(3 * mib)), [2, 2, 3, 3, 3]);
    }

    #[test]
    fn what_is_compressed_or_comes_by_a_pipe_is_read_in_order() {
        let packed = zstd::stream::encode_all(&*three_packets(), 1).unwrap();
        assert!(matches!(opened(Source::memory("test", packed).unwrap(), 100), Ok(Stage::Stream { .. })));
        let reader = Box::new(io::Cursor::new(three_packets()));
        let pipe = Source::pipe(std::path::Path::new("test"), "test".to_owned(), reader).unwrap();
        assert!(matches!(opened(pipe, 100), Ok(Stage::Stream { .. })));
    }

    #[test]
    fn a_capture_that_went_away_cannot_be_opened_again() {
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), three_packets()).unwrap();
        let source = Source::path(path.path()).unwrap();
        path.close().unwrap();
        assert_eq!(opened(source, 100).err().map(|error| error.kind()), Some(io::ErrorKind::NotFound));
    }

    #[test]
    fn a_run_holds_the_pieces_that_it_took_in() {
        let state = sniff::start(&mut &*three_packets(), &mut Vec::new()).unwrap().unwrap().state;
        let mut file = three_packets();
        file.truncate(file.len() - 1);
        let mut cutter = Cutter::new(Box::new(io::Cursor::new(file)), 0, 24, state, 120);
        let mut run = Run::new(5, Log::default());
        let mut buffer = Vec::new();
        while !run.has_ended {
            buffer = run.parse(cutter.cut(buffer));
        }
        assert_eq!(run.next, 8);
        let (first, done) = run.done();
        assert_eq!((first, done.pieces, done.counts.frames), (5, 3, 2));
        // The third packet lacks a byte.
        assert_eq!((done.end, done.problem.is_some()), (24 + 2 * 116, true));
    }
}
