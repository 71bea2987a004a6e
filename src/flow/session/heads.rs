//! The first datagrams that one side sent, for the wire signatures.

use crate::capture::FrameId;
use crate::flow::record::Head;
use serde::{Deserialize, Serialize};

/// The first datagrams that one side sent, if any.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::flow) struct FirstDatagrams(Option<Box<Head>>);

impl FirstDatagrams {
    /// Whether it holds no more than it may.
    pub(in crate::flow) fn is_sound(&self) -> bool {
        self.0.as_ref().is_none_or(|head| head.is_sound())
    }

    /// Whether there was no datagram.
    pub(in crate::flow) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The first datagram: its frame, and as much of its payload as is kept.
    pub(in crate::flow) fn first(&self) -> Option<(FrameId, &[u8])> {
        let head = self.0.as_ref()?;
        Some((*head.frames.first()?, &head.bytes))
    }

    /// Adds a datagram of this length on the wire, in bytes. The first by frame are kept; a reassembled datagram may
    /// be added after later ones.
    pub(in crate::flow) fn observe(&mut self, frame: FrameId, length: u32, payload: &[u8]) {
        let head = self.0.get_or_insert_default();
        let at = head.frames.partition_point(|&kept| kept < frame);
        if at == 0 {
            head.bytes.clear();
            head.bytes.extend_from_slice(&payload[..payload.len().min(Head::LIMIT)]);
        }
        head.insert(at, frame, length);
    }

    /// Whether a datagram in this frame would be kept.
    pub(in crate::flow) fn wants(&self, frame: FrameId) -> bool {
        let frames = self.0.as_ref().map_or(&[][..], |head| &head.frames);
        frames.len() < Head::LENGTHS || frames.last().is_some_and(|&last| frame <= last)
    }

    /// Appends the datagrams of the session that continues this one.
    pub(in crate::flow) fn merge(&mut self, right: Self) {
        match (&mut self.0, right.0) {
            (Some(mine), Some(theirs)) => {
                for (frame, length) in theirs.frames.into_iter().zip(theirs.lengths) {
                    // At the end, but for what was read from a file and says otherwise.
                    let at = mine.frames.partition_point(|&kept| kept <= frame);
                    mine.insert(at, frame, length);
                }
            }
            (mine, theirs) => *mine = mine.take().or(theirs),
        }
    }

    /// The head for the wire signatures, if there was a datagram.
    pub(in crate::flow) fn into_head(self) -> Option<Box<Head>> {
        self.0
    }

    /// Adds `base` to all frame identities.
    pub(in crate::flow) fn rebase(&mut self, base: FrameId) {
        self.0.iter_mut().flat_map(|head| &mut head.frames).for_each(|frame| *frame = frame.rebased(base));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_are_not_in_order_stay_sound() {
        let part = |frames: &[u64]| {
            let mut datagrams = FirstDatagrams::default();
            frames.iter().for_each(|&record| datagrams.observe(FrameId::new(0, record), record as u32, b"a"));
            datagrams
        };
        let mut left = part(&[3, 9]);
        left.merge(part(&[4, 5, 6]));
        assert!(left.is_sound());
        assert_eq!(left.into_head().unwrap().lengths[..], [3, 4, 5, 6]);
    }
}
