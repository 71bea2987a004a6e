//! Guesses where the first record of a range starts: a header that could be one, followed by a chain of others that goes on
//! further than the longest record could reach.
//!
//! A capture whose packets hold captures defeats every such rule. So the guess only saves time: the reader proves it against the end
//! of the range before, and reads the range again if the guess was wrong.

use super::buffer::{Buffer, Extent};
use crate::capture::format::state::State;
use crate::capture::format::visit::MAX_PACKET;
use crate::capture::input::{Input, to_usize};
use std::io;

/// How to look for a chain.
struct Look {
    /// Candidates tried in the bytes read.
    stride: usize,
    /// Bytes read: the candidates and the longest chain that any of them needs.
    bytes: usize,
    /// A chain spans more than this, so that it cannot lie within one packet.
    span: usize,
    /// Records of a chain.
    records: usize,
}

/// So many records prove a chain if the file ends in the middle of the next one.
const CHAIN: usize = 8;
/// The thorough look, at chains that are longer than any packet.
const LOOK: Look = Look {
    stride: 256 << 10,
    bytes: (256 << 10) + 2 * (MAX_PACKET as usize + 64),
    span: MAX_PACKET as usize + 64,
    records: 1,
};
/// A first look, at chains that are longer than the longest IP packet. Most often it is enough. It is wrong where longer packets hold
/// captures, and finds nothing among very long records; both are rare, and cost less than the thorough look every time.
const FIRST_LOOK: Look = Look { stride: 32 << 10, bytes: 128 << 10, span: 1 << 16, records: CHAIN };
/// Most headers looked at in chains per range: a hostile file could make each byte start a long chain.
const MAX_STEPS: usize = 1 << 20;

/// What is known of the capture, against which candidates are tested.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guess<'a> {
    pub(super) state: &'a State,
    /// Time of the capture's first packet, in seconds.
    pub(super) first_seconds: u32,
}

impl Guess<'_> {
    fn plausible(&self, bytes: &[u8], ends_file: bool) -> Option<usize> {
        match self.state {
            State::Classic(layout) => layout.plausible(bytes, self.first_seconds),
            State::Pcapng(section) => section.plausible(bytes, ends_file),
        }
    }

    /// Candidates lie at multiples of this.
    fn alignment(&self) -> u64 {
        match self.state {
            State::Classic(_) => 1,
            State::Pcapng(_) => 4,
        }
    }

    /// Offset of the first likely record that starts in an extent. The buffer then holds the beginning of the extent.
    pub(super) fn find(&self, input: &Input, buffer: &mut Buffer, extent: Extent) -> io::Result<Option<u64>> {
        let Extent { from, limit, size } = extent;
        let mut base = from.next_multiple_of(self.alignment());
        let mut steps = 0;
        if size.saturating_sub(base) > FIRST_LOOK.bytes as u64 {
            let bytes = buffer.read(input, Extent { from: base, ..extent }, FIRST_LOOK.bytes)?;
            let bytes = bytes.get(..FIRST_LOOK.bytes).unwrap_or(bytes);
            if let Some(found) = self.first(bytes, FIRST_LOOK.stride, &FIRST_LOOK, false, &mut steps) {
                let found = base + found as u64;
                return Ok(Some(found).filter(|found| *found < limit));
            }
        }
        let mut bytes = vec![0; LOOK.bytes.min(to_usize(size.saturating_sub(base)))];
        while base < limit && steps <= MAX_STEPS {
            let filled = input.fill_at(&mut bytes, base)?;
            let bytes = bytes.get(..filled).unwrap_or_default();
            let candidates = LOOK.stride.min(to_usize(limit - base)).min(filled);
            let ends_file = base + filled as u64 >= size;
            if let Some(found) = self.first(bytes, candidates, &LOOK, ends_file, &mut steps) {
                return Ok(Some(base + found as u64));
            }
            base += LOOK.stride as u64;
        }
        Ok(None)
    }

    /// The first candidate with a chain.
    fn first(&self, bytes: &[u8], candidates: usize, look: &Look, ends_file: bool, steps: &mut usize) -> Option<usize> {
        let mut candidates = (0..candidates).step_by(to_usize(self.alignment()));
        candidates.find(|&candidate| self.is_chain(bytes, candidate, look, ends_file, steps))
    }

    #[inline]
    fn is_chain(&self, bytes: &[u8], candidate: usize, look: &Look, ends_file: bool, steps: &mut usize) -> bool {
        let mut position = candidate;
        let mut records = 0;
        loop {
            if ends_file && position >= bytes.len() {
                return records >= if position == bytes.len() { look.records } else { CHAIN };
            }
            if position - candidate > look.span && records >= look.records {
                return true;
            }
            let Some(rest) = bytes.get(position..).filter(|rest| !rest.is_empty()) else { return false };
            let Some(length) = self.plausible(rest, ends_file).filter(|_| *steps <= MAX_STEPS) else { return false };
            *steps += 1;
            records += 1;
            position += length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::format::start;
    use crate::capture::frame::ByteOrder;
    use crate::capture::testing::*;
    use std::sync::Arc;

    /// Packets full of what reads like the head of a block of 8 MiB.
    #[test]
    fn the_head_of_a_long_block_alone_proves_nothing() {
        let order = ByteOrder::Little;
        let long = [0, 0, 0, 0, 0, 0, 0x80, 0].repeat(150);
        let mut file = [section(order), interface(order, 1, 0, &[])].concat();
        let mut starts = Vec::new();
        while file.len() < 3 << 20 {
            starts.push(file.len() as u64);
            file.extend(packet_block(order, 0, 1, 1_200, &long));
        }
        let start = start::start(&mut &*file, &mut Vec::new()).unwrap().unwrap();
        let at_packet = start::at_packet(&start, &mut &*file);
        let guess = Guess { state: &at_packet, first_seconds: 0 };
        let (size, input) = (file.len() as u64, Input::Bytes(Arc::from(file)));
        for from in [1 << 20, (1 << 20) + 1_000, (2 << 20) + 500, size - 100_000] {
            let found = guess.find(&input, &mut Buffer::new(), Extent { from, limit: size, size }).unwrap();
            assert_eq!(found, starts.iter().copied().find(|start| *start >= from), "{from}");
        }
    }
}
