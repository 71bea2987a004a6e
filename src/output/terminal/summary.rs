//! The first screen: what was read, the table of apps and the sum that accounts for every byte.

use super::lines::{Ink, Line, Lines, cut};
use crate::output::{escape, units};
use crate::report::{AppRoutes, Destination, Remainder, Report};
use unicode_width::UnicodeWidthStr;

/// Apps listed in the table; the rest is summed up in one line.
const APP_LIMIT: usize = 40;
/// Captures named in the header; the rest is counted.
const CAPTURE_LIMIT: usize = 6;
/// Width of a column of bytes: `999 kB` and two spaces.
const BYTES_WIDTH: usize = 9;
/// Width of a column of shares: `<0.1 %` and two spaces.
const SHARE_WIDTH: usize = 8;

/// What was read, with what, from where.
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
    pieces.push((Ink::Plain, units::duration(report.duration_ns)));
    pieces.push((Ink::Plain, units::plural(report.frames, "packet", "packets")));
    pieces.push((Ink::Plain, units::bytes(report.bytes)));
    pieces.push(match &report.vantage {
        Some(vantage) => (Ink::Plain, format!("from {} ({:.0} km)", lines.text(&vantage.label), vantage.radius_km)),
        None => (Ink::Dim, "from an unknown place: no distance checks (--from PLACE)".to_owned()),
    });
    lines.pieces(Line::default(), 2, " · ", pieces);

    let databases: Vec<String> =
        report.databases.iter().map(|database| format!("{} {}", database.name, database.date)).collect();
    let places = if databases.is_empty() { "none".to_owned() } else { databases.join(", ") };
    let mut pieces = vec![(Ink::Dim, format!("places {}", lines.text(&places)))];
    pieces.push((Ink::Dim, format!("catalogue of {}", units::plural(report.catalogue_apps as u64, "app", "apps"))));
    lines.pieces(Line::default(), 2, " · ", pieces);
}

/// A row of the table: name, up, down, share, and where.
struct Row {
    name: (Ink, String),
    up: Option<u64>,
    down: Option<u64>,
    bytes: u64,
    places: Vec<(Ink, String)>,
}

/// The table of apps, what no app got, and the sum.
pub(super) fn table(lines: &mut Lines, report: &Report) {
    let rows = rows(lines, report);
    let columns = lines.columns();
    let widest = rows.iter().map(|row| row.name.1.width()).max().unwrap_or(0);
    let name_width = widest.clamp(9, (columns / 4).clamp(9, 32)) + 1;
    let up = name_width + BYTES_WIDTH;
    let down = up + BYTES_WIDTH;
    let share = down + SHARE_WIDTH;
    let places = share + 2;

    let mut head = Line::default();
    head.put(Ink::Bold, "APP").right(Ink::Bold, "UP", up).right(Ink::Bold, "DOWN", down).right(
        Ink::Bold,
        "SHARE",
        share,
    );
    head.to(places).put(Ink::Bold, "WHERE ITS UPLOADS WENT");
    lines.line(&head);
    if report.apps.is_empty() {
        let mut line = Line::default();
        line.put(Ink::Dim, "no app could be named");
        lines.line(&line);
    }
    for row in &rows {
        let mut line = Line::default();
        line.put(row.name.0, cut(&row.name.1, name_width));
        let bytes = |value: Option<u64>| value.map_or("–".to_owned(), units::bytes);
        line.right(Ink::Plain, &bytes(row.up), up).right(Ink::Plain, &bytes(row.down), down);
        line.right(Ink::Plain, &units::share(units::part(row.bytes, report.bytes)), share);
        line.to(places);
        fit(&mut line, columns, &row.places);
        lines.line(&line);
    }
    sum(lines, report);
}

