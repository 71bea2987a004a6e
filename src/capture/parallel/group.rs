//! What a range, or several neighbouring pieces of a stream, came to.

use super::stream::Cut;
use crate::capture::format::state::State;
use crate::capture::tally::{Counts, Observe, Tally};

/// Pieces of a stream in a group: together as large as a range. Always as many, so that what is joined, and what is kept where
/// memory is limited, is the same whichever thread was quicker.
pub(super) const PIECES_PER_GROUP: u64 = 4;

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
    /// How many numbers it takes in the order of joining: the pieces of a group.
    pub(super) pieces: u64,
}

/// Neighbouring pieces of a stream, taken in one after another. Pieces are small, so that they are parsed while they are in a
/// cache; groups are long, since each is joined.
pub(super) struct Group<P> {
    first: u64,
    /// The piece that would go on with it.
    pub(super) next: u64,
    end: u64,
    problem: Option<String>,
    has_ended: bool,
    tally: Tally<P>,
}

impl<P: Observe> Group<P> {
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

impl<P> Group<P> {
    /// Whether it has all its pieces.
    pub(super) fn is_whole(&self) -> bool {
        self.has_ended || self.next - self.first == PIECES_PER_GROUP
    }

    pub(super) fn done(self) -> (u64, Done<P>) {
        let (partial, counts) = self.tally.finish();
        let (start, states, beyond, pieces) = (None, None, (0, 0), self.next - self.first);
        (self.first, Done { partial, counts, start, end: self.end, problem: self.problem, states, beyond, pieces })
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
