//! What is let go of where memory is limited: sessions, answers, fragments, and sums per key, by a keyed hash of their keys.
//!
//! A hash divides keys into halves, quarters and so on; what is kept is the part that fits. So a conversation is kept whole or
//! left out whole, whatever came first, and the part kept is a fair sample. The hash has a key of its own for each run, so
//! that nobody who only sends packets can choose addresses that are kept, or that push others out.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use siphasher::sip::SipHasher13;
use std::hash::Hasher as _;

/// The key of the hash that chooses what is kept: made from the first packets of the captures, so that the same captures
/// always give the same result.
///
/// It keeps out whoever does not know those packets with their times. It does not keep out whoever wrote the captures, or
/// their first packets: they can work out the key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SampleKey([u64; 2]);

impl SampleKey {
    /// The key for captures with these digests of their first packets, in the order in which they are read.
    pub fn of(digests: impl Iterator<Item = [u8; 32]>) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"whither: what is kept");
        digests.for_each(|digest| hash.update(digest));
        let digest: [u8; 32] = hash.finalize().into();
        let word = |at: usize| digest.iter().skip(at).take(8).fold(0, |word, &byte| word << 8 | u64::from(byte));
        Self([word(0), word(8)])
    }

    /// A key of these two words, low bytes first as SipHash takes them.
    pub const fn from_words(first: u64, second: u64) -> Self {
        Self([first, second])
    }

    /// A hasher to which bytes are written: SipHash-1-3, a published function, so that no version of a library changes what is
    /// kept.
    pub fn hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.0[0], self.0[1])
    }

    /// The hash of these bytes.
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.hasher();
        hasher.write(bytes);
        hasher.finish()
    }
}

/// Two parts of an analysis that left something out by different keys, and so cannot be one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("what was left out of the two for lack of memory was chosen by different keys")]
pub struct DifferentKeys;

/// The part of all keys that is kept, by their hashes; a smaller one lies in a larger one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct KeptPart(u64);

impl Default for KeptPart {
    /// All.
    fn default() -> Self {
        Self(u64::MAX)
    }
}

impl KeptPart {
    /// Whether a key with this hash is in it; the hash is worked out only where it matters.
    pub fn holds(self, hash: impl FnOnce() -> u64) -> bool {
        self.is_all() || hash() <= self.0
    }

    /// Whether it is all.
    pub fn is_all(self) -> bool {
        self.0 == u64::MAX
    }

    /// Whether it holds next to nothing, so that halving it would let go of nothing more.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Half of it.
    pub fn halve(&mut self) {
        self.0 >>= 1;
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

    /// A vector of the authors of SipHash, "SipHash: a fast short-input PRF", computed for one and three rounds: the hash must
    /// stay what it is, whatever library computes it.
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
