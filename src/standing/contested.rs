//! Areas that several states claim. No side is taken: a claim of each claimant stays possible there.
//!
//! The boxes are coarse and hold more than the area, which excludes less. Nothing here is shown as a border, and codes are
//! shown as the sources write them.

use crate::place::Country;
use crate::place::geometry::sphere::between_km;

/// Where an area is.
#[derive(Clone, Copy, Debug)]
enum Area {
    /// All of what has a code of its own.
    Whole(&'static str),
    /// South, north, west and east, in degrees.
    Within([f64; 4]),
}

/// An area and the codes that addresses there may carry.
const CONTESTED: &[(&str, Area, &[&str])] = &[
    ("Abkhazia", Area::Within([42.4, 43.6, 40.0, 42.2]), &["GE", "RU"]),
    ("Aksai Chin", Area::Within([33.2, 36.8, 77.8, 80.5]), &["CN", "IN"]),
    ("Akrotiri", Area::Within([34.5, 34.75, 32.7, 33.1]), &["CY", "GB"]),
    ("Arunachal Pradesh", Area::Within([26.6, 29.5, 91.5, 97.5]), &["CN", "IN"]),
    ("Baikonur", Area::Within([45.4, 46.2, 62.3, 64.2]), &["KZ", "RU"]),
    ("Bir Tawil", Area::Within([21.6, 22.1, 33.0, 34.2]), &["EG", "SD"]),
    ("Crimea", Area::Within([44.3, 46.3, 32.4, 36.7]), &["RU", "UA"]),
    ("Dhekelia", Area::Within([34.9, 35.1, 33.6, 33.9]), &["CY", "GB"]),
    ("East Jerusalem", Area::Within([31.6, 32.0, 35.1, 35.4]), &["IL", "PS"]),
    ("Essequibo", Area::Within([1.1, 8.6, -61.5, -58.3]), &["GY", "VE"]),
    ("Falkland Islands", Area::Whole("FK"), &["AR"]),
    ("Gibraltar", Area::Whole("GI"), &["ES", "GB"]),
    ("Golan", Area::Within([32.6, 33.4, 35.6, 36.0]), &["IL", "SY"]),
    ("Guantánamo Bay", Area::Within([19.8, 20.1, -75.3, -75.0]), &["CU", "US"]),
    ("Hala'ib", Area::Within([21.9, 23.2, 33.1, 37.1]), &["EG", "SD"]),
    ("Kashmir", Area::Within([32.3, 37.1, 73.4, 80.4]), &["IN", "PK"]),
    ("Kosovo", Area::Whole("XK"), &["RS"]),
    ("Kuril Islands, southern", Area::Within([43.2, 45.7, 145.2, 149.0]), &["JP", "RU"]),
    ("Northern Cyprus", Area::Within([34.95, 35.75, 32.2, 34.7]), &["CY", "TR"]),
    ("Palestine", Area::Whole("PS"), &["IL"]),
    ("Paracel Islands", Area::Within([15.6, 17.3, 111.0, 113.0]), &["CN", "TW", "VN"]),
    ("Patagonian ice field", Area::Within([-50.7, -48.2, -74.0, -72.7]), &["AR", "CL"]),
    ("Scarborough Shoal", Area::Within([15.0, 15.4, 117.6, 118.0]), &["CN", "PH", "TW"]),
    ("South Georgia", Area::Whole("GS"), &["AR"]),
    ("South Ossetia", Area::Within([41.8, 42.7, 43.4, 44.7]), &["GE", "RU"]),
    ("Serranilla and Bajo Nuevo", Area::Within([15.6, 16.1, -80.1, -78.4]), &["CO", "HN", "JM", "US"]),
    ("Spratly Islands", Area::Within([6.9, 11.6, 111.5, 116.4]), &["BN", "CN", "MY", "PH", "TW", "VN"]),
    ("Taiwan", Area::Whole("TW"), &["CN"]),
    ("Western Sahara", Area::Within([20.7, 27.7, -17.2, -8.6]), &["EH", "MA"]),
];

/// Sides of boxes are walked in steps of this; what lies between two steps is closer by at most 2 km at 50 km.
const STEP_DEGREES: f64 = 0.25;

/// Codes whose whole territory a state claims.
pub(super) fn wholes(claimant: Country) -> impl Iterator<Item = Country> {
    claimed(claimant).filter_map(|area| match area {
        Area::Whole(code) => Country::new(code),
        Area::Within(_) => None,
    })
}

/// The distance in km from a point to the nearest box that a state claims; none if it claims none.
pub(super) fn distance_km(claimant: Country, from: (f64, f64)) -> Option<f64> {
    boxes(claimant).map(|sides| box_distance_km(sides, from)).reduce(f64::min)
}

/// Points all along the sides of the boxes that a state claims.
pub(super) fn sides(claimant: Country) -> impl Iterator<Item = (f64, f64)> {
    boxes(claimant).flat_map(perimeter)
}

fn claimed(claimant: Country) -> impl Iterator<Item = Area> {
    CONTESTED.iter().filter(move |row| row.2.contains(&claimant.code())).map(|row| row.1)
}

fn boxes(claimant: Country) -> impl Iterator<Item = [f64; 4]> {
    claimed(claimant).filter_map(|area| match area {
        Area::Within(sides) => Some(sides),
        Area::Whole(_) => None,
    })
}

fn box_distance_km(sides: [f64; 4], from: (f64, f64)) -> f64 {
    let [south, north, west, east] = sides;
    if (south..=north).contains(&from.0) && (west..=east).contains(&from.1) {
        return 0.0;
    }
    perimeter(sides).map(|point| between_km(from, point)).fold(f64::INFINITY, f64::min)
}

fn perimeter([south, north, west, east]: [f64; 4]) -> impl Iterator<Item = (f64, f64)> {
    let steps = |from: f64, to: f64| {
        // The boxes of the table are a few degrees wide.
        let count = ((to - from) / STEP_DEGREES).ceil().clamp(1.0, 200.0) as u32;
        (0..=count).map(move |step| from + (to - from) * f64::from(step) / f64::from(count))
    };
    let along = steps(west, east).flat_map(move |longitude| [(south, longitude), (north, longitude)]);
    along.chain(steps(south, north).flat_map(move |latitude| [(latitude, west), (latitude, east)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(code: &str) -> Country {
        Country::new(code).unwrap()
    }

    #[test]
    fn the_table_is_sound() {
        for (name, area, claimants) in CONTESTED {
            assert!(claimants.is_sorted_by(|a, b| a < b), "{name}");
            assert!(claimants.iter().all(|code| country(code).name().is_some()), "{name}");
            match area {
                Area::Whole(code) => assert!(!claimants.contains(code), "{name}"),
                Area::Within([south, north, west, east]) => {
                    assert!(claimants.len() > 1 && south < north && west < east, "{name}");
                }
            }
        }
    }

    #[test]
    fn each_claimant_stays_possible() {
        let simferopol = (44.95, 34.1);
        assert_eq!(distance_km(country("UA"), simferopol), Some(0.0));
        assert_eq!(distance_km(country("RU"), simferopol), Some(0.0));
        assert_eq!(distance_km(country("FR"), simferopol), None);
        assert_eq!(wholes(country("CN")).collect::<Vec<_>>(), [country("TW")]);
        let from_odesa = distance_km(country("UA"), (46.48, 30.72)).unwrap();
        assert!((125.0..160.0).contains(&from_odesa), "{from_odesa}");
    }
}
