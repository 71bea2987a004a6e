//! Keeps the sums of a routing map within their share of memory: decides what is kept apart, and what is summed with
//! others instead.
//!
//! There is a fixed sequence of steps, each of which keeps less than the one before. First names and addresses of
//! destinations are halved, then the networks that are shown apart and the apps that only owners name, and at last
//! the countries. The step of a map is the first at which everything that was added fits. Adding flows never makes a
//! map smaller at the same step, so which step that is depends neither on the order nor on the parts in which flows
//! are added. Owners must fit in number too: no real device has thousands, and each costs time in every output.

use super::destination::DestinationKey;
use super::sample::{Choice, holds};
use crate::flow::SampleKey;
use crate::stored::sorted_set;
use hashbrown::HashSet;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The number of steps in which only names, addresses and places of destinations are halved.
const NAMES_FIRST: u8 = 3;
/// The number of steps after these in which all countries stay apart.
const PLACES_LAST: u8 = 8;
/// The last step; nothing is left to be halved then.
const LAST: u8 = 60;

/// How much memory a map may take.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bounds {
    /// Key of the hash that decides what is kept.
    pub key: SampleKey,
    /// Memory for the sums, in bytes, about.
    pub bytes: u64,
    /// The most apps that only owners name and that are kept apart, however much memory there is.
    pub owners: usize,
    /// The apps of the catalogue, which are always kept apart.
    #[serde(with = "sorted_set")]
    pub catalogued: Arc<HashSet<Arc<str>>>,
}

impl Default for Bounds {
    /// No bounds.
    fn default() -> Self {
        Self { key: SampleKey::default(), bytes: u64::MAX, owners: usize::MAX, catalogued: Arc::default() }
    }
}

impl Bounds {
    /// Whether an app is known from owners only.
    pub(super) fn is_owner(&self, app: &Arc<str>) -> bool {
        !self.catalogued.contains(app)
    }
}

/// How much of the sums is kept: a step of the sequence that the module describes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub(super) struct Step(u8);

impl Step {
    /// The next step, if there is one.
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

    /// How often the countries of networks that are not kept apart are halved.
    fn places(self) -> u8 {
        self.apart().saturating_sub(PLACES_LAST)
    }

    /// By what names and addresses are chosen.
    pub(super) fn choice(self, key: SampleKey) -> Choice {
        Choice { key, halvings: self.names() }
    }

    /// The destination to which traffic of `destination` is counted.
    pub(super) fn destination(self, key: SampleKey, destination: DestinationKey) -> DestinationKey {
        if self.apart() == 0 || !destination.is_rest && holds(key, self.apart(), &destination) {
            return destination;
        }
        let rest = destination.rest();
        if holds(key, self.places(), &rest) { rest } else { DestinationKey::NOWHERE }
    }

    /// Whether an app is kept apart from the others.
    pub(super) fn keeps(self, bounds: &Bounds, app: &Arc<str>) -> bool {
        self.apart() == 0 || !bounds.is_owner(app) || holds(bounds.key, self.apart(), &**app)
    }
}
