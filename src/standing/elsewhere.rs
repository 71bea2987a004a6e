//! Other places where a capture may have been taken, to find out whether the place that was given is wrong.
//!
//! The places are capitals and large cities with 300 km around each. Distances are to points along outlines, which is as exact as
//! that needs.

use super::{contested, territory};
use crate::place::Country;
use crate::place::country::countries;
use crate::place::geometry::outline;
use std::sync::OnceLock;

/// The uncertainty of each place, and what is allowed for the outline: points stand up to 55 km apart.
const MARGIN_KM: f32 = 300.0 + 10.0 + 15.0;
/// Mean radius of the earth (IUGG R1).
const EARTH_KM: f32 = 6371.009;

/// Large cities that are no capitals, in countries that are large. Sorted by country.
const CITIES: &[(&str, f64, f64)] = &[
    ("AE", 25.2, 55.27),    // Dubai
    ("AR", -31.42, -64.18), // Córdoba
    ("AU", -37.81, 144.96), // Melbourne
    ("AU", -33.87, 151.21), // Sydney
    ("AU", -27.47, 153.03), // Brisbane
    ("AU", -12.46, 130.84), // Darwin
    ("AU", -31.95, 115.86), // Perth
    ("BO", -17.78, -63.18), // Santa Cruz
    ("BR", -23.55, -46.63), // São Paulo
    ("BR", -30.03, -51.23), // Porto Alegre
    ("BR", -8.05, -34.88),  // Recife
    ("BR", -3.12, -60.02),  // Manaus
    ("CA", 43.65, -79.38),  // Toronto
    ("CA", 51.05, -114.07), // Calgary
    ("CA", 49.28, -123.12), // Vancouver
    ("CA", 44.65, -63.57),  // Halifax
    ("CN", 31.23, 121.47),  // Shanghai
    ("CN", 23.13, 113.26),  // Guangzhou
    ("CN", 30.57, 104.07),  // Chengdu
    ("CN", 45.8, 126.53),   // Harbin
    ("CN", 43.83, 87.62),   // Ürümqi
    ("CN", 34.34, 108.94),  // Xi'an
    ("DE", 50.11, 8.68),    // Frankfurt
    ("DE", 48.14, 11.58),   // Munich
    ("EC", -2.17, -79.92),  // Guayaquil
    ("ES", 41.39, 2.17),    // Barcelona
    ("ES", 28.12, -15.43),  // Las Palmas
    ("FR", 43.3, 5.37),     // Marseille
    ("GB", 55.86, -4.25),   // Glasgow
    ("ID", -7.26, 112.75),  // Surabaya
    ("ID", 3.59, 98.67),    // Medan
    ("IN", 19.08, 72.88),   // Mumbai
    ("IN", 12.97, 77.59),   // Bengaluru
    ("IN", 13.08, 80.27),   // Chennai
    ("IN", 22.57, 88.36),   // Kolkata
    ("IT", 45.46, 9.19),    // Milan
    ("JP", 34.69, 135.5),   // Osaka
    ("JP", 43.06, 141.35),  // Sapporo
    ("JP", 26.21, 127.68),  // Naha
    ("KZ", 43.24, 76.89),   // Almaty
    ("MX", 25.69, -100.32), // Monterrey
    ("MX", 20.67, -103.35), // Guadalajara
    ("MX", 32.51, -117.04), // Tijuana
    ("MY", 5.98, 116.07),   // Kota Kinabalu
    ("NG", 6.52, 3.38),     // Lagos
    ("NO", 69.65, 18.96),   // Tromsø
    ("NZ", -36.85, 174.76), // Auckland
    ("PH", 7.19, 125.46),   // Davao
    ("PK", 24.86, 67.0),    // Karachi
    ("PT", 37.74, -25.67),  // Ponta Delgada
    ("RU", 59.93, 30.34),   // Saint Petersburg
    ("RU", 56.84, 60.61),   // Yekaterinburg
    ("RU", 55.03, 82.92),   // Novosibirsk
    ("RU", 52.29, 104.3),   // Irkutsk
    ("RU", 62.03, 129.73),  // Yakutsk
    ("RU", 43.12, 131.89),  // Vladivostok
    ("RU", 45.04, 38.98),   // Krasnodar
    ("SA", 21.49, 39.19),   // Jeddah
    ("TR", 41.01, 28.98),   // Istanbul
    ("TZ", -6.79, 39.21),   // Dar es Salaam
    ("US", 40.71, -74.01),  // New York
    ("US", 41.88, -87.63),  // Chicago
    ("US", 33.75, -84.39),  // Atlanta
    ("US", 25.76, -80.19),  // Miami
    ("US", 29.76, -95.37),  // Houston
    ("US", 39.74, -104.99), // Denver
    ("US", 34.05, -118.24), // Los Angeles
    ("US", 37.77, -122.42), // San Francisco
    ("US", 47.61, -122.33), // Seattle
    ("US", 44.98, -93.27),  // Minneapolis
    ("US", 61.22, -149.9),  // Anchorage
    ("US", 21.31, -157.86), // Honolulu
    ("VN", 10.82, 106.63),  // Ho Chi Minh City
    ("ZA", -33.92, 18.42),  // Cape Town
    ("ZA", -26.2, 28.05),   // Johannesburg
];

