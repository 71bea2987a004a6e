//! Sums by key, of which there may be too many: then the keys are kept that a hash chooses.
//!
//! The hash (SipHash-1-3, over bytes that this module defines) has its own key for each analysis. If a sample holds
//! too many keys, half of them are dropped by their hashes. So which keys are kept depends on the keys alone, not on
//! the order in which they are added or merged, and the sums of the kept keys are complete.

use crate::app::EvidenceKind;
use crate::flow::SampleKey;
use crate::stored::{Sorted, sorted_map};
use foldhash::fast::RandomState;
use hashbrown::{Equivalent, HashMap};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use siphasher::sip::SipHasher13;
use std::hash::{Hash, Hasher as _};
use std::net::IpAddr;
use std::sync::Arc;

/// Halvings of a sample, at most: as many as there are bits to be halved by.
const MOST_HALVINGS: u8 = 63;
/// How many keys are kept: more than a person looks at, but few enough that each destination can have as many.
pub const LIMIT: usize = 1 << 13;

/// The keyed hash of a value.
pub(super) fn hash(key: SampleKey, value: &(impl Keyed + ?Sized)) -> u64 {
    let mut hasher = key.hasher();
    value.write_to(&mut hasher);
    hasher.finish()
}

/// Whether a value is among those that are left after this many halvings.
pub(super) fn holds(key: SampleKey, halvings: u8, value: &(impl Keyed + ?Sized)) -> bool {
    halvings == 0 || hash(key, value) <= u64::MAX >> halvings.min(63)
}

/// How many values there are if `kept` are left after this many halvings: the count itself if there were none, else
/// an estimate.
pub(super) const fn whole_of(kept: u64, halvings: u8) -> u64 {
    kept.saturating_mul(1 << if halvings < 63 { halvings } else { 63 })
}

/// A key that can be chosen by its hash. It is written as the same bytes by every version of every crate.
pub trait Keyed {
    /// The most bytes that are counted for what the key takes outside the table.
    const MOST_ELSEWHERE: usize = 0;

    /// Writes the bytes that are hashed. Different values must write different bytes.
    fn write_to(&self, hasher: &mut SipHasher13);

    /// Bytes that the key takes outside the table.
    fn elsewhere(&self) -> usize {
        0
    }
}

impl Keyed for str {
    /// Names on the wire are not longer.
    const MOST_ELSEWHERE: usize = 256;

    fn write_to(&self, hasher: &mut SipHasher13) {
        hasher.write(self.as_bytes());
        // This byte occurs in no UTF-8 text, so it marks the end.
        hasher.write(&[0xff]);
    }

    fn elsewhere(&self) -> usize {
        self.len()
    }
}

impl Keyed for Arc<str> {
    const MOST_ELSEWHERE: usize = str::MOST_ELSEWHERE;

    fn write_to(&self, hasher: &mut SipHasher13) {
        (**self).write_to(hasher);
    }

    fn elsewhere(&self) -> usize {
        self.len()
    }
}

impl Keyed for (EvidenceKind, Arc<str>) {
    const MOST_ELSEWHERE: usize = str::MOST_ELSEWHERE;

    fn write_to(&self, hasher: &mut SipHasher13) {
        self.0.word().write_to(hasher);
        self.1.write_to(hasher);
    }

    fn elsewhere(&self) -> usize {
        self.1.len()
    }
}

impl Keyed for IpAddr {
    fn write_to(&self, hasher: &mut SipHasher13) {
        match self {
            Self::V4(ip) => {
                hasher.write(&[4]);
                hasher.write(&ip.octets());
            }
            Self::V6(ip) => {
                hasher.write(&[6]);
                hasher.write(&ip.octets());
            }
        }
    }
}

impl Keyed for u64 {
    fn write_to(&self, hasher: &mut SipHasher13) {
        hasher.write(&self.to_le_bytes());
    }
}

/// The sums of a key.
pub trait Sums {
    /// Bytes that they take outside the table, and while a report is made of them, about.
    const ELSEWHERE: u64 = 0;
}

impl Sums for u64 {}

#[cfg(test)]
impl Sums for () {}

/// How keys are chosen: the same for all samples of a map.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Choice {
    /// Key of the hash.
    pub key: SampleKey,
    /// Halvings that hold for all samples because memory is short.
    pub halvings: u8,
}

