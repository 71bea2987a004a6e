//! What packets show of paths: the probes with a small hop limit that a device sent, and what routers sent back when it ran out.
//!
//! Of each target the first by frame are kept, and of too many targets those that a keyed hash chooses, so that partials merge in
//! any cut. Which probe an answer belongs to is only decided when all frames are known.

use crate::capture::FrameId;
use crate::flow::limit::{KeptPart, SampleKey};
use crate::flow::stamp::Stamp;
use crate::packet::{Packet, ProbeMark, Transport, expired, probe};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Packets with a hop limit up to this may measure a path: tools stop at 30 hops, and systems begin with 64 or more.
const PROBE_HOP_LIMIT: u8 = 32;
/// Targets kept: more than anybody traces beside a capture.
const TARGET_LIMIT: usize = 128;
/// Probes kept of one target, and as many answers: four rounds of 30 hops with two probes each, and more.
const KEPT: usize = 256;

/// A packet that may have measured a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Sent {
    pub(super) time_ns: i64,
    pub(super) source: IpAddr,
    pub(super) mark: ProbeMark,
    pub(super) hop_limit: u8,
}

/// A packet that says that a hop limit ran out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) time_ns: i64,
    pub(super) router: IpAddr,
    pub(super) source: IpAddr,
    pub(super) mark: ProbeMark,
}

/// What was seen of the paths to one target.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Target {
    pub(super) sent: BTreeMap<FrameId, Sent>,
    pub(super) answers: BTreeMap<FrameId, Answer>,
}

/// What packets show of paths.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Hops {
    pub(super) targets: BTreeMap<IpAddr, Target>,
    /// Which targets are kept, by their hashes.
    part: KeptPart,
    /// Answers of routers, kept or not.
    answers: u64,
}

impl Hops {
    /// Whether a packet may have to do with a path. Most do not.
    #[inline(always)]
    pub(in crate::flow) fn may_concern(packet: &Packet<'_>) -> bool {
        packet.hop_limit <= PROBE_HOP_LIMIT || packet.transport == Transport::Other
    }

    /// Adds a packet, if it has to do with a path.
    #[cold]
    pub(in crate::flow) fn observe(&mut self, key: SampleKey, packet: &Packet<'_>, stamp: Stamp) {
        let Stamp { frame, time_ns } = stamp;
        let from = packet.key.address(packet.side);
        let to = packet.key.address(packet.side.opposite());
        if let Some(found) = expired(packet) {
            // Whoever did not send the packet is not told of it.
            if found.source == to && is_public(found.destination) {
                self.answers += 1;
                let answer = Answer { time_ns, router: from, source: found.source, mark: found.mark };
                let mut target = self.target(key, found.destination);
                target.iter_mut().for_each(|target| keep(&mut target.answers, frame, answer));
            }
        } else if (1..=PROBE_HOP_LIMIT).contains(&packet.hop_limit)
            && is_public(to)
            && let Some(mark) = probe(packet)
        {
            let sent = Sent { time_ns, source: from, mark, hop_limit: packet.hop_limit };
            let mut target = self.target(key, to);
            target.iter_mut().for_each(|target| keep(&mut target.sent, frame, sent));
        }
        self.bound(key);
    }

    /// The target with this address, if it is one of those that are kept.
    fn target(&mut self, key: SampleKey, address: IpAddr) -> Option<&mut Target> {
        holds(self.part, key, address).then(|| self.targets.entry(address).or_default())
    }

    /// Keeps fewer targets where there are too many.
    fn bound(&mut self, key: SampleKey) {
        while self.targets.len() > TARGET_LIMIT && !self.part.is_empty() {
            self.part.halve();
            let part = self.part;
            self.targets.retain(|address, _| holds(part, key, *address));
        }
    }

    /// Adds `base` to all frame identities.
    pub(in crate::flow) fn rebase(&mut self, base: FrameId) {
        for target in self.targets.values_mut() {
            target.sent =
                std::mem::take(&mut target.sent).into_iter().map(|(at, one)| (at.rebased(base), one)).collect();
            target.answers =
                std::mem::take(&mut target.answers).into_iter().map(|(at, one)| (at.rebased(base), one)).collect();
        }
    }

    /// Adds what other frames showed. Both chose by this key.
    pub(crate) fn merge(&mut self, key: SampleKey, other: Self) {
        self.answers += other.answers;
        if other.part < self.part {
            self.part = other.part;
            let part = self.part;
            self.targets.retain(|address, _| holds(part, key, *address));
        }
        for (address, theirs) in other.targets {
            let Some(mine) = self.target(key, address) else { continue };
            theirs.sent.into_iter().for_each(|(at, one)| keep(&mut mine.sent, at, one));
            theirs.answers.into_iter().for_each(|(at, one)| keep(&mut mine.answers, at, one));
        }
        self.bound(key);
    }

