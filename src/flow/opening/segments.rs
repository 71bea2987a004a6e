//! Payloads kept of packets: what the openings of a stream or a conversation are gathered from.

use crate::capture::FrameId;
use crate::flow::stamp::Stamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

/// Payload of one packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::flow) struct Segment<'a> {
    pub(in crate::flow) stamp: Stamp,
    /// Sequence number of the first byte; 0 for datagrams.
    pub(in crate::flow) sequence: u32,
    /// Length on the wire.
    pub(in crate::flow) length: u32,
    pub(in crate::flow) bytes: &'a [u8],
}

/// Payloads kept of packets, most often none. In a box, and many in one piece of memory: what keeps any often keeps many, most
/// of them small, and to ask for memory takes longer than to copy them.
#[derive(Clone, Debug, Default)]
pub(in crate::flow) struct Segments(Option<Box<Kept>>);

#[derive(Clone, Debug, Default)]
struct Kept {
    marks: SmallVec<[Mark; 4]>,
    /// Their bytes one after the other, each segment's in one piece. None of these grows: to move them costs more than what is
    /// left empty at their ends.
    pieces: SmallVec<[Vec<u8>; 2]>,
    /// Bytes of all.
    bytes: usize,
    /// Bytes that the pieces have room for.
    room: usize,
}

/// A segment among those kept: all but its bytes.
#[derive(Clone, Copy, Debug)]
struct Mark {
    stamp: Stamp,
    sequence: u32,
    length: u32,
    /// How many bytes were kept.
    kept: u32,
}

/// Where a segment's bytes begin.
#[derive(Clone, Copy, Default)]
struct Start {
    piece: usize,
    offset: usize,
}

impl Start {
    /// Where the next begins: at once behind, or where the next piece does. The bytes between.
    fn step<'a>(&mut self, pieces: &'a [Vec<u8>], kept: u32) -> &'a [u8] {
        let kept = kept as usize;
        if pieces.get(self.piece).is_some_and(|piece| piece.len() - self.offset < kept) {
            *self = Self { piece: self.piece + 1, offset: 0 };
        }
        let from = self.offset;
        self.offset += kept;
        pieces.get(self.piece).and_then(|piece| piece.get(from..self.offset)).unwrap_or_default()
    }
}

impl Kept {
    /// Counts anew what is there, after some of it went.
    fn count(&mut self) {
        self.bytes = self.pieces.iter().map(Vec::len).sum();
        self.room = self.pieces.iter().map(Vec::capacity).sum();
    }
}

impl Segments {
    /// Bytes that the second piece has room for at least, and so on doubling; the first is made for the first segment alone,
    /// since often it remains the only one.
    const ROOM: usize = 1 << 10;

    pub(in crate::flow) fn len(&self) -> usize {
        self.marks().len()
    }

    pub(in crate::flow) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn marks(&self) -> &[Mark] {
        self.0.as_ref().map_or(&[], |kept| &kept.marks)
    }

    fn pieces(&self) -> &[Vec<u8>] {
        self.0.as_ref().map_or(&[], |kept| &kept.pieces)
    }

    /// Where the bytes of this one begin, or end those of the last.
    fn start(&self, at: usize) -> Start {
        let mut start = Start::default();
        for mark in self.marks().iter().take(at) {
            start.step(self.pieces(), mark.kept);
        }
        start
    }

