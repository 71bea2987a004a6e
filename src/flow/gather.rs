//! Gathering: the contiguous bytes that follow a start, from segments in any order.

use super::segments::Segment;
use crate::capture::FrameId;

/// Segments that may follow the one that starts an opening, in record order, before it is given up.
pub(super) const SEGMENT_LIMIT: usize = 32;
/// Bytes after which no further segment is kept; the one that crosses it is kept whole. A ClientHello fits in one TLS
/// record of 16 KiB (RFC 8446 §5.1).
pub(super) const BYTE_LIMIT: usize = 20 << 10;

/// Which frame, and its time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Stamp {
    pub(super) frame: FrameId,
    pub(super) time_ns: i64,
}

impl Stamp {
    /// Shifts the frame's identity.
    pub(super) fn rebase(&mut self, base: FrameId) {
        self.frame = self.frame.rebased(base);
    }
}

/// The bytes from `sequence` on that the segments hold without a hole.
///
/// Where segments overlap, the one that reaches furthest wins: two bytes of padding that pose as payload do not shadow a
/// hello that begins at the same sequence number.
pub(super) fn contiguous<'a>(segments: impl Iterator<Item = Segment<'a>> + Clone, sequence: u32, into: &mut Vec<u8>) {
    into.clear();
    let mut next = sequence;
    loop {
        let mut best: Option<(usize, &[u8])> = None;
        for segment in segments.clone() {
            let skip = next.wrapping_sub(segment.sequence) as usize;
            if let Some(tail) = segment.bytes.get(skip..)
                && !tail.is_empty()
                && best.is_none_or(|(length, _)| tail.len() > length)
            {
                best = Some((tail.len(), tail));
            }
        }
        let Some((length, tail)) = best else { return };
        into.extend_from_slice(tail);
        next = next.wrapping_add(length as u32);
        if into.len() > 4 * BYTE_LIMIT {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::segments::Segments;
    use super::*;

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
}
