//! Round trips held against claims: which claims do not fit, which are ruled out, and when round trips say nothing at all.
//!
//! The rules and the simulation that they were held to stand in `docs/evidence.md`. Verdicts are per address and follow from the set
//! of addresses, not from their order.

use super::bound::{GLASS_KM_PER_MS, LIGHT_KM_PER_MS, reach_km};
use super::distances::Distances;
use super::endpoint::Endpoint;
use super::exclusion::{Exclusion, Speed, Verdict};
use super::other_places::{OtherPlaces, fit_more_pairs};
use super::tested::{Tested, tested};
use super::twins::Twins;
use super::votes::Votes;
use crate::place::{Country, Vantage};
use std::collections::{BTreeMap, BTreeSet};

/// Addresses with a bound, and networks that they lie in, that it takes to rule out (rule 2).
const LEAST_BOUNDS: usize = 6;
const LEAST_NETWORKS: usize = 3;
/// How much further than the fastest bound a claim must be to be tested by it (rule 3).
const TESTABLE_MS: f64 = 3.0;
/// How much less must be contradicted at another place for that place to explain it better (rule 4): at the speed of light, and in glass.
const LESS_AT_LIGHT: u64 = 2;
const LESS_IN_GLASS: u64 = 1;
/// The least bound of a server that does not stand next to the device (rule 6).
const LEAST_BOUND_NS: u64 = 5_000_000;
/// Addresses that must have come as far through glass to show that the path is glass, and what part as far (rule 1).
const GLASS_ADDRESSES: usize = 3;
const GLASS_PART: f64 = 0.7;
/// Other networks whose claims must fit where all that do not lie in one network.
const OTHER_NETWORKS: usize = 2;

/// Whether round trips count in this capture.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PhysicsState {
    /// They do.
    On,
    /// All claims that do not fit lie in one network: they are taken out, and nothing is ruled out or confirmed.
    OneNetwork,
    /// No vantage was given.
    NoVantage,
    /// No address with a claim has a round trip.
    NothingMeasured,
    /// Every claim is so near that any round trip of the capture would fit.
    NothingTested,
    /// Too much does not fit: something near answers for the servers, or the capture was not taken at the vantage.
    Refused,
}

impl PhysicsState {
    /// Whether claims may be taken out.
    pub const fn is_on(self) -> bool {
        matches!(self, Self::On | Self::OneNetwork)
    }

    /// The word used in records.
    pub const fn id(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::OneNetwork => "one_network",
            Self::NoVantage => "no_vantage",
            Self::NothingMeasured => "nothing_measured",
            Self::NothingTested => "nothing_tested",
            Self::Refused => "refused",
        }
    }

    /// The state in a sentence.
    pub fn says(self, vantage: Option<&Vantage>) -> String {
        let from = vantage.map_or("the place that was given", |vantage| &vantage.label);
        match self {
            Self::On => format!("Round trips are held against a phone in {from}."),
            Self::OneNetwork => format!(
                "All claims that do not fit round trips from {from} lie in one network: they count nowhere, and no country is ruled out."
            ),
            Self::NoVantage => "Nothing can be ruled out without the place of the phone: add --from PLACE.".to_owned(),
            Self::NothingMeasured => "No round trip that could limit a distance was captured.".to_owned(),
            Self::NothingTested => {
                "No round trip of this capture is short enough to exclude a country that is named.".to_owned()
            }
            Self::Refused => format!(
                "Round trips do not count: too many do not fit {from}. Something near answers for the servers (a VPN, a proxy), or \
                 the capture was taken elsewhere."
            ),
        }
    }
}

/// What round trips say.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Physics {
    pub(super) state: PhysicsState,
    /// Claims taken out, by endpoint and country.
    pub(super) exclusions: BTreeMap<(usize, Country), Exclusion>,
    /// The one country within reach, by endpoint, where that is said.
    pub(super) only: BTreeMap<usize, Country>,
}

impl Physics {
    /// Nothing is said, for this reason.
    pub(super) const fn none(state: PhysicsState) -> Self {
        Self { state, exclusions: BTreeMap::new(), only: BTreeMap::new() }
    }

    /// Holds the round trips of a capture against the claims.
    pub(super) fn of(distances: &Distances, endpoints: &[Endpoint], votes: &[Votes]) -> Self {
        let tested = tested(distances, endpoints, votes);
        if tested.is_empty() {
            return Self::none(PhysicsState::NothingMeasured);
        }
        let capture = Capture::new(&tested);
        if capture.is_sound() {
            let mut physics = Self::none(PhysicsState::On);
            physics.exclusions = capture.exclusions();
            physics.only = capture.only(distances);
            return physics;
        }
        let all: Vec<Claimed<'_, '_>> = capture.contradicted().collect();
        if all.is_empty() {
            return Self::none(PhysicsState::NothingTested);
        }
        let kept = capture.of_one_network(&all);
        let state = if kept.is_empty() { PhysicsState::Refused } else { PhysicsState::OneNetwork };
        let exclusions = kept.into_iter().map(|claim| (claim.key(), claim.contradiction())).collect();
        Self { exclusions, ..Self::none(state) }
    }
}

