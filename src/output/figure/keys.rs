//! What stands under a map: traffic without a country, what the marks mean, and apps.

use super::amounts::{Amounts, Scale, Unplaced};
use super::bands::{CONFIRMED, EXCLUDED, NOWHERE, REPORTED, STRIPES, head_length};
use super::drawing::{DIM, Drawing, INK, MARGIN, Type, WIDTH, number};
use super::measure;
use crate::output::{escape, units, words};
use crate::report::{AppRoutes, EndpointShares, Report};

/// Columns of what has no country.
const COLUMNS: usize = 6;
/// Width of such a column.
const COLUMN: f64 = (WIDTH - 2.0 * MARGIN) / COLUMNS as f64;
/// Apps listed; the rest is summed.
const APP_LIMIT: usize = 6;
/// Where the columns of the key begin, and of the table of apps.
const SCALE_LEFT: f64 = 420.0;
const TABLE_LEFT: f64 = 570.0;

/// What has no country, as bands of the same scale. Returns where it ends.
pub(super) fn tray(drawing: &mut Drawing, top: f64, unplaced: &[Unplaced], scale: Scale, has_lines: bool) -> f64 {
    if unplaced.is_empty() {
        return top;
    }
    drawing.text(MARGIN, top + 20.0, Type::bold(13.0), "Not on the map, drawn to the same scale");
    for (position, one) in unplaced.iter().enumerate() {
        let left = MARGIN + (position % COLUMNS) as f64 * COLUMN;
        let middle = top + 48.0 + (position / COLUMNS) as f64 * 44.0;
        match has_lines {
            true => swatch(drawing, left, middle, 34.0, one, scale),
            false => disc(drawing, left + 20.0, middle, one, scale),
        }
        let share = if one.share.is_empty() { "in no share" } else { &one.share };
        drawing.text(left + 44.0, middle - 2.0, Type { fill: INK, ..Type::plain(12.5) }, one.word);
        let bytes = units::bytes(one.bytes);
        let text = if one.share.ends_with(" B") { bytes } else { format!("{bytes}, {share}") };
        drawing.text(left + 44.0, middle + 14.0, Type::dim(11.5), &text);
    }
    top + 74.0 + (unplaced.len().div_ceil(COLUMNS) - 1) as f64 * 44.0
}

/// A piece of band for traffic without a country.
pub(super) fn swatch(drawing: &mut Drawing, left: f64, middle: f64, length: f64, one: &Unplaced, scale: Scale) {
    let (left, middle, length) = (number(left), number(middle), number(length));
    let (color, dashes) = match (one.is_excluded, one.is_apart) {
        (true, _) => (EXCLUDED, ""),
        (_, true) => (NOWHERE, "2 4"),
        _ => (NOWHERE, ""),
    };
    drawing.line(&format!("M{left} {middle}h{length}"), color, scale.width(one.bytes), dashes);
}

/// A circle for traffic without a country.
fn disc(drawing: &mut Drawing, x: f64, y: f64, one: &Unplaced, scale: Scale) {
    let radius = scale.radius(one.bytes).max(1.5);
    let look = match (one.is_excluded, one.is_apart) {
        (true, _) => format!("fill=\"{EXCLUDED}\""),
        (_, true) => format!("fill=\"none\" stroke=\"{EXCLUDED}\" stroke-dasharray=\"{STRIPES}\""),
        _ => format!("fill=\"{NOWHERE}\""),
    };
    drawing.circle((x, y), radius, &look);
}

