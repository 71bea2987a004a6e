//! One map per app, all in one frame and on one scale, so that they can be compared.

use super::amounts::{Amounts, Scale, is_received};
use super::caption::{self, Marked};
use super::drawing::{Drawing, MARGIN, Type, WIDTH, number};
use super::parts::{heading, map, open_map, words_under};
use super::view::{Panel, Place, View};
use super::{keys, land, measure};
use crate::output::look::Look;
use crate::output::{escape, units};
use crate::report::{AppRoutes, Report};

/// Maps side by side, and all of them.
const COLUMNS: usize = 3;
const APP_LIMIT: usize = 6;
/// Size of a map, and the room between two.
const PANEL: (f64, f64) = (368.0, 232.0);
const GAP: f64 = 18.0;
/// Width of the widest band.
const WIDEST: f64 = 14.0;
/// Height of a map with what stands above and under it.
const ROW: f64 = PANEL.1 + 82.0;

/// The figure.
pub(super) fn draw(report: &Report, look: &Look) -> String {
    let apps: Vec<&AppRoutes> = shown(report);
    if apps.len() < 2 {
        // There is nothing to compare.
        return super::single::draw(report, &Look { small_multiples: false, ..look.clone() });
    }
    let mut drawing = Drawing::default();
    let from = report.vantage.as_ref().map(|vantage| (vantage.latitude, vantage.longitude));
    let title = look.title.clone().unwrap_or_else(|| title(report, apps.len()));
    let top = heading(&mut drawing, report, &title, subtitle(report));
    let all: Vec<Amounts<'_>> = apps.iter().map(|app| Amounts::of_app(report, app)).collect();
    let scale = Scale::of(all.iter().flat_map(Amounts::marks), WIDEST);
    let places: Vec<Place> = all.iter().flat_map(|one| one.places(from)).collect();
    let panel = Panel { left: 0.0, top: 0.0, width: PANEL.0, height: PANEL.1 };
    let view = View::of(from, &places, panel, PANEL.1);
    let mut land = Drawing::default();
    land::all(&mut land, &view);
    drawing.raw(&format!("<defs><g id=\"land\">\n{}</g></defs>", land.into_elements()));
    let mut marked = Marked { has_lines: from.is_some(), ..Marked::default() };
    for (position, (app, amounts)) in apps.iter().zip(&all).enumerate() {
        let left = MARGIN + (position % COLUMNS) as f64 * (PANEL.0 + GAP);
        let y = top + (position / COLUMNS) as f64 * ROW;
        let view = view.moved(left, y + 28.0);
        head(&mut drawing, left, y + 18.0, app, amounts);
        open_map(&mut drawing, &view, &format!("m{position}"));
        let (x, y) = (number(left), number(view.panel.top));
        drawing.raw(&format!(
            "<use xmlns:xlink=\"http://www.w3.org/1999/xlink\" xlink:href=\"#land\" x=\"{x}\" y=\"{y}\"/>"
        ));
        let (drawn, left_over) = map(&mut drawing, &view, report, amounts, (from, scale, 10.5));
        drawing.raw("</g>");
        marked.is_lengthened |= drawn.is_lengthened;
        marked.has_stubs |= !amounts.stubs.is_empty();
        marked.has_thin |=
            from.is_some() && amounts.marks().any(|bytes| bytes > 0 && scale.exactly(bytes) < Scale::THINNEST);
        under(&mut drawing, left, view.panel.top + PANEL.1, (amounts, scale), &left_over);
    }
    let mut y = top + apps.len().div_ceil(COLUMNS) as f64 * ROW;
    let rest = rest(report, &apps);
    for line in measure::wrap(&rest, 12.0, false, WIDTH - 2.0 * MARGIN).into_iter().filter(|line| !line.is_empty()) {
        y += 16.0;
        drawing.text(MARGIN, y, Type::dim(12.0), &line);
    }
    y += 10.0;
    drawing.rule(y);
    let references: Vec<&Amounts<'_>> = all.iter().collect();
    let mut end = keys::standings(&mut drawing, y, &references, 370.0);
    end = end.max(if from.is_some() { keys::widths(&mut drawing, y, scale) } else { keys::circles(&mut drawing, y) })
        + 10.0;
    drawing.rule(end);
    let end = keys::caption(&mut drawing, end + 4.0, &words_under(report, look, marked));
    drawing.finish(end + 14.0, &title, &caption::description(report))
}

