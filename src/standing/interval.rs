//! Bytes by country, operator or jurisdiction to shares that claim no more than is known.
//!
//! Of a total S, C are certain for a key and P possible. The share is from C to C + P; what has no candidate, U, may belong to any key, so
//! that the truth lies between C and C + P + U. Certain bytes of all keys, open bytes (each once) and unplaced bytes add up to S.

use std::collections::BTreeMap;

/// Below so many bytes no percentages are given.
pub const LEAST_BYTES: u64 = 1000;

/// What is known of one amount of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held<'a, K, R> {
    /// It belongs to this key.
    Certain(&'a K),
    /// It belongs to one of these keys. None of them, and the bytes are unplaced for the reason.
    Possible(&'a [K], R),
    /// It belongs to no key, for this reason.
    Unplaced(R),
}

/// Sums of bytes by key `K`, and of those without a candidate by reason `R`. Merging adds; order does not matter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shares<K, R> {
    certain: BTreeMap<K, u64>,
    possible: BTreeMap<K, u64>,
    open: u64,
    unplaced: BTreeMap<R, u64>,
}

impl<K, R> Default for Shares<K, R> {
    fn default() -> Self {
        Self { certain: BTreeMap::new(), possible: BTreeMap::new(), open: 0, unplaced: BTreeMap::new() }
    }
}

impl<K: Ord + Clone, R: Ord + Copy> Shares<K, R> {
    /// Adds bytes.
    pub fn add(&mut self, bytes: u64, held: &Held<'_, K, R>) {
        match held {
            Held::Certain(key) => add(&mut self.certain, (*key).clone(), bytes),
            Held::Possible([], reason) | Held::Unplaced(reason) => add(&mut self.unplaced, *reason, bytes),
            Held::Possible(keys, _) => {
                self.open = self.open.saturating_add(bytes);
                let distinct: std::collections::BTreeSet<&K> = keys.iter().collect();
                distinct.into_iter().for_each(|key| add(&mut self.possible, key.clone(), bytes));
            }
        }
    }

    /// Adds the bytes of another.
    pub fn merge(&mut self, other: &Self) {
        other.certain.iter().for_each(|(key, bytes)| add(&mut self.certain, key.clone(), *bytes));
        other.possible.iter().for_each(|(key, bytes)| add(&mut self.possible, key.clone(), *bytes));
        self.open = self.open.saturating_add(other.open);
        other.unplaced.iter().for_each(|(reason, bytes)| add(&mut self.unplaced, *reason, *bytes));
    }

    /// All bytes.
    pub fn total(&self) -> u64 {
        sum(&self.certain).saturating_add(self.open).saturating_add(self.unplaced_bytes())
    }

    /// Bytes that are certain for some key.
    pub fn certain_bytes(&self) -> u64 {
        sum(&self.certain)
    }

    /// Bytes that have candidates and are certain for none, each once.
    pub fn open_bytes(&self) -> u64 {
        self.open
    }

    /// Bytes without a candidate.
    pub fn unplaced_bytes(&self) -> u64 {
        sum(&self.unplaced)
    }

    /// Bytes without a candidate by reason, the most first.
    pub fn reasons(&self) -> Vec<(R, u64)> {
        let mut reasons: Vec<(R, u64)> = self.unplaced.iter().map(|(reason, bytes)| (*reason, *bytes)).collect();
        reasons.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        reasons
    }

    /// The share of what cannot be placed: how much it is at most, rounded up.
    pub fn unplaced(&self) -> Percent {
        Percent::at_most(self.unplaced_bytes(), self.total())
    }

    /// The share of a key.
    pub fn interval(&self, key: &K) -> Interval {
        let certain = self.certain.get(key).copied().unwrap_or(0);
        let possible = self.possible.get(key).copied().unwrap_or(0);
        Interval { certain, possible, total: self.total() }
    }

