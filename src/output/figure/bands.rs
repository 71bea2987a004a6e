//! Flows as bands along great circles, as wide as they have bytes; or circles, where nothing is known of where they start.

use super::amounts::{Flow, Scale, Stub};
use super::drawing::{Drawing, INK, PAPER, path, precise};
use super::view::{Place, Point, View, on_the_way};

/// Confirmed.
pub(super) const CONFIRMED: &str = "#174a7c";
/// Reported; and, striped, where sources differ.
pub(super) const REPORTED: &str = "#78a6d1";
/// Stripes along a line.
pub(super) const STRIPES: &str = "3 2";
/// Without a country.
pub(super) const NOWHERE: &str = "#c4c9cd";
/// What round trips took away, and its bar.
pub(super) const EXCLUDED: &str = "#8d9298";

/// Radius of the phone on a map with the widest bands, and of the first ring around it.
const PHONE: f64 = 6.0;
const INNER: f64 = 9.0;
const USUAL: f64 = 26.0;
/// Between the phone, or its ring, and bands.
const GAP: f64 = 4.0;
/// Between the tip of an arrow and its dot.
const DOT_GAP: f64 = 5.0;
const DOT: f64 = 3.0;
/// Circles that are smaller have a plain rim: it is too short for dashes.
const SMALL_RIM: f64 = 4.0;
/// Length of a band that is too short to be drawn as it is, without its arrow.
const SHORTEST: f64 = 9.0;

/// What was drawn, for labels to keep clear of.
#[derive(Default)]
pub(super) struct Drawn {
    /// Where each flow may be labelled, in the order of the flows, and how far text must stay away.
    pub(super) ends: Vec<(Point, f64)>,
    /// Where each stub ends.
    pub(super) stubs: Vec<(Point, f64)>,
    /// Bands: points along them, and their widths.
    pub(super) bands: Vec<(Vec<Point>, f64)>,
    /// The outermost ring around the phone.
    pub(super) ring: f64,
    /// Whether a band is longer than it should be, because its country is too near.
    pub(super) is_lengthened: bool,
}

