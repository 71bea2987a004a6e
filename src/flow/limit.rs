//! What is let go of where memory is limited: sessions, answers, and what is summed per key, by a hash of their keys.
//!
//! A hash that never changes divides keys into halves, quarters and so on; what is kept is the part that fits. So a conversation is
//! kept whole or left out whole, whatever came first, and the part kept is a fair sample.

use foldhash::fast::FixedState;
use std::hash::{BuildHasher, Hash};

/// The part of all keys that is kept; a smaller one lies in a larger one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Part(u64);

impl Default for Part {
    /// All.
    fn default() -> Self {
        Self(u64::MAX)
    }
}

impl Part {
    /// Any number; the same for ever.
    const SEED: u64 = 0x7768_6974_6865_7221;

    /// Whether a key is in it.
    pub fn holds<K: Hash + ?Sized>(self, key: &K) -> bool {
        self.0 == u64::MAX || FixedState::with_seed(Self::SEED).hash_one(key) <= self.0
    }

    /// Whether it is all.
    pub fn is_all(self) -> bool {
        self.0 == u64::MAX
    }

    /// Half of it.
    pub fn halve(&mut self) {
        self.0 >>= 1;
    }

    /// How many keys there are where the part has this many: counted where it is all, else estimated.
    pub fn whole_of(self, kept: u64) -> u64 {
        kept.saturating_mul((u64::MAX / self.0.max(1)).max(1))
    }

    /// Twice as much of all keys.
    pub fn double(&mut self) {
        self.0 = self.0 << 1 | 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_halves_and_lie_in_each_other() {
        let mut part = Part::default();
        let mut held: Vec<u32> = (0..10_000).collect();
        for _ in 0..4 {
            part.halve();
            let smaller: Vec<u32> = (0..10_000).filter(|key| part.holds(key)).collect();
            assert!(smaller.iter().all(|key| held.contains(key)));
            assert!((held.len() * 4 / 10..held.len() * 6 / 10).contains(&smaller.len()));
            held = smaller;
        }
        (0..4).for_each(|_| part.double());
        assert!(part.is_all());
    }
}
