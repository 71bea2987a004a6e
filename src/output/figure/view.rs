//! The part of the world that a map shows: degrees to pixels.
//!
//! The world is Equal Earth (Šavrič, Patterson, Jenny, "The Equal Earth map projection", 2018), cut in an ocean: its middle meridian is
//! 11° E or 150° E, whichever is nearer the phone.

use std::f64::consts::PI;

/// Degrees north and east.
pub(super) type Place = (f64, f64);
/// Pixels to the right and down.
pub(super) type Point = (f64, f64);

/// Middle meridians: the cut is in the Bering Strait or in the Atlantic.
const MERIDIANS: [f64; 2] = [11.0, 150.0];
/// Half the width and height of the world on a globe of radius 1.
const HALF: (f64, f64) = (2.706_63, 1.317_3);
/// The narrowest view on that globe, about 5,700 km, so that one sees where in the world it is.
const NARROWEST: f64 = 0.9;
/// Points of a great circle.
const STEPS: usize = 96;

/// Left, top, width and height of a map in the picture.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Panel {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// How a panel shows the world.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) panel: Panel,
    meridian: f64,
    /// The middle of the panel on the globe of radius 1.
    middle: (f64, f64),
    /// Pixels per radius.
    scale: f64,
}

impl View {
    /// The view of all these places, and of lines from the phone to them where it has a place, in a panel that starts at `panel` and is
    /// between its height and `highest` high. Around them stays room for labels.
    pub(super) fn of(from: Option<Place>, places: &[Place], panel: Panel, highest: f64) -> Self {
        let nearest = |east: f64| {
            let away = |meridian: &&f64| turned(east - **meridian).abs();
            MERIDIANS.iter().min_by(|a, b| away(a).total_cmp(&away(b))).copied().unwrap_or(MERIDIANS[0])
        };
        let meridian = from.map_or(MERIDIANS[0], |from| nearest(from.1));
        let lines = from.iter().flat_map(|&from| places.iter().flat_map(move |&to| great_circle(from, to)));
        let points = lines.chain(places.iter().copied()).chain(from);
        let mut bounds: Option<[f64; 4]> = None;
        for (x, y) in points.map(|place| project(meridian, place)) {
            let [left, top, right, bottom] = bounds.unwrap_or([x, y, x, y]);
            bounds = Some([left.min(x), top.min(y), right.max(x), bottom.max(y)]);
        }
        let [left, top, right, bottom] = bounds.unwrap_or([-HALF.0, -HALF.1, HALF.0, HALF.1]);
        let room = (panel.width * 0.76, highest * 0.72);
        let (wide, high) = ((right - left).max(1e-6), (bottom - top).max(1e-6));
        let scale = (room.0 / wide).min(room.1 / high).min(panel.width / NARROWEST);
        // Never more than the world, and never less than the panel.
        let scale = scale.max(panel.width / (2.0 * HALF.0));
        let height = (high * scale / 0.72).clamp(panel.height, highest);
        let panel = Panel { height, ..panel };
        let within = |middle: f64, half: f64, length: f64| {
            let most = (half - length / scale / 2.0).max(0.0);
            middle.clamp(-most, most)
        };
        let middle = (
            within(f64::midpoint(left, right), HALF.0, panel.width),
            within(f64::midpoint(top, bottom), HALF.1, panel.height),
        );
        Self { panel, meridian, middle, scale }
    }

    /// Where a place is drawn.
    pub(super) fn point(&self, place: Place) -> Point {
        self.pixels(project(self.meridian, place))
    }

    /// The same for a longitude that is counted from the middle meridian, and may lie on either edge of the world.
    pub(super) fn of_middle(&self, north: f64, east: f64) -> Point {
        self.pixels(equal_earth(north, east))
    }

    fn pixels(&self, (x, y): (f64, f64)) -> Point {
        let Panel { left, top, width, height } = self.panel;
        (left + width / 2.0 + (x - self.middle.0) * self.scale, top + height / 2.0 + (y - self.middle.1) * self.scale)
    }

    /// A longitude counted from the middle meridian.
    pub(super) fn turned(&self, east: f64) -> f64 {
        turned(east - self.meridian)
    }

    /// The great circle between two places as drawn, in one piece or, where it leaves the world at one edge and comes back at the other,
    /// in two.
    pub(super) fn line(&self, from: Place, to: Place) -> Vec<Vec<Point>> {
        let mut pieces: Vec<Vec<Point>> = vec![Vec::new()];
        let mut before: Option<(f64, f64)> = None;
        for (north, east) in great_circle(from, to) {
            let east = self.turned(east);
            if let Some((old_north, old_east)) = before.filter(|(_, old)| (old - east).abs() > 180.0) {
                let to_edge = 180.0 - old_east.abs();
                let t = to_edge / (to_edge + 180.0 - east.abs()).max(f64::EPSILON);
                let edge = old_north + (north - old_north) * t;
                if let Some(piece) = pieces.last_mut() {
                    piece.push(self.of_middle(edge, 180_f64.copysign(old_east)));
                }
                pieces.push(vec![self.of_middle(edge, 180_f64.copysign(east))]);
            }
            if let Some(piece) = pieces.last_mut() {
                piece.push(self.of_middle(north, east));
            }
            before = Some((north, east));
        }
        pieces
    }

