//! Phrases that several outputs share: names of countries, networks, opinions and verdicts.

use super::{escape, units};
use crate::app::Party;
use crate::place::Country;
use crate::report::{Destination, Exchange, OpinionLine, PathCountry, Report, ShareLine, Standing, WayShares};
use crate::standing::{LEAST_BYTES, Percent};
use std::collections::BTreeMap;

/// Names of the countries a report speaks of, taken from its own labels; a country it has no label for goes by its code.
pub(super) struct CountryNames<'a>(BTreeMap<Country, &'a str>);

impl<'a> CountryNames<'a> {
    /// The names in a report.
    pub(super) fn of(report: &'a Report) -> Self {
        let lines = report.countries.iter().map(|line| (line.country, line.label.as_str()));
        let routes = report.apps.iter().flat_map(|app| &app.destinations).chain(&report.unattributed_routes);
        let candidates = routes.flat_map(|route| &route.candidates);
        Self(lines.chain(candidates.map(|one| (one.country, one.label.as_str()))).collect())
    }

    /// The name of a country, visible characters only: labels may come from a user's database.
    pub(super) fn name(&self, country: Country) -> String {
        match self.0.get(&country) {
            Some(name) => escape::visible(name).into_owned(),
            None => country.code().to_owned(),
        }
    }
}

/// How much was sent, and how much of it by apps with a name, of which these are the bytes: `The phone sent 354 kB, 93 % of it by 9
/// apps with a name.` The share is rounded down: it claims no more than is known.
pub(super) fn sent_by(total: u64, apps: &[u64]) -> String {
    let named = apps.iter().copied().fold(0, u64::saturating_add);
    let count = apps.iter().filter(|bytes| **bytes > 0).count() as u64;
    let by = match count {
        0 if total == 0 => String::new(),
        0 => ", for which no app can be named".to_owned(),
        _ => {
            let part = if named == total { "all".to_owned() } else { format!("{} %", Percent::at_least(named, total)) };
            format!(", {part} of it by {} with a name", units::plural(count, "app", "apps"))
        }
    };
    format!("The phone sent {}{by}.", units::bytes(total))
}

/// Who runs the network and which it is: `Tencent AS132203`; unescaped.
pub(super) fn network(destination: &Destination) -> String {
    let who = destination.operator.as_deref().or(destination.as_name.as_deref());
    match (who, destination.asn) {
        (Some(who), Some(asn)) => format!("{who} AS{asn}"),
        (Some(who), None) => who.to_owned(),
        (None, Some(asn)) => format!("AS{asn}"),
        (None, None) if destination.standing == Standing::Unrouted => "no network".to_owned(),
        (None, None) => "network not known".to_owned(),
    }
}

/// What each location database says: `DB-IP HK`; unescaped. The date stands in the header.
pub(super) fn opinions(destination: &Destination) -> Vec<String> {
    destination.opinions.iter().map(opinion).collect()
}

/// What a location database says, with the verdict of round trips where they exclude it: `DB-IP AU (ruled out)`; unescaped.
pub(super) fn opinion(opinion: &OpinionLine) -> String {
    let source = match opinion.source.rsplit_once(' ') {
        Some((source, date)) if date.starts_with("20") => source,
        _ => &opinion.source,
    };
    let country = opinion.country.as_ref().map_or("unknown", Country::code);
    match &opinion.verdict {
        Some(verdict) => format!("{source} {country} ({verdict})"),
        None => format!("{source} {country}"),
    }
}

/// The word for databases that are too far away in time.
const STALE: &str = "stale";

/// What may be said of the place of a destination, in a few words: `confirmed`, `reported, stale`, `databases differ`, `no answer`.
pub(super) fn standing(destination: &Destination) -> String {
    let word = match (destination.exchange, destination.standing) {
        (Exchange::Tried, _) => "no answer",
        (Exchange::Person, _) => "a person's device",
        (_, Standing::Disputed) => "databases differ",
        (_, Standing::Unrouted) => "no network announces it",
        (_, Standing::Contradicted) => "does not fit the round trip",
        (_, standing) => standing.word(),
    };
    let is_placed = !destination.candidates.is_empty();
    if destination.age == STALE && is_placed { format!("{word}, stale") } else { word.to_owned() }
}

/// What the age of the tables means for a report; empty where it means nothing.
pub(super) fn age(report: &Report) -> String {
    let tables = &report.tables;
    if tables.is_ignored {
        "tables taken as if of the capture's time".to_owned()
    } else if tables.is_stale {
        format!("stale: {} years from the tables, nothing is confirmed", tables.gap_months / 12)
    } else {
        String::new()
    }
}