    /// Bytes of all.
    pub(in crate::flow) fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |kept| kept.bytes)
    }

    /// Bytes of those from this one on.
    pub(in crate::flow) fn bytes_from(&self, at: usize) -> usize {
        self.marks().iter().skip(at).map(|mark| mark.kept as usize).sum()
    }

    pub(in crate::flow) fn push(&mut self, segment: Segment<'_>) {
        let Segment { stamp, sequence, length, bytes } = segment;
        let Kept { marks, pieces, bytes: all, room } = &mut **self.0.get_or_insert_default();
        *all += bytes.len();
        match pieces.last_mut() {
            Some(piece) if piece.capacity() - piece.len() >= bytes.len() => piece.extend_from_slice(bytes),
            _ => {
                let least = pieces.len().checked_sub(1).map_or(0, |more| Self::ROOM << more.min(4));
                let mut piece = Vec::with_capacity(bytes.len().max(least));
                piece.extend_from_slice(bytes);
                *room += piece.capacity();
                pieces.push(piece);
            }
        }
        marks.push(Mark { stamp, sequence, length, kept: bytes.len() as u32 });
    }

    /// Those from this one on.
    pub(in crate::flow) fn from(&self, at: usize) -> impl Iterator<Item = Segment<'_>> + Clone {
        let (mut start, pieces) = (self.start(at), self.pieces());
        self.marks().iter().skip(at).map(move |&Mark { stamp, sequence, length, kept }| Segment {
            stamp,
            sequence,
            length,
            bytes: start.step(pieces, kept),
        })
    }

    pub(in crate::flow) fn iter(&self) -> impl Iterator<Item = Segment<'_>> + Clone {
        self.from(0)
    }

    pub(in crate::flow) fn last(&self) -> Option<Segment<'_>> {
        self.from(self.len().checked_sub(1)?).next()
    }

    /// Lets go of all before this one.
    pub(in crate::flow) fn drop_before(&mut self, at: usize) {
        let Start { piece, offset } = self.start(at);
        match &mut self.0 {
            Some(kept) if at < kept.marks.len() => {
                kept.marks.drain(..at);
                kept.pieces.drain(..piece);
                if let Some(first) = kept.pieces.first_mut() {
                    first.drain(..offset);
                }
                kept.count();
            }
            kept => *kept = None,
        }
    }

    /// Lets go of all from this one on.
    pub(in crate::flow) fn truncate(&mut self, at: usize) {
        let Start { piece, offset } = self.start(at);
        match &mut self.0 {
            Some(kept) if at > 0 => {
                kept.marks.truncate(at);
                kept.pieces.truncate(piece + 1);
                if let Some(last) = kept.pieces.get_mut(piece) {
                    last.truncate(offset);
                }
                kept.count();
            }
            kept => *kept = None,
        }
    }

    /// Bytes of memory they take, about.
    pub(in crate::flow) fn weight(&self) -> usize {
        self.0.as_ref().map_or(0, |kept| {
            let marks = if kept.marks.spilled() { kept.marks.capacity() * size_of::<Mark>() } else { 0 };
            size_of::<Kept>() + marks + kept.room
        })
    }

    /// Shifts frame identities.
    pub(in crate::flow) fn rebase(&mut self, base: FrameId) {
        self.0.iter_mut().flat_map(|kept| &mut kept.marks).for_each(|mark| mark.stamp.rebase(base));
    }
}

impl Serialize for Segments {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().collect::<Vec<_>>())
    }
}

impl<'de> Deserialize<'de> for Segments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut segments = Self::default();
        Vec::<Segment<'de>>::deserialize(deserializer)?.into_iter().for_each(|segment| segments.push(segment));
        Ok(segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a plain list: what is there, whatever was put in, and let go of at either end.
        #[test]
        fn keeps_what_a_list_would(steps in prop::collection::vec((0..8_u8, prop::collection::vec(any::<u8>(), 0..700)), 0..40)) {
            let (mut kept, mut list) = (Segments::default(), Vec::<(u32, Vec<u8>)>::new());
            for (sequence, (kind, bytes)) in (0..).zip(steps) {
                let at = bytes.len() % 8;
                match kind {
                    0 => {
                        kept.drop_before(at);
                        list.drain(..at.min(list.len()));
                    }
                    1 => {
                        kept.truncate(at);
                        list.truncate(at);
                    }
                    _ => {
                        let length = bytes.len() as u32;
                        kept.push(Segment { stamp: Stamp::default(), sequence, length, bytes: &bytes });
                        list.push((sequence, bytes));
                    }
                }
                prop_assert_eq!((kept.len(), kept.is_empty()), (list.len(), list.is_empty()));
                prop_assert!(kept.iter().map(|one| (one.sequence, one.bytes)).eq(list.iter().map(|one| (one.0, &*one.1))));
                prop_assert_eq!(kept.last().map(|one| one.sequence), list.last().map(|one| one.0));
                let rest = list.get(at..).unwrap_or_default();
                prop_assert!(kept.from(at).map(|one| one.sequence).eq(rest.iter().map(|one| one.0)));
                prop_assert_eq!(kept.bytes_from(at), rest.iter().map(|one| one.1.len()).sum::<usize>());
                prop_assert_eq!(kept.bytes(), list.iter().map(|one| one.1.len()).sum::<usize>());
                prop_assert!(kept.weight() >= kept.bytes());
            }
        }
    }
}
