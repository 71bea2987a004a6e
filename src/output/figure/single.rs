//! One map of everything.

use super::amounts::{Amounts, Scale, is_received};
use super::caption::{self, Marked};
use super::drawing::{Drawing, MARGIN, Type, WIDTH};
use super::parts::{heading, map, open_map, words_under};
use super::view::{Panel, View};
use super::{keys, land, measure};
use crate::output::look::Look;
use crate::report::Report;

/// Height of the map: as much as it needs between these.
const LOWEST: f64 = 400.0;
const HIGHEST: f64 = 560.0;
/// Width of the widest band.
const WIDEST: f64 = 26.0;

/// The figure.
pub(super) fn draw(report: &Report, look: &Look) -> String {
    let mut drawing = Drawing::default();
    let is_received = is_received(report);
    let amounts = Amounts::of_all(report);
    let from = report.vantage.as_ref().map(|vantage| (vantage.latitude, vantage.longitude));
    let places = amounts.places(from);
    let title = look.title.clone().unwrap_or_else(|| caption::title(report));
    let subtitle = caption::subtitle(report, from.is_some());
    let top = heading(&mut drawing, report, &title, subtitle);
    let mut marked = Marked { has_lines: from.is_some(), has_stubs: !amounts.stubs.is_empty(), ..Marked::default() };
    let scale = Scale::of(amounts.marks(), WIDEST);
    marked.has_thin =
        from.is_some() && amounts.marks().any(|bytes| bytes > 0 && scale.exactly(bytes) < Scale::THINNEST);
    let mut y = top;
    if from.is_some() || !places.is_empty() {
        let panel = Panel { left: MARGIN, top, width: WIDTH - 2.0 * MARGIN, height: LOWEST };
        let view = View::of(from, &places, panel, HIGHEST);
        drawing.rule(top);
        open_map(&mut drawing, &view, "m");
        land::all(&mut drawing, &view);
        let (drawn, left_over) = map(&mut drawing, &view, report, &amounts, (from, scale, 13.0));
        drawing.raw("</g>");
        marked.is_lengthened = drawn.is_lengthened;
        y = top + view.panel.height;
        drawing.rule(y);
        if !left_over.is_empty() {
            let text = format!("Not named on the map: {}.", left_over.join(", "));
            for line in measure::wrap(&text, 11.5, false, WIDTH - 2.0 * MARGIN) {
                y += 16.0;
                drawing.text(MARGIN, y, Type::dim(11.5), &line);
            }
            y += 8.0;
        }
    } else {
        for line in measure::wrap(&nothing(report), 16.0, false, WIDTH - 2.0 * MARGIN) {
            y += 22.0;
            drawing.text(MARGIN, y, Type::plain(16.0), &line);
        }
        y += 14.0;
    }
    let tray = keys::tray(&mut drawing, y, &amounts.unplaced, scale, from.is_some());
    if tray > y {
        drawing.rule(tray);
    }
    let mut end = tray;
    if amounts.way.bytes > 0 {
        end = end.max(keys::standings(&mut drawing, tray, &[&amounts], 370.0));
        let key =
            if from.is_some() { keys::widths(&mut drawing, tray, scale) } else { keys::circles(&mut drawing, tray) };
        end = end.max(key).max(keys::apps(&mut drawing, tray, report, is_received)) + 10.0;
        drawing.rule(end);
    }
    let end = keys::caption(&mut drawing, end + 4.0, &words_under(report, look, marked));
    drawing.finish(end + 14.0, &title, &caption::description(report))
}

/// What is said where there is no map.
fn nothing(report: &Report) -> String {
    let shares = &report.shares;
    let has_any = shares.sent.bytes > 0 || shares.received.bytes > 0;
    if has_any {
        return "No byte of it can be given a country.".to_owned();
    }
    let is_empty = report.apps.is_empty() && report.unattributed_routes.is_empty();
    match is_empty {
        true => "This capture holds no traffic with the internet: nothing to map.".to_owned(),
        false => "No payload was exchanged with an endpoint that answered: nothing to map.".to_owned(),
    }
}
