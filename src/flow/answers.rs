//! Which names a client had been given an address for, and when.

use super::cold::Delivery;
use super::gather::Stamp;
use crate::capture::FrameId;
use crate::name::NameSource;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use smallvec::SmallVec;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// How long an answer explains a flow to the address it gave, in ns of the capture's clock. Apps keep addresses far beyond
/// the record's time to live, but seldom for hours without asking again.
pub(super) const LIFETIME_NS: i64 = 3 * 3_600 * 1_000_000_000;
/// Names kept per client and address, the first by frame.
const NAME_LIMIT: usize = 64;
/// ECH configurations kept per capture: more than the public names in use.
const ECH_CONFIG_LIMIT: usize = 4096;

/// A name that an address was given for, and when first and last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Given {
    pub(super) name: Arc<str>,
    pub(super) source: NameSource,
    pub(super) first: Stamp,
    pub(super) last: Stamp,
}

/// Answers by client and address.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    given: HashMap<(IpAddr, IpAddr), SmallVec<[Given; 1]>, RandomState>,
    /// (public name, configuration id, KDF, AEAD).
    pub(super) ech_configs: BTreeSet<(Box<str>, u8, u16, u16)>,
}

/// Adds one name to those of a client and address: a set with minima and maxima, so that order does not matter.
fn add(names: &mut SmallVec<[Given; 1]>, new: Given) {
    match names.iter_mut().find(|known| known.name == new.name && known.source == new.source) {
        Some(known) => {
            known.first = known.first.min(new.first);
            known.last = known.last.max(new.last);
        }
        None => {
            let at = names.partition_point(|known| (known.first, &known.name) < (new.first, &new.name));
            if at < NAME_LIMIT {
                names.insert(at, new);
                names.truncate(NAME_LIMIT);
            }
        }
    }
}

impl Answers {
    /// Takes in what `client` was told.
    pub(super) fn deliver(&mut self, client: IpAddr, delivery: Delivery, intern: &mut impl FnMut(&str) -> Arc<str>) {
        for answer in delivery.answers {
            let given = Given {
                name: intern(&answer.name),
                source: answer.source,
                first: delivery.stamp,
                last: delivery.stamp,
            };
            add(self.given.entry((client, answer.address)).or_default(), given);
        }
        for config in delivery.ech_configs {
            for &(kdf, aead) in &config.suites {
                if self.ech_configs.len() < ECH_CONFIG_LIMIT {
                    self.ech_configs.insert((config.public_name.clone(), config.config_id, kdf, aead));
                }
            }
        }
    }

    /// Appends what followed.
    pub(super) fn merge(&mut self, right: Self) {
        if self.given.is_empty() {
            self.given = right.given;
        } else {
            for (key, theirs) in right.given {
                let mine = self.given.entry(key).or_default();
                theirs.into_iter().for_each(|given| add(mine, given));
            }
        }
        self.ech_configs.extend(right.ech_configs);
        while self.ech_configs.len() > ECH_CONFIG_LIMIT {
            self.ech_configs.pop_last();
        }
    }

    /// The name that `client` had last been given `address` for when a flow began at `began`.
    pub(super) fn find(&self, client: IpAddr, address: IpAddr, began: Stamp) -> Option<&Given> {
        let is_fresh = |given: &&Given| {
            let age_ns = began.time_ns.saturating_sub(given.last.time_ns);
            given.first.frame < began.frame && (given.last.frame > began.frame || age_ns <= LIFETIME_NS)
        };
        if self.given.is_empty() {
            return None;
        }
        let names = self.given.get(&(client, address))?;
        names.iter().filter(is_fresh).max_by_key(|given| (given.last.frame.min(began.frame), given.first.frame))
    }

    /// Forgets answers that no flow which begins after `clock_ns` can use, but for the pairs that `is_open` names: flows
    /// between them are still open.
    pub(super) fn forget_before(&mut self, clock_ns: i64, is_open: impl Fn(IpAddr, IpAddr) -> bool) {
        let is_old = |given: &Given| clock_ns.saturating_sub(given.last.time_ns) > LIFETIME_NS;
        self.given.retain(|&(client, address), names| !names.iter().all(is_old) || is_open(client, address));
    }

    /// Shifts frame identities.
    pub(super) fn rebase(&mut self, base: FrameId) {
        for given in self.given.values_mut().flatten() {
            given.first.rebase(base);
            given.last.rebase(base);
        }
    }
}
