//! What may be said of the place of each address of a map, once all flows are known.

use super::knowledge::Knowledge;
use crate::place::{Place, PlaceCache, Scope};
use crate::route::{AppSums, Observed, Probe, RouteMap};
use crate::standing::{Claim, Endpoint, Front, Judged, Lineage, PhysicsState, judge, months};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

/// Addresses that one task looks up.
const ADDRESSES_PER_TASK: usize = 256;

/// An address with what may be said of it.
#[derive(Clone, Debug)]
pub struct Known {
    /// What databases say.
    pub place: Arc<Place>,
    /// What may be said.
    pub judged: Judged,
}

/// What may be said of all addresses of a map.
#[derive(Clone, Debug)]
pub struct Judgements {
    /// Whether round trips counted.
    pub physics: PhysicsState,
    by: HashMap<IpAddr, Known>,
}

impl Judgements {
    /// Judges the addresses of the public network that a map keeps, and all round trips together. The age of tables is counted from
    /// when an address was seen, so that one capture with a wrong clock does not make all others old.
    pub fn of(routes: &RouteMap, knowledge: &Knowledge) -> Self {
        let mut probes: BTreeMap<IpAddr, (Probe, [i64; 2])> = BTreeMap::new();
        let mut add = |sums: &AppSums| {
            let addresses = sums.destinations.values().flat_map(|sums| sums.addresses.iter());
            for (&address, sums) in addresses {
                let seen = [sums.first_seen_ns, sums.last_seen_ns];
                let (probe, [first, last]) = probes.entry(address).or_insert_with(|| (Probe::default(), seen));
                sums.probe.iter().for_each(|more| probe.merge(more));
                (*first, *last) = (seen[0].min(*first), seen[1].max(*last));
            }
        };
        routes.apps.values().for_each(&mut add);
        [&routes.other_owners, &routes.nameless].into_iter().for_each(add);
        let probes: Vec<_> = probes.into_iter().collect();
        let look_up = |cache: &mut PlaceCache, (address, (probe, seen)): &(IpAddr, (Probe, [i64; 2]))| {
            let times = Times::between(*seen, knowledge.ignores_age);
            let place = cache.locate(&knowledge.places, *address);
            (place.scope == Scope::Global)
                .then(|| (endpoint(*address, &place, probe, times, knowledge.places.routes_date()), place))
        };
        let found = probes.par_iter().with_min_len(ADDRESSES_PER_TASK).map_init(PlaceCache::default, look_up);
        let (endpoints, places): (Vec<Endpoint>, Vec<Arc<Place>>) = found.flatten().unzip();
        let judgement = judge(knowledge.vantage.as_ref(), &endpoints);
        let addresses = endpoints.iter().map(|endpoint| endpoint.address);
        let is_age_ignored = knowledge.ignores_age;
        let judged = judgement.judged.into_iter().map(|judged| Judged { is_age_ignored, ..judged });
        let known = places.into_iter().zip(judged).map(|(place, judged)| Known { place, judged });
        Self { physics: judgement.physics, by: addresses.zip(known).collect() }
    }

    /// What may be said of an address; none where it is not on the public network, or not kept.
    pub fn get(&self, address: IpAddr) -> Option<&Known> {
        self.by.get(&address)
    }

    /// The places of all, in no order.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.by.values().map(|known| &*known.place)
    }

    /// What may be said of each, in no order.
    pub fn all(&self) -> impl Iterator<Item = &Judged> {
        self.by.values().map(|known| &known.judged)
    }
}

/// The months of captures, against which the age of tables is counted: since the year 0, the first and the last. None where age is
/// ignored, or nothing was captured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Times(Option<[u32; 2]>);

impl Times {
    /// The months of two times, in ns since 1970 UTC.
    pub fn between(times_ns: [i64; 2], ignores_age: bool) -> Self {
        let month = |ns: i64| {
            let time = jiff::Timestamp::from_nanosecond(i128::from(ns)).unwrap_or_default();
            let date = time.to_zoned(jiff::tz::TimeZone::UTC).date();
            u32::from(date.year().unsigned_abs()) * 12 + u32::from(date.month().unsigned_abs())
        };
        Self((!ignores_age).then(|| times_ns.map(month)))
    }

