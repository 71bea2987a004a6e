//! Outlines of countries in a view, clipped to its panel and as coarse as its pixels allow.

use super::drawing::Drawing;
use super::view::{Panel, Point, View};
use crate::place::Country;
use crate::place::geometry::outline;

/// How far, in pixels, a line may be from the outline that it stands for.
const TOLERANCE: f64 = 0.9;
/// Steps of coordinates in a pixel: whole numbers are short.
const STEPS: f64 = 2.0;
/// Islands that are smaller are left out.
const SMALLEST: f64 = 2.0;
/// How far outlines go past the panel, so that their edges are not seen.
const MARGIN: f64 = 3.0;
/// Fill of land, and of land that endpoints are or may be in.
const LAND: &str = "#ecefee";
const REACHED: &str = "#dde2e0";
const BORDER: &str = "#ffffff";
/// Antarctica takes a tenth of the map: it is drawn only where something is there.
const SOUTH_POLE: &str = "AQ";

/// Draws all land.
pub(super) fn all(drawing: &mut Drawing, view: &View) {
    some(drawing, view, LAND, |country| country.code() != SOUTH_POLE);
}

/// Draws the countries that endpoints are or may be in once more, darker.
pub(super) fn reached(drawing: &mut Drawing, view: &View, countries: &[Country]) {
    some(drawing, view, REACHED, |country| countries.contains(&country));
}

fn some(drawing: &mut Drawing, view: &View, fill: &str, is_drawn: impl Fn(Country) -> bool) {
    let mut path = String::new();
    outline::all()
        .filter(|(country, _)| is_drawn(*country))
        .flat_map(|(_, rings)| rings)
        .for_each(|ring| put(&mut path, view, ring));
    if !path.is_empty() {
        drawing.raw(&format!(
            "<path d=\"{path}\" fill=\"{fill}\" fill-rule=\"evenodd\" stroke=\"{BORDER}\" stroke-width=\"1.4\" stroke-linejoin=\"round\" \
             transform=\"scale(.5)\"/>"
        ));
    }
}

/// Appends a ring, as often as it is seen: a ring may lie across the edge of the world.
fn put(path: &mut String, view: &View, ring: &[(f64, f64)]) {
    let Some(first) = ring.first() else { return };
    // The first point decides which turn of the globe the ring is on; it is continuous from there.
    let shift = view.turned(first.1) - first.1;
    for turn in [-360.0, 0.0, 360.0] {
        let degrees: Vec<(f64, f64)> = ring.iter().map(|&(north, east)| (east + shift + turn, north)).collect();
        let degrees = clip(&clip(&degrees, |point| point.0 + 180.0), |point| 180.0 - point.0);
        let pixels: Vec<Point> = degrees.iter().map(|&(east, north)| view.of_middle(north, east)).collect();
        let Panel { left, top, width, height } = view.panel;
        let pixels = clip(&pixels, |point| point.0 - (left - MARGIN));
        let pixels = clip(&pixels, |point| left + width + MARGIN - point.0);
        let pixels = clip(&pixels, |point| point.1 - (top - MARGIN));
        let pixels = clip(&pixels, |point| top + height + MARGIN - point.1);
        close(path, &pixels);
    }
}

/// The part of a polygon on one side of a line, where `inside` is not negative (Sutherland and Hodgman, 1974).
fn clip(polygon: &[(f64, f64)], inside: impl Fn((f64, f64)) -> f64) -> Vec<(f64, f64)> {
    let mut out = Vec::with_capacity(polygon.len());
    let Some(&last) = polygon.last() else { return out };
    let mut before = last;
    for &point in polygon {
        let (a, b) = (inside(before), inside(point));
        if (a < 0.0) != (b < 0.0) {
            let t = a / (a - b);
            out.push((before.0 + (point.0 - before.0) * t, before.1 + (point.1 - before.1) * t));
        }
        if b >= 0.0 {
            out.push(point);
        }
        before = point;
    }
    out
}