    /// Whether a point lies in the panel, at least so far from its edge.
    pub(super) fn holds(&self, (x, y): Point, margin: f64) -> bool {
        let Panel { left, top, width, height } = self.panel;
        (left + margin..=left + width - margin).contains(&x) && (top + margin..=top + height - margin).contains(&y)
    }

    /// The same view in a panel of the same size elsewhere.
    pub(super) fn moved(self, left: f64, top: f64) -> Self {
        Self { panel: Panel { left, top, ..self.panel }, ..self }
    }
}

fn turned(degrees: f64) -> f64 {
    (degrees + 180.0).rem_euclid(360.0) - 180.0
}

fn project(meridian: f64, (north, east): Place) -> (f64, f64) {
    equal_earth(north, turned(east - meridian))
}

/// Equal Earth on a globe of radius 1; down is positive.
fn equal_earth(north: f64, east: f64) -> (f64, f64) {
    const A: [f64; 4] = [1.340_264, -0.081_106, 0.000_893, 0.003_796];
    let (phi, lambda) = (north.clamp(-90.0, 90.0).to_radians(), east.clamp(-180.0, 180.0).to_radians());
    let root = 3_f64.sqrt() / 2.0;
    let theta = (root * phi.sin()).asin();
    let t2 = theta * theta;
    let t6 = t2 * t2 * t2;
    let slope = A[0] + 3.0 * A[1] * t2 + t6 * (7.0 * A[2] + 9.0 * A[3] * t2);
    (lambda * theta.cos() / (root * slope), -theta * (A[0] + A[1] * t2 + t6 * (A[2] + A[3] * t2)))
}

/// Points of the shortest line between two places, both included.
fn great_circle(from: Place, to: Place) -> Vec<Place> {
    crate::output::projection::great_circle(from, to, STEPS)
}

/// The place so many km from another, on the way to a third.
pub(super) fn on_the_way(from: Place, to: Place, km: f64) -> Place {
    const EARTH_KM: f64 = 6371.0;
    let (phi, lambda) = (from.0.to_radians(), from.1.to_radians());
    let (phi2, turn) = (to.0.to_radians(), (to.1 - from.1).to_radians());
    let bearing = (turn.sin() * phi2.cos()).atan2(phi.cos() * phi2.sin() - phi.sin() * phi2.cos() * turn.cos());
    let angle = (km / EARTH_KM).clamp(0.0, PI);
    let north = (phi.sin() * angle.cos() + phi.cos() * angle.sin() * bearing.cos()).clamp(-1.0, 1.0).asin();
    let east = (bearing.sin() * angle.sin() * phi.cos()).atan2(angle.cos() - phi.sin() * north.sin());
    (north.to_degrees(), turned((lambda + east).to_degrees()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANEL: Panel = Panel { left: 30.0, top: 86.0, width: 1140.0, height: 400.0 };
    const TAIPEI: Place = (25.05, 121.57);

    #[test]
    fn equal_earth_has_its_published_size() {
        assert!((equal_earth(0.0, 180.0).0 - HALF.0).abs() < 1e-4);
        assert!((equal_earth(-90.0, 0.0).1 - HALF.1).abs() < 1e-4);
        assert_eq!(equal_earth(0.0, 0.0), (0.0, 0.0));
    }

    #[test]
    fn everything_asked_for_lies_in_the_panel() {
        let places = [(36.0, 138.0), (1.35, 103.8), (39.8, -98.6), (-25.0, 134.0)];
        for from in [Some(TAIPEI), Some((45.46, 9.19)), Some((-33.9, 18.4)), Some((61.2, -149.9)), None] {
            for count in 0..=places.len() {
                let view = View::of(from, &places[..count], PANEL, 560.0);
                assert!((400.0..=560.0).contains(&view.panel.height));
                for place in places[..count].iter().chain(&from) {
                    assert!(view.holds(view.point(*place), 10.0), "{from:?} {place:?} {view:?}");
                }
            }
        }
    }

    #[test]
    fn a_line_is_cut_where_it_leaves_the_world_and_makes_no_jumps() {
        let cases =
            [(TAIPEI, (39.8, -98.6)), (TAIPEI, (1.35, 103.8)), ((45.46, 9.19), (36.0, 138.0)), ((40.7, -74.0), TAIPEI)];
        for (from, to) in cases {
            let view = View::of(Some(from), &[to], PANEL, 560.0);
            let pieces = view.line(from, to);
            assert!(pieces.len() <= 2);
            let longest = pieces.iter().flat_map(|piece| piece.windows(2)).map(|pair| match pair {
                [a, b] => (a.0 - b.0).hypot(a.1 - b.1),
                _ => 0.0,
            });
            assert!(longest.fold(0.0, f64::max) < PANEL.width / 5.0, "{from:?} {to:?}");
        }
        let whole = View::of(None, &[], PANEL, 560.0);
        assert_eq!(whole.line((36.0, 138.0), (37.0, -122.0)).len(), 2, "over the Pacific");
    }

    #[test]
    fn a_place_on_the_way_is_as_far_as_said() {
        let (north, east) = on_the_way((0.0, 0.0), (0.0, 90.0), 1111.95);
        assert!(north.abs() < 1e-9 && (east - 10.0).abs() < 0.01, "{north} {east}");
    }
}
