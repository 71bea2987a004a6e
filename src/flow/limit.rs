//! Chooses what is kept when memory is limited: sessions, answers, fragments and sums per key, by a keyed hash of
//! their keys.
//!
//! The hash values divide the keys into halves, quarters and so on, and the fraction that fits is kept. So a
//! conversation is kept whole or left out whole, whatever came first, and what is kept is a fair sample. The hash has
//! its own key for each run, so that someone who only sends packets cannot choose addresses that are kept or that
//! push others out.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use siphasher::sip::SipHasher13;
use std::hash::Hasher as _;

/// The key of the hash that chooses what is kept. It is made from the first packets of the captures, so that the same
/// captures always give the same result.
///
/// Someone who does not know these packets and their times cannot predict the choice. Someone who wrote the captures,
/// or their first packets, can.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SampleKey([u64; 2]);

impl SampleKey {
    /// Makes the key for captures whose first packets have these digests, in the order in which the captures are
    /// read.
    pub fn of(digests: impl Iterator<Item = [u8; 32]>) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"whither: what is kept");
        digests.for_each(|digest| hash.update(digest));
        let digest: [u8; 32] = hash.finalize().into();
        let word = |at: usize| digest.iter().skip(at).take(8).fold(0, |word, &byte| word << 8 | u64::from(byte));
        Self([word(0), word(8)])
    }

    /// A key made of these two words, which SipHash takes low bytes first.
    pub const fn from_words(first: u64, second: u64) -> Self {
        Self([first, second])
    }

    /// The words that it is made of.
    pub const fn words(self) -> [u64; 2] {
        self.0
    }

    /// A hasher with this key. It is SipHash-1-3, a published function, so that what is kept does not depend on the
    /// version of a library.
    pub fn hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.0[0], self.0[1])
    }

    /// The hash of these bytes under this key.
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.hasher();
        hasher.write(bytes);
        hasher.finish()
    }
}

/// Why two parts of an analysis cannot be one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CannotMerge {
    /// Each chose what it left out by a key of its own.
    #[error("what was left out of the two was chosen by different keys")]
    DifferentKeys,
    /// So much was read from elsewhere that the sums might not hold more.
    #[error("the figures of all that was read and merged are larger than those of any captures")]
    TooLarge,
}

/// Which keys are kept: those whose hashes do not exceed a bound. A smaller part lies within a larger one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct KeptPart(u64);

impl Default for KeptPart {
    /// All keys.
    fn default() -> Self {
        Self(u64::MAX)
    }
}

impl KeptPart {
    /// Whether the key with this hash is kept. The hash is computed only if not all keys are kept.
    pub fn holds(self, hash: impl FnOnce() -> u64) -> bool {
        self.is_all() || hash() <= self.0
    }

    /// Whether all keys are kept.
    pub fn is_all(self) -> bool {
        self.0 == u64::MAX
    }

    /// Whether next to nothing is kept, so that halving would drop nothing more.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Keeps half as many keys from now on.
    pub fn halve(&mut self) {
        self.0 >>= 1;
    }

    /// Keeps twice as many keys from now on.
    pub fn double(&mut self) {
        self.0 = self.0 << 1 | 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_halves_and_lie_in_each_other() {
        let key = SampleKey::of([[7; 32]].into_iter());
        let is_held = |part: KeptPart, number: &u32| part.holds(|| key.hash(&number.to_be_bytes()));
        let mut part = KeptPart::default();
        let mut held: Vec<u32> = (0..10_000).collect();
        for _ in 0..4 {
            part.halve();
            let smaller: Vec<u32> = (0..10_000).filter(|number| is_held(part, number)).collect();
            assert!(smaller.iter().all(|number| held.contains(number)));
            assert!((held.len() * 4 / 10..held.len() * 6 / 10).contains(&smaller.len()));
            held = smaller;
        }
        (0..4).for_each(|_| part.double());
        assert!(part.is_all());
        (0..64).for_each(|_| part.halve());
        assert!(part.is_empty());
    }

    /// A test vector of the authors of SipHash ("SipHash: a fast short-input PRF"), computed for one and three
    /// rounds. The hash must never change, whatever library computes it.
    #[test]
    fn the_hash_is_siphash_1_3() {
        let key = SampleKey::from_words(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        let bytes: Vec<u8> = (0..15).collect();
        assert_eq!(key.hash(&bytes), 0xd320_d86d_2a51_9956);
        assert_eq!(key.hash(&[]), 0xabac_0158_050f_c4dc);
    }

    #[test]
    fn other_captures_give_another_key() {
        let key = |bytes: &[u8]| SampleKey::of(bytes.iter().map(|&byte| [byte; 32]));
        assert_eq!(key(&[1, 2]), key(&[1, 2]));
        assert!(key(&[1, 2]) != key(&[2, 1]) && key(&[1]) != key(&[1, 1]));
    }
}
