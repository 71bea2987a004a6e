//! The first screen: what was read, the answer in a sentence, a row per app, and what can be done next. It is at most as long as a
//! terminal is high.

use super::lines::{Ink, Line, Lines, cut};
use crate::output::look::Look;
use crate::output::{units, words};
use crate::place::DatabaseInfo;
use crate::report::{AppRoutes, EndpointShares, Remainder, Report, Standing, WayShares};
use unicode_width::UnicodeWidthStr;

/// Captures named in the header; the rest is counted.
const CAPTURE_LIMIT: usize = 3;
/// Apps listed where everything is shown; the rest is summed up in one line.
const APP_LIMIT: usize = 40;
/// Columns of a bar.
const BAR: usize = 14;
/// The narrowest terminal in which a row is one line.
const ONE_LINE: usize = 64;
/// Width of a column of bytes: `999 kB` and two spaces.
const BYTES_WIDTH: usize = 9;

/// What the user calls it.
pub(super) fn title(lines: &mut Lines, look: &Look) {
    let Some(title) = &look.title else { return };
    let words = lines.text(title).split(' ').map(|word| (Ink::Bold, word.to_owned())).collect();
    lines.pieces(Line::default(), 0, " ", words);
}

/// What was read, when and where.
pub(super) fn header(lines: &mut Lines, report: &Report) {
    let mut pieces = Vec::new();
    let is_numbered = report.captures.len() > 1;
    for (position, capture) in report.captures.iter().enumerate().take(CAPTURE_LIMIT) {
        let name = lines.text(&capture.name);
        let text = if is_numbered { format!("[{}] {name}", position + 1) } else { name.into_owned() };
        pieces.push((Ink::Bold, text));
    }
    if let more @ 1.. = report.captures.len().saturating_sub(CAPTURE_LIMIT) {
        pieces.push((Ink::Bold, format!("+{more} captures")));
    }
    pieces.extend(words::beginning(report).map(|time| (Ink::Plain, time)));
    pieces.push((Ink::Plain, units::duration(report.duration_ns)));
    pieces.push((Ink::Plain, units::bytes(report.bytes)));
    if let Some(vantage) = &report.vantage {
        pieces.push((Ink::Plain, format!("phone in {}", lines.text(&vantage.label))));
    }
    lines.pieces(Line::default(), 2, " · ", pieces);
}

/// The databases and the catalogue.
pub(super) fn sources(lines: &mut Lines, report: &Report) {
    let mut line = Line::default();
    line.put(Ink::Dim, "places by ");
    let database =
        |one: &DatabaseInfo| (Ink::Dim, lines.text(&format!("{} {}", one.name, one.date)).trim_end().to_owned());
    let mut pieces: Vec<(Ink, String)> = report.databases.iter().map(database).collect();
    pieces.push((Ink::Dim, format!("catalogue of {}", units::plural(report.catalogue_apps as u64, "app", "apps"))));
    lines.pieces(line, 2, " · ", pieces);
}

/// The answer in a sentence or three, what stands against it first.
pub(super) fn answer(lines: &mut Lines, report: &Report) {
    let all = &report.shares;
    let mut text = String::new();
    if report.tables.is_stale {
        let years = report.tables.gap_months / 12;
        let than = if report.tables.is_capture_older { "older" } else { "younger" };
        text.push_str(&format!(
            "The capture is {} {than} than the tables: addresses may have changed hands. Nothing is called confirmed. ",
            units::plural(years.into(), "year", "years")
        ));
    } else if report.tables.is_ignored {
        text.push_str("The tables are taken as if they were of the capture's time (--ignore-age). ");
    }
    let is_empty =
        all.sent.bytes + all.received.bytes + all.tried_bytes + all.person_sent_bytes + all.person_received_bytes == 0
            && report.apps.is_empty()
            && report.unattributed_routes.is_empty();
    match report.apps.as_slice() {
        _ if is_empty => text.push_str("This capture holds no traffic with the internet: nothing to map."),
        [app] if app.shares.sent.bytes == all.sent.bytes => text.push_str(&lines.text(&app.shares.sent.sentence)),
        apps => {
            let named: Vec<u64> = apps.iter().map(|app| app.shares.sent.bytes).collect();
            text.push_str(&words::sent_by(all.sent.bytes, &named));
            text.push(' ');
            let sentence =
                all.sent.sentence.split_once(": ").map_or(all.sent.sentence.as_str(), |(_, sentence)| sentence);
            let mut characters = sentence.chars();
            let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
            text.push_str(&lines.text(&format!("{first}{}", characters.as_str())));
        }
    }
    words_of(lines, Ink::Plain, &text);
}

/// A text over as many lines as it takes.
pub(super) fn words_of(lines: &mut Lines, ink: Ink, text: &str) {
    let words = text.split(' ').map(|word| (ink, word.to_owned())).collect();
    lines.pieces(Line::default(), 0, " ", words);
}

/// Rows that the table has where all are shown.
pub(super) fn rows(report: &Report) -> usize {
    report.apps.len().max(1) + usize::from(!is_nothing(&report.unattributed_shares))
}