/// What the colours mean, as far as they are drawn. Returns where it ends.
pub(super) fn standings(drawing: &mut Drawing, top: f64, all: &[&Amounts<'_>], room: f64) -> f64 {
    let flows = || all.iter().flat_map(|one| one.flows.iter().chain(&one.home));
    let has = |lane: usize| flows().any(|flow| flow.lanes.get(lane).is_some_and(|bytes| *bytes > 0));
    let has_stubs = all.iter().any(|one| !one.stubs.is_empty());
    let rows = [
        (has(0), CONFIRMED, "", "confirmed: two independent sources agree, or the round trip leaves only this country"),
        (has(1), REPORTED, "", "reported: one source says so, nothing excludes it"),
        (has(2), REPORTED, STRIPES, "sources differ: drawn at each country named"),
        (has_stubs, NOWHERE, "", "ruled out: the line ends where the answer’s round trip does"),
    ];
    let mut y = top + 22.0;
    for (_, color, dashes, text) in rows.into_iter().filter(|row| row.0) {
        drawing.line(&format!("M{} {}h28", number(MARGIN), number(y - 4.0)), color, 8.0, dashes);
        if color == NOWHERE {
            drawing.line(&format!("M{} {}v14", number(MARGIN + 28.0), number(y - 11.0)), EXCLUDED, 2.5, "");
        }
        for line in measure::wrap(text, 12.0, false, room - 42.0) {
            drawing.text(MARGIN + 40.0, y, Type::dim(12.0), &line);
            y += 15.0;
        }
        y += 4.0;
    }
    y - 14.0
}

/// Arrows of round numbers of bytes. Returns where they end.
pub(super) fn widths(drawing: &mut Drawing, top: f64, scale: Scale) -> f64 {
    let mut y = top + 12.0;
    for bytes in scale.examples() {
        let width = scale.exactly(bytes).max(0.5);
        let (half, head) = (width * 0.62 + 3.5, head_length(width));
        let middle = y + half;
        let (left, tip) = (number(SCALE_LEFT), number(SCALE_LEFT + 40.0));
        drawing.line(&format!("M{left} {}h40.5", number(middle)), EXCLUDED, width, "");
        let (head, down) = (number(head), number(half * 2.0));
        drawing.shape(&format!("M{tip} {}v{down}l{head} -{}Z", number(middle - half), number(half)), EXCLUDED);
        drawing.text(SCALE_LEFT + 76.0, middle + 4.0, Type::dim(12.0), &units::bytes(bytes));
        y += (half * 2.0).max(16.0) + 3.0;
    }
    y
}

/// What the sizes of circles mean.
pub(super) fn circles(drawing: &mut Drawing, top: f64) -> f64 {
    drawing.circle(
        (SCALE_LEFT + 14.0, top + 26.0),
        12.0,
        &format!("fill=\"none\" stroke=\"{CONFIRMED}\" stroke-dasharray=\"{STRIPES}\""),
    );
    for (line, text) in ["rim: at most,", "by area"].iter().enumerate() {
        drawing.text(SCALE_LEFT + 36.0, top + 22.0 + 15.0 * line as f64, Type::dim(12.0), text);
    }
    top + 42.0
}

/// Apps with what they sent and where it went, most first. Returns where it ends.
pub(super) fn apps(drawing: &mut Drawing, top: f64, report: &Report, is_received: bool) -> f64 {
    let sent_right = TABLE_LEFT + 252.0;
    let places_left = sent_right + 16.0;
    let head = Type::dim(12.0);
    let mut y = top + 22.0;
    drawing.text(TABLE_LEFT, y, head, "App");
    drawing.text(sent_right, y, head.to_the_left(), if is_received { "received" } else { "sent" });
    drawing.text(places_left, y, head, "endpoints in");
    let way = |shares: &EndpointShares| if is_received { shares.received.clone() } else { shares.sent.clone() };
    let mut row = |name: &str, bytes: u64, places: &[String]| {
        y += 19.0;
        let body = Type::plain(12.5);
        drawing.text(TABLE_LEFT, y, body, &measure::cut(name, 12.5, false, 180.0));
        drawing.text(sent_right, y, body.to_the_left(), &units::bytes(bytes));
        drawing.text(places_left, y, body, &fit(places, 12.5, WIDTH - MARGIN - places_left));
    };
    let all: Vec<&AppRoutes> = report.apps.iter().filter(|app| way(&app.shares).bytes > 0).collect();
    let is_all = all.len() <= APP_LIMIT;
    let shown = all.get(..if is_all { all.len() } else { APP_LIMIT - 1 }).unwrap_or_default();
    for app in shown {
        let way = way(&app.shares);
        row(&escape::visible(&app.name), way.bytes, &words::endpoints(&way));
    }
    let more = all.get(shown.len()..).unwrap_or_default();
    if !more.is_empty() {
        let bytes = more.iter().map(|app| way(&app.shares).bytes).sum();
        let names: Vec<String> = more.iter().map(|app| escape::visible(&app.name).into_owned()).collect();
        row(&units::plural(more.len() as u64, "more app", "more apps"), bytes, &names);
    }
    let rest = way(&report.unattributed_shares);
    if rest.bytes > 0 {
        row("no app named", rest.bytes, &words::endpoints(&rest));
    }
    y + 6.0
}

/// As many texts as there is room for, and how many more there are.
pub(super) fn fit(texts: &[String], size: f64, room: f64) -> String {
    let mut out = String::new();
    for (position, text) in texts.iter().enumerate() {
        let left = texts.len() - position;
        let more = if left > 1 { format!(" +{}", left - 1) } else { String::new() };
        let gap = if position == 0 { "" } else { ", " };
        if measure::width(&format!("{out}{gap}{text}{more}"), size, false) > room {
            return match position {
                0 => measure::cut(text, size, false, room - measure::width(&more, size, false)) + &more,
                _ => format!("{out} +{left}"),
            };
        }
        out.push_str(gap);
        out.push_str(text);
    }
    if out.is_empty() { "no payload".to_owned() } else { out }
}

/// The caption in lines. Returns where it ends.
pub(super) fn caption(drawing: &mut Drawing, top: f64, text: &str) -> f64 {
    let mut y = top;
    for line in measure::wrap(text, 11.5, false, WIDTH - 2.0 * MARGIN) {
        y += 16.0;
        drawing.text(MARGIN, y, Type { fill: DIM, ..Type::plain(11.5) }, &line);
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_fit_and_the_rest_is_counted() {
        let texts: Vec<String> = ["China 66 %", "Hong Kong 26–29 %", "Singapore ≤ 3 %"].map(str::to_owned).to_vec();
        assert_eq!(fit(&texts, 12.0, 1000.0), "China 66 %, Hong Kong 26–29 %, Singapore ≤ 3 %");
        assert_eq!(fit(&texts, 12.0, 235.0), "China 66 %, Hong Kong 26–29 % +1");
        assert!(fit(&texts, 12.0, 60.0).ends_with(" +2"));
        assert_eq!(fit(&[], 12.0, 60.0), "no payload");
    }
}
