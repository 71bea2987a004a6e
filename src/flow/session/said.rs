//! A name that was found in a session, with the places of the stream at which it was found; and which of a session's names its
//! server took.
//!
//! A decoy is a hello that is sent so that readers of packets on the way see it, and the server does not take it: it lies outside
//! the stream, or does not reach the server. What lies outside is told by the sequence numbers. Of two names in one place of a stream,
//! which one arrived is not in the capture of the client's side; decoys are sent first, so the later one is shown first.

use crate::capture::FrameId;
use crate::flow::record::{Doubt, Name};
use crate::name::NameSource;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::cmp::Reverse;

/// A name, and where in the stream of its side it was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::flow) struct Said {
    pub(in crate::flow) name: Name,
    /// The sequence number where it was found first.
    position: u32,
    /// The frame in which it was found last, and the sequence number there.
    last: (FrameId, u32),
}

impl Said {
    /// A name that was found once.
    pub(super) const fn once(name: Name, position: u32) -> Self {
        let frame = name.frame;
        Self { name, position, last: (frame, position) }
    }

    /// Whether it is this name.
    pub(super) fn is(&self, source: NameSource, name: &str) -> bool {
        self.name.source == source && *self.name.name == *name
    }

    /// Adds `base` to the frame identities.
    pub(super) const fn rebase(&mut self, base: FrameId) {
        self.name.frame = self.name.frame.rebased(base);
        self.last.0 = self.last.0.rebased(base);
    }

    /// Adds the places at which the same name was found in other frames, of which none comes before the first.
    pub(super) fn merge_places(&mut self, other: &Self) {
        // Within a frame the least counts, so that the order of adding does not matter.
        if self.name.frame == other.name.frame {
            self.position = self.position.min(other.position);
        }
        let (frame, position) = self.last;
        self.last = match other.last.0.cmp(&frame) {
            std::cmp::Ordering::Greater => other.last,
            std::cmp::Ordering::Equal => (frame, position.min(other.last.1)),
            std::cmp::Ordering::Less => self.last,
        };
    }
}

/// What is known of the stream that the client sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    /// The sequence number of its first byte, if that is known.
    pub(super) origin: Option<u32>,
    /// Bytes of payload, repeated ones included, so that the stream is no longer.
    pub(super) payload: u64,
}

impl Sent {
    /// How far a position may lie from the first byte for the sequence numbers not to have come round.
    const REACH: u64 = 1 << 30;

    /// Adds names that were found in a TCP session, in the order of choice.
    pub(super) fn judge(self, mut found: impl Iterator<Item = Said>, into: &mut SmallVec<[Name; 1]>) {
        let Some(first) = found.next() else { return };
        // Most sessions have one.
        let Some(second) = found.next() else { return into.push(self.placed(first).0) };
        into.extend(judged([first, second].into_iter().chain(found), self));
    }

    /// The name with the doubt that its place raises by itself, and its place.
    fn placed(self, Said { mut name, position, last: (_, last) }: Said) -> (Name, u32) {
        if !is_said(name.source) {
            return (name, position);
        }
        let place = if self.excludes(position) { last } else { position };
        name.doubt = self.excludes(place).then_some(Doubt::Outside);
        (name, place)
    }

    /// Whether a position certainly lies outside the stream.
    fn excludes(&self, position: u32) -> bool {
        self.payload < Self::REACH && self.origin.is_some_and(|origin| (position.wrapping_sub(origin) as i32) < 0)
    }

    /// Whether a position probably lies behind the end. Packets that were not captured may account for it.
    fn is_past_end(&self, position: u32) -> bool {
        let place = |origin: u32| u64::from(position.wrapping_sub(origin));
        self.payload < Self::REACH && self.origin.is_some_and(|origin| place(origin) >= self.payload)
    }
}

