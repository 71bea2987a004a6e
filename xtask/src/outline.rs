//! `countries-10m.json` of the package world-atlas (Natural Earth, TopoJSON) to `data/outline.bin`.
//!
//! Features carry ISO 3166-1 numbers. `data/world.json` lists the shapes of `countries-50m.json` in their order with the letters, so
//! both together say which number is which code.

use std::collections::BTreeMap;
use std::path::Path;

use whither::place::geometry::outline::{self, Ring};

use crate::geo::Result;

/// How far a simplified border may lie from the drawn one; what is said of round trips allows for more.
const TOLERANCE_KM: f64 = 5.0;
/// Kilometres in a degree of latitude.
const KM_PER_DEGREE: f64 = 111.195;
/// Points of a ring that are kept at least, so that small islands keep a shape.
const LEAST_POINTS: usize = 3;

/// Codes by number that the shapes of 1:50m lack.
const NUMBERS: &[(&str, &str)] = &[("292", "GI"), ("581", "UM"), ("798", "TV")];

/// Parts of countries that have a code of their own: code, then south, north, west, east.
const PARTS: &[(&str, &str, [f64; 4])] = &[
    ("BQ", "NL", [11.0, 18.5, -69.0, -62.0]),
    ("BV", "NO", [-56.0, -53.0, 2.0, 5.0]),
    ("GF", "FR", [2.0, 6.5, -55.5, -51.0]),
    ("GP", "FR", [15.8, 16.6, -62.0, -60.9]),
    ("MQ", "FR", [14.3, 15.0, -61.4, -60.7]),
    ("RE", "FR", [-22.0, -20.0, 55.0, 56.0]),
    ("SJ", "NO", [70.7, 81.5, -10.0, 36.0]),
    ("TK", "NZ", [-10.0, -8.0, -173.5, -170.5]),
    ("YT", "FR", [-13.2, -12.5, 44.8, 45.5]),
];

/// Islands that the map lacks, as discs.
const ISLANDS: &[(&str, f64, f64)] = &[
    ("FM", 1.07, 154.78),   // Kapingamarangi
    ("GR", 36.15, 29.59),   // Kastellorizo
    ("MH", 11.35, 162.35),  // Enewetak
    ("PG", -4.55, 159.45),  // Nukumanu
    ("SB", -11.61, 169.85), // Anuta
    ("SC", -10.13, 51.13),  // Farquhar
    ("TK", -9.17, -171.82), // Nukunonu
    ("TK", -8.56, -172.49), // Atafu
    ("TW", 26.16, 119.95),  // Matsu
    ("TW", 26.37, 120.49),  // Dongyin
    ("VE", 11.95, -66.67),  // Los Roques
];
/// Their radius, and the corners that they are drawn with.
const ISLAND_KM: f64 = 15.0;
const ISLAND_CORNERS: u32 = 8;

#[derive(serde::Deserialize)]
struct Topology {
    arcs: Vec<Vec<[i32; 2]>>,
    transform: Transform,
    objects: Objects,
}

#[derive(serde::Deserialize)]
struct Transform {
    scale: [f64; 2],
    translate: [f64; 2],
}

#[derive(serde::Deserialize)]
struct Objects {
    countries: Collection,
}

#[derive(serde::Deserialize)]
struct Collection {
    geometries: Vec<Geometry>,
}

#[derive(serde::Deserialize)]
#[serde(tag = "type", content = "arcs")]
enum Shape {
    Polygon(Vec<Vec<i32>>),
    MultiPolygon(Vec<Vec<Vec<i32>>>),
}

#[derive(serde::Deserialize)]
struct Geometry {
    id: Option<String>,
    #[serde(flatten)]
    shape: Shape,
    properties: Properties,
}

#[derive(serde::Deserialize)]
struct Properties {
    name: String,
}

#[derive(serde::Deserialize)]
struct World {
    countries: Vec<WorldCountry>,
}

#[derive(serde::Deserialize)]
struct WorldCountry {
    c: String,
}

