//! Per app: its destinations by place and network, each with names, frames, round trip and the three location facts.

use super::lines::{Ink, Line, Lines, cut, cut_name};
use super::paths::routed;
use crate::output::units;
use crate::output::words::{self, CountryNames};
use crate::report::{AppRoutes, Destination, Report};
use std::collections::BTreeSet;
use unicode_width::UnicodeWidthStr;

/// Apps shown in detail.
const APP_LIMIT: usize = 12;
/// Destinations shown of one app, where several apps are shown; of a single app all are.
const DESTINATION_LIMIT: usize = 6;
/// Evidence shown of one app.
const EVIDENCE_LIMIT: usize = 4;
/// Where an app's destinations begin.
const INDENT: usize = 2;

/// Every app in detail, up to the limit.
pub(super) fn apps(lines: &mut Lines, report: &Report) {
    let names = CountryNames::of(report);
    let limit = if report.apps.len() == 1 { usize::MAX } else { DESTINATION_LIMIT };
    for app in report.apps.iter().take(APP_LIMIT) {
        lines.gap();
        heading(lines, app, &names);
        on_path(lines, app);
        if report.captures.len() > 1 {
            unseen(lines, app);
        }
        destinations(lines, report, &app.destinations, limit);
    }
    let more = report.apps.len().saturating_sub(APP_LIMIT);
    if more > 0 {
        lines.gap();
        let mut line = Line::default();
        line.put(Ink::Dim, format!("+{} more; --app ID shows one", units::plural(more as u64, "app", "apps")));
        lines.line(&line);
    }
}

fn heading(lines: &mut Lines, app: &AppRoutes, names: &CountryNames<'_>) {
    let mut pieces = vec![(Ink::Bold, lines.text(&app.name).into_owned())];
    let operator = app.operator.as_deref().or(app.developer.as_deref());
    let jurisdiction = app.jurisdiction.map(|country| format!("jurisdiction {}", names.name(country)));
    let who: Vec<_> =
        operator.map(|operator| lines.text(operator).into_owned()).into_iter().chain(jurisdiction).collect();
    if !who.is_empty() {
        pieces.push((Ink::Plain, who.join(", ")));
    }
    if !app.also.is_empty() {
        let others: Vec<_> = app.also.iter().map(|country| names.name(*country)).collect();
        pieces.push((Ink::Dim, format!("also {}", others.join(", "))));
    }
    for evidence in app.evidence.iter().take(EVIDENCE_LIMIT) {
        let rule = lines.text(&evidence.rule);
        let kind = evidence.kind.word();
        // `domain weixin.qq.com` says more than `name`, and `signature mmtls` repeats its kind.
        let rule = rule.strip_prefix(kind).map_or(&*rule, str::trim_start);
        pieces.push((Ink::Dim, format!("by {kind} {} ({rule})", units::share(evidence.share))));
    }
    lines.pieces(Line::default(), INDENT, " · ", pieces);
}

/// The countries seen on the paths to the destinations of an app.
fn on_path(lines: &mut Lines, app: &AppRoutes) {
    let paths: BTreeSet<usize> = app.destinations.iter().flat_map(|row| row.paths.iter().copied()).collect();
    routed(lines, (&paths.into_iter().collect::<Vec<_>>(), &app.on_path), INDENT);
}

/// How much of the next capture would be new.
fn unseen(lines: &mut Lines, app: &AppRoutes) {
    let mut line = Line::default();
    line.to(INDENT);
    let words = lines.text(&app.unseen.says).split(' ').map(|word| (Ink::Dim, word.to_owned())).collect();
    lines.pieces(line, INDENT, " ", words);
}

/// The destinations of an app, or of what no app was named for.
pub(super) fn destinations(lines: &mut Lines, report: &Report, destinations: &[Destination], limit: usize) {
    let names = CountryNames::of(report);
    let limit = if destinations.len() == limit.saturating_add(1) { usize::MAX } else { limit };
    let widest = destinations.iter().take(limit).map(|destination| place(destination).width()).max().unwrap_or(0);
    let most = if lines.columns() < 100 { 14 } else { 24 };
    let facts = INDENT + widest.clamp(8, most) + 2;
    for destination in destinations.iter().take(limit) {
        figures(lines, destination, facts);
        evidence(lines, report, destination, facts);
        location(lines, destination, facts, &names);
        routed(lines, (&destination.paths, &destination.on_path), facts);
    }
    let rest = destinations.get(limit..).unwrap_or_default();
    if !rest.is_empty() {
        let up = rest.iter().map(|destination| destination.payload.sent).sum();
        let down = rest.iter().map(|destination| destination.payload.received).sum();
        let mut line = Line::default();
        let text = format!("+{} destinations: {} ↑ {} ↓", rest.len(), units::bytes(up), units::bytes(down));
        line.to(INDENT).put(Ink::Dim, text);
        lines.line(&line);
    }
}

/// The place as it stands in the first column.
fn place(destination: &Destination) -> String {
    destination.label.clone()
}