/// One claim of an address.
#[derive(Clone, Copy, Debug)]
struct Claimed<'a, 't> {
    one: &'a Tested<'t>,
    country: Country,
    floor_km: f64,
}

impl Claimed<'_, '_> {
    fn key(&self) -> (usize, Country) {
        (self.one.index, self.country)
    }

    fn contradiction(&self) -> Exclusion {
        self.exclusion(Verdict::Contradicted, self.one.nearest_ns, Speed::Glass)
    }

    fn exclusion(&self, verdict: Verdict, round_trip_ns: u64, speed: Speed) -> Exclusion {
        let least_km = self.floor_km.clamp(0.0, 20_038.0) as u32;
        Exclusion { country: self.country, verdict, round_trip_ns, flows: self.one.flows, speed, least_km }
    }
}

/// The measured addresses of a capture, and what is counted over all of them.
struct Capture<'a, 't> {
    tested: &'a [Tested<'t>],
    /// The fastest bound, or where no address has one, the fastest handshake.
    fastest_ns: u64,
    /// What testable claims weigh that fit, and what addresses weigh of which no claim fits.
    fitting: u64,
    contradicted: u64,
}

impl<'a, 't> Capture<'a, 't> {
    fn new(tested: &'a [Tested<'t>]) -> Self {
        let fastest_bound = tested.iter().filter_map(|one| one.bound_ns).min();
        let fastest = fastest_bound.or_else(|| tested.iter().map(|one| one.nearest_ns).min());
        let mut capture = Self { tested, fastest_ns: fastest.unwrap_or(u64::MAX), fitting: 0, contradicted: 0 };
        let sum = |ones: &mut dyn Iterator<Item = &Tested<'t>>| ones.map(|one| one.weight).sum();
        capture.fitting = sum(&mut tested.iter().filter(|one| one.fits() && capture.tests(one)));
        capture.contradicted = sum(&mut tested.iter().filter(|one| !one.fits()));
        capture
    }

    /// Rule 3: enough that could have failed to fit does fit.
    fn is_sound(&self) -> bool {
        self.fitting > 0 && self.fitting >= self.contradicted.saturating_mul(2)
    }

    /// Whether something at the distance of the fastest bound could not fake the claim.
    fn tests(&self, one: &Tested<'_>) -> bool {
        one.floor_km() > reach_km(self.fastest_ns, GLASS_KM_PER_MS) + TESTABLE_MS * GLASS_KM_PER_MS
    }

    fn contradicted(&self) -> impl Iterator<Item = Claimed<'a, 't>> {
        let claims = self.tested.iter().flat_map(|one| {
            one.countries.iter().zip(&one.floors_km).map(move |(country, floor_km)| Claimed {
                one,
                country: *country,
                floor_km: *floor_km,
            })
        });
        claims.filter(|claim| claim.one.contradicts(claim.floor_km))
    }

    /// All claims that are contradicted, and those of them that are ruled out.
    fn exclusions(&self) -> BTreeMap<(usize, Country), Exclusion> {
        let all: Vec<Claimed<'_, '_>> = self.contradicted().collect();
        let mut exclusions: BTreeMap<_, _> = all.iter().map(|claim| (claim.key(), claim.contradiction())).collect();
        if all.is_empty() || !self.is_broad() {
            return exclusions;
        }
        let (places, twins, glass) = (OtherPlaces::new(self.tested), self.twins(), Glass::new(self.tested));
        for claim in &all {
            let Some(bound_ns) = claim.one.bound_ns.filter(|bound_ns| *bound_ns >= LEAST_BOUND_NS) else { continue };
            let Some(speed) = glass.speed(claim, bound_ns) else { continue };
            let less = if speed == Speed::Light { LESS_AT_LIGHT } else { LESS_IN_GLASS };
            let is_explained = places.explain(self.contradicted, less, claim.country, claim.one.nearest_ns);
            if !is_explained && !twins.has(claim, bound_ns) {
                exclusions.insert(claim.key(), claim.exclusion(Verdict::RuledOut, bound_ns, speed));
            }
        }
        exclusions
    }

    /// Rule 2: enough addresses in enough networks.
    fn is_broad(&self) -> bool {
        let bounded = || self.tested.iter().filter(|one| one.bound_ns.is_some());
        let networks: BTreeSet<u32> = bounded().filter_map(|one| one.network).collect();
        bounded().count() >= LEAST_BOUNDS && networks.len() >= LEAST_NETWORKS
    }

    fn twins(&self) -> BothTwins<'a> {
        let by_bound =
            self.tested.iter().filter_map(|one| Some((one.syn_ack?, one.countries.as_slice(), one.bound_ns?)));
        BothTwins { by_bound: Twins::new(by_bound), by_nearest: self.twins_by_nearest() }
    }

    fn twins_by_nearest(&self) -> Twins<'a> {
        Twins::new(self.tested.iter().filter_map(|one| Some((one.syn_ack?, one.countries.as_slice(), one.nearest_ns))))
    }

    /// The one country within reach of each address, where one is and it is claimed.
    fn only(&self, distances: &Distances) -> BTreeMap<usize, Country> {
        if !self.is_broad() {
            return BTreeMap::new();
        }
        let twins = self.twins();
        let only = |one: &Tested<'_>| {
            let bound_ns = one.bound_ns?;
            let mut within = distances.within_reach(bound_ns);
            let country = within.next().filter(|country| one.countries.contains(country))?;
            let floor_km = one.floors_km.first().copied().unwrap_or_default();
            let is_only = within.next().is_none() && !twins.has(&Claimed { one, country, floor_km }, bound_ns);
            is_only.then_some((one.index, country))
        };
        self.tested.iter().filter_map(only).collect()
    }

    /// Where rule 3 fails: the contradicted claims that stay so, because all lie in one network and the rest of the capture fits.
    fn of_one_network(&self, all: &[Claimed<'a, 't>]) -> Vec<Claimed<'a, 't>> {
        let networks: BTreeSet<Option<u32>> = all.iter().map(|claim| claim.one.network).collect();
        let Some(&Some(network)) = networks.first().filter(|_| networks.len() == 1) else { return Vec::new() };
        let others = || self.tested.iter().filter(|one| one.fits() && self.tests(one) && one.network != Some(network));
        let other_networks: BTreeSet<u32> = others().filter_map(|one| one.network).collect();
        let weight: u64 = others().map(|one| one.weight).sum();
        let others_bear_out = other_networks.len() >= OTHER_NETWORKS && weight >= self.contradicted;
        // The countries of the network that an address with a hello does not fit either.
        let by_hello: BTreeSet<Country> = all
            .iter()
            .filter(|claim| claim.one.bound_ns.is_some_and(|ns| reach_km(ns, GLASS_KM_PER_MS) < claim.floor_km))
            .map(|claim| claim.country)
            .collect();
        let some_fit = self.tested.iter().any(Tested::fits);
        let hello_bears_out = !by_hello.is_empty() && some_fit && !fit_more_pairs(self.tested);
        if !others_bear_out && !hello_bears_out {
            return Vec::new();
        }
        let twins = self.twins_by_nearest();
        let stays = |claim: &&Claimed<'_, '_>| {
            let is_borne_out = others_bear_out || (hello_bears_out && by_hello.contains(&claim.country));
            let nearest_ns = claim.one.nearest_ns;
            is_borne_out && nearest_ns >= LEAST_BOUND_NS && !has_twin(&twins, claim, nearest_ns)
        };
        all.iter().filter(stays).copied().collect()
    }
}