/// Builds `outline.bin` under `data` from the unpacked package in `folder`.
///
/// # Errors
/// If a file is missing or not what it should be.
pub(crate) fn run(folder: &Path, data: &Path) -> Result<()> {
    let topology: Topology = serde_json::from_slice(&std::fs::read(folder.join("countries-10m.json"))?)?;
    let codes = codes(folder, data)?;
    let arcs = degrees(&topology);
    let mut outlines: BTreeMap<String, Vec<Ring>> = BTreeMap::new();
    for geometry in &topology.objects.countries.geometries {
        let polygons = match &geometry.shape {
            Shape::Polygon(rings) => std::slice::from_ref(rings),
            Shape::MultiPolygon(polygons) => polygons,
        };
        let rings: Vec<Ring> = polygons.iter().flatten().map(|ring| join(ring, &arcs)).collect();
        let mut put = |code: &str, rings: Vec<Ring>| outlines.entry(code.to_owned()).or_default().extend(rings);
        let Some(id) = geometry.id.as_deref() else {
            match geometry.properties.name.as_str() {
                "Kosovo" => put("XK", rings),
                "Clipperton I." => put("FR", rings),
                "Coral Sea Is." => put("AU", rings),
                // Drawn apart, but their addresses carry these codes. What others claim stands in the program's table.
                "Somaliland" => put("SO", rings),
                "Akrotiri" | "Cyprus U.N. Buffer Zone" | "Dhekelia" | "N. Cyprus" => put("CY", rings),
                "USNB Guantanamo Bay" => put("CU", rings),
                "Baikonur" => put("KZ", rings),
                "Siachen Glacier" => {
                    put("IN", rings.clone());
                    put("PK", rings);
                }
                "Indian Ocean Ter." => {
                    let (west, east) = rings.into_iter().partition(|ring| middle(ring).1 < 100.0);
                    put("CC", west);
                    put("CX", east);
                }
                // Reefs, which the table of contested areas holds for every claimant.
                "Bajo Nuevo Bank" | "Scarborough Reef" | "Serranilla Bank" | "Spratly Is." => {}
                name => return Err(format!("no code for {name}").into()),
            }
            continue;
        };
        let code = codes.get(id).ok_or_else(|| format!("no code for {id}, {}", geometry.properties.name))?;
        put(code, rings);
    }
    for (part, whole, [south, north, west, east]) in PARTS {
        let rings = outlines.get(*whole).cloned().unwrap_or_default();
        let is_inside = |ring: &Ring| {
            let (latitude, longitude) = middle(ring);
            *south < latitude && latitude < *north && *west < longitude && longitude < *east
        };
        let rings: Vec<Ring> = rings.into_iter().filter(is_inside).collect();
        if rings.is_empty() {
            return Err(format!("{part} has no shape in {whole}").into());
        }
        outlines.insert((*part).to_owned(), rings);
    }
    for (code, latitude, longitude) in ISLANDS {
        outlines.entry((*code).to_owned()).or_default().push(disc(*latitude, *longitude));
    }
    let outlines: BTreeMap<String, Vec<Ring>> =
        outlines.into_iter().map(|(code, rings)| (code, rings.iter().map(simplify).collect())).collect();
    std::fs::write(data.join("outline.bin"), outline::encode(&outlines)?)?;
    Ok(())
}

/// Codes by number.
fn codes(folder: &Path, data: &Path) -> Result<BTreeMap<String, String>> {
    let topology: Topology = serde_json::from_slice(&std::fs::read(folder.join("countries-50m.json"))?)?;
    let world: World = serde_json::from_slice(&std::fs::read(data.join("world.json"))?)?;
    let numbered = topology.objects.countries.geometries.into_iter().zip(world.countries);
    let codes = numbered.filter_map(|(geometry, country)| Some((geometry.id?, country.c)));
    Ok(codes.chain(NUMBERS.iter().map(|(number, code)| ((*number).to_owned(), (*code).to_owned()))).collect())
}

/// A ring around a small island.
fn disc(latitude: f64, longitude: f64) -> Ring {
    let corner = |corner: u32| {
        let angle = f64::from(corner) / f64::from(ISLAND_CORNERS) * std::f64::consts::TAU;
        let (north, east) = (ISLAND_KM * angle.cos() / KM_PER_DEGREE, ISLAND_KM * angle.sin() / KM_PER_DEGREE);
        (latitude + north, longitude + east / latitude.to_radians().cos())
    };
    // A ring of the map repeats its first point.
    (0..=ISLAND_CORNERS).map(corner).collect()
}