/// A place and the country it lies in.
#[derive(Clone, Copy, Debug)]
struct City {
    country: Country,
    point: (f64, f64),
}

fn cities() -> &'static [City] {
    static ALL: OnceLock<Vec<City>> = OnceLock::new();
    ALL.get_or_init(|| {
        let capitals = countries().iter().filter_map(|row| Some(City { country: row.country, point: row.capital?.1 }));
        let others = CITIES.iter().filter_map(|&(code, latitude, longitude)| {
            Some(City { country: Country::new(code)?, point: (latitude, longitude) })
        });
        capitals.chain(others).collect()
    })
}

/// How many places there are.
pub(super) fn count() -> usize {
    cities().len()
}

/// The distance in km that a server in this country has at least from each place; empty where that is not known.
pub(super) fn floors_km(country: Country) -> &'static [f32] {
    static KNOWN: OnceLock<Vec<OnceLock<Vec<f32>>>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| countries().iter().map(|_| OnceLock::new()).collect());
    let row = countries().binary_search_by_key(&country, |row| row.country).ok();
    row.and_then(|row| known.get(row)).map_or(&[], |cell| cell.get_or_init(|| measure(country)))
}

fn measure(country: Country) -> Vec<f32> {
    let codes: Vec<Country> =
        [country].into_iter().chain(territory::parts(country)).chain(contested::wholes(country)).collect();
    let capitals = codes.iter().filter_map(|code| Some(code.capital()?.1));
    let points = codes.iter().flat_map(|code| outline::points(*code)).chain(capitals).chain(contested::sides(country));
    let points: Vec<[f32; 3]> = points.map(unit).collect();
    if points.is_empty() {
        return Vec::new();
    }
    let floor = |city: &City| {
        if codes.contains(&city.country) {
            return 0.0;
        }
        let from = unit(city.point);
        let dot = |to: &[f32; 3]| from[0] * to[0] + from[1] * to[1] + from[2] * to[2];
        let nearest = points.iter().map(dot).fold(-1.0_f32, f32::max);
        (nearest.clamp(-1.0, 1.0).acos() * EARTH_KM - MARGIN_KM).max(0.0)
    };
    cities().iter().map(floor).collect()
}

fn unit((latitude, longitude): (f64, f64)) -> [f32; 3] {
    let (latitude, longitude) = (latitude.to_radians(), longitude.to_radians());
    [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()].map(|part| part as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Vantage;
    use crate::standing::Distances;

    #[test]
    fn cities_lie_in_their_countries() {
        assert!(CITIES.is_sorted_by_key(|city| city.0));
        for (code, latitude, longitude) in CITIES {
            let away = outline::distance_km(Country::new(code).unwrap(), *latitude, *longitude).unwrap();
            assert!(away < 15.0, "{code} {latitude} {longitude}: {away}");
        }
    }

    #[test]
    fn distances_are_those_of_a_vantage_there() {
        for code in ["SG", "CN", "US", "FR", "RU", "NZ", "FJ"] {
            let country = Country::new(code).unwrap();
            let floors = floors_km(country);
            assert_eq!(floors.len(), count());
            for (city, floor) in cities().iter().zip(floors).step_by(17) {
                let (latitude, longitude) = city.point;
                let vantage = Vantage { label: String::new(), latitude, longitude, radius_km: 300.0 };
                let exact = Distances::new(vantage).floor_km(country).unwrap();
                assert!((exact - f64::from(*floor)).abs() < 30.0, "{code} from {:?}: {exact} {floor}", city.country);
            }
        }
        assert!(floors_km(Country::new("ZZ").unwrap()).is_empty());
    }
}
