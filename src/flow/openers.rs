//! Who opened TCP connections, and where they were accepted, as the SYNs of a capture show. It tells who is the client of a flow whose
//! opening was not captured: the device that opened others, and not the endpoint that others were opened to.

use crate::capture::FrameId;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::BTreeSet;
use std::hash::Hash;
use std::net::IpAddr;

/// Of each kind as many are kept, the first by frame: more than the devices of a home, and as many servers as they reach in hours.
const LIMIT: usize = 4_096;

/// Things that were seen, with the frames in which they first were: of too many the first.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Firsts<T: Eq + Hash> {
    /// Asked twice for each flow: a tree took 3 % of the time of a capture of many short connections.
    frames: HashMap<T, FrameId, RandomState>,
    order: BTreeSet<(FrameId, T)>,
}

impl<T: Copy + Ord + Hash> Default for Firsts<T> {
    fn default() -> Self {
        Self { frames: HashMap::default(), order: BTreeSet::new() }
    }
}

impl<T: Copy + Ord + Hash> Firsts<T> {
    fn learn(&mut self, thing: T, frame: FrameId) {
        match self.frames.get_mut(&thing) {
            Some(known) if *known <= frame => return,
            Some(known) => {
                self.order.remove(&(*known, thing));
                *known = frame;
            }
            None if self.order.len() >= LIMIT && self.order.last().is_some_and(|(last, _)| *last < frame) => return,
            None => _ = self.frames.insert(thing, frame),
        }
        self.order.insert((frame, thing));
        if self.order.len() > LIMIT
            && let Some((_, last)) = self.order.pop_last()
        {
            self.frames.remove(&last);
        }
    }

    fn has(&self, thing: &T, until: FrameId) -> bool {
        self.frames.get(thing).is_some_and(|frame| *frame <= until)
    }
}

/// Addresses that opened connections, and endpoints that they were opened to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::flow) struct Openers {
    opened: Firsts<IpAddr>,
    accepted: Firsts<(IpAddr, u16)>,
}

impl Openers {
    /// Notes that a connection was opened from this address to that endpoint.
    pub(in crate::flow) fn learn(&mut self, client: IpAddr, server: (IpAddr, u16), frame: FrameId) {
        self.opened.learn(client, frame);
        self.accepted.learn(server, frame);
    }

    /// Adds what another has learnt.
    pub(in crate::flow) fn merge(&mut self, other: Self) {
        other.opened.frames.into_iter().for_each(|(address, frame)| self.opened.learn(address, frame));
        other.accepted.frames.into_iter().for_each(|(endpoint, frame)| self.accepted.learn(endpoint, frame));
    }

    /// Whether a connection was opened from this address up to that frame.
    pub(in crate::flow) fn has_opened(&self, address: IpAddr, until: FrameId) -> bool {
        self.opened.has(&address, until)
    }

    /// Whether a connection was opened to this endpoint up to that frame.
    pub(in crate::flow) fn has_accepted(&self, endpoint: (IpAddr, u16), until: FrameId) -> bool {
        self.accepted.has(&endpoint, until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    #[test]
    fn what_was_seen_is_known_from_its_first_frame_on() {
        let ip = |last| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
        let mut openers = Openers::default();
        openers.learn(ip(1), (ip(2), 443), FrameId::new(0, 7));
        openers.learn(ip(1), (ip(2), 80), FrameId::new(0, 5));
        let [before, then] = [4, 5].map(|record| FrameId::new(0, record));
        assert!(
            openers.has_opened(ip(1), then) && !openers.has_opened(ip(1), before) && !openers.has_opened(ip(2), then)
        );
        assert!(openers.has_accepted((ip(2), 80), then) && !openers.has_accepted((ip(2), 443), then));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]
        #[test]
        fn the_first_are_kept_in_any_order(frames in prop::collection::vec(0_u64..9_000, 6_000), size in 1_usize..4_000) {
            let fill = |part: &[(u32, u64)]| {
                let mut firsts = Firsts::default();
                part.iter().for_each(|&(thing, frame)| firsts.learn(thing, FrameId::new(0, frame)));
                firsts
            };
            let all: Vec<(u32, u64)> = (0..).zip(frames).collect();
            let whole = fill(&all);
            prop_assert_eq!(whole.order.len(), LIMIT);
            let mut merged: Firsts<u32> = Firsts::default();
            for part in all.rchunks(size) {
                fill(part).frames.into_iter().for_each(|(thing, frame)| merged.learn(thing, frame));
            }
            prop_assert_eq!(merged, whole);
        }
    }
}