    /// Answers of routers that are not kept, because there are too many.
    pub fn left_out(&self) -> u64 {
        let kept: usize = self.targets.values().map(|target| target.answers.len()).sum();
        self.answers.saturating_sub(kept as u64)
    }

    /// What merging adds up.
    pub(crate) fn amount(&self) -> u64 {
        self.answers
    }

    /// Whether all targets are kept.
    pub(crate) fn is_whole(&self) -> bool {
        self.part.is_all()
    }

    /// Checks what was read: nothing is kept that would not be.
    pub(crate) fn is_sound(&self, key: SampleKey) -> bool {
        let kept = self.targets.values().map(|target| target.answers.len() as u64).sum::<u64>();
        self.targets.len() <= TARGET_LIMIT
            && kept <= self.answers
            && self.targets.iter().all(|(address, target)| {
                target.sent.len() <= KEPT
                    && target.answers.len() <= KEPT
                    && is_public(*address)
                    && holds(self.part, key, *address)
            })
    }
}

/// Keeps the first by frame.
fn keep<T>(kept: &mut BTreeMap<FrameId, T>, at: FrameId, one: T) {
    if kept.len() >= KEPT && kept.last_key_value().is_some_and(|(last, _)| at > *last) {
        return;
    }
    kept.insert(at, one);
    if kept.len() > KEPT {
        kept.pop_last();
    }
}

fn holds(part: KeptPart, key: SampleKey, address: IpAddr) -> bool {
    part.holds(|| match address {
        IpAddr::V4(address) => key.hash(&address.octets()),
        IpAddr::V6(address) => key.hash(&address.octets()),
    })
}

/// Whether a path may lead there: what never leaves the local network has none worth telling, and there is much of it.
fn is_public(address: IpAddr) -> bool {
    let is_local = match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    };
    !(is_local || address.is_multicast() || address.is_loopback() || address.is_unspecified())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is seen at a frame: of which target, and whether it is a probe.
    pub(in crate::flow::hops) type Seen = (u16, bool, u8);

    pub(in crate::flow::hops) fn of(key: SampleKey, earlier: usize, seen: &[Seen]) -> Hops {
        let mut hops = Hops::default();
        for (at, &(target, is_probe, number)) in seen.iter().enumerate() {
            let frame = FrameId::new(0, at as u64);
            let [high, low] = target.to_be_bytes();
            let address = IpAddr::from([93, 184, high, low]);
            let source = IpAddr::from([192, 168, 1, 2]);
            let mark = ProbeMark { protocol: 17, identification: u16::from(number), ports: (1, 2), number: 3 };
            let time_ns = (earlier + at) as i64 * 1_000_000;
            if !is_probe {
                hops.answers += 1;
            }
            if let Some(target) = hops.target(key, address) {
                if is_probe {
                    keep(&mut target.sent, frame, Sent { time_ns, source, mark, hop_limit: number % 30 + 1 });
                } else {
                    let router = IpAddr::from([198, 18, 0, number]);
                    keep(&mut target.answers, frame, Answer { time_ns, router, source, mark });
                }
            }
            hops.bound(key);
        }
        hops
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// However the frames are cut, the same is kept: with few targets and with too many, and through what is written.
        #[test]
        fn no_cut_changes_what_is_kept(
            seen in prop::collection::vec((0..600_u16, any::<bool>(), 0..8_u8), 0..2_000),
            few in any::<bool>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let key = SampleKey::from_words(3, 5);
            let seen: Vec<Seen> = seen.into_iter().map(|(at, is, n)| (if few { at % 3 } else { at }, is, n)).collect();
            let whole = of(key, 0, &seen);
            let (left, right) = seen.split_at(cut.index(seen.len() + 1));
            let mut right = of(key, left.len(), right);
            right.rebase(FrameId::new(0, left.len() as u64));
            let mut parts = of(key, 0, left);
            let carried: Hops = postcard::from_bytes(&postcard::to_stdvec(&right).unwrap()).unwrap();
            prop_assert!(carried.is_sound(key));
            parts.merge(key, carried.clone());
            prop_assert_eq!(&parts, &whole);
            let mut other_way = carried;
            other_way.merge(key, of(key, 0, left));
            prop_assert_eq!(&other_way, &whole);
            prop_assert!(whole.targets.len() <= TARGET_LIMIT);
        }
    }

    #[test]
    fn what_stays_in_the_local_network_has_no_path() {
        let is = |text: &str| is_public(text.parse().unwrap());
        assert!(is("8.8.8.8") && is("2001:4860:4860::8888"));
        let local = [
            "10.0.0.1",
            "169.254.1.1",
            "224.0.0.251",
            "255.255.255.255",
            "127.0.0.1",
            "fe80::1",
            "ff02::fb",
            "fd00::1",
        ];
        assert!(local.iter().all(|text| !is(text)));
    }
}
