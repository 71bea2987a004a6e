//! Joins the pieces of a byte string, which come with their offsets and in any order, as far as the string is known.
//!
//! This is for handshake data that travels in datagrams: QUIC's CRYPTO frames (RFC 9000 §19.6) and the fragments of DTLS (RFC
//! 9147 §5.5). Where pieces overlap, the first one given counts, so the result depends on the capture's order alone.

use std::ops::Range;

/// Bytes that are kept. A ClientHello with post-quantum shares takes 2 KiB, and certificate chains take up to 16 KiB. Pieces
/// are cut off at the limit, so that a hostile offset cannot ask for memory.
pub(super) const LENGTH_LIMIT: usize = 64 * 1024;

/// Ranges that are kept apart. The fragments of 16 honest datagrams are far fewer; more of them are an attack on this list.
const RANGE_LIMIT: usize = 512;

/// A byte string of which pieces have come.
#[derive(Debug, Default)]
pub(super) struct Reassembly {
    bytes: Vec<u8>,
    /// The known ranges: sorted, not empty, and neither overlapping nor touching.
    known: Vec<Range<usize>>,
}

impl Reassembly {
    /// Adds a piece at its offset. Bytes that are known already stay.
    pub(super) fn insert(&mut self, offset: u64, piece: &[u8]) {
        let Some(start) = usize::try_from(offset).ok().filter(|start| *start < LENGTH_LIMIT) else { return };
        let end = LENGTH_LIMIT.min(start.saturating_add(piece.len()));
        if start == end || self.known.len() >= RANGE_LIMIT {
            return;
        }
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        // Ranges that overlap or touch the new one become one with it.
        let first = self.known.partition_point(|range| range.end < start);
        let last = self.known.partition_point(|range| range.start <= end);
        let mut gap_start = start;
        let mut merged = start..end;
        for range in self.known.get(first..last).unwrap_or_default() {
            copy(&mut self.bytes, gap_start..range.start, start, piece);
            gap_start = gap_start.max(range.end);
            merged = merged.start.min(range.start)..merged.end.max(range.end);
        }
        copy(&mut self.bytes, gap_start..end, start, piece);
        match self.known.get_mut(first..last) {
            Some([known, ..]) => {
                *known = merged;
                self.known.drain(first + 1..last);
            }
            _ => self.known.insert(first, merged),
        }
    }

    /// The string from its first byte to the first gap.
    pub(super) fn prefix(&self) -> &[u8] {
        self.known
            .first()
            .filter(|range| range.start == 0)
            .and_then(|range| self.bytes.get(range.clone()))
            .unwrap_or(&[])
    }

    /// All known pieces between gaps, in order.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.known.iter().filter_map(|range| self.bytes.get(range.clone()))
    }
}

/// Copies the part of `piece`, which begins at offset `origin`, that belongs into `gap`.
fn copy(bytes: &mut [u8], gap: Range<usize>, origin: usize, piece: &[u8]) {
    if gap.start >= gap.end || gap.start < origin {
        return;
    }
    if let (Some(target), Some(source)) = (bytes.get_mut(gap.clone()), piece.get(gap.start - origin..gap.end - origin))
    {
        target.copy_from_slice(source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_piece_wins_where_pieces_overlap() {
        let mut string = Reassembly::default();
        string.insert(4, b"EFGH");
        assert_eq!(string.prefix(), b"");
        assert_eq!(string.pieces().collect::<Vec<_>>(), [b"EFGH"]);
        string.insert(2, b"cdefghij");
        string.insert(0, b"ab");
        assert_eq!(string.prefix(), b"abcdEFGHij");
    }

    #[test]
    fn a_far_offset_takes_no_memory() {
        let mut string = Reassembly::default();
        string.insert(u64::MAX, b"x");
        string.insert(LENGTH_LIMIT as u64, b"x");
        string.insert(LENGTH_LIMIT as u64 - 1, b"xy");
        assert_eq!(string.bytes.len(), LENGTH_LIMIT);
        assert_eq!(string.pieces().collect::<Vec<_>>(), [b"x"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn agrees_with_a_byte_by_byte_model(pieces in prop::collection::vec((0_usize..60, prop::collection::vec(any::<u8>(), 0..20)), 0..24)) {
            let mut string = Reassembly::default();
            let mut model = [None::<u8>; 100];
            for (offset, piece) in &pieces {
                string.insert(*offset as u64, piece);
                for (index, byte) in piece.iter().enumerate() {
                    model[offset + index].get_or_insert(*byte);
                }
            }
            let prefix: Vec<u8> = model.iter().map_while(|byte| *byte).collect();
            prop_assert_eq!(string.prefix(), &prefix[..]);
            let all: Vec<u8> = model.iter().flatten().copied().collect();
            prop_assert_eq!(string.pieces().flatten().copied().collect::<Vec<_>>(), all);
        }
    }
}
