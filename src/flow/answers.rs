//! Which names a client had been given an address for, and when.

use super::cold::Delivery;
use super::gather::Stamp;
use super::limit::Part;
use crate::capture::FrameId;
use crate::name::NameSource;
use crate::packet::address_bits;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

/// How long an answer explains a flow to the address it gave, in ns of the capture's clock. Apps keep addresses far beyond
/// the record's time to live, but seldom for hours without asking again.
pub(super) const LIFETIME_NS: i64 = 3 * 3_600 * 1_000_000_000;
/// Names kept per client and address, the first by frame: more than a client asks for of one address.
const NAME_LIMIT: usize = 256;
/// Of an answer given more often than once in this time only the first counts, so that a flood of them stays small.
const SPACING_NS: i64 = 1_000_000_000;
/// ECH configurations kept per capture: more than the public names in use.
const ECH_CONFIG_LIMIT: usize = 4096;

/// A name that an address was given for, and each time it was: which of them a flow followed is known when it is over.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Given {
    name: Arc<str>,
    source: NameSource,
    /// In order of frames.
    stamps: SmallVec<[Stamp; 1]>,
}

impl Given {
    fn add(&mut self, new: Stamp) {
        let second = |stamp: &Stamp| stamp.time_ns.div_euclid(SPACING_NS);
        if let Some(at) = self.stamps.iter().rposition(|stamp| second(stamp) == second(&new)) {
            if self.stamps[at].frame <= new.frame {
                return;
            }
            self.stamps.remove(at);
        }
        let at = self.stamps.partition_point(|stamp| stamp.frame < new.frame);
        self.stamps.insert(at, new);
    }

    /// The last time before that frame.
    fn before(&self, frame: FrameId) -> Option<Stamp> {
        let count = self.stamps.partition_point(|stamp| stamp.frame < frame);
        self.stamps.get(count.checked_sub(1)?).copied()
    }

    fn order(&self) -> (Option<FrameId>, &str, NameSource) {
        (self.stamps.first().map(|stamp| stamp.frame), &self.name, self.source)
    }
}

/// The answer that a flow followed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Followed {
    pub(super) frame: FrameId,
    pub(super) source: NameSource,
    pub(super) name: Arc<str>,
}

/// Public name, configuration id, KDF, AEAD.
type EchKey = (Box<str>, u8, u16, u16);

/// Who was told, and the address. As integers: what is written at once can be compared at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ends {
    client: u128,
    address: u128,
    /// Whether each is an IPv6 address.
    are_v6: [bool; 2],
}

impl Ends {
    #[inline(always)]
    pub(super) fn new(client: IpAddr, address: IpAddr) -> Self {
        Self {
            client: address_bits(client),
            address: address_bits(address),
            are_v6: [client.is_ipv6(), address.is_ipv6()],
        }
    }
}

impl Hash for Ends {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.client);
        state.write_u128(self.address);
    }
}

/// Answers by client and address.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    given: HashMap<Ends, SmallVec<[Given; 1]>, RandomState>,
    /// The first frame that published each configuration.
    ech_configs: BTreeMap<EchKey, FrameId>,
    /// The part of all clients and addresses that is kept.
    part: Part,
    /// Addresses let go of, each with its names.
    pub(super) shed: u64,
}

/// Adds a name to those of a client and address: a set, so that order does not matter.
fn add(names: &mut SmallVec<[Given; 1]>, new: Given) {
    let new = match names.iter().position(|known| known.source == new.source && known.name == new.name) {
        Some(at) => {
            let first = names[at].stamps.first().copied();
            new.stamps.into_iter().for_each(|stamp| names[at].add(stamp));
            if names[at].stamps.first().copied() == first {
                return;
            }
            names.remove(at)
        }
        None => new,
    };
    let at = names.partition_point(|known| known.order() < new.order());
    if at < NAME_LIMIT {
        names.insert(at, new);
        names.truncate(NAME_LIMIT);
    }
}

impl Answers {
    /// Takes in what `client` was told.
    pub(super) fn deliver(&mut self, client: IpAddr, delivery: Delivery, intern: &mut impl FnMut(&str) -> Arc<str>) {
        for answer in delivery.answers {
            let given = Given {
                name: intern(&answer.name),
                source: answer.source,
                stamps: SmallVec::from_buf([delivery.stamp]),
            };
            add(self.given.entry(Ends::new(client, answer.address)).or_default(), given);
        }
        for config in delivery.ech_configs {
            for &(kdf, aead) in &config.suites {
                self.publish((config.public_name.clone(), config.config_id, kdf, aead), delivery.stamp.frame);
            }
        }
    }

