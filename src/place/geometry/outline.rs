//! Coarse outlines of countries (`data/outline.bin`) to the distance between a point and a country.
//!
//! From Natural Earth 1:10m, which draws de-facto borders, simplified to 5 km, with islands that it lacks as discs. Distances are on a sphere of the mean
//! radius (IUGG R1). A vantage inside has distance 0.

use super::sphere::{EARTH_KM, Vector, arc_distance, between_km, unit};
use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::place::embedded::blob::{compress, decompress};
use crate::place::embedded::varint::{put_varint, varint};
use crate::place::facts::Country;

/// A closed border as (latitude, longitude) in degrees; its last point joins its first. Longitudes may go past 180.
pub type Ring = Vec<(f64, f64)>;

static OUTLINES: &[u8] = include_bytes!("../../../data/outline.bin");

/// Points are stored in fiftieths of a degree, finer than the simplification.
const PER_DEGREE: f64 = 50.0;
/// Longer edges are cut into pieces, because a straight line in degrees is not the great circle between its ends.
const LONGEST_EDGE_DEGREES: f64 = 1.0;
/// Bytes the outlines may unpack to: ten times ours.
const MAX_BYTES: usize = 2 << 20;
/// Countries, rings and points a file may hold: each well above ours.
const MAX_COUNTRIES: u64 = 1000;
const MAX_RINGS: u64 = 10_000;
const MAX_POINTS: u64 = 100_000;

/// The distance in km from a point to the nearest point of a country; none if there is no outline of it.
pub fn distance_km(country: Country, latitude: f64, longitude: f64) -> Option<f64> {
    let rings = rings(country)?;
    if rings.iter().filter(|ring| is_inside(ring, latitude, longitude)).count() % 2 == 1 {
        return Some(0.0);
    }
    let point = unit(latitude, longitude);
    let edges = rings.iter().flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)));
    let nearest = edges.map(|(&from, &to)| edge_distance(point, from, to)).fold(f64::INFINITY, f64::min);
    nearest.is_finite().then_some(nearest * EARTH_KM)
}

/// The distance in km from a point to the farthest corner of a country's outline; none if there is no outline of it.
pub fn farthest_km(country: Country, from: (f64, f64)) -> Option<f64> {
    rings(country)?.iter().flatten().map(|&corner| between_km(from, corner)).reduce(f64::max)
}

/// Points all along the outline of a country, at most half a degree apart; none if there is no outline of it.
pub fn points(country: Country) -> impl Iterator<Item = (f64, f64)> {
    let edges = rings(country).into_iter().flatten().flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)));
    edges.flat_map(|(from, to)| {
        let longest = (to.0 - from.0).abs().max((to.1 - from.1).abs());
        let pieces = (longest * 2.0).ceil().clamp(1.0, 720.0) as u32;
        (0..pieces).map(move |piece| {
            let share = f64::from(piece) / f64::from(pieces);
            (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1))
        })
    })
}

/// The outlines of all countries.
pub fn all() -> impl Iterator<Item = (Country, &'static [Ring])> {
    decoded().iter().map(|(country, rings)| (*country, rings.as_slice()))
}

fn rings(country: Country) -> Option<&'static Vec<Ring>> {
    decoded().get(&country)
}

fn decoded() -> &'static BTreeMap<Country, Vec<Ring>> {
    static DECODED: OnceLock<BTreeMap<Country, Vec<Ring>>> = OnceLock::new();
    DECODED.get_or_init(|| decode(OUTLINES).unwrap_or_default())
}

/// Whether a ring goes around the point, in the plane of degrees; rings that cross the meridian of 180 go on past it.
fn is_inside(ring: &Ring, latitude: f64, longitude: f64) -> bool {
    [longitude, longitude - 360.0, longitude + 360.0].into_iter().any(|turned| is_within(ring, latitude, turned))
}

fn is_within(ring: &Ring, latitude: f64, longitude: f64) -> bool {
    let crosses = |(from, to): (&(f64, f64), &(f64, f64))| {
        (from.0 > latitude) != (to.0 > latitude)
            && longitude < from.1 + (latitude - from.0) / (to.0 - from.0) * (to.1 - from.1)
    };
    ring.iter().zip(ring.iter().cycle().skip(1)).filter(|&edge| crosses(edge)).count() % 2 == 1
}

fn edge_distance(point: Vector, from: (f64, f64), to: (f64, f64)) -> f64 {
    let longest = (to.0 - from.0).abs().max((to.1 - from.1).abs());
    let pieces = (longest / LONGEST_EDGE_DEGREES).ceil().clamp(1.0, 360.0) as u32;
    let at = |piece: u32| {
        let share = f64::from(piece) / f64::from(pieces);
        unit(from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1))
    };
    (0..pieces).map(|piece| arc_distance(point, at(piece), at(piece + 1))).fold(f64::INFINITY, f64::min)
}

