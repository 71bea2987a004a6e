//! From a vantage to the nearest point of each country.

use super::bound::{GLASS_KM_PER_MS, LIGHT_KM_PER_MS, reach_km};
use super::{contested, territory};
use crate::place::country::countries;
use crate::place::geometry::{outline, sphere::between_km};
use crate::place::{Country, Vantage};
use std::sync::OnceLock;

/// Allowed for the simplified outline (5 km) and what the map that it is made from leaves out.
const OUTLINE_KM: f64 = 10.0;
/// The least that is allowed for outline and vantage together.
const LEAST_MARGIN_KM: f64 = 25.0;
/// Allowed for countries without an outline, of which only points are known: atolls spread this far.
const POINT_MARGIN_KM: f64 = 600.0;
/// The US Minor Outlying Islands lie all over two oceans; nothing excludes them.
const SCATTERED: &str = "UM";

/// Distances from a vantage, each found when it is first asked for.
#[derive(Debug)]
pub struct Distances {
    vantage: Vantage,
    /// By row of the table of countries.
    known: Vec<OnceLock<Option<f64>>>,
}

impl Distances {
    /// Distances from here.
    pub fn new(vantage: Vantage) -> Self {
        Self { vantage, known: countries().iter().map(|_| OnceLock::new()).collect() }
    }

    /// Where they are measured from.
    pub fn vantage(&self) -> &Vantage {
        &self.vantage
    }

    /// The distance in km that a server in this country has at least; none where that is not known. Parts of the country count, and
    /// what it claims.
    pub fn floor_km(&self, country: Country) -> Option<f64> {
        if country.code() == SCATTERED {
            return Some(0.0);
        }
        let nearest = self.own_km(country)?;
        let nearest = territory::parts(country).filter_map(|part| self.own_km(part)).fold(nearest, f64::min);
        let margin = (OUTLINE_KM + self.vantage.radius_km).max(LEAST_MARGIN_KM);
        Some((nearest - margin).max(0.0))
    }

    /// The countries that light in vacuum could have reached and returned from in this time.
    pub fn within_reach(&self, round_trip_ns: u64) -> impl Iterator<Item = Country> {
        let reach = reach_km(round_trip_ns, LIGHT_KM_PER_MS) + OUTLINE_KM + self.vantage.radius_km;
        let is_within = move |country: &Country| self.own_km(*country).is_none_or(|distance| distance <= reach);
        countries().iter().map(|row| row.country).filter(is_within)
    }

    /// The least round trip in ms that leaves a country possible, through glass. What it claims does not count, nor do its parts.
    pub fn least_ms(&self, country: Country) -> Option<f64> {
        let distance = outline::distance_km(country, self.vantage.latitude, self.vantage.longitude)?;
        let margin = (OUTLINE_KM + self.vantage.radius_km).max(LEAST_MARGIN_KM);
        Some((distance - margin).max(0.0) / GLASS_KM_PER_MS)
    }

    fn own_km(&self, country: Country) -> Option<f64> {
        let row = countries().binary_search_by_key(&country, |row| row.country).ok()?;
        *self.known.get(row)?.get_or_init(|| own_km((self.vantage.latitude, self.vantage.longitude), country))
    }
}

/// From a point to a country and the areas that it claims, without its parts.
fn own_km(from: (f64, f64), country: Country) -> Option<f64> {
    let capital = country.capital().map(|capital| between_km(from, capital.1));
    let drawn = |country| outline::distance_km(country, from.0, from.1);
    let by_points = || {
        let centre = country.centroid().map(|centre| between_km(from, centre));
        let nearest = centre.into_iter().chain(capital).reduce(f64::min)?;
        Some((nearest - POINT_MARGIN_KM).max(0.0))
    };
    let own = drawn(country).or_else(by_points)?;
    let claimed = contested::wholes(country).filter_map(drawn).chain(contested::distance_km(country, from));
    Some(claimed.chain(capital).fold(own, f64::min))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distances(latitude: f64, longitude: f64) -> Distances {
        Distances::new(Vantage { label: "here".into(), latitude, longitude, radius_km: 15.0 })
    }

    fn floor(distances: &Distances, code: &str) -> f64 {
        distances.floor_km(Country::new(code).unwrap()).unwrap()
    }

    #[test]
    fn what_leaves_china_possible_is_as_worked_out_by_hand() {
        let china = Country::new("CN").unwrap();
        for (place, latitude, longitude, ms) in [
            ("Taipei", 25.04, 121.57, 1.4),
            ("Delhi", 28.61, 77.21, 2.9),
            ("Mumbai", 19.08, 72.88, 13.9),
            ("Singapore", 1.29, 103.85, 17.0),
            ("London", 51.51, -0.13, 54.0),
        ] {
            let least = distances(latitude, longitude).least_ms(china).unwrap();
            assert!((least - ms).abs() < 0.6, "{place}: {least}");
        }
    }

    #[test]
    fn parts_and_claims_stay_possible() {
        let cayenne = distances(4.94, -52.33);
        assert_eq!((floor(&cayenne, "GF"), floor(&cayenne, "FR")), (0.0, 0.0));
        assert!(floor(&distances(48.86, 2.35), "GF") > 6_000.0);
        assert_eq!(floor(&distances(25.04, 121.57), "CN"), 0.0);
        assert_eq!(floor(&distances(44.95, 34.1), "UA"), 0.0);
        assert_eq!(floor(&distances(48.86, 2.35), "UM"), 0.0);
        assert_eq!(distances(48.86, 2.35).floor_km(Country::new("ZZ").unwrap()), None);
    }

    #[test]
    fn few_countries_are_within_a_short_reach() {
        let codes = |distances: &Distances, ms: u64| {
            distances.within_reach(ms * 1_000_000).map(|country| country.code().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(codes(&distances(-25.7, 134.5), 3), ["AU"]);
        let in_taiwan = codes(&distances(24.0, 121.0), 0);
        assert_eq!(in_taiwan, ["CN", "TW"]);
    }
}