    /// Months between a table of this date, `YYYY-MM` or `YYYY-MM-DD`, and the packet furthest from it.
    pub fn gap_months(self, date: &str) -> u32 {
        let (Some(date), Some(seen)) = (months(date), self.0) else { return 0 };
        seen.into_iter().map(|seen| seen.abs_diff(date)).max().unwrap_or(0)
    }
}

/// What is known of an address before it is judged.
pub fn endpoint(address: IpAddr, place: &Place, probe: &Probe, times: Times, routes_date: &str) -> Endpoint {
    let claims = place.opinions.iter().filter_map(|opinion| {
        let database = &opinion.database;
        let lineage = Lineage::of(&database.database_type, &database.description);
        Some(Claim { lineage, country: opinion.country?, gap_months: times.gap_months(&database.date) })
    });
    let published = place.published.iter().map(|published| Claim {
        lineage: Lineage::Operator,
        country: published.country,
        gap_months: times.gap_months(&published.date),
    });
    Endpoint {
        scope: place.scope,
        network: place.asn,
        is_announced: place.is_announced,
        routes_gap_months: times.gap_months(routes_date),
        claims: claims.chain(published).collect(),
        registry: place.registered_country,
        repeats_registry: place.repeats_registry,
        front: match (place.is_anycast, place.is_steered) {
            (true, _) => Front::Anycast,
            (false, true) => Front::Steered,
            (false, false) => Front::Plain,
        },
        measured: (probe.measured.flows() > 0).then_some(probe.measured),
        syn_ack: probe.syn_ack.as_ref().map(|(_, syn_ack)| syn_ack.clone()),
        ..Endpoint::new(address)
    }
}

/// Places that a [`FlowJudge`] remembers.
const RECENT: usize = 16;

/// Judges flows one by one, before all of them are known.
pub struct FlowJudge<'a> {
    /// What is known from all flows, if the captures were read before. Without it round trips say nothing.
    judgements: Option<&'a Judgements>,
    ignores_age: bool,
    routes_date: &'a str,
    unknown: Judged,
    recent: Vec<(Arc<Place>, Times, Judged)>,
}

impl<'a> FlowJudge<'a> {
    /// Judges by what is known from all flows, or else each flow alone: then age is counted from the flow's own time.
    pub fn new(knowledge: &'a Knowledge, judgements: Option<&'a Judgements>) -> Self {
        let unknown = judged(&Endpoint::new(IpAddr::from([0; 4])));
        Self {
            judgements,
            ignores_age: knowledge.ignores_age,
            routes_date: knowledge.places.routes_date(),
            unknown,
            recent: Vec::new(),
        }
    }

    /// What may be said of the end of a flow that is located.
    pub fn judge(&mut self, observed: &Observed<'_>) -> &Judged {
        let Observed { flow, place, peer, .. } = *observed;
        if let Some(judgements) = self.judgements.filter(|_| place.scope == Scope::Global) {
            // Of an address that is not kept, because there are too many, nothing is said.
            return judgements.get(peer).map_or(&self.unknown, |known| &known.judged);
        }
        let seen = [flow.first_seen_ns.min(flow.last_seen_ns), flow.last_seen_ns.max(flow.first_seen_ns)];
        let times = Times::between(seen, self.ignores_age);
        let known = self.recent.iter().position(|(known, at, _)| Arc::ptr_eq(known, place) && *at == times);
        let at = known.unwrap_or_else(|| {
            if self.recent.len() >= RECENT {
                self.recent.clear();
            }
            let judged = judged(&endpoint(peer, place, &Probe::default(), times, self.routes_date));
            let judged = Judged { is_age_ignored: self.ignores_age, ..judged };
            self.recent.push((Arc::clone(place), times, judged));
            self.recent.len() - 1
        });
        self.recent.get(at).map_or(&self.unknown, |(_, _, judged)| judged)
    }
}

/// What may be said of an endpoint alone.
pub fn judged(endpoint: &Endpoint) -> Judged {
    judge(None, std::slice::from_ref(endpoint)).judged.into_iter().next().unwrap_or_default()
}