    /// All keys with their shares: the largest certain part first, then the largest possible one, then by key.
    pub fn intervals(&self) -> Vec<(K, Interval)> {
        let keys: std::collections::BTreeSet<&K> = self.certain.keys().chain(self.possible.keys()).collect();
        let mut intervals: Vec<(K, Interval)> = keys
            .into_iter()
            .map(|key| (key.clone(), self.interval(key)))
            .filter(|(_, one)| one.upper_bytes() > 0)
            .collect();
        intervals.sort_by_key(|(_, one)| std::cmp::Reverse((one.certain, one.upper_bytes())));
        intervals
    }

    /// Whether there are too few bytes for percentages.
    pub fn is_small(&self) -> bool {
        self.total() < LEAST_BYTES
    }
}

fn add<K: Ord>(sums: &mut BTreeMap<K, u64>, key: K, bytes: u64) {
    let sum = sums.entry(key).or_default();
    *sum = sum.saturating_add(bytes);
}

fn sum<K>(sums: &BTreeMap<K, u64>) -> u64 {
    sums.values().fold(0, |sum, bytes| sum.saturating_add(*bytes))
}

/// A share as an interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interval {
    /// Bytes that are certain.
    pub certain: u64,
    /// Further bytes that are possible.
    pub possible: u64,
    /// Bytes of all keys.
    pub total: u64,
}

impl Interval {
    /// Bytes that are certain or possible.
    pub const fn upper_bytes(&self) -> u64 {
        self.certain.saturating_add(self.possible)
    }

    /// The least share.
    pub fn low(&self) -> Percent {
        Percent::at_least(self.certain, self.total)
    }

    /// The largest share of what has candidates.
    pub fn high(&self) -> Percent {
        Percent::at_most(self.upper_bytes(), self.total)
    }
}

/// `12 to 40 %`, `40 %` where both ends print alike, or bytes where there are too few for percentages.
impl std::fmt::Display for Interval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.total < LEAST_BYTES {
            return match self.possible {
                0 => write!(f, "{} bytes", self.certain),
                _ => write!(f, "{} to {} bytes", self.certain, self.upper_bytes()),
            };
        }
        let (low, high) = (self.low(), self.high());
        match self.certain {
            _ if self.possible == 0 && low.is_exact() => write!(f, "{low} %"),
            0 => write!(f, "up to {high} %"),
            _ if low == high => write!(f, "{low} %"),
            _ => write!(f, "{low} to {high} %"),
        }
    }
}

/// A whole percentage that is rounded so that it claims no more than is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Percent {
    /// More than nothing, and less than one.
    UnderOne,
    /// This many, 0 to 100.
    Of(u8),
    /// Less than all, and more than 99.
    OverNinetyNine,
}

impl Percent {
    /// Rounded down.
    pub fn at_least(bytes: u64, total: u64) -> Self {
        match hundredths(bytes, total) {
            (0, rest) if rest > 0 => Self::UnderOne,
            (whole, _) => Self::Of(whole),
        }
    }

    /// Rounded up.
    pub fn at_most(bytes: u64, total: u64) -> Self {
        match hundredths(bytes, total) {
            (99, rest) if rest > 0 => Self::OverNinetyNine,
            (whole, rest) => Self::Of(whole + u8::from(rest > 0)),
        }
    }

    fn is_exact(self) -> bool {
        self == Self::Of(0) || self == Self::Of(100)
    }
}

