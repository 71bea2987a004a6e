//! Where the bytes of a destination went, as the databases have it: sums by city, coordinates, opinion.

use crate::place::{Country, Place};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Places whose bytes are summed before they are taken apart: flows to a destination mostly go to the same few.
const RECENT: usize = 8;

/// Sums of bytes over the places of one destination.
#[derive(Clone, Debug, Default)]
pub struct Geography {
    /// By city.
    pub cities: BTreeMap<Option<Arc<str>>, u64>,
    /// By coordinates in thousandths of a degree, so that sums are exact.
    pub coordinates: BTreeMap<(i32, i32), u64>,
    /// By what each location database says.
    pub opinions: BTreeMap<(Arc<str>, Option<Country>), u64>,
    /// Countries of the registered blocks.
    pub registered: BTreeSet<Country>,
    /// Databases disagree on some endpoint.
    pub is_disputed: bool,
    /// Not yet in the sums above.
    recent: Vec<(Arc<Place>, u64)>,
}

impl Geography {
    /// Adds bytes of a flow to a place.
    pub fn add(&mut self, place: &Arc<Place>, bytes: u64) {
        match self.recent.iter_mut().find(|(known, _)| Arc::ptr_eq(known, place)) {
            Some((_, sum)) => *sum += bytes,
            None => {
                if self.recent.len() >= RECENT {
                    self.settle();
                }
                self.recent.push((Arc::clone(place), bytes));
            }
        }
    }

    /// Brings the sums up to date.
    pub fn settle(&mut self) {
        for (place, bytes) in self.recent.drain(..) {
            *self.cities.entry(place.city.clone()).or_default() += bytes;
            if let Some((latitude, longitude)) = place.coordinates {
                let key = ((latitude * 1000.0).round() as i32, (longitude * 1000.0).round() as i32);
                *self.coordinates.entry(key).or_default() += bytes;
            }
            for opinion in &place.opinions {
                *self.opinions.entry((opinion.source.clone(), opinion.country)).or_default() += bytes;
            }
            self.registered.extend(place.registered_country);
            self.is_disputed |= place.is_disputed;
        }
    }

    /// Adds the sums of other flows.
    pub fn merge(&mut self, mut other: Self) {
        self.settle();
        other.settle();
        let sum = |mine: &mut u64, theirs: u64| *mine += theirs;
        other.cities.into_iter().for_each(|(key, bytes)| sum(self.cities.entry(key).or_default(), bytes));
        other.coordinates.into_iter().for_each(|(key, bytes)| sum(self.coordinates.entry(key).or_default(), bytes));
        other.opinions.into_iter().for_each(|(key, bytes)| sum(self.opinions.entry(key).or_default(), bytes));
        self.registered.extend(other.registered);
        self.is_disputed |= other.is_disputed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More places than are kept apart, each twice, in two parts.
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
            whole.add(place, at as u64);
            if at % 3 == 0 { &mut left } else { &mut right }.add(place, at as u64);
        }
        whole.settle();
        right.merge(left);
        assert_eq!((&whole.cities, &whole.coordinates), (&right.cities, &right.coordinates));
        assert!(whole.is_disputed && right.is_disputed);
        assert_eq!(whole.cities.values().sum::<u64>(), (0..6 * RECENT as u64).sum::<u64>());
        assert_eq!(whole.coordinates.len(), 3 * RECENT);
    }
}
