//! The times at which a client was given one address for one name: all that may matter.

use crate::capture::FrameId;
use crate::flow::stamp::Stamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;
use std::collections::BTreeMap;

/// If an answer is given more often than once in this time, only the first counts, so that a flood of answers takes
/// little memory.
const SPACING_NS: i64 = 1_000_000_000;
/// Up to this many times are kept in a list, which is searched from end to end; most answers are given once or twice.
/// More are kept in trees.
const FEW: usize = 8;
/// Bytes that one time takes in a list, about, and in the trees.
const FEW_WEIGHT: u64 = size_of::<Stamp>() as u64;
const MANY_WEIGHT: u64 = 96;

/// The times at which an answer was given. They form a set by second, so the order in which they are added does not
/// matter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::flow) enum Stamps {
    /// A few times, in the order of their frames.
    Few(SmallVec<[Stamp; 1]>),
    Many(Box<Many>),
}

/// Many times: each by its frame, and for each second the frame that is kept of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::flow) struct Many {
    times_ns: BTreeMap<FrameId, i64>,
    frames: BTreeMap<i64, FrameId>,
}

fn second(time_ns: i64) -> i64 {
    time_ns.div_euclid(SPACING_NS)
}

impl Many {
    fn add(&mut self, new: Stamp) {
        match self.frames.get_mut(&second(new.time_ns)) {
            Some(known) if *known <= new.frame => return,
            Some(known) => {
                self.times_ns.remove(known);
                *known = new.frame;
            }
            None => _ = self.frames.insert(second(new.time_ns), new.frame),
        }
        self.times_ns.insert(new.frame, new.time_ns);
    }
}

impl Stamps {
    /// A set of one time.
    pub(in crate::flow) fn of(stamp: Stamp) -> Self {
        Self::Few(SmallVec::from_buf([stamp]))
    }

    fn add(&mut self, new: Stamp) {
        let list = match self {
            Self::Few(list) => list,
            Self::Many(many) => return many.add(new),
        };
        if let Some(at) = list.iter().rposition(|stamp| second(stamp.time_ns) == second(new.time_ns)) {
            if list[at].frame <= new.frame {
                return;
            }
            list.remove(at);
        }
        let at = list.partition_point(|stamp| stamp.frame < new.frame);
        list.insert(at, new);
        if list.len() > FEW {
            let mut many = Box::<Many>::default();
            list.drain(..).for_each(|stamp| many.add(stamp));
            *self = Self::Many(many);
        }
    }

    /// Adds the times of another. Returns by how many bytes it has grown, about.
    pub(in crate::flow) fn merge(&mut self, other: Self) -> u64 {
        let before = self.weight();
        match other {
            Self::Few(list) => list.into_iter().for_each(|stamp| self.add(stamp)),
            Self::Many(many) => {
                many.times_ns.into_iter().for_each(|(frame, time_ns)| self.add(Stamp { frame, time_ns }));
            }
        }
        // Adding never makes it smaller: every second that was there still has one time.
        self.weight() - before
    }

    /// The last time before that frame.
    pub(in crate::flow) fn before(&self, frame: FrameId) -> Option<Stamp> {
        match self {
            Self::Few(list) => {
                let count = list.partition_point(|stamp| stamp.frame < frame);
                list.get(count.checked_sub(1)?).copied()
            }
            Self::Many(many) => {
                let (&frame, &time_ns) = many.times_ns.range(..frame).next_back()?;
                Some(Stamp { frame, time_ns })
            }
        }
    }

    /// The latest time before this one, whatever its frame.
    pub(in crate::flow) fn earlier_than(&self, time_ns: i64) -> Option<Stamp> {
        match self {
            Self::Few(list) => list
                .iter()
                .copied()
                .filter(|stamp| stamp.time_ns < time_ns)
                .max_by_key(|stamp| (stamp.time_ns, stamp.frame)),
            Self::Many(many) => {
                // Of a second that lies before there is a time; of the second itself it may be later.
                let at = |frame: &FrameId| Some(Stamp { frame: *frame, time_ns: *many.times_ns.get(frame)? });
                let mut back = many.frames.range(..=second(time_ns)).rev().take(2).filter_map(|(_, frame)| at(frame));
                back.find(|stamp| stamp.time_ns < time_ns)
            }
        }
    }

    /// Forgets the old times, except the last one before each of `frames`, which must be in order. Returns by how
    /// many bytes it has shrunk, about.
    pub(in crate::flow) fn forget(&mut self, is_old: impl Fn(&Stamp) -> bool, frames: &[FrameId]) -> u64 {
        let before = self.weight();
        let mut frames = frames.iter().copied().peekable();
        // Whether one of `frames` lies between this stamp and the next, so that this stamp is the last before it.
        let mut is_last_before = |frame: FrameId, next: Option<FrameId>| {
            while frames.next_if(|&began| began <= frame).is_some() {}
            frames.peek().is_some_and(|&began| next.is_none_or(|next| began <= next))
        };
        match self {
            Self::Few(list) => {
                let next: SmallVec<[FrameId; FEW]> = list.iter().skip(1).map(|stamp| stamp.frame).collect();
                let mut next = next.into_iter();
                list.retain(|stamp| {
                    let is_needed = is_last_before(stamp.frame, next.next());
                    is_needed || !is_old(stamp)
                });
            }
            Self::Many(many) => {
                let all: Vec<Stamp> = many.times_ns.iter().map(|(&frame, &time_ns)| Stamp { frame, time_ns }).collect();
                for (at, stamp) in all.iter().enumerate() {
                    let is_needed = is_last_before(stamp.frame, all.get(at + 1).map(|next| next.frame));
                    if !is_needed && is_old(stamp) {
                        many.times_ns.remove(&stamp.frame);
                        many.frames.remove(&second(stamp.time_ns));
                    }
                }
            }
        }
        before - self.weight()
    }

