//! A [`Report`] as geometry: arcs from where the capture was taken to each destination, in map units. Shared by the page
//! and the SVG.

use super::projection::{self, forward};
use crate::report::{Candidate, Destination, Report};
use serde::Deserialize;

/// Antarctica: left out unless something is there, since it takes a tenth of the map.
const SOUTH_POLE: &str = "AQ";
/// Outlines of the countries: Natural Earth 1:50m, simplified and projected.
const WORLD: &str = include_str!("../../data/world.json");
/// Arcs drawn: more would hide each other and make the page heavy. The tables list the rest.
const ARC_LIMIT: usize = 1500;
/// Map units below which two endpoints share a dot.
const DOT_SPACING: f64 = 3.0;
/// Southern edge of the usual view: what lies south of it is Antarctica.
const SOUTH: f64 = 900.0;
/// The narrowest view: closer in, the outlines are too coarse.
const VIEW_MIN: f64 = 460.0;

/// The outlines.
#[derive(Deserialize)]
pub(super) struct World {
    /// Where they come from.
    pub(super) source: String,
    countries: Vec<Outline>,
}

#[derive(Deserialize)]
struct Outline {
    #[serde(rename = "c")]
    code: String,
    #[serde(rename = "d")]
    path: String,
}

impl World {
    /// The outlines compiled in.
    pub(super) fn load() -> Self {
        // A test holds that the file parses.
        serde_json::from_str(WORLD).unwrap_or(Self { source: String::new(), countries: Vec::new() })
    }

    /// One path element per country; those that `is_reached` says yes to get the class `reached`.
    pub(super) fn paths(&self, is_reached: impl Fn(&str) -> bool) -> String {
        let mut out = String::with_capacity(WORLD.len());
        for outline in &self.countries {
            if outline.code == SOUTH_POLE && !is_reached(SOUTH_POLE) {
                continue;
            }
            let class = if is_reached(&outline.code) { " class=\"reached\"" } else { "" };
            out.push_str(&format!("<path{class} d=\"{}\"/>", outline.path));
        }
        out
    }
}

/// One destination of one app in one of the countries that it may be in, with where it is drawn.
pub(super) struct Route<'a> {
    /// Position of the app in the report; none where no app could be named.
    pub(super) app: Option<usize>,
    /// The destination.
    pub(super) destination: &'a Destination,
    /// Where it lies on the map; none where it has no place.
    #[cfg_attr(not(test), expect(dead_code, reason = "the picture draws the path"))]
    pub(super) at: Option<(f64, f64)>,
    /// The arc to it, as SVG path data; none where one of the ends is not known.
    pub(super) path: Option<String>,
    /// Width of the arc in pixels.
    pub(super) weight: f64,
}

/// One dot: endpoints that lie together.
pub(super) struct Dot {
    pub(super) at: (f64, f64),
    labels: Vec<String>,
    /// Routes that end there, by position.
    pub(super) routes: Vec<usize>,
    pub(super) bytes: u64,
}

impl Dot {
    /// The names of what lies there: two, and how many more.
    pub(super) fn label(&self) -> String {
        let mut label = self.labels.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(", ");
        if let more @ 1.. = self.labels.len().saturating_sub(2) {
            label.push_str(&format!(" +{more}"));
        }
        label
    }
}

/// The map of a report.
pub(super) struct Map<'a> {
    /// All destinations: those of apps in the report's order, then those of no app.
    pub(super) routes: Vec<Route<'a>>,
    /// Dots, most bytes first.
    pub(super) dots: Vec<Dot>,
    /// Where the capture was taken.
    pub(super) origin: Option<(f64, f64)>,
    /// Left, top, width and height of the part of the world that matters.
    pub(super) view: [f64; 4],
}

