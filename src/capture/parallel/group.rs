//! The result of reading a range, or several neighbouring pieces of a stream.

use super::stream::Cut;
use crate::capture::format::state::State;
use crate::capture::tally::{Counts, Observe, Tally};

/// Pieces of a stream in a group; together they are as large as a range. The number is fixed, so that what is joined, and what is
/// kept where memory is limited, does not depend on which thread was quicker.
pub(super) const PIECES_PER_GROUP: u64 = 4;

/// The result of reading a range or a group.
pub(super) struct Done<P> {
    pub(super) partial: P,
    pub(super) counts: Counts,
    /// Where its first record starts, by its own guess; none if it found no record.
    pub(super) start: Option<u64>,
    /// Where the first record after it starts.
    pub(super) end: u64,
    pub(super) problem: Option<String>,
    /// The states in which it began and ended. None for a group: its pieces were cut in order, so that there is nothing to prove.
    pub(super) states: Option<States>,
    /// Frames and bytes on the wire of further captures that the partial holds.
    pub(super) beyond: Beyond,
    /// How many pieces it holds, each of which has a number in the order of joining.
    pub(super) pieces: u64,
    /// Whether the reader paused after it.
    pub(super) is_pause: bool,
}

/// The states in which the reading of a range began and ended.
pub(super) struct States {
    pub(super) before: State,
    pub(super) after: State,
}

/// What a partial holds of captures after the first.
#[derive(Clone, Copy, Default)]
pub(super) struct Beyond {
    pub(super) frames: u64,
    /// Lengths on the wire of their packets.
    pub(super) wire_bytes: u64,
}

/// Neighbouring pieces of a stream, parsed one after another into one partial. Pieces are small, so that they are parsed while they
/// are in the processor's cache; groups are large, because each of them has to be joined.
pub(super) struct Group<P> {
    first: u64,
    /// The number of the piece that it takes in next.
    pub(super) next: u64,
    end: u64,
    problem: Option<String>,
    has_ended: bool,
    is_pause: bool,
    tally: Tally<P>,
}

impl<P: Observe> Group<P> {
    pub(super) fn new(first: u64, partial: P) -> Self {
        let tally = Tally::new(partial);
        Self { first, next: first, end: 0, problem: None, has_ended: false, is_pause: false, tally }
    }

    /// Takes in the next piece. Returns its buffer.
    pub(super) fn parse(&mut self, cut: Cut) -> Vec<u8> {
        self.next += 1;
        (self.end, self.problem, self.has_ended) = (cut.end, cut.problem.clone(), cut.is_last);
        self.is_pause = cut.is_pause;
        cut.walk(&mut self.tally)
    }
}

impl<P> Group<P> {
    /// Whether it has all its pieces.
    pub(super) fn is_whole(&self) -> bool {
        self.has_ended || self.is_pause || self.next - self.first == PIECES_PER_GROUP
    }

    pub(super) fn done(self) -> (u64, Done<P>) {
        let (partial, counts) = self.tally.finish();
        let pieces = self.next - self.first;
        let done = Done {
            partial,
            counts,
            start: None,
            end: self.end,
            problem: self.problem,
            states: None,
            beyond: Beyond::default(),
            pieces,
            is_pause: self.is_pause,
        };
        (self.first, done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::format::start;
    use crate::capture::parallel::stream::Cutter;
    use crate::capture::testing::*;
    use std::io;

    #[test]
    fn a_group_holds_the_pieces_that_it_took_in() {
        let mut file = pcap_of(&(0..3).map(|index| vec![index; 100]).collect::<Vec<_>>());
        let state = start::start(&mut &*file, &mut Vec::new()).unwrap().unwrap().state;
        file.truncate(file.len() - 1);
        let mut cutter = Cutter::new(Box::new(io::Cursor::new(file)), 0, 24, state, 120);
        let mut group = Group::new(5, Log::default());
        let mut buffer = Vec::new();
        while !group.has_ended {
            buffer = group.parse(cutter.cut(buffer));
        }
        assert_eq!(group.next, 8);
        let (first, done) = group.done();
        assert_eq!((first, done.pieces, done.counts.frames), (5, 3, 2));
        // The third packet lacks a byte.
        assert_eq!((done.end, done.problem.is_some()), (24 + 2 * 116, true));
    }
}