/// Appends a closed shape in steps; nothing where it is too small to be seen.
fn close(path: &mut String, points: &[Point]) {
    let extent = |axis: fn(&Point) -> f64| {
        let (least, most) =
            points.iter().map(axis).fold((f64::MAX, f64::MIN), |(a, b), value| (a.min(value), b.max(value)));
        most - least
    };
    if points.len() < 3 || extent(|point| point.0).max(extent(|point| point.1)) < SMALLEST {
        return;
    }
    let rounded = |&(x, y): &Point| ((x * STEPS).round() as i64, (y * STEPS).round() as i64);
    let mut kept: Vec<(i64, i64)> = simplified(points).iter().map(rounded).collect();
    kept.dedup();
    if kept.len() < 3 {
        return;
    }
    let mut before = (0, 0);
    for (position, &(x, y)) in kept.iter().enumerate() {
        let (command, dx, dy) = match position {
            0 => ("M", x, y),
            1 => ("l", x - before.0, y - before.1),
            _ => ("", x - before.0, y - before.1),
        };
        path.push_str(command);
        number(path, dx, command.is_empty());
        number(path, dy, true);
        before = (x, y);
    }
    path.push('z');
}

/// The points that it takes to stay near a line (Douglas and Peucker, 1973).
fn simplified(points: &[Point]) -> Vec<Point> {
    let mut is_kept = vec![false; points.len()];
    // The first point, and the one farthest from it, cut a ring into two lines.
    let away = |&(x, y): &Point| points.first().map_or(0.0, |first| (x - first.0).hypot(y - first.1));
    let farthest = (0..points.len())
        .max_by(|a, b| points.get(*a).map_or(0.0, away).total_cmp(&points.get(*b).map_or(0.0, away)))
        .unwrap_or(0);
    let last = points.len().saturating_sub(1);
    let mut parts = vec![(0, farthest), (farthest, last)];
    for index in [0, farthest, last] {
        if let Some(kept) = is_kept.get_mut(index) {
            *kept = true;
        }
    }
    while let Some((start, end)) = parts.pop() {
        let (Some(&a), Some(&b)) = (points.get(start), points.get(end)) else { continue };
        let (x, y) = (b.0 - a.0, b.1 - a.1);
        let length = x.hypot(y);
        let distance = |point: &Point| match length < 1e-9 {
            true => (point.0 - a.0).hypot(point.1 - a.1),
            false => ((point.0 - a.0) * y - (point.1 - a.1) * x).abs() / length,
        };
        let inner = (start + 1..end).filter_map(|index| Some((distance(points.get(index)?), index)));
        let Some((off, middle)) = inner.max_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
        if off > TOLERANCE {
            if let Some(kept) = is_kept.get_mut(middle) {
                *kept = true;
            }
            parts.extend([(start, middle), (middle, end)]);
        }
    }
    points.iter().zip(is_kept).filter_map(|(point, is_kept)| is_kept.then_some(*point)).collect()
}

/// Appends a number, with a space before it where it needs one.
fn number(path: &mut String, value: i64, is_after_number: bool) {
    if is_after_number && value >= 0 {
        path.push(' ');
    }
    path.push_str(&value.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_small_enough_to_print() {
        let panel = Panel { left: 30.0, top: 86.0, width: 1140.0, height: 400.0 };
        for (from, places) in [
            (None, vec![]),
            (Some((45.46, 9.19)), vec![(39.8, -98.6), (36.0, 138.0)]),
            (Some((45.46, 9.19)), vec![(51.0, 10.0)]),
            (Some((25.05, 121.57)), vec![(36.0, 138.0), (1.35, 103.8)]),
        ] {
            let view = View::of(from, &places, panel, 560.0);
            let mut drawing = Drawing::default();
            all(&mut drawing, &view);
            reached(&mut drawing, &view, &[Country::new("DE").unwrap()]);
            let text = drawing.finish(1.0, "", "");
            assert!(text.len() < 52_000 && text.len() > 4_000, "{from:?} {}", text.len());
            assert!(!text.contains("NaN") && !text.contains("inf"));
        }
    }

    #[test]
    fn a_square_is_clipped() {
        let square = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)];
        assert_eq!(clip(&square, |point| point.0 - 5.0), [(5.0, 0.0), (10.0, 0.0), (10.0, 10.0), (5.0, 10.0)]);
        assert!(clip(&square, |point| point.0 - 11.0).is_empty() && clip(&[], |_| 1.0).is_empty());
        let mut path = String::new();
        close(&mut path, &square);
        assert_eq!(path, "M0 0l20 0 0 20-20 0z");
    }
}