impl<'a> Map<'a> {
    /// The map of a report.
    pub(super) fn of(report: &'a Report) -> Self {
        let of_apps = report
            .apps
            .iter()
            .enumerate()
            .flat_map(|(app, routes)| routes.destinations.iter().map(move |destination| (Some(app), destination)));
        let all: Vec<_> =
            of_apps.chain(report.unattributed_routes.iter().map(|destination| (None, destination))).collect();
        let most = all
            .iter()
            .map(|(_, destination)| destination.payload.sent + destination.payload.received)
            .max()
            .unwrap_or(0);
        let from = report.vantage.as_ref().map(|vantage| (vantage.latitude, vantage.longitude));
        let mut routes: Vec<Route<'a>> = Vec::with_capacity(all.len());
        let mut bounds = Bounds::default();
        let mut dots: Vec<Dot> = Vec::new();
        let mut arcs = 0;
        let each = all.into_iter().flat_map(|(app, destination)| {
            let candidates: Vec<Option<&Candidate>> = match destination.candidates.as_slice() {
                [] => vec![None],
                candidates => candidates.iter().map(Some).collect(),
            };
            candidates.into_iter().map(move |candidate| (app, destination, candidate))
        });
        for (app, destination, candidate) in each {
            let place = candidate.and_then(place);
            let bytes = destination.payload.sent.saturating_add(destination.payload.received);
            let at = place.map(|place| forward(place.0, place.1));
            let mut path = None;
            if let Some(at) = at {
                bounds.add(at);
                let near = |dot: &Dot| (dot.at.0 - at.0).hypot(dot.at.1 - at.1) < DOT_SPACING;
                let position = routes.len();
                let dot = match dots.iter().position(near) {
                    Some(dot) => dot,
                    None => {
                        dots.push(Dot { at, labels: Vec::new(), routes: Vec::new(), bytes: 0 });
                        dots.len() - 1
                    }
                };
                if let Some(dot) = dots.get_mut(dot) {
                    let name = candidate.map_or(&destination.label, |candidate| &candidate.label);
                    if !dot.labels.contains(name) {
                        dot.labels.push(name.clone());
                    }
                    let lane = dot.routes.len();
                    dot.routes.push(position);
                    dot.bytes += bytes;
                    if let (Some(from), Some(to)) = (from, place)
                        && arcs < ARC_LIMIT
                    {
                        arcs += 1;
                        path = Some(arc(from, to, lane, &mut bounds));
                    }
                }
            }
            let share = bytes as f64 / most.max(1) as f64;
            let weight = 1.2 + 4.8 * share.sqrt();
            routes.push(Route { app, destination, at, path, weight });
        }
        dots.sort_by_key(|dot| std::cmp::Reverse(dot.bytes));
        let origin = from.map(|from| forward(from.0, from.1));
        origin.into_iter().for_each(|origin| bounds.add(origin));
        Self { routes, dots, origin, view: bounds.view() }
    }
}

/// Where a country is drawn: at its own point, since no source checks where in it an endpoint is; else at the coordinates that are
/// given, if they are those of a point on earth.
fn place(candidate: &Candidate) -> Option<(f64, f64)> {
    let given = candidate.latitude.zip(candidate.longitude);
    let (latitude, longitude) = candidate.country.centroid().or(given)?;
    let is_on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    is_on_earth.then_some((latitude, longitude))
}