/// Draws flows from the phone, or to it, most bytes first, and the ring of its own country.
pub(super) fn draw(
    drawing: &mut Drawing,
    view: &View,
    from: Place,
    (flows, home, stubs): (&[Flow<'_>], Option<&Flow<'_>>, &[Stub]),
    (scale, is_received): (Scale, bool),
) -> Drawn {
    let center = view.point(from);
    let size = size(scale);
    let ring = INNER * size + home.map_or(0.0, |home| scale.width(home.bytes()));
    let mut drawn = Drawn { ring, ..Drawn::default() };
    for stub in stubs {
        let end = stub_of(drawing, view, from, stub, ring, scale);
        drawn.bands.push((vec![center, end], scale.width(stub.bytes)));
        drawn.stubs.push((end, 8.0 + scale.width(stub.bytes) / 2.0));
    }
    let mut tips = Vec::new();
    for flow in flows {
        let width = scale.width(flow.bytes());
        let head = head_length(width);
        let mut pieces = view.line(from, flow.place);
        let to = view.point(flow.place);
        let straight = (to.0 - center.0).hypot(to.1 - center.1);
        let is_short = pieces.len() == 1 && straight < ring + GAP + head + SHORTEST + DOT_GAP;
        let mut end = to;
        if is_short {
            let direction =
                if straight > 0.5 { ((to.0 - center.0) / straight, (to.1 - center.1) / straight) } else { (0.0, -1.0) };
            let along = |length: f64| (center.0 + direction.0 * length, center.1 + direction.1 * length);
            end = along(ring + GAP + head + SHORTEST + DOT_GAP);
            pieces = vec![vec![center, along(ring), end]];
            drawn.is_lengthened = true;
        } else {
            drawing.circle(to, DOT * size, &format!("fill=\"{INK}\""));
        }
        if is_received {
            pieces.reverse();
            pieces.iter_mut().for_each(|piece| piece.reverse());
        }
        let (start_gap, end_gap) = if is_received { (DOT_GAP, ring + GAP) } else { (ring + GAP, DOT_GAP) };
        trim_start(&mut pieces, start_gap);
        trim_end(&mut pieces, end_gap);
        tips.push(band(drawing, &mut pieces, flow, scale));
        drawn.bands.extend(pieces.into_iter().map(|piece| (piece, width)));
        drawn.ends.push((end, if is_short { 3.0 } else { DOT + 6.0 }));
    }
    // Arrows lie above all bands.
    tips.into_iter().flatten().for_each(|(path, fill)| drawing.shape(&path, fill));
    if let Some(home) = home {
        rings(drawing, center, home, scale);
    }
    let stroke = precise(2.4 * size);
    drawing.circle(center, PHONE * size, &format!("fill=\"{PAPER}\" stroke=\"{INK}\" stroke-width=\"{stroke}\""));
    drawn
}

/// Draws circles whose areas stand for bytes: confirmed, then reported, then a dashed rim for at most.
pub(super) fn circles(drawing: &mut Drawing, view: &View, flows: &[&Flow<'_>], scale: Scale) -> Drawn {
    let mut drawn = Drawn::default();
    for flow in flows {
        let at = view.point(flow.place);
        let [confirmed, reported, _] = flow.lanes;
        let known = confirmed.saturating_add(reported);
        let outer = scale.radius(flow.bytes()).max(1.5);
        drawing.circle(at, outer, &format!("fill=\"{PAPER}\" fill-opacity=\".6\""));
        for (bytes, fill) in [(known, REPORTED), (confirmed, CONFIRMED)] {
            if bytes > 0 {
                drawing.circle(at, scale.radius(bytes).max(1.5), &format!("fill=\"{fill}\""));
            }
        }
        let rim = if confirmed == flow.bytes() || outer < SMALL_RIM {
            String::new()
        } else {
            format!(" stroke-dasharray=\"{STRIPES}\"")
        };
        drawing.circle(at, outer, &format!("fill=\"none\" stroke=\"{CONFIRMED}\" stroke-width=\"1\"{rim}"));
        drawn.ends.push((at, outer + 5.0));
    }
    drawn
}

/// A grey line toward a country that is ruled out; it ends where the round trip does.
fn stub_of(drawing: &mut Drawing, view: &View, from: Place, stub: &Stub, ring: f64, scale: Scale) -> Point {
    let center = view.point(from);
    let end = view.point(on_the_way(from, stub.toward, stub.reach_km));
    let (x, y) = (end.0 - center.0, end.1 - center.1);
    let length = x.hypot(y).max(1e-6);
    let (x, y) = (x / length, y / length);
    let width = scale.width(stub.bytes);
    // Under the ring it would not be seen.
    let length = length.max(ring + GAP + 8.0);
    let end = (center.0 + x * length, center.1 + y * length);
    let start = (center.0 + x * (ring + GAP), center.1 + y * (ring + GAP));
    drawing.line(&path(&[start, end]), NOWHERE, width, "");
    let half = width / 2.0 + 5.0;
    let bar = [(end.0 - y * half, end.1 + x * half), (end.0 + y * half, end.1 - x * half)];
    drawing.line(&path(&bar), EXCLUDED, 2.5, "");
    end
}

/// Draws one band; its arrow comes back, to be drawn later.
fn band(
    drawing: &mut Drawing,
    pieces: &mut Vec<Vec<Point>>,
    flow: &Flow<'_>,
    scale: Scale,
) -> Option<(String, &'static str)> {
    let total = scale.width(flow.bytes());
    let &tip = pieces.last()?.last()?;
    let head = head_length(total);
    trim_end(pieces, head);
    let &base = pieces.last()?.last()?;
    let length = (tip.0 - base.0).hypot(tip.1 - base.1).max(1e-6);
    let (x, y) = ((tip.0 - base.0) / length, (tip.1 - base.1) / length);
    for piece in pieces.iter() {
        drawing.line(&path(piece), PAPER, total + 3.0, "");
    }
    let most = lanes(flow, scale).into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?.0;
    let mut side = -total / 2.0;
    for (color, width, dashes) in lanes(flow, scale) {
        for piece in pieces.iter() {
            drawing.line(&path(&beside(piece, side + width / 2.0)), color, width, dashes);
        }
        side += width;
    }
    let half = total * 0.62 + 3.5;
    // The arrow begins a little inside the band, so that no gap shows.
    let base = (base.0 - x * 0.5, base.1 - y * 0.5);
    let corners = [tip, (base.0 - y * half, base.1 + x * half), (base.0 + y * half, base.1 - x * half)];
    Some((path(&corners) + "Z", most))
}

/// The lanes of a flow with their colours, widths and stripes; together as wide as the flow.
fn lanes(flow: &Flow<'_>, scale: Scale) -> Vec<(&'static str, f64, &'static str)> {
    let total = scale.width(flow.bytes());
    let per_byte = total / flow.bytes().max(1) as f64;
    let looks = [(CONFIRMED, ""), (REPORTED, ""), (REPORTED, STRIPES)];
    let lanes = flow.lanes.iter().zip(looks).filter(|(bytes, _)| **bytes > 0);
    lanes.map(|(bytes, (color, dashes))| (color, *bytes as f64 * per_byte, dashes)).collect()
}

fn rings(drawing: &mut Drawing, center: Point, home: &Flow<'_>, scale: Scale) {
    drawing.circle(center, INNER * size(scale) + scale.width(home.bytes()) + 1.5, &format!("fill=\"{PAPER}\""));
    let mut radius = INNER * size(scale);
    for (color, width, dashes) in lanes(home, scale) {
        let dashes = if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") };
        let attributes = format!("fill=\"none\" stroke=\"{color}\" stroke-width=\"{}\"{dashes}", precise(width));
        drawing.circle(center, radius + width / 2.0, &attributes);
        radius += width;
    }
}

/// How large dots are: smaller where bands are thinner.
fn size(scale: Scale) -> f64 {
    (scale.widest / USUAL).clamp(0.7, 1.0)
}

/// How long the arrow of a band is.
pub(super) fn head_length(width: f64) -> f64 {
    5.0 + 0.7 * width
}

/// A line beside another, so many pixels to its right.
fn beside(points: &[Point], distance: f64) -> Vec<Point> {
    let at = |index: usize| points.get(index).copied();
    let shifted = points.iter().enumerate().map(|(index, &(x, y))| {
        let before = at(index.saturating_sub(1)).unwrap_or((x, y));
        let after = at(index + 1).unwrap_or((x, y));
        let (dx, dy) = (after.0 - before.0, after.1 - before.1);
        let length = dx.hypot(dy).max(1e-9);
        (x - dy / length * distance, y + dx / length * distance)
    });
    shifted.collect()
}

/// Takes so much away where a line starts.
fn trim_start(pieces: &mut Vec<Vec<Point>>, mut length: f64) {
    while let Some(piece) = pieces.first_mut() {
        for (kept, pair) in piece.windows(2).enumerate() {
            let &[a, b] = pair else { break };
            let step = (b.0 - a.0).hypot(b.1 - a.1);
            if step > length {
                let t = length / step;
                let cut = (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t);
                piece.drain(..=kept);
                piece.insert(0, cut);
                return;
            }
            length -= step;
        }
        if pieces.len() == 1 {
            return;
        }
        pieces.remove(0);
    }
}

/// Takes so much away where a line ends.
fn trim_end(pieces: &mut Vec<Vec<Point>>, length: f64) {
    let turn = |pieces: &mut Vec<Vec<Point>>| {
        pieces.reverse();
        pieces.iter_mut().for_each(|piece| piece.reverse());
    };
    turn(pieces);
    trim_start(pieces, length);
    turn(pieces);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_trimmed_at_both_ends() {
        let line = || vec![vec![(0.0, 0.0), (10.0, 0.0), (20.0, 0.0)], vec![(100.0, 0.0), (110.0, 0.0)]];
        let mut pieces = line();
        trim_start(&mut pieces, 12.0);
        trim_end(&mut pieces, 4.0);
        assert_eq!(pieces, [vec![(12.0, 0.0), (20.0, 0.0)], vec![(100.0, 0.0), (106.0, 0.0)]]);
        let mut pieces = line();
        trim_start(&mut pieces, 22.0);
        assert_eq!(pieces, [vec![(102.0, 0.0), (110.0, 0.0)]]);
        trim_start(&mut Vec::new(), 1.0);
    }

    #[test]
    fn a_line_beside_another_keeps_its_distance() {
        assert_eq!(beside(&[(0.0, 0.0), (10.0, 0.0)], 2.0), [(0.0, 2.0), (10.0, 2.0)]);
        assert_eq!(beside(&[(1.0, 1.0)], 2.0).len(), 1);
    }
}
