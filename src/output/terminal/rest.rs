//! What follows the apps: countries, what could not be attributed and why, local and not-IP traffic, notes, what to do next.

use super::detail;
use super::lines::{Ink, Line, Lines, cut};
use super::summary::words_of;
use crate::output::look::Look;
use crate::output::{units, words};
use crate::report::{Remainder, Report};
use unicode_width::UnicodeWidthStr;

/// Countries listed.
const COUNTRY_LIMIT: usize = 20;
/// Destinations listed of what no app was named for.
const ROUTE_LIMIT: usize = 4;
/// Width of a column of shares: `12–40 %`, `100 % reported`.
const SHARE_WIDTH: usize = 17;
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
    let sent = labels.max().unwrap_or(0).clamp(9, columns / 4) + 1 + SHARE_WIDTH;
    let received = sent + SHARE_WIDTH;
    let mut head = Line::default();
    head.put(Ink::Bold, "COUNTRY").right(Ink::Bold, "OF SENT", sent).right(Ink::Bold, "OF RECEIVED", received);
    head.to(received + 2).put(Ink::Bold, "APPS");
    lines.line(&head);
    for country in report.countries.iter().take(COUNTRY_LIMIT) {
        let mut line = Line::default();
        line.put(Ink::Plain, cut(&lines.text(&country.label), sent - SHARE_WIDTH));
        line.right(Ink::Plain, &words::cell(&country.sent, report.shares.sent.bytes), sent);
        line.right(Ink::Plain, &words::cell(&country.received, report.shares.received.bytes), received)
            .to(received + 2);
        let apps: Vec<_> = country
            .apps
            .iter()
            .map(|(id, _)| report.apps.iter().find(|app| app.id == *id).map_or(id.as_str(), |app| app.name.as_str()))
            .collect();
        let apps = if apps.is_empty() { "no app named".to_owned() } else { apps.join(", ") };
        line.put(Ink::Dim, cut(&lines.text(&apps), columns.saturating_sub(line.width())));
        lines.line(&line);
    }
    if let more @ 1.. = report.countries.len().saturating_sub(COUNTRY_LIMIT) {
        let mut line = Line::default();
        line.put(Ink::Dim, format!("+{more} countries"));
        lines.line(&line);
    }
}

/// What the user has to say.
pub(super) fn note(lines: &mut Lines, look: &Look) {
    let Some(note) = &look.note else { return };
    let mut line = Line::default();
    line.put(Ink::Bold, "Note: ");
    let words = lines.text(note).split(' ').map(|word| (Ink::Plain, word.to_owned())).collect();
    lines.pieces(line, 6, " ", words);
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

/// Traffic that went to no global address, and what was left out.
pub(super) fn remainders(lines: &mut Lines, report: &Report) {
    for (title, remainders) in [("Local", &report.local), ("Not IP", &report.not_ip), ("Left out", &report.left_out)] {
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
    let notes = all_notes(report);
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
}

/// Whether round trips counted, where they did not.
pub(super) fn physics(lines: &mut Lines, report: &Report) {
    if report.physics.state != "on" && !report.countries.is_empty() {
        let text = lines.text(&report.physics.says).into_owned();
        words_of(lines, Ink::Dim, &text);
    }
}

/// What round trips cannot tell from here.
pub(super) fn limits(lines: &mut Lines, report: &Report, most: usize) {
    for sentence in report.physics.limits.iter().take(most) {
        let text = lines.text(sentence).into_owned();
        words_of(lines, Ink::Dim, &text);
    }
}

/// The first notes, each in one line, and how many more there are: so many lines at most. What the answer says already is left out.
pub(super) fn short_notes(lines: &mut Lines, report: &Report, most: usize) {
    let mut notes = all_notes(report);
    if report.tables.is_stale {
        let told = report.tables.note();
        notes.retain(|note| Some(note) != told.as_ref());
    }
    let shown = if notes.len() > most { most.saturating_sub(1) } else { notes.len() };
    for note in notes.iter().take(shown) {
        let mut line = Line::default();
        line.put(Ink::Warn, "! ").put(Ink::Plain, lines.text(note).into_owned());
        lines.line(&line);
    }
    if let more @ 1.. = notes.len().saturating_sub(shown) {
        let (one, many) = if shown == 0 { ("note", "notes") } else { ("more note", "more notes") };
        let mut line = Line::default();
        line.put(Ink::Warn, format!("! {} in --details", units::plural(more as u64, one, many)));
        lines.line(&line);
    }
}

fn all_notes(report: &Report) -> Vec<String> {
    let defects = report.captures.iter().filter_map(|capture| capture.defect.as_ref()).map(ToString::to_string);
    defects.chain(report.notes.iter().cloned()).collect()
}