fn rows(lines: &Lines, report: &Report) -> Vec<Row> {
    let mut rows = Vec::new();
    for app in report.apps.iter().take(APP_LIMIT) {
        rows.push(Row {
            name: (Ink::Accent, lines.text(&app.name).into_owned()),
            up: Some(app.traffic.bytes_up),
            down: Some(app.traffic.bytes_down),
            bytes: app.traffic.bytes(),
            places: places(&app.destinations),
        });
    }
    let more: &[AppRoutes] = report.apps.get(APP_LIMIT..).unwrap_or_default();
    if !more.is_empty() {
        let sum = |of: fn(&AppRoutes) -> u64| more.iter().map(of).sum::<u64>();
        rows.push(Row {
            name: (Ink::Plain, format!("+{} apps", more.len())),
            up: Some(sum(|app| app.traffic.bytes_up)),
            down: Some(sum(|app| app.traffic.bytes_down)),
            bytes: sum(|app| app.traffic.bytes()),
            places: vec![(Ink::Dim, "--json lists them".to_owned())],
        });
    }
    let routes = &report.unattributed_routes;
    let up = routes.iter().map(|route| route.traffic.bytes_up).sum();
    let down = routes.iter().map(|route| route.traffic.bytes_down).sum();
    for (name, remainders, split) in [
        ("not known", &report.unattributed, Some((up, down))),
        ("local", &report.local, None),
        ("not IP", &report.not_ip, None),
    ] {
        if remainders.is_empty() {
            continue;
        }
        let bytes = remainders.iter().map(|remainder| remainder.bytes).sum();
        // The two directions are shown only where they are those of the same bytes.
        let split = split.filter(|(up, down)| up + down == bytes);
        rows.push(Row {
            name: (Ink::Plain, name.to_owned()),
            up: split.map(|split| split.0),
            down: split.map(|split| split.1),
            bytes,
            places: reasons(lines, remainders, bytes),
        });
    }
    rows
}

/// Places with their share of the uploads, or of the downloads where nothing went up.
fn places(destinations: &[Destination]) -> Vec<(Ink, String)> {
    let up: u64 = destinations.iter().map(|destination| destination.traffic.bytes_up).sum();
    let bytes = |destination: &Destination| {
        if up > 0 { destination.traffic.bytes_up } else { destination.traffic.bytes_down }
    };
    let mut sums: Vec<(&str, bool, u64)> = Vec::new();
    for destination in destinations {
        match sums.iter_mut().find(|(label, ..)| *label == destination.label) {
            Some((_, is_disputed, sum)) => {
                *is_disputed |= destination.is_disputed;
                *sum += bytes(destination);
            }
            None => sums.push((&destination.label, destination.is_disputed, bytes(destination))),
        }
    }
    sums.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(b.0)));
    let total = sums.iter().map(|sum| sum.2).sum();
    let mut pieces: Vec<_> = sums
        .into_iter()
        .map(|(label, is_disputed, sum)| {
            let mark = if is_disputed { " ?" } else { "" };
            let label = escape::visible(label);
            (Ink::Plain, format!("{label}{mark} {}", units::share(units::part(sum, total))))
        })
        .collect();
    if up == 0 && !pieces.is_empty() {
        pieces.insert(0, (Ink::Dim, "none; downloads:".to_owned()));
    }
    pieces
}

fn reasons(lines: &Lines, remainders: &[Remainder], total: u64) -> Vec<(Ink, String)> {
    let share = |remainder: &Remainder| units::share(units::part(remainder.bytes, total));
    remainders
        .iter()
        .map(|remainder| (Ink::Dim, format!("{} {}", lines.text(&remainder.reason), share(remainder))))
        .collect()
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
fn sum(lines: &mut Lines, report: &Report) {
    let of = |remainders: &[Remainder]| remainders.iter().map(|remainder| remainder.bytes).sum::<u64>();
    let apps: u64 = report.apps.iter().map(|app| app.traffic.bytes()).sum();
    let parts = [
        ("apps", apps),
        ("not known", of(&report.unattributed)),
        ("local", of(&report.local)),
        ("not IP", of(&report.not_ip)),
    ];
    let total: u64 = parts.iter().map(|part| part.1).sum();
    let mut pieces: Vec<_> =
        parts.iter().map(|(name, bytes)| (Ink::Dim, format!("{name} {}", units::count(*bytes)))).collect();
    let mut line = Line::default();
    line.put(Ink::Bold, "Sum").put(Ink::Plain, format!("  {} bytes = ", units::count(report.bytes)));
    if total != report.bytes {
        let difference = units::count(total.abs_diff(report.bytes));
        pieces.push((Ink::Warn, format!("off by {difference} bytes: please report this")));
    }
    lines.pieces(line, 5, " + ", pieces);
}