/// The whole percent, and what is left.
fn hundredths(bytes: u64, total: u64) -> (u8, u128) {
    let (scaled, total) = (u128::from(bytes.min(total)) * 100, u128::from(total.max(1)));
    (u8::try_from(scaled / total).unwrap_or(100), scaled % total)
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnderOne => f.write_str("under 1"),
            Self::Of(percent) => write!(f, "{percent}"),
            Self::OverNinetyNine => f.write_str("over 99"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shares(amounts: &[(u64, Held<'_, u8, u8>)]) -> Shares<u8, u8> {
        let mut shares = Shares::default();
        amounts.iter().for_each(|(bytes, held)| shares.add(*bytes, held));
        shares
    }

    #[test]
    fn an_old_capture_gives_what_was_worked_out_by_hand() {
        let (china, singapore) = (0, 1);
        let sent = shares(&[
            (40_459, Held::Possible(&[singapore], 9)),
            (168_697, Held::Unplaced(3)),
            (1_337, Held::Unplaced(3)),
        ]);
        assert_eq!((sent.total(), sent.unplaced().to_string()), (210_493, "81".to_owned()));
        assert_eq!(sent.interval(&singapore).to_string(), "up to 20 %");
        assert_eq!(sent.interval(&china).to_string(), "0 %");
        let received = shares(&[(27_946, Held::Possible(&[singapore], 9)), (289_353, Held::Unplaced(3))]);
        assert_eq!(
            (received.unplaced().to_string(), received.interval(&singapore).to_string()),
            ("92".to_owned(), "up to 9 %".to_owned())
        );
        let routed = shares(&[(40_459, Held::Possible(&[singapore], 9)), (170_034, Held::Certain(&china))]);
        assert_eq!(routed.interval(&china).to_string(), "80 to 81 %");
    }

    #[test]
    fn little_is_said_of_little_and_all_only_of_all() {
        assert_eq!(Percent::at_least(1, 1000).to_string(), "under 1");
        assert_eq!(Percent::at_most(999, 1000).to_string(), "over 99");
        assert_eq!(Percent::at_most(1000, 1000).to_string(), "100");
        assert_eq!(Percent::at_least(0, 1000).to_string(), "0");
        assert_eq!((Percent::at_least(0, 0), Percent::at_most(0, 0)), (Percent::Of(0), Percent::Of(0)));
        assert_eq!(Percent::at_most(u64::MAX, u64::MAX), Percent::Of(100));
        let few = shares(&[(400, Held::Certain(&1)), (300, Held::Possible(&[1, 2], 0))]);
        assert!(few.is_small());
        assert_eq!(
            (few.interval(&1).to_string(), few.interval(&2).to_string()),
            ("400 to 700 bytes".into(), "0 to 300 bytes".into())
        );
        assert_eq!(shares(&[(9_999, Held::Certain(&1))]).interval(&1).to_string(), "100 %");
    }

    fn amount() -> impl Strategy<Value = (u64, u8, Vec<u8>)> {
        (0..1_u64 << 40, 0..3_u8, proptest::collection::vec(0..4_u8, 0..4))
    }

    fn of(amounts: &[(u64, u8, Vec<u8>)]) -> Shares<u8, u8> {
        let mut shares = Shares::default();
        for (bytes, kind, keys) in amounts {
            match (kind, keys.as_slice()) {
                (0, [key, ..]) => shares.add(*bytes, &Held::Certain(key)),
                (1, keys) => shares.add(*bytes, &Held::Possible(keys, 7)),
                _ => shares.add(*bytes, &Held::Unplaced(*kind)),
            }
        }
        shares
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn intervals_add_up(amounts in proptest::collection::vec(amount(), 0..20), cut in 0..20_usize) {
            let whole = of(&amounts);
            let total: u64 = amounts.iter().map(|amount| amount.0).sum();
            prop_assert_eq!(whole.total(), total);
            prop_assert_eq!(whole.certain_bytes() + whole.open_bytes() + whole.unplaced_bytes(), total);
            let cut = cut.min(amounts.len());
            let mut left = of(&amounts[cut..]);
            left.merge(&of(&amounts[..cut]));
            prop_assert_eq!(&left, &whole);
            let certain: u64 = whole.intervals().iter().map(|(_, one)| one.certain).sum();
            prop_assert_eq!(certain, whole.certain_bytes());
            prop_assert_eq!(whole.reasons().iter().map(|reason| reason.1).sum::<u64>(), whole.unplaced_bytes());
            for (_, interval) in whole.intervals() {
                prop_assert!(interval.upper_bytes() <= whole.certain_bytes() + whole.open_bytes());
                // The printed figures hold the exact ones.
                let bound = |percent: Percent| match percent {
                    Percent::UnderOne => 0,
                    Percent::Of(percent) => u128::from(percent),
                    Percent::OverNinetyNine => 100,
                };
                prop_assert!(bound(interval.low()) * u128::from(total) <= u128::from(interval.certain) * 100);
                prop_assert!(bound(interval.high()) * u128::from(total) >= u128::from(interval.upper_bytes()) * 100);
            }
        }
    }
}
