//! Sites and services that are in no entry of the catalogue: traffic with a name that it does not know, by registrable domain. They
//! are no apps: which app opened them is not known.
//!
//! All is taken from the names of the map, so that parts of a capture come to the same as the whole.

use crate::analysis::{Judgements, Known};
use crate::app::site_of;
use crate::capture::FrameId;
use crate::place::Country;
use crate::route::{DestinationKey, NameSums, Reason, RouteMap, Where};
use crate::standing::Standing;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Sites listed; the rest is summed. A person's capture of a day has fewer.
const LISTED: usize = 256;
/// Names listed of a site.
const NAMES: usize = 8;
/// Places listed of a site.
const PLACES: usize = 8;

/// Sites and services that are in no entry of the catalogue. Together they are what `unattributed` has as *name not in the catalogue*.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sites {
    /// Those with most bytes first, at most 256.
    pub listed: Vec<Site>,
    /// How many more there are, as far as names are kept.
    pub more: u64,
    /// Their bytes.
    pub more_bytes: u64,
    /// Bytes whose names are not kept, because there are too many or memory is short.
    pub not_kept_bytes: u64,
}

/// One registrable domain, or a name that has none.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Site {
    /// The domain. It comes from the wire: escape it before showing it.
    pub domain: String,
    /// Bytes of the flows whose best name is below it.
    pub bytes: u64,
    /// Share of all bytes of the captures, 0 to 1.
    pub share: f64,
    /// Payload sent to endpoints that answered.
    pub sent: u64,
    /// Payload received from them.
    pub received: u64,
    /// Names below it, most bytes first, at most 8. They come from the wire.
    pub names: Vec<String>,
    /// How many names there are, as far as they are kept.
    pub names_total: u64,
    /// The word for the source of its first name: `tls-sni`, `dns`, ….
    pub name_source: String,
    /// Where that name was seen: capture and frame number.
    pub first_frame: (String, u64),
    /// Where its endpoints are and who runs them, most bytes first, at most 8.
    pub places: Vec<SitePlace>,
}

/// Endpoints of a site of which the same may be said, by the first addresses of each name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SitePlace {
    /// What may be said of their country.
    pub standing: Standing,
    /// `fresh`, `stale`, `ignored`: the age of the tables, as in destinations.
    pub age: String,
    /// The countries that they may be in.
    pub candidates: Vec<Country>,
    /// The names of these countries, or why there is none.
    pub label: String,
    /// Origin AS.
    pub asn: Option<u32>,
    /// Name of the AS.
    pub as_name: Option<String>,
    /// Who runs the network.
    pub operator: Option<String>,
    /// Jurisdiction of the network's operator, by the rule of the report.
    pub jurisdiction: Option<Country>,
    /// Bytes of the flows.
    pub bytes: u64,
    /// Payload sent to endpoints that answered.
    pub sent: u64,
    /// Payload received from them.
    pub received: u64,
}

#[derive(Default)]
struct Sums<'a> {
    bytes: u64,
    sent: u64,
    received: u64,
    first: Option<(FrameId, &'static str)>,
    names: BTreeMap<&'a str, u64>,
    places: BTreeMap<PlaceKey, SitePlace>,
}

