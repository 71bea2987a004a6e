//! Sums payload of endpoints by what may be said of them.

use super::shares::{EndpointShares, ShareLine, UnplacedLine, WayShares, lines, unplaced_percent};
use crate::app::Catalogue;
use crate::place::Country;
use crate::route::{NamedFor, Payload, RunBy};
use crate::standing::{CountryShares, Held, Judged, Shares, Standing, Unplaced, Way, sentence};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sums of one direction.
#[derive(Clone, Default)]
struct WayTally {
    countries: CountryShares,
    /// Bytes of which one source names the country, by country.
    reported: BTreeMap<Country, u64>,
    operators: Shares<Arc<str>, ()>,
    jurisdictions: Shares<Country, ()>,
}

/// Who runs an endpoint, and by which law, as far as network and name say.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Runs {
    pub(super) operators: Vec<Arc<str>>,
    pub(super) jurisdictions: Vec<Country>,
    /// Both sources are known, so that what they agree on is certain.
    pub(super) is_twofold: bool,
}

impl Runs {
    /// What network and name say, each by family of companies and law.
    pub(super) fn of(
        app: Option<&str>,
        network: Option<(&Arc<str>, Option<Country>)>,
        name: &NamedFor,
        catalogue: &Catalogue,
    ) -> Self {
        let named: Option<(&str, Option<Country>)> = match name {
            NamedFor::Nobody => None,
            NamedFor::App => app.and_then(|app| catalogue.app(app)).map(|app| (&*app.group, app.jurisdiction)),
            NamedFor::Service(id) => catalogue.service(id).map(|service| (&*service.group, service.jurisdiction)),
        };
        let mut operators: Vec<Arc<str>> = network.iter().map(|(group, _)| Arc::clone(group)).collect();
        operators.extend(named.map(|(group, _)| Arc::from(group)));
        operators.sort();
        operators.dedup();
        let laws = network.iter().map(|(_, law)| *law).chain(named.map(|(_, law)| law));
        let mut jurisdictions: Vec<Country> = laws.flatten().collect();
        jurisdictions.sort();
        jurisdictions.dedup();
        Self { operators, jurisdictions, is_twofold: network.is_some() && named.is_some() }
    }
}

/// Sums of both directions. Tallies merge in any order.
#[derive(Clone, Default)]
pub(crate) struct Tally {
    sent: WayTally,
    received: WayTally,
    payload: Payload,
}

impl WayTally {
    fn add(&mut self, bytes: u64, held: &Held<'_, Country, Unplaced>) {
        if bytes == 0 {
            return;
        }
        if let Held::Possible([country], _) = held {
            *self.reported.entry(*country).or_default() += bytes;
        }
        self.countries.add(bytes, held);
    }

    fn run(&mut self, bytes: u64, runs: &Runs) {
        fn held<'a, K>(keys: &'a [K], is_twofold: bool) -> Held<'a, K, ()> {
            match keys {
                [key] if is_twofold => Held::Certain(key),
                keys => Held::Possible(keys, ()),
            }
        }
        if bytes > 0 {
            self.operators.add(bytes, &held(&runs.operators, runs.is_twofold));
            self.jurisdictions.add(bytes, &held(&runs.jurisdictions, runs.is_twofold));
        }
    }

    fn merge(&mut self, other: &Self) {
        self.countries.merge(&other.countries);
        other.reported.iter().for_each(|(country, bytes)| *self.reported.entry(*country).or_default() += bytes);
        self.operators.merge(&other.operators);
        self.jurisdictions.merge(&other.jurisdictions);
    }

    /// The share of a country.
    fn line(&self, country: &Country) -> ShareLine {
        ShareLine {
            reported_bytes: self.reported.get(country).copied().unwrap_or(0),
            ..ShareLine::of(&self.countries, country, country.code().to_owned(), name(country))
        }
    }

    fn shares(&self, sentence: String) -> WayShares {
        let reported_bytes = self.reported.values().sum::<u64>();
        let mut unplaced: BTreeMap<Standing, u64> = BTreeMap::new();
        self.countries.reasons().iter().for_each(|(why, bytes)| *unplaced.entry(why.standing).or_default() += bytes);
        let mut unplaced: Vec<UnplacedLine> = unplaced
            .into_iter()
            .map(|(standing, bytes)| UnplacedLine { standing, why: standing.word().to_owned(), bytes })
            .collect();
        unplaced.sort_by_key(|line| std::cmp::Reverse(line.bytes));
        WayShares {
            bytes: self.countries.total(),
            confirmed_bytes: self.countries.certain_bytes(),
            reported_bytes,
            disputed_bytes: self.countries.open_bytes().saturating_sub(reported_bytes),
            unplaced_bytes: self.countries.unplaced_bytes(),
            unplaced_percent: unplaced_percent(&self.countries),
            countries: self.countries.intervals().iter().map(|(country, _)| self.line(country)).collect(),
            unplaced,
            operators: lines(&self.operators, |group| (group.to_string(), group.to_string())),
            jurisdictions: lines(&self.jurisdictions, |country| (country.code().to_owned(), name(country))),
            sentence,
        }
    }
}