/// A row per app, then one of what no app was named for. At most so many rows; none for all.
pub(super) fn table(lines: &mut Lines, report: &Report, limit: Option<usize>) {
    let rest = &report.unattributed_shares;
    let has_rest = !is_nothing(rest);
    let limit = limit.map_or(APP_LIMIT, |limit| limit.saturating_sub(usize::from(has_rest)).max(1));
    let is_cut = report.apps.len() > limit;
    let shown = report.apps.get(..if is_cut { limit - 1 } else { report.apps.len() }).unwrap_or_default();
    let more: &[AppRoutes] = report.apps.get(shown.len()..).unwrap_or_default();
    let columns = lines.columns();
    let widest = shown.iter().map(|app| lines.text(&app.name).width()).max().unwrap_or(0);
    let name = widest.clamp(12, (columns / 4).clamp(12, 32)) + 1;
    if columns >= ONE_LINE {
        let mut head = Line::default();
        head.put(Ink::Bold, "APP").right(Ink::Bold, "SENT", name + BYTES_WIDTH).to(name + BYTES_WIDTH + 2);
        head.put(Ink::Bold, "0 %")
            .right(Ink::Bold, "100 %", name + BYTES_WIDTH + 2 + BAR)
            .put(Ink::Bold, "  ENDPOINTS IN");
        lines.line(&head);
    }
    if report.apps.is_empty() {
        let mut line = Line::default();
        line.put(Ink::Dim, "no app could be named");
        lines.line(&line);
    }
    for app in shown {
        let label = lines.text(&app.name).into_owned();
        row(lines, (Ink::Bold, &label), &app.shares, name);
    }
    if !more.is_empty() {
        let sent: u64 = more.iter().map(|app| app.shares.sent.bytes).sum();
        let mut line = Line::default();
        line.put(Ink::Plain, format!("+{} apps", more.len())).right(
            Ink::Plain,
            &units::bytes(sent),
            name + BYTES_WIDTH,
        );
        line.put(Ink::Dim, "  --details shows them");
        lines.line(&line);
    }
    if has_rest {
        row(lines, (Ink::Plain, "no app named"), rest, name);
    }
}

fn is_nothing(shares: &EndpointShares) -> bool {
    shares.sent.bytes
        + shares.received.bytes
        + shares.tried_bytes
        + shares.person_sent_bytes
        + shares.person_received_bytes
        == 0
}

fn row(lines: &mut Lines, (ink, label): (Ink, &str), shares: &EndpointShares, name: usize) {
    let columns = lines.columns();
    let mut line = Line::default();
    line.put(ink, cut(label, name));
    let (way, is_received) = match (shares.sent.bytes, shares.received.bytes) {
        (0, 1..) => (&shares.received, true),
        _ => (&shares.sent, false),
    };
    let endpoints = endpoints(lines, shares, way, is_received);
    let sent = units::bytes(shares.sent.bytes);
    if columns >= ONE_LINE {
        line.right(Ink::Plain, &sent, name + BYTES_WIDTH).to(name + BYTES_WIDTH + 2);
        bar(&mut line, way);
        line.put(Ink::Plain, "  ");
        fit(&mut line, columns, &endpoints);
        lines.line(&line);
    } else {
        line.to(name + 1);
        bar(&mut line, way);
        line.right(Ink::Plain, &sent, name + 1 + BAR + BYTES_WIDTH);
        lines.line(&line);
        let mut line = Line::default();
        line.to(2);
        fit(&mut line, columns, &endpoints);
        lines.line(&line);
    }
}

/// Countries and what has none, then what is in no share.
fn endpoints(lines: &Lines, shares: &EndpointShares, way: &WayShares, is_received: bool) -> Vec<(Ink, String)> {
    let mut pieces: Vec<(Ink, String)> = Vec::new();
    if is_received {
        pieces.push((Ink::Dim, "received:".to_owned()));
    }
    pieces.extend(words::endpoints(way).into_iter().map(|text| (Ink::Plain, lines.text(&text).into_owned())));
    if shares.person_sent_bytes + shares.person_received_bytes > 0 {
        let bytes = shares.person_sent_bytes + shares.person_received_bytes;
        pieces.push((Ink::Dim, format!("a call with a person {}", units::bytes(bytes))));
    }
    if shares.tried_bytes > 0 {
        pieces.push((Ink::Dim, format!("no answer: {}", units::bytes(shares.tried_bytes))));
    } else if shares.tried_flows > 0 && pieces.is_empty() {
        pieces.push((Ink::Dim, "no answer".to_owned()));
    }
    if pieces.is_empty() {
        pieces.push((Ink::Dim, "no payload".to_owned()));
    }
    pieces
}

