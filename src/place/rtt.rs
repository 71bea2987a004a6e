//! A measured round trip and a claimed country to a verdict: could light have gone there and back?
//!
//! The bound is that of constraint-based geolocation (B. Gueye et al., IEEE/ACM ToN 14(6), 2006): light in fibre covers 2/3 of
//! its vacuum speed. A small round trip excludes what is far; a large one proves nothing. The verdict is on the network
//! endpoint, never on where data go after it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::facts::{Country, LocationCheck, Place, Vantage};
use super::geometry::outline;
use super::geometry::sphere::between_km;

/// Distance per ms of round trip at 2/3 of the speed of light in vacuum (299,792.458 km/s).
pub(crate) const KM_PER_MS: f64 = 299.792_458 / 3.0;
/// The tolerance for the coarse outline (11 km), the scale of its map, and small islands that it lacks.
const OUTLINE_TOLERANCE_KM: f64 = 25.0;
/// The tolerance for countries of which only one point is known: their atolls extend this far.
const POINT_TOLERANCE_KM: f64 = 600.0;
/// The US Minor Outlying Islands lie in two oceans, so that no round trip excludes them.
const SCATTERED: &[&str] = &["UM"];

/// Checks places against round trips measured from one vantage; remembers the distance to each country.
#[derive(Debug)]
pub struct LocationChecker {
    vantage: Option<Vantage>,
    distances: Mutex<BTreeMap<Country, Option<f64>>>,
}

impl LocationChecker {
    /// A checker for captures taken here; without a vantage nothing can be said.
    pub fn new(vantage: Option<Vantage>) -> Self {
        Self { vantage, distances: Mutex::new(BTreeMap::new()) }
    }

    /// The verdict on a place, given the smallest round trip in ns and whether it is a valid bound.
    pub fn check(&self, place: &Place, rtt: Option<(u64, bool)>) -> LocationCheck {
        let Some(vantage) = &self.vantage else { return LocationCheck::Unsupported };
        let Some((rtt_ns, true)) = rtt else { return LocationCheck::Unsupported };
        let Some(country) = place.country.filter(|_| !place.is_anycast) else { return LocationCheck::Unsupported };
        let distance = match self.distances.lock() {
            Ok(mut distances) => *distances.entry(country).or_insert_with(|| least_distance_km(vantage, country)),
            Err(_) => least_distance_km(vantage, country),
        };
        match distance {
            Some(distance) if distance > reach_km(rtt_ns) => LocationCheck::Impossible,
            Some(_) => LocationCheck::Possible,
            None => LocationCheck::Unsupported,
        }
    }
}

/// How far the other end can be at most.
pub(crate) fn reach_km(rtt_ns: u64) -> f64 {
    rtt_ns as f64 / 1e6 * KM_PER_MS
}

/// The smallest distance from anywhere the vantage may be to anywhere in the country; none where that is not known.
pub(crate) fn least_distance_km(vantage: &Vantage, country: Country) -> Option<f64> {
    if SCATTERED.contains(&country.code()) {
        return Some(0.0);
    }
    let here = (vantage.latitude, vantage.longitude);
    // a capital on an island too small for the outline
    let capital = country.capital().map_or(f64::INFINITY, |capital| between_km(here, capital.1));
    let (distance, tolerance) = match outline::distance_km(country, vantage.latitude, vantage.longitude) {
        Some(distance) => (distance.min(capital), OUTLINE_TOLERANCE_KM),
        None => (between_km(here, country.centroid()?).min(capital), POINT_TOLERANCE_KM),
    };
    Some((distance - tolerance - vantage.radius_km).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vantage(latitude: f64, longitude: f64) -> Vantage {
        Vantage { label: "here".into(), latitude, longitude, radius_km: 25.0 }
    }

    fn place(code: &str) -> Place {
        Place { country: Country::new(code), ..Place::default() }
    }

    /// The verdict on one place.
    fn check(vantage: Option<&Vantage>, place: &Place, rtt: Option<(u64, bool)>) -> LocationCheck {
        LocationChecker::new(vantage.cloned()).check(place, rtt)
    }

    const MS: u64 = 1_000_000;

    #[test]
    fn light_cannot_go_from_delhi_to_singapore_in_less_than_forty_ms() {
        let delhi = vantage(28.6, 77.2);
        assert_eq!(check(Some(&delhi), &place("SG"), Some((40 * MS, true))), LocationCheck::Impossible);
        assert_eq!(check(Some(&delhi), &place("SG"), Some((42 * MS, true))), LocationCheck::Possible);
        // a land border: only a tiny round trip excludes China
        assert_eq!(check(Some(&delhi), &place("CN"), Some((5 * MS, true))), LocationCheck::Possible);
        assert_eq!(check(Some(&delhi), &place("IN"), Some((1, true))), LocationCheck::Possible);
    }

    #[test]
    fn from_taipei_one_ms_excludes_the_mainland_and_three_do_not() {
        let taipei = vantage(25.04, 121.57);
        assert_eq!(check(Some(&taipei), &place("CN"), Some((MS / 2, true))), LocationCheck::Impossible);
        assert_eq!(check(Some(&taipei), &place("CN"), Some((3 * MS, true))), LocationCheck::Possible);
    }

    #[test]
    fn without_what_it_takes_nothing_is_said() {
        let taipei = vantage(25.04, 121.57);
        let unsupported = [
            check(None, &place("US"), Some((MS, true))),
            check(Some(&taipei), &place("US"), None),
            check(Some(&taipei), &place("US"), Some((MS, false))),
            check(Some(&taipei), &Place::default(), Some((MS, true))),
            check(Some(&taipei), &Place { is_anycast: true, ..place("US") }, Some((MS, true))),
            check(Some(&taipei), &place("ZZ"), Some((MS, true))),
        ];
        assert_eq!(unsupported, [LocationCheck::Unsupported; 6]);
    }

    #[test]
    fn a_checker_answers_as_a_single_check_does() {
        let checker = LocationChecker::new(Some(vantage(50.85, 4.35)));
        for code in ["US", "NL", "BE", "TV", "UM", "US"] {
            let rtt = Some((10 * MS, true));
            assert_eq!(checker.check(&place(code), rtt), check(checker.vantage.as_ref(), &place(code), rtt), "{code}");
        }
        assert_eq!(checker.check(&place("UM"), Some((1, true))), LocationCheck::Possible);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_longer_round_trip_never_excludes_more(latitude in -90.0..90.0_f64, longitude in -180.0..180.0_f64, ms in 0_u64..200) {
            let vantage = vantage(latitude, longitude);
            let near = check(Some(&vantage), &place("JP"), Some((ms * MS, true)));
            let far = check(Some(&vantage), &place("JP"), Some(((ms + 5) * MS, true)));
            prop_assert!(!(near == LocationCheck::Possible && far == LocationCheck::Impossible));
        }
    }
}
