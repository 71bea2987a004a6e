//! How the sums are kept within the memory they may take: what is kept apart, and what is summed with others instead.
//!
//! There is a fixed row of steps, each of which keeps less: names and addresses of destinations are halved first, then the networks
//! that are shown apart and the apps that only owners name, at last the countries. The step of a map is the first at which all that
//! was added fits. Since more flows never make it take less at the same step, neither the order nor the parts in which they come
//! change which step that is.

use super::destination::DestinationKey;
use super::sample::{Choice, holds};
use crate::flow::SampleKey;
use crate::stored::sorted_set;
use hashbrown::HashSet;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Steps in which only names, addresses and places of destinations are halved.
const NAMES_FIRST: u8 = 3;
/// Steps after that in which countries stay apart.
const PLACES_LAST: u8 = 8;
/// Nothing is left to be halved.
const LAST: u8 = 60;

/// What a map may take.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bounds {
    /// Key of the hash that decides what is kept.
    pub key: SampleKey,
    /// Bytes, about.
    pub bytes: u64,
    /// Apps of the catalogue: they are always kept apart.
    #[serde(with = "sorted_set")]
    pub catalogued: Arc<HashSet<Arc<str>>>,
}

impl Default for Bounds {
    /// None.
    fn default() -> Self {
        Self { key: SampleKey::default(), bytes: u64::MAX, catalogued: Arc::default() }
    }
}

/// A step: see the module.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub(super) struct Step(u8);

impl Step {
    /// The next one, if there is one.
    pub(super) fn next(self) -> Option<Self> {
        (self.0 < LAST).then_some(Self(self.0 + 1))
    }

    /// Whether there is such a step.
    pub(super) fn exists(self) -> bool {
        self.0 <= LAST
    }

    /// How often names, addresses and places of destinations are halved.
    pub(super) fn names(self) -> u8 {
        self.0
    }

    /// How often networks, and apps that only owners name, are halved.
    pub(super) fn apart(self) -> u8 {
        self.0.saturating_sub(NAMES_FIRST)
    }

    /// How often countries of what is not kept apart are halved.
    fn places(self) -> u8 {
        self.apart().saturating_sub(PLACES_LAST)
    }

    /// How names and addresses are chosen.
    pub(super) fn choice(self, key: SampleKey) -> Choice {
        Choice { key, halvings: self.names() }
    }

    /// The destination that one is counted to.
    pub(super) fn destination(self, key: SampleKey, destination: DestinationKey) -> DestinationKey {
        if self.apart() == 0 || !destination.is_rest && holds(key, self.apart(), &destination) {
            return destination;
        }
        let rest = destination.rest();
        if holds(key, self.places(), &rest) { rest } else { DestinationKey::NOWHERE }
    }

    /// Whether an app is kept apart.
    pub(super) fn keeps(self, bounds: &Bounds, app: &Arc<str>) -> bool {
        self.apart() == 0 || bounds.catalogued.contains(app) || holds(bounds.key, self.apart(), &**app)
    }
}