    /// Whether no time is left.
    pub(in crate::flow) fn is_empty(&self) -> bool {
        match self {
            Self::Few(list) => list.is_empty(),
            Self::Many(many) => many.times_ns.is_empty(),
        }
    }

    /// Bytes of memory they take, about.
    pub(in crate::flow) fn weight(&self) -> u64 {
        match self {
            Self::Few(list) => list.len() as u64 * FEW_WEIGHT,
            Self::Many(many) => many.times_ns.len() as u64 * MANY_WEIGHT,
        }
    }

    /// Adds `base` to all frame identities.
    pub(in crate::flow) fn rebase(&mut self, base: FrameId) {
        match self {
            Self::Few(list) => list.iter_mut().for_each(|stamp| stamp.rebase(base)),
            Self::Many(many) => {
                let times = std::mem::take(&mut many.times_ns);
                many.times_ns = times.into_iter().map(|(frame, time_ns)| (frame.rebased(base), time_ns)).collect();
                many.frames.values_mut().for_each(|frame| *frame = frame.rebased(base));
            }
        }
    }
}

impl Serialize for Stamps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Few(list) => serializer.collect_seq(list),
            Self::Many(many) => {
                serializer.collect_seq(many.times_ns.iter().map(|(&frame, &time_ns)| Stamp { frame, time_ns }))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Stamps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut written = Vec::<Stamp>::deserialize(deserializer)?.into_iter();
        let first = written.next().ok_or_else(|| D::Error::custom("an answer that was never given"))?;
        let mut stamps = Self::of(first);
        written.for_each(|stamp| stamps.add(stamp));
        Ok(stamps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stamp(frame: u64, time_ms: i64) -> Stamp {
        Stamp { frame: FrameId::new(0, frame), time_ns: time_ms * 1_000_000 }
    }

    fn of(stamps: &[Stamp]) -> Stamps {
        let mut all = Stamps::of(stamps[0]);
        stamps[1..].iter().for_each(|&stamp| all.add(stamp));
        all
    }

    fn list(stamps: &Stamps) -> Vec<Stamp> {
        let mut list = Vec::new();
        while let Some(last) = stamps.before(list.last().map_or(FrameId::MAX, |stamp: &Stamp| stamp.frame)) {
            list.push(last);
        }
        list.reverse();
        list
    }

    proptest! {
        /// Against a plain list of the first of each second.
        #[test]
        fn keeps_what_a_list_would(
            times in prop::collection::vec(0_i64..20_000, 1..60),
            order in prop::collection::vec(any::<u16>(), 60),
            cut in 0_usize..60,
            open in prop::collection::vec(0_u64..70, 0..6),
            old in 0_i64..20_000,
        ) {
            let mut stamps: Vec<Stamp> = (0..).zip(&times).map(|(frame, &time)| stamp(frame, time)).collect();
            let mut expected: Vec<Stamp> = Vec::new();
            for &one in &stamps {
                if expected.iter().all(|known| second(known.time_ns) != second(one.time_ns)) {
                    expected.push(one);
                }
            }
            // In any order, and in two parts.
            let mut keyed: Vec<_> = order.iter().zip(stamps.drain(..)).collect();
            keyed.sort_by_key(|(key, _)| **key);
            let stamps: Vec<Stamp> = keyed.into_iter().map(|(_, stamp)| stamp).collect();
            let cut = cut.clamp(1, stamps.len());
            let mut all = of(&stamps[..cut]);
            if cut < stamps.len() {
                let more = all.merge(of(&stamps[cut..]));
                prop_assert_eq!(all.weight(), of(&stamps[..cut]).weight() + more);
            }
            prop_assert_eq!(list(&all), expected.clone());

            let mut open: Vec<FrameId> = open.into_iter().map(|frame| FrameId::new(0, frame)).collect();
            open.sort_unstable();
            let is_old = |one: &Stamp| one.time_ns < old * 1_000_000;
            let needed: Vec<Stamp> = open.iter().filter_map(|&began| all.before(began)).collect();
            expected.retain(|one| !is_old(one) || needed.contains(one));
            all.forget(is_old, &open);
            prop_assert_eq!(list(&all), expected);
        }
    }

    #[test]
    fn a_flood_of_answers_costs_little_each() {
        let mut all = Stamps::of(stamp(0, 0));
        (1..200_000).for_each(|at| all.add(stamp(at, at as i64 * 1_000)));
        assert_eq!(all.before(FrameId::new(0, 150_000)), Some(stamp(149_999, 149_999_000)));
        all.forget(|one| one.time_ns < 199_000 * 1_000_000_000, &[FrameId::new(0, 77)]);
        assert_eq!((list(&all).len(), list(&all)[0]), (1_001, stamp(76, 76_000)));
    }
}