/// Whether a source is what the client says in its stream.
const fn is_said(source: NameSource) -> bool {
    matches!(
        source,
        NameSource::TlsSni
            | NameSource::Fbzero
            | NameSource::HttpHost
            | NameSource::HttpConnect
            | NameSource::Socks
            | NameSource::Rtmp
    )
}

/// The names of a TCP session in the order of choice, with the doubts that the sequence numbers raise.
fn judged(found: impl Iterator<Item = Said>, sent: Sent) -> Vec<Name> {
    let mut all: Vec<(Name, u32)> = found.map(|said| sent.placed(said)).collect();
    let said = |one: &&(Name, u32)| is_said(one.0.source) && one.0.doubt.is_none();
    // Where something stands in the stream, what lies behind its end is no part of it.
    if all.iter().filter(said).any(|&(_, place)| !sent.is_past_end(place)) {
        for (name, place) in &mut all {
            if is_said(name.source) && name.doubt.is_none() && sent.is_past_end(*place) {
                name.doubt = Some(Doubt::Outside);
            }
        }
    }
    // The names of one place, if they were completed by different frames.
    let first = |names: &[(Name, u32)], of: &(Name, u32)| {
        let same = names
            .iter()
            .filter(|(name, place)| (name.source, *place) == (of.0.source, of.1) && name.doubt != Some(Doubt::Outside));
        let frames = same.map(|(name, _)| name.frame);
        frames.clone().min().zip(frames.max())
    };
    let mut ranked: Vec<_> = Vec::with_capacity(all.len());
    for one in &all {
        let (name, _) = one;
        let frames = first(&all, one).filter(|_| is_said(name.source) && name.doubt.is_none());
        let is_competing = frames.is_some_and(|(least, greatest)| least != greatest);
        let doubt = name.doubt.or(is_competing.then_some(Doubt::Competing));
        let group = frames.filter(|_| is_competing).map_or(name.frame, |(least, _)| least);
        let order = (name.source, doubt == Some(Doubt::Outside), group, Reverse(name.frame));
        ranked.push((order, Name { doubt, ..name.clone() }));
    }
    ranked.sort();
    ranked.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(frame: u64, name: &str, position: u32) -> Said {
        let name = Name { source: NameSource::TlsSni, frame: FrameId::new(0, frame), name: name.into(), doubt: None };
        Said::once(name, position)
    }

    fn shown(found: Vec<Said>, origin: Option<u32>) -> Vec<(String, Option<Doubt>)> {
        let mut names = SmallVec::new();
        Sent { origin, payload: 1_000 }.judge(found.into_iter(), &mut names);
        names.into_iter().map(|name| (name.name.to_string(), name.doubt)).collect()
    }

    #[test]
    fn what_lies_outside_the_stream_comes_last() {
        let both = |decoy: u32| shown(vec![said(4, "decoy", decoy), said(5, "real", 101)], Some(101));
        let expected = vec![("real".into(), None), ("decoy".into(), Some(Doubt::Outside))];
        for decoy in [100, 101_u32.wrapping_sub(10_000), 1_200, 50_000] {
            assert_eq!(both(decoy), expected, "{decoy}");
        }
        assert_eq!(shown(vec![said(4, "lost before", 9_000)], Some(101)), [("lost before".into(), None)]);
    }

    #[test]
    fn names_in_one_place_compete() {
        let competing = Some(Doubt::Competing);
        let found = vec![said(4, "decoy", 101), said(5, "real", 101), said(7, "next", 300)];
        for origin in [None, Some(101)] {
            assert_eq!(
                shown(found.clone(), origin),
                [("real".into(), competing), ("decoy".into(), competing), ("next".into(), None)]
            );
        }
    }

    #[test]
    fn a_name_that_was_also_said_inside_counts() {
        let mut name = said(4, "real", 50);
        name.merge_places(&said(5, "real", 101));
        assert_eq!(shown(vec![name], Some(101)), [("real".into(), None)]);
    }
}