/// Sums by key. If there are too many keys, it keeps a sample of them, chosen by a hash.
#[derive(Clone, Debug)]
pub struct Sample<K, V> {
    kept: HashMap<K, V, RandomState>,
    /// Bytes that the kept keys take outside the table.
    elsewhere: usize,
    halvings: u8,
}

impl<K, V> Default for Sample<K, V> {
    fn default() -> Self {
        Self { kept: HashMap::default(), elsewhere: 0, halvings: 0 }
    }
}

impl<K: Hash + Eq + Keyed, V: Sums> Sample<K, V> {
    /// Bytes that an entry takes in the table and in the report, about, beside what its key takes outside the table.
    const ITEM: u64 = 128 + 2 * size_of::<(K, V)>() as u64 + V::ELSEWHERE;

    /// Adds to the sums of a key: `update` changes the sums that are there, and `start` makes new ones. Then keeps
    /// only the keys that are left after the halvings that hold for all samples.
    pub fn add<Q: Hash + Equivalent<K> + Keyed + ?Sized>(
        &mut self,
        choice: Choice,
        key: &Q,
        update: impl FnOnce(&mut V),
        start: impl FnOnce() -> (K, V),
    ) {
        self.raise(choice);
        if let Some(value) = self.kept.get_mut(key) {
            return update(value);
        }
        if holds(choice.key, self.halvings, key) {
            let (key, value) = start();
            self.put(key, value);
            self.bound(choice.key);
        }
    }

    fn put(&mut self, key: K, value: V) {
        self.elsewhere += key.elsewhere().min(K::MOST_ELSEWHERE);
        self.kept.insert(key, value);
    }

    fn bound(&mut self, key: SampleKey) {
        while self.kept.len() > LIMIT && self.halvings < MOST_HALVINGS {
            self.halve_to(key, self.halvings + 1);
        }
    }

    /// Keeps only the keys that are left after the halvings that hold for all samples.
    pub fn raise(&mut self, choice: Choice) {
        if self.halvings < choice.halvings {
            self.halve_to(choice.key, choice.halvings);
        }
    }

    fn halve_to(&mut self, key: SampleKey, halvings: u8) {
        self.halvings = halvings;
        let elsewhere = &mut self.elsewhere;
        self.kept.retain(|one, _| {
            let is_kept = holds(key, halvings, one);
            if !is_kept {
                *elsewhere -= one.elsewhere().min(K::MOST_ELSEWHERE);
            }
            is_kept
        });
        self.kept.shrink_to_fit();
    }

    /// Adds the sums of another sample; `join` adds two sums of one key.
    pub fn merge(&mut self, choice: Choice, other: Self, join: impl Fn(&mut V, V)) {
        let halvings = other.halvings.max(choice.halvings);
        if halvings > self.halvings {
            self.halve_to(choice.key, halvings);
        }
        for (key, theirs) in other.kept {
            match self.kept.get_mut(&key) {
                Some(mine) => join(mine, theirs),
                None if holds(choice.key, self.halvings, &key) => self.put(key, theirs),
                None => {}
            }
        }
        self.bound(choice.key);
    }

    /// Bytes that it takes, about, given the halvings that hold for all samples. More keys never make it less: a
    /// sample that had to be halved because it was full counts as full from then on.
    pub fn weight(&self, choice: Choice) -> u64 {
        if self.halvings > choice.halvings {
            LIMIT as u64 * (Self::ITEM + K::MOST_ELSEWHERE as u64)
        } else {
            self.kept.len() as u64 * Self::ITEM + self.elsewhere as u64
        }
    }

    /// The kept keys with their sums, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.kept.iter()
    }

    /// How many keys there are: the exact count if all are kept, else an estimate.
    pub fn total(&self) -> u64 {
        whole_of(self.kept.len() as u64, self.halvings)
    }

    /// Whether all keys are kept.
    pub fn is_whole(&self) -> bool {
        self.halvings == 0
    }

    /// Whether only keys are kept that this key chooses.
    pub(super) fn is_chosen_by(&self, key: SampleKey) -> bool {
        self.kept.keys().all(|one| holds(key, self.halvings, one))
    }
}

impl<K: Ord + Serialize, V: Serialize> Serialize for Sample<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.halvings, Sorted(&self.kept)).serialize(serializer)
    }
}

