//! Networks with their places, and server names with theirs: what appeared, vanished or moved.

use super::model::{Change, DestinationDiff, NameDiff};
use crate::place::Country;
use crate::report::model::Destination;
use std::collections::{BTreeMap, BTreeSet};

/// Who runs the network and which it is.
type Network = (Option<u32>, String);

/// What one side says of the endpoints in a network, or behind a name.
#[derive(Default)]
struct Seen<'a> {
    places: BTreeSet<&'a str>,
    countries: BTreeSet<Country>,
    sent: u64,
}

impl<'a> Seen<'a> {
    fn add(&mut self, row: &'a Destination) {
        self.places.insert(&row.label);
        self.countries.extend(row.candidates.iter().map(|one| one.country));
        self.sent = self.sent.saturating_add(row.payload.sent);
    }

    /// Whether both sides name countries, and none that is the same.
    fn is_elsewhere(&self, other: &Self) -> bool {
        !self.countries.is_empty() && !other.countries.is_empty() && self.countries.is_disjoint(&other.countries)
    }

    fn without(&self, other: &Self) -> Vec<String> {
        self.places.difference(&other.places).map(|place| (*place).to_owned()).collect()
    }
}

/// The rows of the public network.
fn public(rows: &[Destination]) -> impl Iterator<Item = &Destination> {
    rows.iter().filter(|row| row.standing.is_shared())
}

/// The network of a row. Its name may change with the tables; its number does not.
fn network(row: &Destination) -> Network {
    let who = row.operator.as_ref().or(row.as_name.as_ref());
    let is_numbered = row.asn.is_some();
    (row.asn, who.filter(|_| !is_numbered).cloned().unwrap_or_default())
}

/// The network in words: `Tencent AS132203`.
fn shown(row: &Destination) -> String {
    let who = row.operator.as_deref().or(row.as_name.as_deref());
    match (who, row.asn) {
        (Some(who), Some(asn)) => format!("{who} AS{asn}"),
        (Some(who), None) => who.to_owned(),
        (None, Some(asn)) => format!("AS{asn}"),
        (None, None) => "network not known".to_owned(),
    }
}

/// The networks of an app of which something differs, in the order of change, then of network.
pub(super) fn destinations(a: &[Destination], b: &[Destination]) -> Vec<DestinationDiff> {
    let mut words: BTreeMap<Network, String> = BTreeMap::new();
    public(a).chain(public(b)).for_each(|row| _ = words.entry(network(row)).or_insert_with(|| shown(row)));
    let (a, b) = (by_network(a), by_network(b));
    let none = Seen::default();
    let mut all = Vec::new();
    for (key, network) in words {
        let sides = (a.get(&key), b.get(&key));
        let (one, other) = (sides.0.unwrap_or(&none), sides.1.unwrap_or(&none));
        let (places_a, places_b) = (one.without(other), other.without(one));
        let diff = |change, places_a, places_b| DestinationDiff {
            change,
            network: network.clone(),
            places_a,
            places_b,
            sent_a: one.sent,
            sent_b: other.sent,
        };
        if one.is_elsewhere(other) {
            all.push(diff(Change::Moved, places_a, places_b));
            continue;
        }
        if !places_b.is_empty() {
            all.push(diff(Change::Appeared, Vec::new(), places_b));
        }
        if !places_a.is_empty() {
            all.push(diff(Change::Vanished, places_a, Vec::new()));
        }
    }
    all.sort_by(|a, b| (a.change, &a.network).cmp(&(b.change, &b.network)));
    all
}

fn by_network(rows: &[Destination]) -> BTreeMap<Network, Seen<'_>> {
    let mut by: BTreeMap<Network, Seen<'_>> = BTreeMap::new();
    public(rows).for_each(|row| by.entry(network(row)).or_default().add(row));
    by
}

/// What one side says of the endpoints behind a name.
#[derive(Default)]
struct Named<'a> {
    seen: Seen<'a>,
    networks: BTreeSet<Network>,
    at: BTreeSet<String>,
}

/// The names of an app of which something differs, in the order of change, then of name.
pub(super) fn names(a: &[Destination], b: &[Destination]) -> Vec<NameDiff> {
    let (a, b) = (by_name(a), by_name(b));
    let all: BTreeSet<&str> = a.keys().chain(b.keys()).copied().collect();
    let at = |side: Option<&Named<'_>>| side.map(|one| one.at.iter().cloned().collect()).unwrap_or_default();
    let diff = |name: &str| {
        let (one, other) = (a.get(name), b.get(name));
        let change = match (one, other) {
            (Some(one), Some(other)) => {
                let is_moved = one.networks.is_disjoint(&other.networks) || one.seen.is_elsewhere(&other.seen);
                is_moved.then_some(Change::Moved)
            }
            _ => Change::of(one.is_some(), other.is_some()),
        };
        Some(NameDiff { change: change?, name: name.to_owned(), at_a: at(one), at_b: at(other) })
    };
    let mut all: Vec<NameDiff> = all.into_iter().filter_map(diff).collect();
    all.sort_by_key(|one| one.change);
    all
}

fn by_name(rows: &[Destination]) -> BTreeMap<&str, Named<'_>> {
    let mut by: BTreeMap<&str, Named<'_>> = BTreeMap::new();
    for row in public(rows) {
        for name in &row.names {
            let named = by.entry(&name.name).or_default();
            named.seen.add(row);
            named.networks.insert(network(row));
            named.at.insert(format!("{}, {}", shown(row), row.label));
        }
    }
    by
}

/// Whether the rows list all names that they have.
pub(super) fn is_whole(rows: &[Destination]) -> bool {
    rows.iter().all(|row| row.names.len() as u64 >= row.names_total)
}