/// The great circle, swung out to one side so that arcs to the same place lie side by side, broken at the map's edge.
fn arc(from: (f64, f64), to: (f64, f64), lane: usize, bounds: &mut Bounds) -> String {
    const STEPS: usize = 28;
    let points = projection::great_circle(from, to, STEPS);
    let (start, end) = (forward(from.0, from.1), forward(to.0, to.1));
    let crosses = points.windows(2).any(|pair| matches!(pair, [a, b] if (a.1 - b.1).abs() > 180.0));
    let length = (end.0 - start.0).hypot(end.1 - start.1).max(1.0);
    let normal = if crosses { (0.0, -1.0) } else { ((end.1 - start.1) / length, -(end.0 - start.0) / length) };
    // Northwards first, further lanes alternate.
    let side = if normal.1 <= 0.0 { 1.0 } else { -1.0 };
    let lane = lane.min(12) as f64;
    let swing = if crosses { 10.0 * lane } else { side * (0.12 + 0.07 * lane) * length.min(300.0) };
    let mut out = String::with_capacity(points.len() * 12);
    let last = points.len().saturating_sub(1).max(1) as f64;
    let mut before: Option<(f64, f64)> = None;
    for (step, point) in points.iter().enumerate() {
        let swing = swing * (std::f64::consts::PI * step as f64 / last).sin();
        let (x, y) = forward(point.0, point.1);
        let (x, y) = (x + normal.0 * swing, y + normal.1 * swing);
        let is_break = before.is_some_and(|before| (before.1 - point.1).abs() > 180.0);
        if let (true, Some(before)) = (is_break, before) {
            // Both halves reach the edge of the map, at the latitude between the two points.
            let to_edge = 180.0 - before.1.abs();
            let t = to_edge / (to_edge + 180.0 - point.1.abs()).max(f64::EPSILON);
            let latitude = before.0 + (point.0 - before.0) * t;
            for (command, longitude) in [('L', before.1), ('M', point.1)] {
                let (x, y) = forward(latitude, 180.0_f64.copysign(longitude));
                out.push_str(&format!("{command}{:.1} {:.1}", x + normal.0 * swing, y + normal.1 * swing));
                bounds.add((x, y));
            }
        }
        let command = if step == 0 { 'M' } else { 'L' };
        out.push_str(&format!("{command}{x:.1} {y:.1}"));
        bounds.add((x, y));
        before = Some(*point);
    }
    out
}

/// The smallest box around what is drawn.
#[derive(Default)]
struct Bounds(Option<[f64; 4]>);

impl Bounds {
    fn add(&mut self, (x, y): (f64, f64)) {
        let [left, top, right, bottom] = self.0.unwrap_or([x, y, x, y]);
        self.0 = Some([left.min(x), top.min(y), right.max(x), bottom.max(y)]);
    }

    /// The box with room around it in the shape of a screen; the whole world where most of it is spanned.
    fn view(&self) -> [f64; 4] {
        let whole = [0.0, 0.0, projection::WIDTH, SOUTH];
        let Some([left, top, right, bottom]) = self.0 else { return whole };
        let (width, height) = ((right - left) * 1.3, (bottom - top) * 1.4);
        let width = width.max(height * 1.7).max(VIEW_MIN);
        if width > projection::WIDTH * 0.85 {
            return whole;
        }
        let height = width / 1.7;
        let x = ((left + right) / 2.0 - width / 2.0).clamp(0.0, projection::WIDTH - width);
        let y = ((top + bottom) / 2.0 - height / 2.0).clamp(0.0, (projection::HEIGHT - height).max(0.0));
        [x, y, width, height].map(|value| (value * 10.0).round() / 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;
    use crate::place::Country;

    #[test]
    fn outlines_parse() {
        let world = World::load();
        assert_eq!(world.countries.len(), 241);
        assert!(world.source.contains("Natural Earth"));
        assert_eq!(world.paths(|code| code == "SG").matches("class=\"reached\"").count(), 1);
    }

    #[test]
    fn places_get_arcs_and_the_rest_does_not() {
        let report = example::report();
        let map = Map::of(&report);
        assert_eq!(map.routes.len(), 12, "one in two countries");
        assert_eq!(map.routes.iter().filter(|route| route.path.is_some()).count(), 9);
        let dots: Vec<_> = map.dots.iter().map(|dot| (dot.label(), dot.routes.len())).collect();
        assert!(dots.contains(&("Singapore".to_owned(), 3)), "{dots:?}");
    }

    #[test]
    fn without_a_vantage_there_are_dots_only() {
        let mut report = example::report();
        report.vantage = None;
        let map = Map::of(&report);
        assert!(map.origin.is_none() && map.routes.iter().all(|route| route.path.is_none()) && !map.dots.is_empty());
    }

    #[test]
    fn nonsense_coordinates_are_no_place() {
        let mut report = example::report();
        for (position, value) in [f64::NAN, f64::INFINITY, 1e300].into_iter().enumerate() {
            for candidate in &mut report.apps[0].destinations[position].candidates {
                candidate.country = Country::new("ZZ").unwrap();
                candidate.latitude = Some(value);
            }
        }
        let map = Map::of(&report);
        assert!(map.routes.iter().take(3).all(|route| route.at.is_none()));
    }
}