impl<'de, K: Ord + Hash + Keyed + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Sample<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(bound = "K: Ord + Hash + Deserialize<'de>, V: Deserialize<'de>")]
        struct Written<K, V>(u8, #[serde(with = "sorted_map")] HashMap<K, V, RandomState>);

        let Written(halvings, kept) = Written::<K, V>::deserialize(deserializer)?;
        if halvings > MOST_HALVINGS || kept.len() > LIMIT {
            return Err(D::Error::custom("a sample of more than is kept"));
        }
        let elsewhere = kept.keys().map(|key| key.elsewhere().min(K::MOST_ELSEWHERE)).sum();
        Ok(Self { kept, elsewhere, halvings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Choice = Choice { key: SampleKey::from_words(1, 2), halvings: 0 };

    fn sorted(sample: &Sample<u64, u64>) -> Vec<(u64, u64)> {
        let mut kept: Vec<(u64, u64)> = sample.iter().map(|(&key, &sum)| (key, sum)).collect();
        kept.sort_unstable();
        kept
    }

    fn of(choice: Choice, keys: &mut dyn Iterator<Item = u64>) -> Sample<u64, u64> {
        let mut sample = Sample::<u64, u64>::default();
        keys.for_each(|key| sample.add(choice, &key, |sum| *sum += 1, || (key, 1)));
        sample
    }

    #[test]
    fn order_and_parts_do_not_matter() {
        let keys = || (0..3 * LIMIT as u64).map(|number| number * 7);
        let whole = of(ALL, &mut keys().chain(keys()));
        let mut merged = of(ALL, &mut keys().skip(LIMIT));
        merged.merge(ALL, of(ALL, &mut keys().take(LIMIT)), |mine, theirs| *mine += theirs);
        merged.merge(ALL, of(ALL, &mut keys()), |mine, theirs| *mine += theirs);
        assert_eq!(sorted(&whole), sorted(&merged));
        assert!(sorted(&whole).iter().all(|(_, sum)| *sum == 2), "whole sums");
        assert!((LIMIT / 3..=LIMIT).contains(&whole.iter().count()) && !whole.is_whole());
        let (total, true_total) = (whole.total() as f64, 3.0 * LIMIT as f64);
        assert!((total / true_total - 1.0).abs() < 0.05, "{total}");
        let few = of(ALL, &mut keys().take(1_000));
        assert_eq!((few.total(), few.is_whole()), (1_000, true));
    }

    #[test]
    fn halvings_for_all_are_as_halvings_of_its_own_and_other_keys_choose_others() {
        let keys = || 0..4_000_u64;
        let halved = Choice { halvings: 2, ..ALL };
        let from_the_start = of(halved, &mut keys());
        let mut later = of(ALL, &mut keys());
        later.raise(halved);
        assert_eq!(sorted(&from_the_start), sorted(&later));
        assert!((800..1_200).contains(&later.iter().count()), "{}", later.iter().count());
        assert_eq!(later.weight(halved), later.iter().count() as u64 * Sample::<u64, u64>::ITEM);
        let other = of(Choice { key: SampleKey::from_words(3, 4), ..halved }, &mut keys());
        assert_ne!(sorted(&other), sorted(&later));
    }

    #[test]
    fn weight_never_falls_where_keys_come() {
        let mut sample = Sample::<Arc<str>, ()>::default();
        let mut weight = 0;
        for number in 0..3 * LIMIT {
            let name: Arc<str> = Arc::from(format!("name {number}"));
            sample.add(ALL, &*name, |()| (), || (Arc::clone(&name), ()));
            assert!(sample.weight(ALL) >= weight, "{number}");
            weight = sample.weight(ALL);
        }
        assert!(!sample.is_whole());
    }

    /// The SipHash-1-3 values of these bytes. If they changed, with a crate or with the bytes, reports would change.
    #[test]
    fn hashes_never_change() {
        let key = SampleKey::from_words(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        let v4: IpAddr = "192.0.2.1".parse().unwrap();
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        let hashes = [hash(key, "example.org"), hash(key, &v4), hash(key, &v6), hash(key, &7_u64)];
        let expected = [
            1_997_474_740_579_782_008,
            10_172_898_522_705_105_401,
            12_789_339_259_319_575_708,
            3_735_088_427_229_672_427,
        ];
        assert_eq!(hashes, expected);
    }
}
