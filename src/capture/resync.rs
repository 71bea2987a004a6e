//! Guesses where the first record of a range starts: a header that could be one, followed by a chain of others that goes on
//! further than the longest record could reach.
//!
//! A capture that holds captures in its packets breaks every such rule, so the guess only saves time: the reader proves it
//! against the end of the range before, and reads again where it was wrong.

use super::input::Input;
use super::range::to_usize;
use super::records::{MAX_PACKET, State};
use std::io;

/// A chain must span more than this, so that it cannot lie within one packet.
const SPAN: usize = MAX_PACKET as usize + 64;
/// Candidates tried per window read.
const STRIDE: usize = 256 << 10;
/// A window holds its candidates and the longest chain any of them needs.
const WINDOW: usize = STRIDE + SPAN + MAX_PACKET as usize + 64;
/// A file that ends in the middle of a record still proves a chain of this many.
const CHAIN: usize = 8;
/// The same for a first look, which most often is enough: reading and proving more costs more than being wrong now and then.
const QUICK_SPAN: usize = 1 << 16;
/// Candidates of the first look.
const QUICK_STRIDE: usize = 32 << 10;
/// Its window; longer records than usual leave it.
const QUICK_WINDOW: usize = QUICK_STRIDE + QUICK_SPAN + (32 << 10);
/// Bytes that say whether a header could be one.
const HEADER: usize = 64;
/// Most headers looked at in chains per range: a hostile file could make each byte start a long chain.
const MAX_STEPS: usize = 1 << 20;

/// What candidates are tested against.
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

    /// Offset of the first likely record in `from..limit`.
    pub(super) fn find(&self, input: &Input, from: u64, limit: u64, size: u64) -> io::Result<Option<u64>> {
        let mut base = from.next_multiple_of(self.alignment());
        if size.saturating_sub(base) > QUICK_WINDOW as u64 {
            let mut window = vec![0; QUICK_WINDOW];
            let filled = input.fill_at(&mut window, base)?;
            if let Some(found) = self.find_quickly(window.get(..filled).unwrap_or_default()) {
                let found = base + found as u64;
                return Ok(Some(found).filter(|found| *found < limit));
            }
        }
        let mut window = vec![0; WINDOW.min(to_usize(size.saturating_sub(base)))];
        let mut steps = 0;
        while base < limit {
            let filled = input.fill_at(&mut window, base)?;
            let bytes = window.get(..filled).unwrap_or_default();
            let ends_file = base + filled as u64 >= size;
            let candidates = STRIDE.min(to_usize(limit - base)).min(filled);
            for candidate in (0..candidates).step_by(to_usize(self.alignment())) {
                if self.is_chain(bytes, candidate, ends_file, &mut steps) {
                    return Ok(Some(base + candidate as u64));
                }
                if steps > MAX_STEPS {
                    return Ok(None);
                }
            }
            base += STRIDE as u64;
        }
        Ok(None)
    }

    /// The first candidate with a chain of several records beyond the longest IP packet; none where a chain leaves the window
    /// before that can be said. A capture of longer packets that hold captures deceives it, which the proof finds out.
    fn find_quickly(&self, bytes: &[u8]) -> Option<usize> {
        let mut steps = 0;
        for candidate in (0..QUICK_STRIDE).step_by(to_usize(self.alignment())) {
            let (mut position, mut records) = (candidate, 0);
            loop {
                if records >= CHAIN && position - candidate > QUICK_SPAN {
                    return Some(candidate);
                }
                let Some(length) = self.plausible(bytes.get(position..).filter(|rest| rest.len() >= HEADER)?, false)
                else {
                    break;
                };
                records += 1;
                position += length;
                steps += 1;
                if steps > MAX_STEPS {
                    return None;
                }
            }
        }
        None
    }

    #[inline]
    fn is_chain(&self, bytes: &[u8], candidate: usize, ends_file: bool, steps: &mut usize) -> bool {
        let mut position = candidate;
        let mut records = 0;
        loop {
            if ends_file && position > bytes.len() {
                return records >= CHAIN;
            }
            if position - candidate > SPAN || (ends_file && position == bytes.len()) {
                return records > 0;
            }
            let Some(rest) = bytes.get(position..).filter(|rest| !rest.is_empty()) else { return false };
            let Some(length) = self.plausible(rest, ends_file) else { return false };
            *steps += 1;
            records += 1;
            position += length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ByteOrder;
    use super::super::sniff;
    use super::super::testing::*;
    use super::*;
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
        let start = sniff::start(&mut &*file, &mut Vec::new()).unwrap().unwrap();
        let guess = Guess { state: &start.at_packet, first_seconds: 0 };
        let (size, input) = (file.len() as u64, Input::Bytes(Arc::from(file)));
        for from in [1 << 20, (1 << 20) + 1_000, (2 << 20) + 500, size - 100_000] {
            let found = guess.find(&input, from, size, size).unwrap();
            assert_eq!(found, starts.iter().copied().find(|start| *start >= from), "{from}");
        }
    }
}
