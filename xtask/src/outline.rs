//! `countries-50m.json` of the package world-atlas (Natural Earth, TopoJSON) to `data/outline.bin`.
//!
//! Codes come from `data/world.json`, which lists the same shapes in the same order.

use std::collections::BTreeMap;
use std::path::Path;

use whither::place::geometry::outline::{self, Ring};

use crate::geo::Result;

/// How far a simplified border may lie from the drawn one, in degrees (11 km); `rtt` allows for more.
const TOLERANCE_DEGREES: f64 = 0.1;

/// Parts of countries that have a code of their own: code, then south, north, west, east.
const PARTS: &[(&str, &str, [f64; 4])] = &[
    ("BQ", "NL", [11.0, 18.5, -69.0, -62.0]),
    ("GF", "FR", [2.0, 6.5, -55.5, -51.0]),
    ("GP", "FR", [15.8, 16.6, -62.0, -60.9]),
    ("MQ", "FR", [14.3, 15.0, -61.4, -60.7]),
    ("RE", "FR", [-22.0, -20.0, 55.0, 56.0]),
    ("SJ", "NO", [70.7, 81.5, -10.0, 36.0]),
    ("YT", "FR", [-13.2, -12.5, 44.8, 45.5]),
];

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
    let topology: Topology = serde_json::from_slice(&std::fs::read(folder.join("countries-50m.json"))?)?;
    let world: World = serde_json::from_slice(&std::fs::read(data.join("world.json"))?)?;
    let arcs = degrees(&topology);
    let mut outlines: BTreeMap<String, Vec<Ring>> = BTreeMap::new();
    for (geometry, country) in topology.objects.countries.geometries.iter().zip(&world.countries) {
        let polygons = match &geometry.shape {
            Shape::Polygon(rings) => std::slice::from_ref(rings),
            Shape::MultiPolygon(polygons) => polygons,
        };
        let rings: Vec<Ring> = polygons.iter().flatten().map(|ring| join(ring, &arcs)).collect();
        let mut put = |code: &str, rings: Vec<Ring>| outlines.entry(code.to_owned()).or_default().extend(rings);
        match (country.c.as_str(), geometry.properties.name.as_str()) {
            // drawn apart, but their addresses carry these codes
            ("", "Somaliland") => put("SO", rings),
            ("", "N. Cyprus") => put("CY", rings),
            // claimed by both
            ("", "Siachen Glacier") => {
                put("IN", rings.clone());
                put("PK", rings);
            }
            ("", "Indian Ocean Ter.") => {
                let (west, east) = rings.into_iter().partition(|ring| middle(ring).1 < 100.0);
                put("CC", west);
                put("CX", east);
            }
            ("", name) => return Err(format!("no code for {name}").into()),
            (code, _) => put(code, rings),
        }
    }
    // Natural Earth draws Western Sahara as the part east of the berm; addresses of the west carry its code too
    let morocco = outlines.get("MA").cloned().unwrap_or_default();
    outlines.entry("EH".to_owned()).or_default().extend(morocco);
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
    let outlines: BTreeMap<String, Vec<Ring>> =
        outlines.into_iter().map(|(code, rings)| (code, rings.iter().map(simplify).collect())).collect();
    std::fs::write(data.join("outline.bin"), outline::encode(&outlines)?)?;
    Ok(())
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

/// Douglas-Peucker; a closed ring is cut at its farthest point, so that small islands keep a point or two.
fn simplify(ring: &Ring) -> Ring {
    let Some(&first) = ring.first() else { return Vec::new() };
    let far = |point: &(f64, f64)| (point.0 - first.0).hypot(point.1 - first.1);
    let farthest = (0..ring.len()).max_by(|&a, &b| far(&ring[a]).total_cmp(&far(&ring[b]))).unwrap_or(0);
    let mut keep = vec![false; ring.len()];
    keep[0] = true;
    keep[farthest] = true;
    let mut spans = vec![(0, farthest), (farthest, ring.len() - 1)];
    while let Some((from, to)) = spans.pop() {
        let away = |index: usize| distance(ring[index], ring[from], ring[to]);
        let Some(worst) = (from + 1..to).max_by(|&a, &b| away(a).total_cmp(&away(b))) else { continue };
        if away(worst) > TOLERANCE_DEGREES {
            keep[worst] = true;
            spans.push((from, worst));
            spans.push((worst, to));
        }
    }
    ring.iter().zip(keep).filter(|point| point.1).map(|point| *point.0).collect()
}

/// From a point to a stretch, in the plane of degrees.
fn distance(point: (f64, f64), from: (f64, f64), to: (f64, f64)) -> f64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx * dx + dy * dy;
    let along = if length == 0.0 { 0.0 } else { ((point.0 - from.0) * dx + (point.1 - from.1) * dy) / length };
    let along = along.clamp(0.0, 1.0);
    (point.0 - from.0 - along * dx).hypot(point.1 - from.1 - along * dy)
}
