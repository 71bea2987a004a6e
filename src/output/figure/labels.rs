//! Where names stand on a map: next to what they name, or farther with a line to it, and never on each other.

use super::drawing::{Anchor, DIM, Drawing, Type, path};
use super::view::{Point, View};

/// The labels that may lie on a wide band, if there is no other place.
const LARGEST: usize = 3;
/// Bands that are thinner may run under a label where nothing better is free.
const WIDE: f64 = 4.0;
/// How far away a label may be.
const FAR: [f64; 3] = [24.0, 44.0, 70.0];
/// Between the edge of the map and a label.
const EDGE: f64 = 4.0;

/// A name for a point.
pub(super) struct Label {
    /// What it names.
    pub(super) at: Point,
    /// How far the text must stay away.
    pub(super) clear: f64,
    pub(super) style: Type,
    /// The name, and what stands dimmer after it.
    pub(super) texts: [String; 2],
    /// Whether it may not stand farther away with a line, but only next to the point.
    pub(super) is_near: bool,
}

impl Label {
    fn width(&self) -> f64 {
        let gap = if self.texts[1].is_empty() { 0.0 } else { self.style.width(" ") };
        self.style.width(&self.texts[0]) + gap + Type { is_bold: false, ..self.style }.width(&self.texts[1])
    }
}

/// Left, top, right, bottom.
type Area = [f64; 4];

/// What labels keep clear of.
#[derive(Default)]
pub(super) struct Obstacles {
    firm: Vec<Area>,
    bands: Vec<Area>,
    thin: Vec<Area>,
}

impl Obstacles {
    /// A round thing.
    pub(super) fn circle(&mut self, (x, y): Point, radius: f64) {
        self.firm.push([x - radius, y - radius, x + radius, y + radius]);
    }

    /// A band along points.
    pub(super) fn band(&mut self, points: &[Point], width: f64) {
        /// Between two places that are looked at.
        const STEP: f64 = 6.0;
        let half = width / 2.0;
        let areas = if width < WIDE { &mut self.thin } else { &mut self.bands };
        for pair in points.windows(2) {
            let &[a, b] = pair else { continue };
            let steps = ((b.0 - a.0).hypot(b.1 - a.1) / STEP).ceil().clamp(1.0, 400.0) as u32;
            for step in 0..=steps {
                let t = f64::from(step) / f64::from(steps);
                let (x, y) = (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t);
                areas.push([x - half, y - half, x + half, y + half]);
            }
        }
    }
}

/// Draws labels in their order, the most important first. Those for which there is no room come back by position.
pub(super) fn draw(drawing: &mut Drawing, view: &View, labels: &[Label], mut obstacles: Obstacles) -> Vec<usize> {
    let mut left_over = Vec::new();
    for (position, label) in labels.iter().enumerate() {
        let spots = spots(label);
        let near = spots.len().min(8);
        let near_spots = spots.get(..near).unwrap_or_default();
        let is_free = |spot: &&Spot, bands: &[&Vec<Area>]| {
            let [left, top, right, bottom] = spot.area;
            view.holds((left, top), EDGE)
                && view.holds((right, bottom), EDGE)
                && !obstacles.firm.iter().chain(bands.iter().copied().flatten()).any(|other| meets(&spot.area, other))
        };
        let spot = near_spots
            .iter()
            .find(|spot| is_free(spot, &[&obstacles.bands, &obstacles.thin]))
            .or_else(|| near_spots.iter().find(|spot| is_free(spot, &[&obstacles.bands])))
            .or_else(|| spots.iter().find(|spot| !label.is_near && is_free(spot, &[&obstacles.bands])))
            .or_else(|| spots.iter().find(|spot| position < LARGEST && is_free(spot, &[])));
        let Some(spot) = spot else {
            left_over.push(position);
            continue;
        };
        if let Some(from) = spot.leader {
            drawing.line(&path(&[label.at, from]), DIM, 0.7, "");
        }
        let style = Type { anchor: spot.anchor, ..label.style };
        drawing.label(spot.text.0, spot.text.1, style, [&label.texts[0], &label.texts[1]]);
        obstacles.firm.push(spot.area);
    }
    left_over
}

/// A place for a label.
struct Spot {
    text: Point,
    anchor: Anchor,
    area: Area,
    leader: Option<Point>,
}

fn meets(a: &Area, b: &Area) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

/// Eight places next to the point, then eight farther for each distance, the best first.
fn spots(label: &Label) -> Vec<Spot> {
    const SIDES: [(f64, f64); 8] =
        [(1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 1.0), (0.75, -0.75), (-0.75, -0.75), (0.75, 0.75), (-0.75, 0.75)];
    let (width, size) = (label.width(), label.style.size);
    let spot = |(dx, dy): (f64, f64), distance: f64, is_far: bool| {
        let at = (label.at.0 + dx * distance, label.at.1 + dy * distance);
        let (anchor, left) = match dx {
            0.0 => (Anchor::Middle, at.0 - width / 2.0),
            dx if dx > 0.0 => (Anchor::Start, at.0),
            _ => (Anchor::End, at.0 - width),
        };
        // Half of the height of a letter above or below the point, or right above or below it.
        let baseline = match dy {
            0.0 => at.1 + size * 0.35,
            dy if dy < 0.0 => at.1 - 1.0,
            _ => at.1 + size * 0.8,
        };
        let area = [left - 2.0, baseline - size * 0.95, left + width + 2.0, baseline + size * 0.3];
        Spot { text: (at.0, baseline), anchor, area, leader: is_far.then_some((at.0 - dx * 2.0, at.1 - dy * 2.0)) }
    };
    let near = SIDES.into_iter().map(|side| spot(side, label.clear, false));
    let far = FAR.into_iter().flat_map(|more| SIDES.into_iter().map(move |side| (side, more)));
    near.chain(far.map(|(side, more)| spot(side, label.clear + more, true))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::view::Panel;
    use super::*;

    #[test]
    fn labels_in_a_crowd_do_not_lie_on_each_other() {
        let view = View::of(None, &[], Panel { left: 0.0, top: 0.0, width: 400.0, height: 200.0 }, 200.0);
        let label = |index: usize| Label {
            at: (200.0 + index as f64, 100.0),
            clear: 8.0,
            style: Type::plain(13.0),
            texts: [format!("Country {index}"), "12–40 %".to_owned()],
            is_near: false,
        };
        let labels: Vec<Label> = (0..60).map(label).collect();
        let mut drawing = Drawing::default();
        let left_over = draw(&mut drawing, &view, &labels, Obstacles::default());
        assert!(left_over.len() < 58 && left_over.len() > 20, "{}", left_over.len());
        let first = label(0);
        let areas: Vec<Area> = spots(&first).iter().map(|spot| spot.area).collect();
        assert_eq!(areas.len(), 32);
    }

    #[test]
    fn only_the_largest_may_lie_on_a_wide_band() {
        let view = View::of(None, &[], Panel { left: 0.0, top: 0.0, width: 300.0, height: 100.0 }, 100.0);
        let label = |x: f64| Label {
            at: (x, 50.0),
            clear: 8.0,
            style: Type::plain(13.0),
            texts: ["Japan".to_owned(), String::new()],
            is_near: true,
        };
        let mut obstacles = Obstacles::default();
        obstacles.band(&[(0.0, 50.0), (300.0, 50.0)], 100.0);
        let labels: Vec<Label> = [40.0, 120.0, 200.0, 280.0].into_iter().map(label).collect();
        assert_eq!(draw(&mut Drawing::default(), &view, &labels, obstacles), [3]);
    }
}
