//! What follows the apps: countries, what could not be attributed and why, local and not-IP traffic, notes, what to do next.

use super::detail;
use super::lines::{Ink, Line, Lines, cut};
use crate::capture::STANDARD_INPUT;
use crate::output::{escape, units};
use crate::report::{Remainder, Report};
use unicode_width::UnicodeWidthStr;

/// Countries listed.
const COUNTRY_LIMIT: usize = 20;
/// Destinations listed of what no app was named for.
const ROUTE_LIMIT: usize = 4;
/// Captures repeated in the command to run next.
const CAPTURE_LIMIT: usize = 3;
/// Notes shown; a capture with more says the same thing many times.
const NOTE_LIMIT: usize = 12;

/// A line per country with the apps that sent there.
pub(super) fn countries(lines: &mut Lines, report: &Report) {
    if report.countries.is_empty() {
        return;
    }
    lines.gap();
    let columns = lines.columns();
    let labels = report.countries.iter().take(COUNTRY_LIMIT).map(|line| line.label.width());
    let up = labels.max().unwrap_or(0).clamp(9, columns / 4) + 1 + 9;
    let (down, share) = (up + 9, up + 17);
    let mut head = Line::default();
    head.put(Ink::Bold, "COUNTRY").right(Ink::Bold, "UP", up).right(Ink::Bold, "DOWN", down);
    head.right(Ink::Bold, "SHARE", share).to(share + 2).put(Ink::Bold, "APPS");
    lines.line(&head);
    for country in report.countries.iter().take(COUNTRY_LIMIT) {
        let mut line = Line::default();
        line.put(Ink::Plain, cut(&lines.text(&country.label), up - 9));
        line.right(Ink::Plain, &units::bytes(country.traffic.bytes_up), up);
        line.right(Ink::Plain, &units::bytes(country.traffic.bytes_down), down);
        line.right(Ink::Plain, &units::share(country.share), share).to(share + 2);
        let apps: Vec<_> = country
            .apps
            .iter()
            .map(|(id, _)| report.apps.iter().find(|app| app.id == *id).map_or(id.as_str(), |app| app.name.as_str()))
            .collect();
        let apps = if apps.is_empty() { "not known".to_owned() } else { apps.join(", ") };
        line.put(Ink::Dim, cut(&lines.text(&apps), columns.saturating_sub(line.width())));
        lines.line(&line);
    }
    if let more @ 1.. = report.countries.len().saturating_sub(COUNTRY_LIMIT) {
        let mut line = Line::default();
        line.put(Ink::Dim, format!("+{more} countries"));
        lines.line(&line);
    }
}

/// What no app got, by reason, and where it went.
pub(super) fn unattributed(lines: &mut Lines, report: &Report) {
    if report.unattributed.is_empty() && report.unattributed_routes.is_empty() {
        return;
    }
    lines.gap();
    let mut head = Line::default();
    head.put(Ink::Bold, "No app could be named for");
    lines.line(&head);
    list(lines, &report.unattributed, report.bytes);
    detail::destinations(lines, report, &report.unattributed_routes, ROUTE_LIMIT);
}

/// Traffic that went to no global address.
pub(super) fn remainders(lines: &mut Lines, report: &Report) {
    for (title, remainders) in [("Local", &report.local), ("Not IP", &report.not_ip)] {
        if remainders.is_empty() {
            continue;
        }
        lines.gap();
        let mut head = Line::default();
        head.put(Ink::Bold, title);
        lines.line(&head);
        list(lines, remainders, report.bytes);
    }
}

fn list(lines: &mut Lines, remainders: &[Remainder], total: u64) {
    let columns = lines.columns();
    let widest = remainders.iter().map(|remainder| remainder.reason.width()).max().unwrap_or(0);
    let bytes = 2 + widest.clamp(8, columns / 3) + 1 + 8;
    for remainder in remainders {
        let mut line = Line::default();
        line.to(2).put(Ink::Plain, cut(&lines.text(&remainder.reason), bytes - 10));
        line.right(Ink::Plain, &units::bytes(remainder.bytes), bytes);
        line.right(Ink::Plain, &units::share(units::part(remainder.bytes, total)), bytes + 8);
        let mut told = units::plural(remainder.frames, "packet", "packets");
        if remainder.flows > 0 {
            told = format!("{told}, {}", units::plural(remainder.flows, "flow", "flows"));
        }
        if !remainder.examples.is_empty() {
            told = format!("{told}: {}", remainder.examples.join(", "));
        }
        line.put(Ink::Plain, "  ");
        line.put(Ink::Dim, cut(&lines.text(&told), columns.saturating_sub(line.width())));
        lines.line(&line);
    }
}

/// What a reader must know.
pub(super) fn notes(lines: &mut Lines, report: &Report) {
    let defects = report.captures.iter().filter_map(|capture| capture.defect.as_ref()).map(ToString::to_string);
    let notes: Vec<String> = defects.chain(report.notes.iter().cloned()).collect();
    if !notes.is_empty() {
        lines.gap();
    }
    for note in notes.iter().take(NOTE_LIMIT) {
        let mut line = Line::default();
        line.put(Ink::Warn, "! ");
        // Words are the pieces, so that a note may go on in the next line.
        let words = lines.text(note).split(' ').map(|word| (Ink::Plain, word.to_owned())).collect();
        lines.pieces(line, 2, " ", words);
    }
    if let more @ 1.. = notes.len().saturating_sub(NOTE_LIMIT) {
        let mut line = Line::default();
        line.put(Ink::Dim, format!("+{more} notes"));
        lines.line(&line);
    }
    let is_disputed = report.apps.iter().flat_map(|app| &app.destinations).any(|destination| destination.is_disputed);
    if is_disputed || !report.apps.is_empty() {
        lines.gap();
        let mut words =
            "Places are those of network endpoints, not of what becomes of the content behind them.".to_owned();
        if is_disputed {
            words.push_str(" ? marks places on which location databases disagree.");
        }
        let words = words.split(' ').map(|word| (Ink::Dim, word.to_owned())).collect();
        lines.pieces(Line::default(), 0, " ", words);
    }
}

/// What to do next.
pub(super) fn next(lines: &mut Lines, report: &Report) {
    let names: Vec<_> = report.captures.iter().map(|capture| capture.name.as_str()).collect();
    let names: Vec<_> = match names.len() {
        0..=CAPTURE_LIMIT => names.iter().map(|name| escape::shell(name)).collect(),
        _ => vec!["CAPTURE...".into()],
    };
    // A name that cannot be shown as it is cannot be repeated either, nor can what a pipe held.
    let is_pipe = report.captures.iter().any(|capture| capture.name == STANDARD_INPUT);
    let names: Vec<_> = names
        .iter()
        .map(|name| if !is_pipe && lines.text(name) == *name { name.as_ref() } else { "CAPTURE" })
        .collect();
    let mut line = Line::default();
    line.put(Ink::Bold, "Next: ");
    let mut words = vec![(Ink::Plain, "whither".to_owned()), (Ink::Plain, "map".to_owned())];
    words.extend(names.iter().map(|name| (Ink::Plain, (*name).to_owned())));
    words.push((Ink::Plain, "--html".to_owned()));
    words.push((Ink::Plain, "map.html".to_owned()));
    lines.gap();
    lines.pieces(line, 6, " ", words);
}