/// The parts of a direction by standing, together as wide as the bar.
fn bar(line: &mut Line, way: &WayShares) {
    let excluded: u64 = way
        .unplaced
        .iter()
        .filter(|one| matches!(one.standing, Standing::RuledOut | Standing::Contradicted))
        .map(|one| one.bytes)
        .sum();
    let parts = [
        (Ink::Accent, "█", way.confirmed_bytes),
        (Ink::Accent, "▒", way.reported_bytes),
        (Ink::Accent, "░", way.disputed_bytes),
        (Ink::Dim, "x", excluded),
        (Ink::Dim, "·", way.unplaced_bytes.saturating_sub(excluded)),
    ];
    let (mut before, mut drawn) = (0_u64, 0);
    for (ink, sign, bytes) in parts {
        before = before.saturating_add(bytes);
        let end = (u128::from(before) * BAR as u128 + u128::from(way.bytes) / 2).checked_div(way.bytes.into());
        let end = end.and_then(|end| usize::try_from(end).ok()).unwrap_or(0).min(BAR);
        line.put(ink, sign.repeat(end.saturating_sub(drawn)));
        drawn = drawn.max(end);
    }
    line.put(Ink::Plain, " ".repeat(BAR - drawn));
}

/// The laws that reach the companies that run the endpoints.
pub(super) fn laws(lines: &mut Lines, report: &Report) {
    let way = &report.shares.sent;
    if way.jurisdictions.is_empty() {
        return;
    }
    let mut line = Line::default();
    line.put(Ink::Bold, "Law that reaches the operators: ");
    let cells = way.jurisdictions.iter().map(|law| (Ink::Plain, format!("{} {}", law.key, words::law(law, way.bytes))));
    let columns = lines.columns();
    fit(&mut line, columns, &cells.collect::<Vec<_>>());
    lines.line(&line);
}

/// What the signs of the bars mean, as far as they stand there.
pub(super) fn legend(lines: &mut Lines, report: &Report) {
    let ways = || report.apps.iter().map(|app| &app.shares.sent).chain([&report.unattributed_shares.sent]);
    let has = |bytes: fn(&WayShares) -> u64| ways().any(|way| bytes(way) > 0);
    let excluded = |way: &WayShares| {
        way.unplaced.iter().any(|one| matches!(one.standing, Standing::RuledOut | Standing::Contradicted))
    };
    let mut pieces = Vec::new();
    let mut put = |is_there: bool, text: &str| {
        if is_there {
            pieces.push((Ink::Dim, text.to_owned()));
        }
    };
    put(has(|way| way.confirmed_bytes), "█ confirmed");
    put(has(|way| way.reported_bytes), "▒ reported by one source");
    put(has(|way| way.disputed_bytes), "░ sources differ");
    put(ways().any(excluded), "x excluded by the round trip");
    put(has(|way| way.unplaced_bytes), "· no country");
    pieces.push((Ink::Dim, "(whither help words)".to_owned()));
    lines.pieces(Line::default(), 0, "  ", pieces);
    let text = "An endpoint is where a connection ended, not where data ends up.";
    words_of(lines, Ink::Dim, text);
}

/// Appends as many pieces as fit and the number of those that do not.
fn fit(line: &mut Line, columns: usize, pieces: &[(Ink, String)]) {
    for (position, (ink, text)) in pieces.iter().enumerate() {
        let left = pieces.len() - position;
        let gap = if position == 0 { 0 } else { 2 };
        // Room for a later `+n` must stay, unless this is the last one.
        let reserve = if left > 1 { 2 + format!("+{}", left - 1).len() } else { 0 };
        if line.width() + gap + text.width() + reserve > columns {
            if position == 0 {
                line.put(*ink, cut(text, columns.saturating_sub(line.width() + reserve)));
                if left > 1 {
                    line.put(Ink::Dim, format!("  +{}", left - 1));
                }
            } else {
                line.put(Ink::Dim, format!("  +{left}"));
            }
            return;
        }
        line.to(line.width() + gap).put(*ink, text.clone());
    }
}

/// All bytes of the captures, accounted for.
pub(super) fn sum(lines: &mut Lines, report: &Report) {
    let of = |remainders: &[Remainder]| remainders.iter().map(|remainder| remainder.bytes).sum::<u64>();
    let apps: u64 = report.apps.iter().map(|app| app.traffic.bytes()).sum();
    let parts = [
        ("apps", apps),
        ("no app named", of(&report.unattributed)),
        ("local", of(&report.local)),
        ("not IP", of(&report.not_ip)),
        ("left out", of(&report.left_out)),
    ];
    let total: u64 = parts.iter().map(|part| part.1).sum();
    // The last is told only where there is any.
    let told = if report.left_out.is_empty() { 4 } else { 5 };
    let mut pieces: Vec<_> =
        parts.iter().take(told).map(|(name, bytes)| (Ink::Dim, format!("{name} {}", units::count(*bytes)))).collect();
    let mut line = Line::default();
    line.put(Ink::Bold, "Sum").put(Ink::Plain, format!("  {} bytes = ", units::count(report.bytes)));
    if total != report.bytes {
        let difference = units::count(total.abs_diff(report.bytes));
        pieces.push((Ink::Warn, format!("off by {difference} bytes: please report this")));
    }
    lines.pieces(line, 5, " + ", pieces);
}
