//! Sums by key where there may be too many keys: of those the part is kept that a hash of the key chooses.
//!
//! The hash never changes, and the part is halved when it holds too much. So which keys are kept depends on the keys alone, not
//! on the order in which they come or are merged, and the sums of those kept are whole.

use crate::flow::Part;
use foldhash::fast::{FixedState, RandomState};
use hashbrown::{Equivalent, HashMap};
use std::hash::{BuildHasher, Hash};

/// Keys kept: more than a person looks at, few enough for each destination to have them.
pub const LIMIT: usize = 1 << 13;

fn hash<K: Hash + ?Sized>(key: &K) -> u64 {
    FixedState::with_seed(7).hash_one(key)
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Sample<K, V> {
    kept: HashMap<K, V, RandomState>,
    part: Part,
}

impl<K, V> Default for Sample<K, V> {
    fn default() -> Self {
        Self { kept: HashMap::default(), part: Part::default() }
    }
}

impl<K: Hash + Eq, V> Sample<K, V> {
    /// Adds to the sums of a key: `update` those there are, or the new ones that `start` gives.
    pub fn add<Q: Hash + Equivalent<K> + ?Sized>(
        &mut self,
        key: &Q,
        update: impl FnOnce(&mut V),
        start: impl FnOnce() -> (K, V),
    ) {
        if let Some(value) = self.kept.get_mut(key) {
            return update(value);
        }
        if self.part.holds(|| hash(key)) {
            let (key, value) = start();
            self.kept.insert(key, value);
            self.bound();
        }
    }

    fn bound(&mut self) {
        while self.kept.len() > LIMIT {
            self.part.halve();
            self.kept.retain(|key, _| self.part.holds(|| hash(key)));
        }
    }

    /// Adds the sums of others; `join` two of one key.
    pub fn merge(&mut self, other: Self, join: impl Fn(&mut V, V)) {
        if other.part < self.part {
            self.part = other.part;
            self.kept.retain(|key, _| self.part.holds(|| hash(key)));
        }
        for (key, theirs) in other.kept {
            match self.kept.get_mut(&key) {
                Some(mine) => join(mine, theirs),
                None if self.part.holds(|| hash(&key)) => _ = self.kept.insert(key, theirs),
                None => {}
            }
        }
        self.bound();
    }

    /// Those kept, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.kept.iter()
    }

    /// How many keys there are: counted where all are kept, else estimated.
    pub fn total(&self) -> u64 {
        self.part.whole_of(self.kept.len() as u64)
    }

    /// Whether all are kept.
    pub fn is_whole(&self) -> bool {
        self.part.is_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_parts_do_not_matter() {
        let keys = || (0..3 * LIMIT as u64).map(|number| number * 7);
        let of = |keys: &mut dyn Iterator<Item = u64>| {
            let mut sample = Sample::<u64, u64>::default();
            keys.for_each(|key| sample.add(&key, |sum| *sum += 1, || (key, 1)));
            sample
        };
        let whole = of(&mut keys().chain(keys()));
        let mut merged = of(&mut keys().skip(LIMIT));
        merged.merge(of(&mut keys().take(LIMIT)), |mine, theirs| *mine += theirs);
        merged.merge(of(&mut keys()), |mine, theirs| *mine += theirs);
        let sorted = |sample: &Sample<u64, u64>| {
            let mut kept: Vec<(u64, u64)> = sample.iter().map(|(&key, &sum)| (key, sum)).collect();
            kept.sort_unstable();
            kept
        };
        assert_eq!(sorted(&whole), sorted(&merged));
        assert!(sorted(&whole).iter().all(|(_, sum)| *sum == 2), "whole sums");
        assert!((LIMIT / 3..=LIMIT).contains(&whole.iter().count()) && !whole.is_whole());
        let (total, true_total) = (whole.total() as f64, 3.0 * LIMIT as f64);
        assert!((total / true_total - 1.0).abs() < 0.05, "{total}");
        let few = of(&mut keys().take(1_000));
        assert_eq!((few.total(), few.is_whole()), (1_000, true));
    }
}
