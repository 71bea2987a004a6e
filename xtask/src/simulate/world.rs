//! Where devices and servers of the simulation stand.

use crate::synth::random::Random;
use whither::place::country::{CountryRow, countries};

/// A point: degrees north and east.
pub(super) type Point = (f64, f64);

/// Radius of the earth in km.
const EARTH_KM: f64 = 6371.009;
/// Countries that host much.
const HOSTS: [&str; 16] =
    ["AU", "BR", "CA", "CN", "DE", "FR", "GB", "HK", "IE", "IN", "JP", "KR", "NL", "SE", "SG", "US"];
/// Countries near a vantage from which a part of its servers comes.
const NEIGHBOURS: usize = 12;
/// Vantages.
const VANTAGES: u64 = 200;

/// A number from 0 to 1.
pub(super) fn chance(random: &mut Random) -> f64 {
    f64::from(random.below(1 << 24)) / f64::from(1 << 24)
}

/// A number between two.
pub(super) fn between(random: &mut Random, from: f64, to: f64) -> f64 {
    from + chance(random) * (to - from)
}

/// The countries that servers stand in.
pub(super) fn lands() -> Vec<&'static CountryRow> {
    countries().iter().filter(|row| row.capital.is_some()).collect()
}

/// One of a list.
pub(super) fn one<T: Copy>(random: &mut Random, list: &[T]) -> Option<T> {
    let end = u32::try_from(list.len()).ok().filter(|end| *end > 0)?;
    list.get(usize::try_from(random.below(end)).ok()?).copied()
}

/// Vantages: points within 300 km of a capital, so that they are not the places that rule 4 knows.
pub(super) fn vantages() -> Vec<Point> {
    let (lands, mut random) = (lands(), Random::new(0x51a7));
    let point = |_| {
        let capital = one(&mut random, &lands)?.capital?.1;
        let (bearing, away) = (between(&mut random, 0.0, 360.0), between(&mut random, 50.0, 300.0));
        Some(moved(capital, bearing, away))
    };
    (0..VANTAGES).filter_map(point).collect()
}

/// The country of a server: one that hosts much, one near the vantage, or any.
pub(super) fn land(random: &mut Random, near: &[&'static CountryRow]) -> Option<&'static CountryRow> {
    let lands = lands();
    match random.below(100) {
        0..35 => {
            let code = one(random, &HOSTS)?;
            lands.into_iter().find(|row| row.country.code() == code)
        }
        35..65 => one(random, near),
        _ => one(random, &lands),
    }
}

/// The countries nearest to a vantage.
pub(super) fn neighbours(vantage: Point) -> Vec<&'static CountryRow> {
    let mut lands = lands();
    lands.sort_by(|a, b| km(vantage, a.centroid).total_cmp(&km(vantage, b.centroid)));
    lands.truncate(NEIGHBOURS);
    lands
}

/// A point of a country: its capital, or one inside.
pub(super) fn site(random: &mut Random, row: &CountryRow) -> Point {
    if random.is_in(60) { row.capital.map_or(row.centroid, |capital| capital.1) } else { row.centroid }
}

/// The distance between two points.
pub(super) fn km(from: Point, to: Point) -> f64 {
    let (north, east) = ((to.0 - from.0).to_radians(), (to.1 - from.1).to_radians());
    let chord =
        (north / 2.0).sin().powi(2) + from.0.to_radians().cos() * to.0.to_radians().cos() * (east / 2.0).sin().powi(2);
    2.0 * EARTH_KM * chord.sqrt().min(1.0).asin()
}

/// The point in this direction and distance.
pub(super) fn moved(from: Point, bearing: f64, away_km: f64) -> Point {
    let (north, east, bearing) = (from.0.to_radians(), from.1.to_radians(), bearing.to_radians());
    let angle = away_km / EARTH_KM;
    let latitude = (north.sin() * angle.cos() + north.cos() * angle.sin() * bearing.cos()).clamp(-1.0, 1.0).asin();
    let turn = (bearing.sin() * angle.sin() * north.cos()).atan2(angle.cos() - north.sin() * latitude.sin());
    let longitude = (east + turn).to_degrees();
    (latitude.to_degrees(), (longitude + 540.0).rem_euclid(360.0) - 180.0)
}
