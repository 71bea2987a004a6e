//! Where the bytes of a destination went, according to the databases: sums by city, coordinates and opinion.

use super::sample::{Choice, Sample};
use crate::place::{Country, Place};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Places whose bytes are summed first and distributed later, because most flows to a destination go to the same few
/// places.
const RECENT: usize = 8;
/// Bytes that an entry of a small set takes, here and in the report, about.
const ENTRY: u64 = 128;

/// Sums of bytes over the places of one destination.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Geography {
    /// Bytes by city.
    pub cities: Sample<Option<Arc<str>>, u64>,
    /// Bytes by coordinates in thousandths of a degree; whole numbers make the sums exact.
    pub coordinates: Sample<(i32, i32), u64>,
    /// Bytes by the country that each location database names.
    pub opinions: BTreeMap<(Arc<str>, Option<Country>), u64>,
    /// Countries in which the address blocks are registered.
    pub registered: BTreeSet<Country>,
    /// Whether databases disagree on some endpoint.
    pub is_disputed: bool,
    /// Places and bytes that are not yet in the sums above: written only when nothing is left here.
    #[serde(skip)]
    recent: Vec<(Arc<Place>, u64)>,
}

impl Geography {
    /// Adds bytes of a flow to a place.
    pub fn add(&mut self, choice: Choice, place: &Arc<Place>, bytes: u64) {
        match self.recent.iter_mut().find(|(known, _)| Arc::ptr_eq(known, place)) {
            Some((_, sum)) => *sum += bytes,
            None => {
                if self.recent.len() >= RECENT {
                    self.settle(choice);
                }
                self.recent.push((Arc::clone(place), bytes));
            }
        }
    }

    /// Adds to the sums what is not yet in them.
    pub fn settle(&mut self, choice: Choice) {
        for (place, bytes) in self.recent.drain(..) {
            self.cities.add(choice, &place.city, |sum| *sum += bytes, || (place.city.clone(), bytes));
            if let Some((latitude, longitude)) = place.coordinates {
                let key = ((latitude * 1000.0).round() as i32, (longitude * 1000.0).round() as i32);
                self.coordinates.add(choice, &key, |sum| *sum += bytes, || (key, bytes));
            }
            for opinion in &place.opinions {
                *self.opinions.entry((opinion.source.clone(), opinion.country)).or_default() += bytes;
            }
            self.registered.extend(place.registered_country);
            self.is_disputed |= place.is_disputed;
        }
    }

    /// Adds the sums of other flows.
    pub fn merge(&mut self, choice: Choice, mut other: Self) {
        self.settle(choice);
        other.settle(choice);
        let sum = |mine: &mut u64, theirs: u64| *mine += theirs;
        self.cities.merge(choice, other.cities, sum);
        self.coordinates.merge(choice, other.coordinates, sum);
        other.opinions.into_iter().for_each(|(key, bytes)| sum(self.opinions.entry(key).or_default(), bytes));
        self.registered.extend(other.registered);
        self.is_disputed |= other.is_disputed;
    }

    /// Keeps only those cities and coordinates that are left after the halvings that hold for all samples.
    pub fn raise(&mut self, choice: Choice) {
        self.settle(choice);
        self.cities.raise(choice);
        self.coordinates.raise(choice);
    }

    /// Bytes that it takes, about, without what is not yet in the sums.
    pub fn weight(&self, choice: Choice) -> u64 {
        let sets = self.opinions.len() + self.registered.len();
        self.cities.weight(choice) + self.coordinates.weight(choice) + sets as u64 * ENTRY
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Keyed;
    use super::*;
    use crate::flow::SampleKey;
    use std::hash::Hash;

    const ALL: Choice = Choice { key: SampleKey::from_words(0, 0), halvings: 0 };

    fn sorted<K: Ord + Clone + Hash + Keyed>(sample: &Sample<K, u64>) -> Vec<(K, u64)> {
        let mut all: Vec<(K, u64)> = sample.iter().map(|(key, &bytes)| (key.clone(), bytes)).collect();
        all.sort();
        all
    }

    /// More places than are kept before they are summed, each twice, in two parts.
    #[test]
    fn sums_are_the_same_however_they_come() {
        let places: Vec<Arc<Place>> = (0..3 * RECENT)
            .map(|at| {
                let city = Some(Arc::from(format!("city {}", at % 5)));
                Arc::new(Place { city, coordinates: Some((at as f32, 1.5)), is_disputed: at == 7, ..Place::default() })
            })
            .collect();
        let (mut whole, mut left, mut right) = (Geography::default(), Geography::default(), Geography::default());
        for (at, place) in places.iter().chain(&places).enumerate() {
            whole.add(ALL, place, at as u64);
            if at % 3 == 0 { &mut left } else { &mut right }.add(ALL, place, at as u64);
        }
        whole.settle(ALL);
        right.merge(ALL, left);
        assert_eq!(sorted(&whole.cities), sorted(&right.cities));
        assert_eq!(sorted(&whole.coordinates), sorted(&right.coordinates));
        assert!(whole.is_disputed && right.is_disputed);
        let bytes: u64 = whole.cities.iter().map(|(_, bytes)| bytes).sum();
        assert_eq!(bytes, (0..6 * RECENT as u64).sum::<u64>());
        assert_eq!(whole.coordinates.iter().count(), 3 * RECENT);
    }
}
