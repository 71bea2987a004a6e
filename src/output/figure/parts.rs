//! What a figure of one map and a figure of several have in common: heading, the map itself, the words under it.

use super::amounts::{Amounts, Flow, Scale, is_received};
use super::bands::{self, Drawn};
use super::caption::{self, Marked};
use super::drawing::{DIM, Drawing, MARGIN, Type, WIDTH, number};
use super::labels::{self, Label, Obstacles};
use super::view::{Panel, Place, View};
use super::{land, measure};
use crate::output::look::Look;
use crate::output::{escape, units, words};
use crate::place::Country;
use crate::report::Report;

/// Countries named on the map; the rest is listed under it.
const LABEL_LIMIT: usize = 16;
/// The least size of names at which the phone has one: small maps have no room for it, and it is the same on all of them.
const NAMED_PHONE: f64 = 12.0;
/// Of a hundred: shares below it are left off the map.
const LEAST_SHARE: f64 = 0.005;

/// The caption, with what the user has to say before it.
pub(super) fn words_under(report: &Report, look: &Look, marked: Marked) -> String {
    let note = look.note.as_deref().map_or(String::new(), |note| format!("{} ", note.trim()));
    note + &caption::caption(report, marked)
}

/// Title and what is drawn. Returns where the map begins.
pub(super) fn heading(drawing: &mut Drawing, report: &Report, title: &str, subtitle: String) -> f64 {
    let room = WIDTH - 2.0 * MARGIN;
    let mut y = 10.0;
    for line in measure::wrap(&escape::visible(title), 22.0, true, room) {
        y += 28.0;
        drawing.text(MARGIN, y, Type::bold(22.0), &line);
    }
    y += 4.0;
    for (text, style) in [(subtitle, Type::dim(14.0)), (caption::warning(report), Type::bold(13.0))] {
        for line in measure::wrap(&text, style.size, style.is_bold, room).into_iter().filter(|line| !line.is_empty()) {
            y += 20.0;
            drawing.text(MARGIN, y, style, &line);
        }
    }
    y + 20.0
}

/// Begins a group that nothing is seen of outside the panel.
pub(super) fn open_map(drawing: &mut Drawing, view: &View, id: &str) {
    let Panel { left, top, width, height } = view.panel;
    let [left, top, width, height] = [left, top, width, height].map(number);
    drawing.raw(&format!(
        "<clipPath id=\"{id}\"><rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/></clipPath>\n<g clip-path=\"url(#{id})\">"
    ));
}

/// Flows and names on land that is already there. What could not be named comes back with its share.
pub(super) fn map(
    drawing: &mut Drawing,
    view: &View,
    report: &Report,
    amounts: &Amounts<'_>,
    (from, scale, size): (Option<Place>, Scale, f64),
) -> (Drawn, Vec<String>) {
    let is_received = is_received(report);
    let countries: Vec<Country> = amounts.flows.iter().chain(&amounts.home).map(|flow| flow.country).collect();
    land::reached(drawing, view, &countries);
    let mut all: Vec<&Flow<'_>> = amounts.flows.iter().collect();
    let drawn = match from {
        Some(from) => {
            let what = (amounts.flows.as_slice(), amounts.home.as_ref(), amounts.stubs.as_slice());
            bands::draw(drawing, view, from, what, (scale, is_received))
        }
        None => {
            all.extend(&amounts.home);
            all.sort_by_key(|flow| std::cmp::Reverse(flow.bytes()));
            bands::circles(drawing, view, &all, scale)
        }
    };
    let mut labels: Vec<Label> = Vec::new();
    let mut obstacles = Obstacles::default();
    let mut names: Vec<Option<String>> = Vec::new();
    if let Some(from) = from {
        let at = view.point(from);
        obstacles.circle(at, drawn.ring + 2.0);
        let name = |texts, style, is_near| Label { at, clear: drawn.ring + 7.0, style, texts, is_near };
        if size >= NAMED_PHONE {
            labels.push(name([phone(report), String::new()], Type::bold(size), false));
            names.push(None);
        }
        if let Some(home) = &amounts.home {
            let texts = texts(home, amounts.way.bytes);
            names.push(Some(in_a_line(&texts)));
            labels.push(name(texts, Type::plain(size), false));
        }
    }
    for (flow, (at, clear)) in all.iter().zip(&drawn.ends) {
        obstacles.circle(*at, if from.is_some() { 4.0 } else { clear - 3.0 });
        let texts = texts(flow, amounts.way.bytes);
        names.push(Some(in_a_line(&texts)));
        labels.push(Label {
            at: *at,
            clear: *clear,
            style: Type::plain(size),
            texts,
            is_near: labels.len() > LABEL_LIMIT / 2,
        });
    }
    let mut beyond: Vec<String> = names.drain(labels.len().min(LABEL_LIMIT)..).flatten().collect();
    labels.truncate(LABEL_LIMIT);
    for (stub, (at, clear)) in amounts.stubs.iter().zip(&drawn.stubs) {
        let km = units::count(stub.reach_km.ceil() as u64);
        let texts = ["ruled out:".to_owned(), format!("answered from within {km} km")];
        labels.push(Label {
            at: *at,
            clear: *clear,
            style: Type { fill: DIM, ..Type::plain(size) },
            texts,
            is_near: false,
        });
    }
    drawn.bands.iter().for_each(|(points, width)| obstacles.band(points, *width));
    let left_over = labels::draw(drawing, view, &labels, obstacles);
    let mut unnamed: Vec<String> = left_over.into_iter().filter_map(|at| names.get(at)?.clone()).collect();
    unnamed.append(&mut beyond);
    (drawn, unnamed)
}

/// The name of a country and its share.
fn texts(flow: &Flow<'_>, total: u64) -> [String; 2] {
    let is_small = (flow.bytes() as f64) < total as f64 * LEAST_SHARE;
    let share = if is_small { String::new() } else { words::cell(flow.line, total) };
    [escape::visible(&flow.line.label).into_owned(), share]
}

/// Both in a line, where there is a share.
fn in_a_line(texts: &[String; 2]) -> String {
    texts.join(" ").trim_end().to_owned()
}

/// `the phone, Taipei`; coordinates are no name.
fn phone(report: &Report) -> String {
    let label = report.vantage.as_ref().map(|vantage| escape::visible(&vantage.label).into_owned());
    match label.filter(|label| !label.starts_with(|first: char| first.is_ascii_digit() || first == '-')) {
        Some(label) => format!("the phone, {}", label.rsplit_once(", ").map_or(label.as_str(), |(name, _)| name)),
        None => "the phone".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_space_stands_where_a_share_is_left_out() {
        assert_eq!(in_a_line(&["Chile".to_owned(), String::new()]), "Chile");
        assert_eq!(in_a_line(&["France".to_owned(), "3 % reported".to_owned()]), "France 3 % reported");
    }
}
