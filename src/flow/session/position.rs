//! Where the two streams of a TCP connection stand. It tells whether a segment goes on with them where the clock of the capture does
//! not: a device that learns the time in mid capture is decades ahead from one packet to the next.

use crate::capture::FrameId;
use crate::packet::{Side, TcpSegment};
use serde::{Deserialize, Serialize};

/// A silence from which on it may be the clock that was set, in ns. Connections that are silent for minutes end by their idle time.
const JUMP_NS: i64 = 3_600 * 1_000_000_000;
/// How far a segment may be from where its stream stood, in bytes: more than a sender has under way, and so little that another
/// connection of the same ports seldom comes near.
const WINDOW: u32 = 1 << 20;

/// What comes next in both streams, as the last segment says that told of each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Position {
    next: [u32; 2],
    is_known: [bool; 2],
    /// The frame of the last packet.
    last: FrameId,
}

impl Position {
    /// Notes the frame of a packet.
    #[inline(always)]
    pub(crate) fn pass(&mut self, frame: FrameId) {
        self.last = frame;
    }

    /// The frame of the last packet.
    pub(crate) fn last(&self) -> FrameId {
        self.last
    }

    /// Adds a segment with so much payload.
    #[inline(always)]
    pub(crate) fn observe(&mut self, segment: &TcpSegment, side: Side, length: u32) {
        let flags = segment.flags;
        // Resets are often forged, and those of a host that knows no connection stand nowhere in it.
        if flags.is_rst() {
            return;
        }
        let taken = u32::from(flags.is_syn()) + u32::from(flags.is_fin());
        self.know(side, segment.sequence.wrapping_add(length).wrapping_add(taken));
        if flags.is_ack() {
            self.know(side.opposite(), segment.acknowledgment);
        }
    }

    #[inline(always)]
    fn know(&mut self, side: Side, next: u32) {
        self.next[side as usize] = next;
        self.is_known[side as usize] = true;
    }

    /// Appends what the packets say that follow.
    pub(crate) fn merge(&mut self, right: &Self) {
        for side in [Side::Low, Side::High] {
            if right.is_known[side as usize] {
                self.know(side, right.next[side as usize]);
            }
        }
        self.last = right.last;
    }

    /// Adds `base` to the frame.
    pub(crate) fn rebase(&mut self, base: FrameId) {
        self.last = self.last.rebased(base);
    }

    /// Whether a segment goes on after a silence of `silence_ns` that is too long for a pause: few frames lie between, so that it is the
    /// clock that jumped, and its numbers are where the streams stood.
    pub(crate) fn is_continued_by(&self, segment: &TcpSegment, side: Side, frame: FrameId, silence_ns: i64) -> bool {
        let TcpSegment { sequence, acknowledgment, flags } = *segment;
        let is_near = |side: Side, number: u32| {
            !self.is_known[side as usize]
                || number.wrapping_sub(self.next[side as usize]).wrapping_add(WINDOW) <= 2 * WINDOW
        };
        // Of a SYN-ACK only what it acknowledges is compared: of those among the first packets the other number is not kept.
        let fits = match flags.is_syn() {
            true => self.is_known[side.opposite() as usize] && acknowledgment == self.next[side.opposite() as usize],
            false => is_near(side, sequence) && is_near(side.opposite(), acknowledgment),
        };
        silence_ns >= JUMP_NS
            && frame.is_soon_after(self.last)
            && flags.is_ack()
            && !flags.is_rst()
            && self.is_known != [false; 2]
            && fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::TcpFlags;

    const ACK: TcpFlags = TcpFlags(0x10);

    #[test]
    fn a_segment_goes_on_where_its_numbers_are_those_of_the_streams() {
        let mut position = Position::default();
        let segment = |sequence, acknowledgment, flags| TcpSegment { sequence, acknowledgment, flags };
        position.observe(&segment(u32::MAX - 4, 700, ACK), Side::Low, 10);
        position.pass(FrameId::new(0, 3));
        let goes_on = |sequence, acknowledgment, flags, record, silence_ns| {
            let next = segment(sequence, acknowledgment, flags);
            position.is_continued_by(&next, Side::Low, FrameId::new(0, record), silence_ns)
        };
        assert!(goes_on(5, 700, ACK, 4, i64::MAX) && goes_on(90_000, 800_000, ACK, 4, JUMP_NS));
        assert!(!goes_on(5, 700, ACK, 4, JUMP_NS - 1), "a pause");
        assert!(!goes_on(5, 700, ACK, 4 + FrameId::SOON, i64::MAX), "much was captured since");
        assert!(!goes_on(5, 700, TcpFlags(0x02), 4, i64::MAX) && !goes_on(5, 700, TcpFlags(0x14), 4, i64::MAX));
        assert!(goes_on(9, 700, TcpFlags(0x12), 4, i64::MAX) && !goes_on(9, 701, TcpFlags(0x12), 4, i64::MAX));
        assert!(!goes_on(5_000_000, 700, ACK, 4, i64::MAX) && !goes_on(5, 70_000_000, ACK, 4, i64::MAX));
        assert!(!position.is_continued_by(&segment(5, 700, ACK), Side::Low, FrameId::new(1, 4), i64::MAX));
    }
}
