//! Shares of two sides: which appeared, vanished or moved.

use super::model::{Change, ShareDiff, ShareOf, ShareSide};
use crate::report::shares::{EndpointShares, ShareLine, WayShares};
use crate::standing::{Interval, LEAST_BYTES};
use std::collections::BTreeMap;

/// All shares of an app that differ, in the order country, operator, jurisdiction; sent before received; then by key.
pub(super) fn shares(a: &EndpointShares, b: &EndpointShares) -> Vec<ShareDiff> {
    let mut all = Vec::new();
    for of in [ShareOf::Country, ShareOf::Operator, ShareOf::Jurisdiction] {
        for (way, a, b) in [("sent", &a.sent, &b.sent), ("received", &a.received, &b.received)] {
            let (a, b) = (Lines::of(a, of), Lines::of(b, of));
            let mut keys: BTreeMap<&str, &str> = a.labels().collect();
            keys.extend(b.labels());
            let diff = |(key, label): (&str, &str)| {
                let (a, b) = (a.side(key), b.side(key));
                let change = change(&a, &b)?;
                Some(ShareDiff { change, of, way, key: key.to_owned(), label: label.to_owned(), a, b })
            };
            all.extend(keys.into_iter().filter_map(diff));
        }
    }
    all
}

/// The lines of one kind of share in one direction.
struct Lines<'a> {
    by: BTreeMap<&'a str, &'a ShareLine>,
    bytes: u64,
    unplaced: u64,
}

impl<'a> Lines<'a> {
    fn of(way: &'a WayShares, of: ShareOf) -> Self {
        let lines = match of {
            ShareOf::Country => &way.countries,
            ShareOf::Operator => &way.operators,
            ShareOf::Jurisdiction => &way.jurisdictions,
        };
        let unplaced = if of == ShareOf::Country { way.unplaced_bytes } else { unnamed(lines, way.bytes) };
        Self { by: lines.iter().map(|line| (line.key.as_str(), line)).collect(), bytes: way.bytes, unplaced }
    }

    fn labels(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        self.by.iter().map(|(key, line)| (*key, line.label.as_str()))
    }

    fn side(&self, key: &str) -> ShareSide {
        let line = self.by.get(key);
        let (certain, possible) = line.map_or((0, 0), |line| (line.certain_bytes, line.possible_bytes));
        ShareSide {
            certain_bytes: certain,
            possible_bytes: possible,
            unplaced_bytes: self.unplaced,
            bytes: self.bytes,
            share: Interval { certain, possible, total: self.bytes }.to_string(),
        }
    }
}

/// Bytes for which neither network nor name tells who runs the endpoint, at most. A report does not say how many bytes are open; since an
/// endpoint has two candidates at most, they are at least half of what is possible for all, and all of what is possible for one.
fn unnamed(lines: &[ShareLine], bytes: u64) -> u64 {
    let sum = |of: fn(&ShareLine) -> u64| lines.iter().map(of).fold(0, u64::saturating_add);
    let possible = sum(|line| line.possible_bytes).div_ceil(2);
    let one = lines.iter().map(|line| line.possible_bytes).max().unwrap_or(0);
    bytes.saturating_sub(sum(|line| line.certain_bytes)).saturating_sub(possible.max(one))
}

fn change(a: &ShareSide, b: &ShareSide) -> Option<Change> {
    let is_named = |side: &ShareSide| side.certain_bytes > 0 || side.possible_bytes > 0;
    match (is_named(a), is_named(b)) {
        (true, true) if is_below(a, b) || is_below(b, a) => Some(Change::Moved),
        (is_in_a, is_in_b) => Change::of(is_in_a, is_in_b),
    }
}

/// Whether the most that one share can be is less than the least that the other can be. Of too few bytes, nothing is said.
fn is_below(low: &ShareSide, high: &ShareSide) -> bool {
    if low.bytes < LEAST_BYTES || high.bytes < LEAST_BYTES {
        return false;
    }
    let most = low.certain_bytes.saturating_add(low.possible_bytes).saturating_add(low.unplaced_bytes);
    u128::from(most) * u128::from(high.bytes) < u128::from(high.certain_bytes) * u128::from(low.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(bytes: u64, unplaced_bytes: u64, lines: &[(&str, u64, u64)]) -> EndpointShares {
        let line = |(key, certain_bytes, possible_bytes): &(&str, u64, u64)| ShareLine {
            key: (*key).to_owned(),
            label: (*key).to_owned(),
            certain_bytes: *certain_bytes,
            possible_bytes: *possible_bytes,
            ..ShareLine::default()
        };
        let countries = lines.iter().map(line).collect();
        EndpointShares {
            sent: WayShares { bytes, unplaced_bytes, countries, ..WayShares::default() },
            ..EndpointShares::default()
        }
    }

    fn told(a: &EndpointShares, b: &EndpointShares) -> Vec<String> {
        let line = |one: ShareDiff| format!("{} {}: {} / {}", one.change.word(), one.key, one.a.share, one.b.share);
        shares(a, b).into_iter().map(line).collect()
    }

    #[test]
    fn a_share_moves_only_where_the_intervals_have_nothing_in_common() {
        let some = |certain, possible, unplaced| way(10_000, unplaced, &[("HK", certain, possible)]);
        assert_eq!(told(&some(1_000, 1_000, 0), &some(3_000, 0, 0)), ["moved HK: 10 to 20 % / 30 %"]);
        assert_eq!(told(&some(3_000, 0, 0), &some(1_000, 1_000, 0)), ["moved HK: 30 % / 10 to 20 %"]);
        // What cannot be placed may be there too.
        assert!(told(&some(1_000, 1_000, 1_000), &some(3_000, 0, 0)).is_empty());
        assert!(told(&some(1_000, 2_000, 0), &some(3_000, 0, 0)).is_empty());
        // Too few bytes for percentages.
        assert!(told(&way(900, 0, &[("HK", 1, 0)]), &some(3_000, 0, 0)).is_empty());
    }

    #[test]
    fn what_only_one_side_names_appears_or_vanishes() {
        let (a, b) = (way(10_000, 0, &[("HK", 10_000, 0)]), way(10_000, 0, &[("HK", 9_000, 0), ("SG", 0, 1_000)]));
        assert_eq!(told(&a, &b), ["moved HK: 100 % / 90 %", "appeared SG: 0 % / up to 10 %"]);
        assert_eq!(told(&b, &a), ["moved HK: 90 % / 100 %", "vanished SG: up to 10 % / 0 %"]);
        assert!(told(&a, &a).is_empty());
    }

    #[test]
    fn of_operators_as_much_may_be_unnamed_as_the_report_leaves_open() {
        let line = |certain_bytes, possible_bytes| ShareLine { certain_bytes, possible_bytes, ..ShareLine::default() };
        assert_eq!(unnamed(&[line(500, 0), line(0, 300), line(0, 300)], 1_000), 200);
        assert_eq!(unnamed(&[line(500, 100), line(0, 300)], 1_000), 200);
        assert_eq!(unnamed(&[], 7), 7);
    }
}