/// By what the endpoints of a site are put together: countries, standing, network, age, whether they answered.
type PlaceKey = (Vec<Country>, Standing, Option<u32>, &'static str, bool);

/// The sites of a map. `capture` names the capture of a frame, and `bytes` are those of all captures.
pub(super) fn sites(
    routes: &RouteMap,
    judgements: &Judgements,
    capture: &(dyn Fn(FrameId) -> String + Sync),
    bytes: u64,
) -> Sites {
    let mut by: BTreeMap<&str, Sums<'_>> = BTreeMap::new();
    for (key, destination) in &routes.nameless.destinations {
        for (name, sums) in destination.names.iter().filter(|(_, sums)| sums.is_of_site) {
            by.entry(site_of(name)).or_default().add(name, key, sums, judgements);
        }
    }
    let mut all: Vec<(&str, Sums<'_>)> = by.into_iter().collect();
    all.sort_by_key(|(_, sums)| Reverse(sums.bytes));
    let grouped = all.iter().map(|(_, sums)| sums.bytes).fold(0, u64::saturating_add);
    let rest = all.split_off(all.len().min(LISTED));
    let total = routes.reasons.get(&Reason::NameNotInCatalogue).map_or(0, |sums| sums.traffic.bytes());
    Sites {
        listed: all.into_iter().map(|(domain, sums)| sums.into_site(domain, capture, bytes)).collect(),
        more: rest.len() as u64,
        more_bytes: rest.iter().map(|(_, sums)| sums.bytes).fold(0, u64::saturating_add),
        not_kept_bytes: total.saturating_sub(grouped),
    }
}

impl<'a> Sums<'a> {
    fn add(&mut self, name: &'a str, key: &DestinationKey, sums: &NameSums, judgements: &Judgements) {
        let NameSums { source, frame, bytes, sent, received, .. } = *sums;
        self.bytes = self.bytes.saturating_add(bytes);
        self.sent = self.sent.saturating_add(sent);
        self.received = self.received.saturating_add(received);
        let first = (frame, source.word());
        self.first = Some(self.first.map_or(first, |known| known.min(first)));
        let held = self.names.entry(name).or_default();
        *held = held.saturating_add(bytes);
        let (key, place) = place(key, sums, judgements);
        let held = self.places.entry(key).or_insert(place);
        held.bytes = held.bytes.saturating_add(bytes);
        held.sent = held.sent.saturating_add(sent);
        held.received = held.received.saturating_add(received);
    }

    fn into_site(self, domain: &str, capture: &(dyn Fn(FrameId) -> String + Sync), all: u64) -> Site {
        let mut names: Vec<(&str, u64)> = self.names.into_iter().collect();
        names.sort_by_key(|(_, bytes)| Reverse(*bytes));
        let mut places: Vec<SitePlace> = self.places.into_values().collect();
        places.sort_by_key(|place| Reverse((place.sent, place.received, place.bytes)));
        places.truncate(PLACES);
        let (frame, source) = self.first.unwrap_or_default();
        Site {
            domain: domain.to_owned(),
            bytes: self.bytes,
            share: if all == 0 { 0.0 } else { self.bytes as f64 / all as f64 },
            sent: self.sent,
            received: self.received,
            names_total: names.len() as u64,
            names: names.into_iter().take(NAMES).map(|(name, _)| name.to_owned()).collect(),
            name_source: source.to_owned(),
            first_frame: (capture(frame), frame.number()),
            places,
        }
    }
}

/// What may be said of the endpoints of a name in one network, by those of its addresses that are kept.
fn place(key: &DestinationKey, sums: &NameSums, judgements: &Judgements) -> (PlaceKey, SitePlace) {
    let known: Vec<&Known> = sums.addresses.iter().filter_map(|(_, address)| judgements.get(*address)).collect();
    let is_answered = sums.sent > 0 || sums.received > 0;
    let mut candidates: Vec<Country> =
        known.iter().filter(|_| is_answered).flat_map(|known| known.judged.candidates.iter().copied()).collect();
    candidates.sort();
    candidates.dedup();
    let standings = || known.iter().map(|known| known.judged.standing);
    let first =
        standings().next().unwrap_or(if key.place == Where::Local { Standing::Local } else { Standing::Unknown });
    let standing = match candidates.len() {
        _ if standings().all(|standing| standing == first) && (candidates.len() < 2 || first == Standing::Disputed) => {
            first
        }
        // Of some of its addresses more is said than of others.
        0 => standings().max().unwrap_or(first),
        1 => Standing::Reported,
        _ => Standing::Disputed,
    };
    let label = match candidates.as_slice() {
        _ if !is_answered => "no answer".to_owned(),
        [] => standing.word().to_owned(),
        countries => countries.iter().map(super::tally::name).collect::<Vec<_>>().join(" or "),
    };
    // All addresses of a destination are in one network, unless networks are not kept apart.
    let facts = known.first().map(|known| &known.place).filter(|_| !key.is_rest);
    let age = known.iter().map(|known| known.judged.age()).max().unwrap_or("fresh");
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
    let line = SitePlace {
        standing,
        age: age.to_owned(),
        candidates: candidates.clone(),
        label,
        asn: key.asn,
        as_name: facts.and_then(|place| text(&place.as_name)),
        operator: facts.and_then(|place| text(&place.operator)),
        jurisdiction: facts.and_then(|place| place.jurisdiction),
        bytes: 0,
        sent: 0,
        received: 0,
    };
    ((candidates, standing, key.asn, age, is_answered), line)
}