impl Tally {
    /// Adds the payload of an address on the public network; none of what is known, where it was not kept apart.
    pub(crate) fn add(&mut self, payload: &Payload, judged: Option<&Judged>, registry: Option<Country>) {
        self.payload.add(payload);
        let unknown = Unplaced { standing: Standing::Unknown, registry: None };
        let Some(held) = judged.map_or(Some(Held::Unplaced(unknown)), |judged| judged.held(registry)) else { return };
        self.sent.add(payload.sent, &held);
        self.received.add(payload.received, &held);
    }

    /// Adds payload by who runs the endpoints of an app.
    pub(super) fn run(&mut self, app: Option<&str>, by: &RunBy, payload: &Payload, catalogue: &Catalogue) {
        let network = by.network.as_ref().map(|network| (&network.group, network.jurisdiction));
        let runs = Runs::of(app, network, &by.name, catalogue);
        self.sent.run(payload.sent, &runs);
        self.received.run(payload.received, &runs);
    }

    /// Adds another tally.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.payload.add(&other.payload);
        self.sent.merge(&other.sent);
        self.received.merge(&other.received);
    }

    /// The shares of what goes by this label. `stale_months` is how much younger the tables are than the captures (negative:
    /// older), where they are too far away to confirm anything.
    pub(crate) fn shares(&self, label: &str, stale_months: Option<i32>) -> EndpointShares {
        let way = |way: Way, tally: &WayTally| tally.shares(sentence(label, way, &tally.countries, stale_months));
        EndpointShares {
            sent: way(Way::Sent, &self.sent),
            received: way(Way::Received, &self.received),
            tried_bytes: self.payload.tried,
            tried_flows: self.payload.tried_flows,
            person_sent_bytes: self.payload.person_sent,
            person_received_bytes: self.payload.person_received,
        }
    }

    /// The countries of both directions, those with most certain bytes sent first.
    pub(crate) fn countries(&self) -> Vec<(Country, ShareLine, ShareLine)> {
        let intervals = self.sent.countries.intervals().into_iter().chain(self.received.countries.intervals());
        let countries: std::collections::BTreeSet<Country> = intervals.map(|(country, _)| country).collect();
        let mut all: Vec<_> = countries
            .into_iter()
            .map(|country| (country, self.sent.line(&country), self.received.line(&country)))
            .collect();
        let rank = |line: &ShareLine| (line.certain_bytes, line.certain_bytes + line.possible_bytes);
        all.sort_by_key(|(_, sent, received)| std::cmp::Reverse((rank(sent), rank(received))));
        all
    }

    /// Bytes of both directions that are or may be in a country.
    pub(super) fn bytes_in(&self, country: &Country) -> u64 {
        let upper = |way: &WayTally| way.countries.interval(country).upper_bytes();
        upper(&self.sent).saturating_add(upper(&self.received))
    }
}

/// The name of a country in English.
pub(super) fn name(country: &Country) -> String {
    country.name().unwrap_or(country.code()).to_owned()
}
