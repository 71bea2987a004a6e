//! Puts segments that came in any order together: the contiguous bytes of a stream from a given sequence number on.

use crate::flow::opening::segments::Segment;
use smallvec::SmallVec;

/// Segments that may follow the one in which an opening starts, in record order, before the opening is given up.
pub(in crate::flow) const SEGMENT_LIMIT: usize = 32;
/// When this many bytes are kept, no further segment is kept; the segment that crosses the limit is kept whole. A
/// ClientHello fits in one TLS record of 16 KiB (RFC 8446 §5.1).
pub(in crate::flow) const BYTE_LIMIT: usize = 20 << 10;

/// A segment with its position in the stream.
struct Placed<'a> {
    start: i64,
    /// Its index among the segments in record order.
    at: usize,
    bytes: &'a [u8],
}

impl Placed<'_> {
    fn end(&self) -> i64 {
        self.start + self.bytes.len() as i64
    }
}

/// Writes to `into` the bytes from `sequence` on that the segments hold without a gap.
///
/// Where segments overlap, the one that ends last is used, and among equals the first. So two bytes of padding that
/// look like payload do not hide a hello that begins at the same sequence number.
pub(in crate::flow) fn contiguous<'a>(
    segments: impl Iterator<Item = Segment<'a>> + Clone,
    sequence: u32,
    into: &mut Vec<u8>,
) {
    into.clear();
    // Start of each segment relative to the first byte wanted, so that segments on both sides of the wrap of sequence
    // numbers are in one order.
    let placed = |(at, segment): (usize, Segment<'a>)| {
        let start = segment.sequence.wrapping_sub(sequence) as i32;
        Placed { start: i64::from(start), at, bytes: segment.bytes }
    };
    let mut segments: SmallVec<[Placed<'_>; SEGMENT_LIMIT + 1]> = segments.enumerate().map(placed).collect();
    if !segments.is_sorted_by_key(|placed| placed.start) {
        segments.sort_by_key(|placed| placed.start);
    }
    let mut ahead = segments.into_iter().peekable();
    // Of the segments that begin before the next byte, the one that ends last.
    let mut best = Placed { start: 0, at: 0, bytes: &[] };
    let mut next = 0;
    loop {
        while let Some(one) = ahead.next_if(|one| one.start <= next) {
            if (one.end(), best.at) > (best.end(), one.at) {
                best = one;
            }
        }
        let end = best.end();
        let tail = usize::try_from(next - best.start).ok().and_then(|skip| best.bytes.get(skip..));
        let Some(tail) = tail.filter(|tail| !tail.is_empty()) else { return };
        into.extend_from_slice(tail);
        next = end;
        if into.len() > 4 * BYTE_LIMIT {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::opening::segments::Segments;
    use crate::flow::stamp::Stamp;
    use proptest::prelude::*;

    fn segments(segments: &[(u32, &[u8])]) -> Segments {
        let mut kept = Segments::default();
        for &(sequence, bytes) in segments {
            kept.push(Segment { stamp: Stamp::default(), sequence, length: bytes.len() as u32, bytes });
        }
        kept
    }

    #[test]
    fn joins_in_any_order_and_over_the_wrap() {
        let mut bytes = Vec::new();
        let start = u32::MAX - 1;
        contiguous(segments(&[(2, b"ef"), (start, b"ab"), (0, b"cd")]).iter(), start, &mut bytes);
        assert_eq!(bytes, b"abcdef");
    }

    #[test]
    fn stops_at_a_hole_and_prefers_the_longer_of_two() {
        let mut bytes = Vec::new();
        contiguous(segments(&[(0, b"\0\0"), (0, b"abc"), (5, b"x")]).iter(), 0, &mut bytes);
        assert_eq!(bytes, b"abc");
    }

    /// The same, searched byte by byte.
    fn plainly(segments: &Segments, sequence: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let next = sequence.wrapping_add(bytes.len() as u32);
            let tails = segments.iter().filter_map(|segment| {
                let skip = next.wrapping_sub(segment.sequence) as usize;
                segment.bytes.get(skip..).filter(|tail| !tail.is_empty())
            });
            // Of several that end at the same byte, the first; `max_by_key` would choose the last.
            let Some(best) = tails.reduce(|best, tail| if tail.len() > best.len() { tail } else { best }) else {
                return bytes;
            };
            bytes.extend_from_slice(best);
        }
    }

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(
            rows in prop::collection::vec((0_u32..60, 0_usize..20, any::<u8>()), 0..33),
            start in prop_oneof![Just(0_u32), Just(u32::MAX - 20)],
        ) {
            let mut kept = Segments::default();
            for (at, length, byte) in rows {
                let bytes = vec![byte; length];
                let sequence = start.wrapping_add(at).wrapping_sub(10);
                kept.push(Segment { stamp: Stamp::default(), sequence, length: length as u32, bytes: &bytes });
            }
            let mut bytes = Vec::new();
            contiguous(kept.iter(), start, &mut bytes);
            prop_assert_eq!(bytes, plainly(&kept, start));
        }
    }
}