/// Place, network, bytes, share, flows.
fn figures(lines: &mut Lines, destination: &Destination, facts: usize) {
    let columns = lines.columns();
    let payload = &destination.payload;
    let flows = units::plural(destination.traffic.flows, "flow", "flows");
    let is_narrow = columns < 72;
    // From the right edge inwards: flows, share, down, up.
    let end = columns.min(132);
    let share_end = if is_narrow { end } else { end.saturating_sub(12) };
    let down_end = share_end.saturating_sub(8);
    let up_end = down_end.saturating_sub(10);
    let network_end = up_end.saturating_sub(10);

    let mut line = Line::default();
    let label = lines.text(&place(destination)).into_owned();
    line.to(INDENT).put(Ink::Accent, cut(&label, facts.saturating_sub(INDENT + 2))).to(facts);
    let network = lines.text(&words::network(destination)).into_owned();
    line.put(Ink::Plain, cut(&network, network_end.saturating_sub(line.width())));
    line.right(Ink::Plain, &format!("{} ↑", units::bytes(payload.sent + payload.tried + payload.person_sent)), up_end);
    line.right(Ink::Plain, &format!("{} ↓", units::bytes(payload.received + payload.person_received)), down_end);
    line.right(Ink::Plain, &units::share(destination.share), share_end);
    if !is_narrow {
        line.right(Ink::Dim, &flows, end);
    }
    lines.line(&line);
}

/// Names with source and frame; addresses where there is no name.
fn evidence(lines: &mut Lines, report: &Report, destination: &Destination, facts: usize) {
    let columns = lines.columns();
    let room = columns.saturating_sub(facts);
    let mut line = Line::default();
    line.to(facts);
    let total = destination.names_total.max(destination.names.len() as u64);
    if destination.names.is_empty() {
        let addresses = destination.addresses_total.max(destination.addresses.len() as u64);
        let mut text = String::from("no name");
        let mut shown = 0;
        for address in &destination.addresses {
            let address = lines.text(address);
            if text.width() + address.width() + 8 > room {
                break;
            }
            text.push_str(if shown == 0 { " · " } else { ", " });
            text.push_str(&address);
            shown += 1;
        }
        if addresses > shown {
            text.push_str(&format!(" +{}", addresses - shown));
        }
        line.put(Ink::Dim, cut(&text, room));
        lines.line(&line);
        return;
    }
    let mut shown: u64 = 0;
    for name in &destination.names {
        let left = total - shown;
        let reserve = if left > 1 { 1 + format!("+{}", left - 1).len() } else { 0 };
        let frame = frame_number(report, &name.capture, name.frame);
        let origin = format!(" {}{frame}", lines.text(&name.source));
        let gap = if shown == 0 { 0 } else { 2 };
        let text = lines.text(&name.name);
        let free = columns.saturating_sub(line.width() + gap + origin.width() + reserve);
        // The first name is cut to fit; further ones stand whole or are counted.
        if shown > 0 && text.width() > free {
            break;
        }
        if shown > 0 {
            line.put(Ink::Dim, ", ");
        }
        line.put(Ink::Plain, cut_name(&text, free)).put(Ink::Dim, origin);
        shown += 1;
        if shown >= total {
            break;
        }
    }
    if total > shown {
        line.put(Ink::Dim, format!(" +{}", total - shown));
    }
    lines.line(&line);
}

/// ` #112`, or ` #2:112` for the second of several captures.
fn frame_number(report: &Report, capture: &str, frame: u64) -> String {
    match report.captures.iter().position(|summary| summary.name == capture) {
        Some(position) if report.captures.len() > 1 && frame > 0 => format!(" #{}:{frame}", position + 1),
        _ => words::frame_mark(frame),
    }
}

/// The separate facts: databases, registration of block and AS, jurisdiction, round trip, whose service.
fn location(lines: &mut Lines, destination: &Destination, facts: usize, names: &CountryNames<'_>) {
    let mut pieces: Vec<(Ink, String)> = Vec::new();
    let ink = if destination.confirmed_by.is_some() { Ink::Dim } else { Ink::Warn };
    pieces.push((ink, words::standing(destination)));
    let says = words::opinions(destination);
    if !says.is_empty() {
        pieces.push((Ink::Dim, lines.text(&says.join(", ")).into_owned()));
    }
    if !destination.registered_countries.is_empty() {
        let codes: Vec<_> = destination.registered_countries.iter().map(|country| country.code()).collect();
        pieces.push((Ink::Dim, format!("block {}", codes.join("/"))));
    }
    if let Some(country) = destination.as_country {
        pieces.push((Ink::Dim, format!("AS {}", country.code())));
    }
    if let Some(country) = destination.jurisdiction {
        pieces.push((Ink::Dim, format!("jurisdiction {}", names.name(country))));
    }
    match &destination.rtt {
        Some(rtt) => pieces.push((Ink::Dim, format!("RTT {}", units::milliseconds(rtt.ms)))),
        None => pieces.push((Ink::Dim, "no RTT".to_owned())),
    }
    for (party, _) in destination.parties.iter().take(2) {
        pieces.push((Ink::Dim, words::party_short(*party).to_owned()));
    }
    if !destination.services.is_empty() {
        pieces.push((Ink::Dim, format!("via {}", lines.text(&destination.services.join(", ")))));
    }
    if let Some((kind, _)) = destination.evidence.first() {
        pieces.push((Ink::Dim, format!("by {}", kind.word())));
    }
    pieces.extend(destination.misfit.iter().map(|misfit| (Ink::Warn, lines.text(misfit).into_owned())));
    let excluded = destination.exclusions.iter().map(|exclusion| (Ink::Warn, lines.text(&exclusion.says).into_owned()));
    pieces.extend(excluded);
    let mut line = Line::default();
    line.to(facts);
    lines.pieces(line, facts, " · ", pieces);
}