    /// Appends what followed, as far as it is of the part to be kept. What is left of it is empty, with room for as much again.
    pub(super) fn merge(&mut self, right: &mut Self) {
        self.shed += std::mem::take(&mut right.shed);
        if self.given.is_empty() && self.part.is_all() {
            std::mem::swap(&mut self.given, &mut right.given);
        } else {
            for (key, theirs) in right.given.drain() {
                if !self.part.holds(&key) {
                    self.shed += 1;
                    continue;
                }
                let mine = self.given.entry(key).or_default();
                theirs.into_iter().for_each(|given| add(mine, given));
            }
        }
        std::mem::take(&mut right.ech_configs).into_iter().for_each(|(config, frame)| self.publish(config, frame));
    }

    fn publish(&mut self, config: EchKey, frame: FrameId) {
        let first = self.ech_configs.entry(config).or_insert(frame);
        *first = (*first).min(frame);
        if self.ech_configs.len() > ECH_CONFIG_LIMIT {
            self.ech_configs.pop_last();
        }
    }

    /// Whether a configuration had been published before that frame.
    pub(super) fn has_ech_config(&self, config: &EchKey, frame: FrameId) -> bool {
        self.ech_configs.get(config).is_some_and(|first| *first < frame)
    }

    /// The name that `client` had last been given `address` for when a flow began at `began`. What it is given later does
    /// not matter: whether that is known by now depends on how the capture is cut.
    pub(super) fn find(&self, client: IpAddr, address: IpAddr, began: Stamp) -> Option<Followed> {
        if self.given.is_empty() {
            return None;
        }
        let names = self.given.get(&Ends::new(client, address))?;
        let last = |given: &'_ Given| {
            let stamp = given.before(began.frame)?;
            (began.time_ns.saturating_sub(stamp.time_ns) <= LIFETIME_NS).then_some(stamp.frame)
        };
        let candidates = names.iter().filter_map(|given| Some((last(given)?, given)));
        // What a reverse lookup gave counts where nothing else did.
        let is_forward = |given: &Given| given.source != NameSource::DnsReverse;
        let (frame, given) =
            candidates.max_by_key(|&(frame, given)| (is_forward(given), frame, &given.name, given.source))?;
        Some(Followed { frame, source: given.source, name: given.name.clone() })
    }

    /// Forgets answers that no flow which begins after `clock_ns` can use, but for the pairs that `is_open` names: flows
    /// between them are still open.
    pub(super) fn forget_before(&mut self, clock_ns: i64, is_open: impl Fn(&Ends) -> bool) {
        let is_old = |stamp: &Stamp| clock_ns.saturating_sub(stamp.time_ns) > LIFETIME_NS;
        self.given.retain(|ends, names| {
            if !names.iter().any(|given| given.stamps.iter().any(is_old)) || is_open(ends) {
                return true;
            }
            names.iter_mut().for_each(|given| given.stamps.retain(|stamp| !is_old(stamp)));
            names.retain(|given| !given.stamps.is_empty());
            names.sort_by(|a, b| a.order().cmp(&b.order()));
            !names.is_empty()
        });
    }

    /// Clients and addresses there is room for.
    pub(super) fn room(&self) -> usize {
        self.given.capacity()
    }

    /// Clients and addresses with names.
    pub(super) fn count(&self) -> usize {
        self.given.len()
    }

    /// Lets go of some, by a hash of client and address, where there are more than this.
    pub(super) fn shed(&mut self, limit: usize) {
        let before = self.given.len();
        while self.given.len() > limit {
            self.part.halve();
            let part = self.part;
            self.given.retain(|key, _| part.holds(key));
        }
        if self.given.capacity() > 4 * self.given.len().max(1 << 12) {
            self.given.shrink_to_fit();
        }
        self.shed += (before - self.given.len()) as u64;
    }

    /// Shifts frame identities.
    pub(super) fn rebase(&mut self, base: FrameId) {
        for stamp in self.given.values_mut().flatten().flat_map(|given| &mut given.stamps) {
            stamp.rebase(base);
        }
        self.ech_configs.values_mut().for_each(|frame| *frame = frame.rebased(base));
    }
}
