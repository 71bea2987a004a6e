//! Addresses whose claims round trips can be held against.

use super::bound::{GLASS_KM_PER_MS, LIGHT_KM_PER_MS, reach_km};
use super::distances::Distances;
use super::endpoint::{Endpoint, Front};
use super::syn_ack::are_direct;
use super::votes::Votes;
use crate::flow::SynAck;
use crate::place::{Country, Scope};

/// A measured address and the countries claimed for it.
#[derive(Clone, Debug)]
pub(super) struct Tested<'a> {
    /// Where it stands among the endpoints.
    pub(super) index: usize,
    pub(super) network: Option<u32>,
    pub(super) syn_ack: Option<&'a SynAck>,
    /// The countries claimed, sorted.
    pub(super) countries: Vec<Country>,
    /// How far each of them is at least, in km.
    pub(super) floors_km: Vec<f64>,
    /// What its claims weigh.
    pub(super) weight: u64,
    /// The time that may contradict.
    pub(super) nearest_ns: u64,
    /// The bound.
    pub(super) bound_ns: Option<u64>,
    pub(super) flows: u32,
}

impl Tested<'_> {
    /// How far the nearest country claimed is at least.
    pub(super) fn floor_km(&self) -> f64 {
        self.floors_km.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// Whether glass is fast enough for one of the claims.
    pub(super) fn fits(&self) -> bool {
        !self.contradicts(self.floor_km())
    }

    /// Whether glass is too slow for a country so far away.
    pub(super) fn contradicts(&self, floor_km: f64) -> bool {
        reach_km(self.nearest_ns, GLASS_KM_PER_MS) < floor_km
    }

    /// Whether light is fast enough for the claim, and glass is not.
    pub(super) fn lies_between_speeds(&self) -> bool {
        let time = self.bound_ns.unwrap_or(self.nearest_ns);
        let floor_km = self.floor_km();
        reach_km(time, GLASS_KM_PER_MS) < floor_km && floor_km <= reach_km(time, LIGHT_KM_PER_MS)
    }
}

/// The measured addresses with claims, each of a country whose distance is known. Anycast addresses and those that no network
/// announces have no claim that counts.
pub(super) fn tested<'a>(distances: &Distances, endpoints: &'a [Endpoint], votes: &[Votes]) -> Vec<Tested<'a>> {
    let is_direct =
        are_direct(endpoints.iter().filter(|endpoint| is_placeable(endpoint)).filter_map(|one| one.syn_ack.as_ref()));
    let test = |(index, (endpoint, votes)): (usize, (&'a Endpoint, &Votes))| {
        let measured = endpoint.measured.as_ref()?;
        let bound_ns = measured.bound_ns(is_direct);
        let nearest_ns = measured.nearest_ns().into_iter().chain(bound_ns).min()?;
        let known = votes.named.iter().map(|named| Some((named.country, distances.floor_km(named.country)?)));
        let (countries, floors_km): (Vec<Country>, Vec<f64>) = known.collect::<Option<Vec<_>>>()?.into_iter().unzip();
        let weight = votes.named.iter().map(super::votes::Named::weight).max()?;
        Some(Tested {
            index,
            network: endpoint.network,
            syn_ack: endpoint.syn_ack.as_ref(),
            countries,
            floors_km,
            weight,
            nearest_ns,
            bound_ns,
            flows: measured.flows(),
        })
    };
    endpoints
        .iter()
        .zip(votes)
        .enumerate()
        .filter(|(_, (endpoint, _))| is_placeable(endpoint))
        .filter_map(test)
        .collect()
}

fn is_placeable(endpoint: &Endpoint) -> bool {
    endpoint.scope == Scope::Global && endpoint.front != Front::Anycast
}