/// The apps that have a map.
fn shown(report: &Report) -> Vec<&AppRoutes> {
    let is_received = is_received(report);
    let has_bytes = |app: &&AppRoutes| match is_received {
        true => app.shares.received.bytes > 0,
        false => app.shares.sent.bytes + app.shares.person_sent_bytes > 0,
    };
    report.apps.iter().filter(has_bytes).take(APP_LIMIT).collect()
}

fn title(report: &Report, apps: usize) -> String {
    let what = if is_received(report) { "where what each received came from" } else { "where each sent its traffic" };
    format!("One phone, {}: {what}", units::plural(apps as u64, "app", "apps"))
}

/// What the marks of these maps mean.
fn subtitle(report: &Report) -> String {
    let way = if is_received(report) { "received" } else { "sent" };
    let scale = match report.vantage {
        Some(_) => "One scale of width for all maps.",
        None => "The area of a circle is bytes, on one scale for all maps.",
    };
    format!("Share of each app’s payload {way}, at least to at most. {scale}")
}

/// The name of an app, what it sent, and who runs it.
fn head(drawing: &mut Drawing, left: f64, y: f64, app: &AppRoutes, amounts: &Amounts<'_>) {
    let way = if std::ptr::eq(amounts.way, &app.shares.received) { "received" } else { "sent" };
    let law = app.jurisdiction.map_or(String::new(), |country| format!(" · service {}", country.code()));
    let fact = format!("{} {way}{law}", units::bytes(amounts.way.bytes));
    let style = Type::dim(12.0).to_the_left();
    drawing.text(left + PANEL.0, y, style, &fact);
    let room = PANEL.0 - style.width(&fact) - 14.0;
    drawing.text(left, y, Type::bold(14.0), &measure::cut(&escape::visible(&app.name), 14.0, true, room));
    let (left, right, y) = (number(left), number(left + PANEL.0), number(y + 10.0));
    drawing.line(&format!("M{left} {y}H{right}"), super::drawing::RULE, 1.0, "");
}

/// What an app has without a country, and what could not be named on its map.
fn under(drawing: &mut Drawing, left: f64, y: f64, (amounts, scale): (&Amounts<'_>, Scale), left_over: &[String]) {
    let (start, right, line) = (number(left), number(left + PANEL.0), number(y));
    drawing.line(&format!("M{start} {line}H{right}"), super::drawing::RULE, 1.0, "");
    let share = |one: &super::amounts::Unplaced| match one.share.as_str() {
        "" => format!("{} {}", one.word, units::bytes(one.bytes)),
        share => format!("{} {share}", one.word),
    };
    let mut texts: Vec<String> = amounts.unplaced.iter().map(share).collect();
    if let Some(first) = texts.first_mut() {
        *first = format!("no country: {first}");
    }
    let mut text_left = left;
    if let Some(most) = amounts.unplaced.first() {
        keys::swatch(drawing, left, y + 15.0, 22.0, most, scale);
        text_left += 30.0;
    }
    let room = left + PANEL.0 - text_left;
    let none = if amounts.unplaced.is_empty() {
        "nothing without a country".to_owned()
    } else {
        keys::fit(&texts, 11.5, room)
    };
    drawing.text(text_left, y + 19.0, Type::dim(11.5), &none);
    if !left_over.is_empty() {
        let text = keys::fit(left_over, 11.0, PANEL.0 - 70.0);
        drawing.text(left, y + 36.0, Type::dim(11.0), &format!("not named: {text}"));
    }
}

/// What has no map of its own.
fn rest(report: &Report, shown: &[&AppRoutes]) -> String {
    let is_received = is_received(report);
    let bytes =
        |shares: &crate::report::EndpointShares| if is_received { shares.received.bytes } else { shares.sent.bytes };
    let more: Vec<&AppRoutes> = report
        .apps
        .iter()
        .filter(|app| bytes(&app.shares) > 0 && !shown.iter().any(|one| std::ptr::eq(*one, *app)))
        .collect();
    let mut parts = Vec::new();
    if !more.is_empty() {
        let names: Vec<String> = more.iter().map(|app| escape::visible(&app.name).into_owned()).collect();
        let sum = units::bytes(more.iter().map(|app| bytes(&app.shares)).sum());
        parts.push(format!(
            "{sum} of {} ({})",
            units::plural(more.len() as u64, "more app", "more apps"),
            keys::fit(&names, 12.0, 640.0)
        ));
    }
    match bytes(&report.unattributed_shares) {
        0 => {}
        rest => parts.push(format!("{} that no app was named for", units::bytes(rest))),
    }
    if parts.is_empty() { String::new() } else { format!("Without a map of its own: {}.", parts.join(" and ")) }
}
