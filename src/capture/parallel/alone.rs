//! Reads one range of a capture by itself, as one of many workers does that share nothing: where it began and where it ended is said,
//! so that whoever has all of them can prove that they fit together.

use super::buffer::{Buffer, Extent};
use super::engine;
use super::joiner;
use super::options::{Progress, ReadOptions};
use super::outcome::{Outcome, Piece};
use super::range::{Ended, UNREADABLE, read_range};
use super::resync::Guess;
use crate::capture::format::start;
use crate::capture::format::state::State;
use crate::capture::input::Sequential;
use crate::capture::source::{Origin, Source};
use crate::capture::tally::{Counts, Observe, Tally};
use crate::error::Defect;
use std::io;
use std::sync::Arc;

/// How the first record of a range is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum First {
    /// By what could be a record and a chain of others behind it, which may be wrong.
    Guessed,
    /// It starts at this offset.
    At(u64),
}

/// What was read of a range.
#[derive(Debug)]
pub struct RangeRead<P> {
    /// The observer that saw the frames, numbered from `FrameId::new(0, 0)`.
    pub partial: P,
    /// Where the first record starts; none where no record seems to start in the range.
    pub start: Option<u64>,
    /// Where the first record starts that was not read.
    pub end: u64,
    /// What was counted. Its defect says why reading ended before the end of the range, with the number of the frame in the range.
    pub outcome: Outcome,
}

impl Source {
    /// Whether its ranges can be read each by itself: where it is plain pcap and can be read at any position. A range of pcapng would
    /// lack the interfaces and the order of bytes that blocks before it name.
    pub fn has_ranges(&self) -> bool {
        let is_classic = matches!(self.start.state, State::Classic(_));
        is_classic && self.compression.name().is_none() && !matches!(self.origin, Origin::Pipe(_))
    }

    /// Size of the file, compressed or not; none of a pipe.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Reads the records that start in a range of a capture that [has ranges](Self::has_ranges), the last one to its end.
    ///
    /// # Errors
    /// If the capture cannot be opened or read. What is wrong with its bytes is no error: the range may have been begun in the wrong
    /// place.
    pub fn read_range<P: Observe>(&self, [from, to]: [u64; 2], first: First, empty: P) -> io::Result<RangeRead<P>> {
        let no_ranges = || io::Error::new(io::ErrorKind::Unsupported, "a pipe has no ranges");
        let (input, _) = self.input()?.ok_or_else(no_ranges)?;
        let size = self.size.unwrap_or_default();
        let extent = |from| Extent { from, limit: to.min(size), size };
        let mut buffer = Buffer::new();
        let (start, mut state) = match first {
            _ if from == 0 => (Some(self.start.offset as u64), self.start.state.clone()),
            First::At(offset) => (Some(offset), self.start.state.clone()),
            First::Guessed => {
                let state = start::at_packet(&self.start, &mut Sequential { input: Arc::clone(&input), offset: 0 });
                let guess = Guess { state: &state, first_seconds: self.start.first_seconds() };
                (guess.find(&input, &mut buffer, extent(from))?, state)
            }
        };
        let mut tally = Tally::new(empty);
        let mut end = to.min(size);
        let mut problem = None;
        if let Some(start) = start {
            state.start_range();
            let ended = read_range(&input, buffer, extent(start), &mut state, &mut tally, None);
            Ended { end, problem } = ended;
            // Another try may succeed, so that this is no defect of the capture.
            if let Some(what) = problem.take_if(|what| what.starts_with(UNREADABLE)) {
                return Err(io::Error::other(what));
            }
        }
        let (partial, counts) = tally.finish();
        Ok(RangeRead { partial, start, end, outcome: self.outcome(counts, end, problem) })
    }

    /// Reads all of a capture, whatever it is, and gives what was accumulated to `take`, piece by piece, in the order of the frames.
    pub fn read_whole<P: Observe>(
        self,
        options: &ReadOptions,
        empty: &(dyn Fn() -> P + Sync),
        take: &mut (dyn FnMut(Piece<P>) + Send),
    ) -> Outcome {
        let mut outcomes = engine::read(vec![self], options, &Progress::default(), empty, take);
        outcomes.pop().unwrap_or_default()
    }

    fn outcome(&self, counts: Counts, offset: u64, problem: Option<String>) -> Outcome {
        let defect = problem.map(|what| Defect { capture: self.name.clone(), offset, frame: counts.frames + 1, what });
        joiner::outcome(self.name.clone(), self.format(), counts, defect)
    }
}
