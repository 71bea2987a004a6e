//! Phrases that several outputs share: names of countries, networks, opinions and verdicts.

use super::escape;
use crate::app::Party;
use crate::place::{Country, LocationCheck};
use crate::report::{Destination, PlaceKind, Report};
use std::collections::BTreeMap;

/// Names of the countries a report speaks of, taken from its own labels; a country it has no label for goes by its code.
pub(super) struct CountryNames<'a>(BTreeMap<Country, &'a str>);

impl<'a> CountryNames<'a> {
    /// The names in a report.
    pub(super) fn of(report: &'a Report) -> Self {
        let lines = report.countries.iter().map(|line| (line.country, line.label.as_str()));
        let routes = report.apps.iter().flat_map(|app| &app.destinations).chain(&report.unattributed_routes);
        let routes =
            routes.filter(|route| route.kind == PlaceKind::Country).map(|route| (route.country, route.label.as_str()));
        Self(lines.chain(routes).filter_map(|(country, label)| Some((country?, label))).collect())
    }

    /// The name of a country, visible characters only: labels may come from a user's database.
    pub(super) fn name(&self, country: Country) -> String {
        match self.0.get(&country) {
            Some(name) => escape::visible(name).into_owned(),
            None => country.code().to_owned(),
        }
    }
}

/// Who runs the network and which it is: `Tencent AS132203`; unescaped.
pub(super) fn network(destination: &Destination) -> String {
    let who = destination.operator.as_deref().or(destination.as_name.as_deref());
    match (who, destination.asn) {
        (Some(who), Some(asn)) => format!("{who} AS{asn}"),
        (Some(who), None) => who.to_owned(),
        (None, Some(asn)) => format!("AS{asn}"),
        (None, None) => "network not known".to_owned(),
    }
}

/// What each location database says: `DB-IP HK`; unescaped. The date stands in the header.
pub(super) fn opinions(destination: &Destination) -> Vec<String> {
    destination
        .opinions
        .iter()
        .map(|opinion| {
            let source = match opinion.source.rsplit_once(' ') {
                Some((source, date)) if date.starts_with("20") => source,
                _ => &opinion.source,
            };
            format!("{source} {}", opinion.country.as_ref().map_or("unknown", Country::code))
        })
        .collect()
}

/// The verdict of the round trip as a sentence.
pub(super) const fn check(check: LocationCheck) -> &'static str {
    match check {
        LocationCheck::Possible => "possible: light in fibre could have gone there and back",
        LocationCheck::Impossible => {
            "impossible: it answered sooner than light in fibre could have come back from there"
        }
        LocationCheck::Unsupported => {
            "unsupported: no valid round trip, anycast, or the place of the capture is not known"
        }
    }
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
