//! How well the round trips of a capture fit other places than the one that was given.

use super::bound::{GLASS_KM_PER_MS, reach_km};
use super::elsewhere;
use super::tested::Tested;
use crate::place::Country;
use std::collections::BTreeMap;

/// What does not fit at each of the other places.
#[derive(Debug)]
pub(super) struct OtherPlaces {
    /// By place: what the addresses weigh of which every claim is contradicted there.
    weights: Vec<u64>,
}

impl OtherPlaces {
    /// Weighs the claims at each place.
    pub(super) fn new(tested: &[Tested<'_>]) -> Self {
        // Addresses of which the same is claimed, by how far their round trips reach.
        let mut groups: BTreeMap<&[Country], Vec<(f64, u64)>> = BTreeMap::new();
        for one in tested {
            let reach = reach_km(one.nearest_ns, GLASS_KM_PER_MS);
            groups.entry(one.countries.as_slice()).or_default().push((reach, one.weight));
        }
        let mut weights = vec![0_u64; elsewhere::count()];
        for (countries, mut reaches) in groups {
            reaches.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut sum = 0;
            for reach in &mut reaches {
                sum += reach.1;
                reach.1 = sum;
            }
            let floors: Vec<&[f32]> = countries.iter().map(|country| elsewhere::floors_km(*country)).collect();
            for (place, weight) in weights.iter_mut().enumerate() {
                let at = |floors: &&[f32]| floors.get(place).map_or(0.0, |floor| f64::from(*floor));
                let nearest = floors.iter().map(at).fold(f64::INFINITY, f64::min);
                let contradicted = reaches.partition_point(|reach| reach.0 < nearest);
                *weight += contradicted.checked_sub(1).and_then(|last| reaches.get(last)).map_or(0, |reach| reach.1);
            }
        }
        Self { weights }
    }

    /// Whether at some place less is contradicted, by this much, and a claim of this country fits there.
    pub(super) fn explain(&self, here: u64, less: u64, country: Country, nearest_ns: u64) -> bool {
        let reach = reach_km(nearest_ns, GLASS_KM_PER_MS);
        let floors = elsewhere::floors_km(country);
        let fits = |place: usize| floors.get(place).is_none_or(|floor| f64::from(*floor) <= reach);
        self.weights.iter().enumerate().any(|(place, weight)| weight.saturating_add(less) <= here && fits(place))
    }
}

/// Whether some place contradicts fewer pairs of a network and a country claimed in it than are contradicted here.
pub(super) fn fit_more_pairs(tested: &[Tested<'_>]) -> bool {
    // The least reach of a pair decides.
    let mut pairs: BTreeMap<(Option<u32>, Country), (f64, f64)> = BTreeMap::new();
    for one in tested {
        let reach = reach_km(one.nearest_ns, GLASS_KM_PER_MS);
        for (country, floor_km) in one.countries.iter().zip(&one.floors_km) {
            let pair = pairs.entry((one.network, *country)).or_insert((reach, *floor_km));
            pair.0 = pair.0.min(reach);
        }
    }
    let here = pairs.values().filter(|pair| pair.0 < pair.1).count();
    let mut reaches: BTreeMap<Country, Vec<f64>> = BTreeMap::new();
    for ((_, country), pair) in &pairs {
        reaches.entry(*country).or_default().push(pair.0);
    }
    reaches.values_mut().for_each(|reaches| reaches.sort_by(f64::total_cmp));
    let at = |place: usize| {
        let contradicted = reaches.iter().map(|(country, reaches)| {
            let floor = elsewhere::floors_km(*country).get(place).map_or(0.0, |floor| f64::from(*floor));
            reaches.partition_point(|reach| *reach < floor)
        });
        contradicted.sum::<usize>()
    };
    (0..elsewhere::count()).any(|place| at(place) < here)
}