/// The arcs as (latitude, longitude).
fn degrees(topology: &Topology) -> Vec<Ring> {
    let [scale_x, scale_y] = topology.transform.scale;
    let [move_x, move_y] = topology.transform.translate;
    let point = |x: i32, y: i32| (f64::from(y) * scale_y + move_y, f64::from(x) * scale_x + move_x);
    let arc = |steps: &Vec<[i32; 2]>| {
        let sum = |at: &mut (i32, i32), &[x, y]: &[i32; 2]| {
            *at = (at.0 + x, at.1 + y);
            Some(point(at.0, at.1))
        };
        steps.iter().scan((0, 0), sum).collect()
    };
    topology.arcs.iter().map(arc).collect()
}

/// Arcs end to end; a negative number is an arc in reverse. Longitudes go on past 180 where a ring crosses that meridian, and
/// a ring around the pole is closed over it.
fn join(ring: &[i32], arcs: &[Ring]) -> Ring {
    let mut points: Ring = Vec::new();
    for &index in ring {
        let is_reverse = index < 0;
        let Some(arc) = usize::try_from(if is_reverse { !index } else { index }).ok().and_then(|i| arcs.get(i)) else {
            continue;
        };
        points.pop();
        if is_reverse {
            points.extend(arc.iter().rev());
        } else {
            points.extend(arc);
        }
    }
    let mut turns = 0.0;
    let mut before: Option<f64> = None;
    for point in &mut points {
        let step = point.1 - before.unwrap_or(point.1);
        before = Some(point.1);
        if step.abs() > 180.0 {
            turns -= 360.0 * step.signum();
        }
        point.1 += turns;
    }
    if let (Some(&first), Some(&last)) = (points.first(), points.last())
        && (last.1 - first.1).abs() > 180.0
    {
        let pole = if first.0 < 0.0 { -90.0 } else { 90.0 };
        points.extend([(pole, last.1), (pole, first.1), first]);
    }
    points
}

fn middle(ring: &Ring) -> (f64, f64) {
    let count = ring.len().max(1) as f64;
    let (latitudes, longitudes) = ring.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
    (latitudes / count, longitudes / count)
}

/// Douglas-Peucker; a closed ring is cut at its farthest point.
fn simplify(ring: &Ring) -> Ring {
    let Some(&first) = ring.first() else { return Vec::new() };
    let far = |point: &(f64, f64)| distance(*point, first, first);
    let farthest = (0..ring.len()).max_by(|&a, &b| far(&ring[a]).total_cmp(&far(&ring[b]))).unwrap_or(0);
    let mut keep = vec![false; ring.len()];
    keep[0] = true;
    keep[farthest] = true;
    let mut kept = 2;
    let mut spans = std::collections::VecDeque::from([(0, farthest), (farthest, ring.len() - 1)]);
    while let Some((from, to)) = spans.pop_front() {
        let away = |index: usize| distance(ring[index], ring[from], ring[to]);
        let Some(worst) = (from + 1..to).max_by(|&a, &b| away(a).total_cmp(&away(b))) else { continue };
        if away(worst) > TOLERANCE_KM || kept < LEAST_POINTS {
            keep[worst] = true;
            kept += 1;
            spans.push_back((from, worst));
            spans.push_back((worst, to));
        }
    }
    ring.iter().zip(keep).filter(|point| point.1).map(|point| *point.0).collect()
}

/// From a point to a stretch in km, in a plane that fits at the point.
fn distance(point: (f64, f64), from: (f64, f64), to: (f64, f64)) -> f64 {
    let narrow = point.0.to_radians().cos();
    let plane = |(latitude, longitude): (f64, f64)| (latitude * KM_PER_DEGREE, longitude * narrow * KM_PER_DEGREE);
    let (point, from, to) = (plane(point), plane(from), plane(to));
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx * dx + dy * dy;
    let along = if length == 0.0 { 0.0 } else { ((point.0 - from.0) * dx + (point.1 - from.1) * dy) / length };
    let along = along.clamp(0.0, 1.0);
    (point.0 - from.0 - along * dx).hypot(point.1 - from.1 - along * dy)
}
