//! Payloads kept of packets, in which the openings of a stream or a conversation are searched.

use crate::capture::FrameId;
use crate::flow::stamp::Stamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

/// The payload of one packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::flow) struct Segment<'a> {
    pub(in crate::flow) stamp: Stamp,
    /// Sequence number of the first byte; 0 for datagrams.
    pub(in crate::flow) sequence: u32,
    /// Length on the wire, in bytes.
    pub(in crate::flow) length: u32,
    pub(in crate::flow) bytes: &'a [u8],
}

/// Payloads kept of packets; most often there are none. They are boxed, and the bytes of many share one allocation:
/// where any are kept there are often many small ones, and allocating memory takes longer than copying them.
#[derive(Clone, Debug, Default)]
pub(in crate::flow) struct Segments(Option<Box<Kept>>);

#[derive(Clone, Debug, Default)]
struct Kept {
    marks: SmallVec<[Mark; 4]>,
    /// The bytes of all payloads one after another, each payload within one piece. A piece never grows, because
    /// moving its bytes would cost more than the room left at its end.
    pieces: SmallVec<[Vec<u8>; 2]>,
    /// Bytes of all payloads.
    bytes: usize,
    /// Capacity of all pieces, in bytes.
    room: usize,
}

/// A segment without its bytes.
#[derive(Clone, Copy, Debug)]
struct Mark {
    stamp: Stamp,
    sequence: u32,
    length: u32,
    /// How many of its bytes were kept.
    kept: u32,
}

/// The position at which a segment's bytes begin.
#[derive(Clone, Copy, Default)]
struct Start {
    piece: usize,
    offset: usize,
}

impl Start {
    /// Moves on to the next segment, which begins right behind this one or in the next piece. Returns the bytes of
    /// this one, of which there are `kept`.
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
    /// Counts the bytes again, after some were dropped.
    fn count(&mut self) {
        self.bytes = self.pieces.iter().map(Vec::len).sum();
        self.room = self.pieces.iter().map(Vec::capacity).sum();
    }
}

impl Segments {
    /// The least capacity of the second piece, in bytes; it doubles with each further piece. The first piece is made
    /// for the first segment alone, which often remains the only one.
    const ROOM: usize = 1 << 10;

    /// How many segments are kept.
    pub(in crate::flow) fn len(&self) -> usize {
        self.marks().len()
    }

    /// Whether no segment is kept.
    pub(in crate::flow) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn marks(&self) -> &[Mark] {
        self.0.as_ref().map_or(&[], |kept| &kept.marks)
    }

    fn pieces(&self) -> &[Vec<u8>] {
        self.0.as_ref().map_or(&[], |kept| &kept.pieces)
    }

    /// The position at which the bytes of the segment with this index begin, or at which those of the last end.
    fn start(&self, at: usize) -> Start {
        let mut start = Start::default();
        for mark in self.marks().iter().take(at) {
            start.step(self.pieces(), mark.kept);
        }
        start
    }

    /// Bytes of all payloads.
    pub(in crate::flow) fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |kept| kept.bytes)
    }

    /// Bytes of all payloads from this index on.
    pub(in crate::flow) fn bytes_from(&self, at: usize) -> usize {
        self.marks().iter().skip(at).map(|mark| mark.kept as usize).sum()
    }

    /// Adds a segment at the end.
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

    /// The segments from this index on.
    pub(in crate::flow) fn from(&self, at: usize) -> impl Iterator<Item = Segment<'_>> + Clone {
        let (mut start, pieces) = (self.start(at), self.pieces());
        self.marks().iter().skip(at).map(move |&Mark { stamp, sequence, length, kept }| Segment {
            stamp,
            sequence,
            length,
            bytes: start.step(pieces, kept),
        })
    }

    /// All segments, in the order in which they were added.
    pub(in crate::flow) fn iter(&self) -> impl Iterator<Item = Segment<'_>> + Clone {
        self.from(0)
    }

    /// The segment that was added last.
    pub(in crate::flow) fn last(&self) -> Option<Segment<'_>> {
        self.from(self.len().checked_sub(1)?).next()
    }

    /// Drops the segments before this index.
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

    /// Drops the segments from this index on.
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

    /// Adds `base` to all frame identities.
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

    /// Compares it with a plain list, whatever is added, and dropped at either end.
    fn check(steps: &[(u8, Vec<u8>)]) -> Result<(), TestCaseError> {
        let (mut kept, mut list) = (Segments::default(), Vec::<(u32, Vec<u8>)>::new());
        for (sequence, (kind, bytes)) in (0..).zip(steps) {
            let at = bytes.len() % 8;
            match *kind {
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
                    kept.push(Segment { stamp: Stamp::default(), sequence, length, bytes });
                    list.push((sequence, bytes.clone()));
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
        Ok(())
    }

    /// What the property below has found before.
    #[test]
    fn behind_the_last_segment_there_is_nothing() {
        check(&[(2, vec![0; 90])]).unwrap();
    }

    proptest! {
        #[test]
        fn keeps_what_a_list_would(steps in prop::collection::vec((0..8_u8, prop::collection::vec(any::<u8>(), 0..700)), 0..40)) {
            check(&steps)?;
        }
    }
}
