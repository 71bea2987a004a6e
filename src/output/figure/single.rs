//! One map of everything.

use super::amounts::{Amounts, Flow, Scale, is_received};
use super::bands::{self, Drawn};
use super::caption::{self, Marked};
use super::drawing::{DIM, Drawing, Type, number};
use super::labels::{self, Label, Obstacles};
use super::view::{Panel, Place, View};
use super::{MARGIN, WIDTH, keys, land, measure};
use crate::output::{Look, escape, units, words};
use crate::place::Country;
use crate::report::Report;

/// Height of the map: as much as it needs between these.
const LOWEST: f64 = 400.0;
const HIGHEST: f64 = 560.0;
/// Width of the widest band.
const WIDEST: f64 = 26.0;
/// Countries named on the map; the rest is listed under it.
const LABEL_LIMIT: usize = 16;
/// The least size of names at which the phone has one: small maps have no room for it, and it is the same on all of them.
const NAMED_PHONE: f64 = 12.0;
/// Of a hundred: shares below it are left off the map.
const LEAST_SHARE: f64 = 0.005;

/// The figure.
pub(super) fn draw(report: &Report, look: &Look) -> String {
    let mut drawing = Drawing::default();
    let is_received = is_received(report);
    let amounts = Amounts::of_all(report);
    let from = report.vantage.as_ref().map(|vantage| (vantage.latitude, vantage.longitude));
    let places = amounts.places(from);
    let title = look.title.clone().unwrap_or_else(|| caption::title(report));
    let top = heading(&mut drawing, report, look, &title, from.is_some());
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

/// The caption, with what the user has to say before it.
pub(super) fn words_under(report: &Report, look: &Look, marked: Marked) -> String {
    let note = look.note.as_deref().map_or(String::new(), |note| format!("{} ", note.trim()));
    note + &caption::caption(report, marked)
}

/// Title and what is drawn. Returns where the map begins.
pub(super) fn heading(drawing: &mut Drawing, report: &Report, look: &Look, title: &str, has_lines: bool) -> f64 {
    let room = WIDTH - 2.0 * MARGIN;
    let mut y = 10.0;
    for line in measure::wrap(&escape::visible(title), 22.0, true, room) {
        y += 28.0;
        drawing.text(MARGIN, y, Type::bold(22.0), &line);
    }
    y += 4.0;
    let subtitle = match look.small_multiples {
        true => super::multiples::subtitle(report),
        false => caption::subtitle(report, has_lines),
    };
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
            names.push(Some(texts.join(" ")));
            labels.push(name(texts, Type::plain(size), false));
        }
    }
    for (flow, (at, clear)) in all.iter().zip(&drawn.ends) {
        obstacles.circle(*at, if from.is_some() { 4.0 } else { clear - 3.0 });
        let texts = texts(flow, amounts.way.bytes);
        names.push(Some(texts.join(" ")));
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
        let texts = ["ruled out".to_owned(), format!("answered from within {km} km")];
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

/// `the phone, Taipei`; coordinates are no name.
fn phone(report: &Report) -> String {
    let label = report.vantage.as_ref().map(|vantage| escape::visible(&vantage.label).into_owned());
    match label.filter(|label| !label.starts_with(|first: char| first.is_ascii_digit() || first == '-')) {
        Some(label) => format!("the phone, {}", label.rsplit_once(", ").map_or(label.as_str(), |(name, _)| name)),
        None => "the phone".to_owned(),
    }
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