/// Where the endpoints of one direction are, the largest shares first: `China 66 %`, `Hong Kong 26–29 %`, `Japan 19 % reported`, then
/// what has no country: `anycast 15 %`. Bytes, where there are too few for percentages. Unescaped.
pub(super) fn endpoints(way: &WayShares) -> Vec<String> {
    let countries = way.countries.iter().map(|line| {
        (line.certain_bytes.saturating_add(line.possible_bytes), format!("{} {}", line.label, cell(line, way.bytes)))
    });
    let unplaced = way
        .unplaced
        .iter()
        .map(|line| (line.bytes, format!("{} {}", line.standing.word(), at_most(line.bytes, way.bytes))));
    let mut all: Vec<(u64, String)> = countries.chain(unplaced).collect();
    all.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    all.into_iter().map(|(_, text)| text).collect()
}

/// The share of a line in so many bytes, as it stands in a table.
pub(super) fn cell(line: &ShareLine, total: u64) -> String {
    let (certain, upper) = (line.certain_bytes, line.certain_bytes.saturating_add(line.possible_bytes));
    if total < LEAST_BYTES {
        return format!("{upper} B");
    }
    let (low, high) = (Percent::at_least(certain, total), Percent::at_most(upper, total));
    match certain {
        0 if line.reported_bytes == line.possible_bytes => format!("{high} % reported"),
        0 => format!("≤ {high} %"),
        _ if low == high || certain == upper => format!("{low} %"),
        _ => format!("{low}–{high} %"),
    }
}

/// The share of a law in so many bytes.
pub(super) fn law(line: &ShareLine, total: u64) -> String {
    // One source alone names an operator often; what is said of places does not apply.
    cell(&ShareLine { reported_bytes: u64::MAX, ..line.clone() }, total)
}

/// A share of so many bytes, rounded up.
pub(super) fn at_most(bytes: u64, total: u64) -> String {
    if total < LEAST_BYTES { format!("{bytes} B") } else { format!("{} %", Percent::at_most(bytes, total)) }
}

/// A frame where it is clear which capture is meant: ` #109`; nothing where the numbers of frames were left out.
pub(super) fn frame_mark(number: u64) -> String {
    if number == 0 { String::new() } else { format!(" #{number}") }
}

/// The day and, unless it was redacted, the minute at which captures begin: `2026-06-14 08:12 UTC`.
pub(super) fn beginning(report: &Report) -> Option<String> {
    let first = report.first_seen.as_deref()?;
    let (date, clock) = (first.get(..10)?, first.get(11..16)?);
    Some(if report.redaction.is_some() { date.to_owned() } else { format!("{date} {clock} UTC") })
}

/// Whose service it is, in two words.
pub(super) const fn party_short(party: Party) -> &'static str {
    match party {
        Party::First => "first party",
        Party::ThirdSdk => "shared SDK",
        Party::ThirdCdn => "shared cloud",
        Party::Third => "third party",
    }
}

/// Whose service it is, in words.
pub(super) const fn party(party: Party) -> &'static str {
    match party {
        Party::First => "the developer's own",
        Party::ThirdSdk => "a shared SDK or advertising service",
        Party::ThirdCdn => "a CDN or cloud that serves many",
        Party::Third => "another party",
    }
}

/// A country seen on a path, as it stands in a cell: `JP reported`.
pub(super) fn routed(seen: &PathCountry) -> String {
    format!("{} {}", seen.country.code(), seen.standing.id())
}

#[cfg(test)]
mod tests {
    use super::sent_by;

    #[test]
    fn the_share_of_named_apps_is_rounded_down() {
        let said = [
            sent_by(354_000, &[330_000, 0, 2_000]),
            sent_by(5_000, &[5_000]),
            sent_by(5_000, &[0]),
            sent_by(0, &[0]),
            sent_by(1_000_000, &[999_999]),
        ];
        let expected = [
            "The phone sent 354 kB, 93 % of it by 2 apps with a name.",
            "The phone sent 5.0 kB, all of it by 1 app with a name.",
            "The phone sent 5.0 kB, for which no app can be named.",
            "The phone sent 0 B.",
            "The phone sent 1.0 MB, 99 % of it by 1 app with a name.",
        ];
        assert_eq!(said, expected);
    }
}