/// Twins by bound and by handshake: a box that answers for all may take longer over one hello than over another, and always connects
/// as quickly.
struct BothTwins<'a> {
    by_bound: Twins<'a>,
    by_nearest: Twins<'a>,
}

impl BothTwins<'_> {
    fn has(&self, claim: &Claimed<'_, '_>, bound_ns: u64) -> bool {
        has_twin(&self.by_bound, claim, bound_ns) || has_twin(&self.by_nearest, claim, claim.one.nearest_ns)
    }
}

/// Rule 5.
fn has_twin(twins: &Twins<'_>, claim: &Claimed<'_, '_>, time_ns: u64) -> bool {
    claim.one.syn_ack.is_some_and(|syn_ack| twins.has(syn_ack, claim.country, &claim.one.countries, time_ns))
}

/// Rule 1: whether the path of a capture is shown to be glass.
struct Glass {
    /// Addresses that light would fit and glass does not.
    between: usize,
    /// How far the claims are that fit through glass, sorted.
    fitting_km: Vec<f64>,
}

impl Glass {
    fn new(tested: &[Tested<'_>]) -> Self {
        let mut fitting_km: Vec<f64> = tested.iter().filter(|one| one.fits()).map(Tested::floor_km).collect();
        fitting_km.sort_by(f64::total_cmp);
        Self { between: tested.iter().filter(|one| one.lies_between_speeds()).count(), fitting_km }
    }

    /// The speed at which a bound is too short for the claim; none where it may not be.
    fn speed(&self, claim: &Claimed<'_, '_>, bound_ns: u64) -> Option<Speed> {
        if reach_km(bound_ns, LIGHT_KM_PER_MS) < claim.floor_km {
            return Some(Speed::Light);
        }
        let others_between = self.between - usize::from(claim.one.lies_between_speeds());
        let near_enough = self.fitting_km.partition_point(|floor_km| *floor_km < claim.floor_km * GLASS_PART);
        let as_far = self.fitting_km.len()
            - near_enough
            - usize::from(claim.one.fits() && claim.one.floor_km() >= claim.floor_km * GLASS_PART);
        let is_too_slow = reach_km(bound_ns, GLASS_KM_PER_MS) < claim.floor_km;
        (is_too_slow && others_between == 0 && as_far >= GLASS_ADDRESSES).then_some(Speed::Glass)
    }
}