/// Writes outlines: per country its code, rings, and per ring its points as zigzag steps.
///
/// # Errors
/// If the compressor fails.
pub fn encode(outlines: &BTreeMap<String, Vec<Ring>>) -> std::io::Result<Vec<u8>> {
    let zigzag = |number: i64| ((number << 1) ^ (number >> 63)).cast_unsigned();
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let mut plain = Vec::new();
    put_varint(&mut plain, count(outlines.len()));
    for (code, rings) in outlines {
        plain.extend_from_slice(&Country::new(code).map_or([0; 2], |country| country.0));
        put_varint(&mut plain, count(rings.len()));
        for ring in rings {
            put_varint(&mut plain, count(ring.len()));
            let mut before = (0, 0);
            for point in ring {
                let now = ((point.0 * PER_DEGREE).round() as i64, (point.1 * PER_DEGREE).round() as i64);
                put_varint(&mut plain, zigzag(now.0 - before.0));
                put_varint(&mut plain, zigzag(now.1 - before.1));
                before = now;
            }
        }
    }
    compress(&plain)
}

fn decode(data: &[u8]) -> Option<BTreeMap<Country, Vec<Ring>>> {
    let plain = decompress(data, MAX_BYTES)?;
    let mut rest = plain.as_slice();
    let mut outlines = BTreeMap::new();
    for _ in 0..varint(&mut rest).filter(|&count| count <= MAX_COUNTRIES)? {
        let (code, after) = rest.split_first_chunk::<2>()?;
        rest = after;
        let mut rings = Vec::new();
        for _ in 0..varint(&mut rest).filter(|&count| count <= MAX_RINGS)? {
            let mut ring = Ring::new();
            let mut at = (0_i64, 0_i64);
            for _ in 0..varint(&mut rest).filter(|&count| count <= MAX_POINTS)? {
                at = (at.0.wrapping_add(step(&mut rest)?), at.1.wrapping_add(step(&mut rest)?));
                ring.push((at.0 as f64 / PER_DEGREE, at.1 as f64 / PER_DEGREE));
            }
            rings.push(ring);
        }
        outlines.insert(Country(*code), rings);
    }
    Some(outlines)
}

fn step(rest: &mut &[u8]) -> Option<i64> {
    let number = varint(rest)?;
    Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn distance(code: &str, latitude: f64, longitude: f64) -> f64 {
        distance_km(Country::new(code).unwrap(), latitude, longitude).unwrap()
    }

    #[test]
    fn a_point_inside_is_no_distance_away() {
        for (code, latitude, longitude) in [
            ("IN", 28.6, 77.2),
            ("US", 39.9, -98.8),
            ("FR", 46.6, 2.5),
            ("RU", 66.0, 178.0),
            ("AU", -25.7, 134.5),
            ("CL", -33.4, -70.6),
            ("ZA", -25.7, 28.2),
            ("NZ", -41.3, 174.8),
        ] {
            assert!(distance(code, latitude, longitude) < 12.0, "{code}");
        }
        // an enclave is not part of the country around it
        assert!(distance("ZA", -29.6, 28.2) > 20.0);
    }

    #[test]
    fn distances_agree_with_the_map() {
        // Taipei to the mainland's coast 160 km or so (Pingtan), to Japan's nearest island (Yonaguni) 110 km
        let to_china = distance("CN", 25.04, 121.57);
        assert!((130.0..190.0).contains(&to_china), "{to_china}");
        // Delhi to Singapore about 4,140 km
        let to_singapore = distance("SG", 28.6, 77.2);
        assert!((4_080.0..4_180.0).contains(&to_singapore), "{to_singapore}");
        // Brussels to the Netherlands about 45 km
        let to_holland = distance("NL", 50.85, 4.35);
        assert!((30.0..70.0).contains(&to_holland), "{to_holland}");
        // across the antimeridian: Suva to Samoa's Savai'i about 1,080 km
        let to_samoa = distance("WS", -18.13, 178.44);
        assert!((1_000.0..1_160.0).contains(&to_samoa), "{to_samoa}");
    }

    #[test]
    fn a_long_straight_border_is_not_cut_short() {
        // just north of the 49th parallel
        let to_the_south = distance("US", 49.5, -105.0);
        assert!((45.0..66.0).contains(&to_the_south), "{to_the_south}");
    }

    #[test]
    fn great_circle_distances_are_right() {
        assert!((between_km((0.0, 0.0), (0.0, 180.0)) - std::f64::consts::PI * EARTH_KM).abs() < 1e-6);
        assert!((between_km((28.6139, 77.209), (22.5431, 114.0579)) - 3_730.0).abs() < 30.0);
    }

    #[test]
    fn overseas_parts_have_their_own_outline() {
        assert!(distance("GF", 4.94, -52.33) < 12.0);
        assert!(distance("RE", -20.9, 55.5) < 12.0);
        assert!(distance("SJ", 78.2, 15.6) < 12.0);
        assert_eq!(distance_km(Country::new("ZZ").unwrap(), 0.0, 0.0), None);
    }

    #[test]
    fn cut_outlines_are_refused() {
        assert!((0..OUTLINES.len()).step_by(997).all(|length| decode(&OUTLINES[..length]).is_none()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            decode(&bytes);
            decode(&compress(&bytes).unwrap());
        }

        #[test]
        fn rings_come_back(ring in proptest::collection::vec((-90_i32..90, -180_i32..180), 0..20)) {
            let ring: Ring = ring.into_iter().map(|(a, b)| (f64::from(a), f64::from(b))).collect();
            let outlines = BTreeMap::from([("TW".to_owned(), vec![ring.clone()])]);
            let found = decode(&encode(&outlines).unwrap()).unwrap();
            prop_assert_eq!(&found[&Country::new("TW").unwrap()], &vec![ring]);
        }
    }
}
