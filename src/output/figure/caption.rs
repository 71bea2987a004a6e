//! The words around a map: title, what is drawn, and the caption with dates, doubt and sources.

use super::amounts;
use crate::output::{escape, units};
use crate::report::{Report, Standing, WayShares};

/// Captures and databases named; the rest is counted.
const NAMED: usize = 4;
/// Outlines of the map.
const OUTLINES: &str = "outlines Natural Earth 1:10m, simplified; its borders are not a statement";
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What the figure shows of the words around it.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Marked {
    /// Marks that would be thinner than what can be seen.
    pub(super) has_thin: bool,
    /// Bands to countries too near to draw.
    pub(super) is_lengthened: bool,
    /// Lines that end where a round trip does.
    pub(super) has_stubs: bool,
    /// Whether flows are lines from the phone, or circles.
    pub(super) has_lines: bool,
}

/// `Where one phone sent 354 kB in 9 min 49 s`.
pub(super) fn title(report: &Report) -> String {
    let bytes = units::bytes(way(report).bytes);
    let time = units::duration(report.duration_ns);
    let is_one_app = report.unattributed_routes.is_empty() && report.apps.len() == 1;
    let who = match report.apps.first() {
        Some(app) if is_one_app => app.name.clone(),
        _ => "a phone".to_owned(),
    };
    match amounts::is_received(report) {
        true => format!("Where the {bytes} came from that {who} received in {time}"),
        false => format!("Where {who} sent {bytes} in {time}"),
    }
}

/// What the marks mean.
pub(super) fn subtitle(report: &Report, has_lines: bool) -> String {
    let way = if amounts::is_received(report) { "received" } else { "sent" };
    let mark = if has_lines { "Width of a line is bytes" } else { "The area of a circle is bytes" };
    format!("Share of payload {way}, by country of the endpoint: at least to at most. {mark}.")
}

/// What a reader must know before the rest; empty where there is no such thing.
pub(super) fn warning(report: &Report) -> String {
    let tables = &report.tables;
    if tables.is_stale {
        let years = units::plural((tables.gap_months / 12).into(), "year", "years");
        let than = if tables.is_capture_older { "older" } else { "younger" };
        format!(
            "The capture is {years} {than} than the tables: addresses may have changed hands. Nothing is called confirmed."
        )
    } else if tables.is_ignored {
        "The tables are taken as if they were of the capture’s time.".to_owned()
    } else {
        String::new()
    }
}

/// The figure in words, for who cannot see it.
pub(super) fn description(report: &Report) -> String {
    let from = report.vantage.as_ref().map_or(String::new(), |vantage| format!(" from {}", vantage.label));
    format!("Flow map{from}. {} {}", warning(report), way(report).sentence)
}

/// Where the captures are from, what is uncertain, and what the figure rests on.
pub(super) fn caption(report: &Report, marked: Marked) -> String {
    let done = if amounts::is_received(report) { "received" } else { "sent" };
    let mut text = format!("{}. An endpoint is where a connection ended, not where data ends up. ", captured(report));
    text.push_str(&format!(
        "Shares are of payload {done} in flows that were answered, from what is confirmed to what nothing excludes; what has no country \
         is in no interval. "
    ));
    text.push_str(
        "Each country is drawn at one point inside it; cities are not shown, because no source checks them. ",
    );
    let mut unplaced: Vec<Standing> = way(report).unplaced.iter().map(|line| line.standing).collect();
    unplaced.dedup();
    for standing in unplaced {
        let mut word = standing.word().to_owned();
        if let Some(first) = word.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        text.push_str(&standing.why_unplaced().map_or(String::new(), |why| format!("{word}: {why}. ")));
    }
    if marked.has_stubs {
        text.push_str("A grey line with a bar ends as far away as the endpoint can be by its round trip: what databases say of it is ruled out. ");
    }
    if marked.has_thin {
        text.push_str("Marks under one pixel are drawn one pixel wide. ");
    }
    if marked.is_lengthened {
        text.push_str("Arrows without a dot go to countries too near to be drawn to scale. ");
    }
    match report.physics.state.as_str() {
        "on" => {}
        _ if report.countries.is_empty() => {}
        "no_vantage" => text.push_str("Nothing could be ruled out without the place of the phone. "),
        _ => text.push_str(&format!("{} ", report.physics.says)),
    }
    for limit in &report.physics.limits {
        text.push_str(limit);
        text.push(' ');
    }
    let mut sources: Vec<String> = report.databases.iter().map(source).collect();
    sources.dedup();
    sources.push(OUTLINES.to_owned());
    let lines = if marked.has_lines { "; lines are great circles, not cables" } else { "" };
    text.push_str(&format!(
        "Sources: {}. Equal Earth projection{lines}. Made with {} {}.",
        sources.join("; "),
        report.generator.name,
        report.generator.version
    ));
    text
}

/// The direction that the figure is of.
fn way(report: &Report) -> &WayShares {
    if amounts::is_received(report) { &report.shares.received } else { &report.shares.sent }
}

fn source(database: &crate::place::DatabaseInfo) -> String {
    let (name, date) = (&database.name, &database.date);
    let text = match database.attribution.as_str() {
        attribution if attribution.contains(name.as_str()) => format!("{attribution}, {date}"),
        "" => format!("{name}, {date}"),
        attribution => format!("{name} ({attribution}), {date}"),
    };
    text.trim_end_matches(", ").to_owned()
}

/// `phone.pcapng, captured 1 June 2026, 02:00 to 02:09 UTC, 1,536 frames, 1.2 MB, phone in Taipei, TW (± 25 km, as stated)`.
fn captured(report: &Report) -> String {
    // A path says more of a computer than of the capture.
    let name = |name: &str| name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned();
    let mut names: Vec<String> = report.captures.iter().take(NAMED).map(|capture| name(&capture.name)).collect();
    if let more @ 1.. = report.captures.len().saturating_sub(NAMED) {
        names.push(format!("{} more", units::count(more as u64)));
    }
    let mut parts = vec![names.join(", ")];
    if let Some(times) = report.first_seen.as_deref().zip(report.last_seen.as_deref()).and_then(times) {
        parts.push(format!("captured {times}"));
    }
    parts.push(units::plural(report.frames, "frame", "frames"));
    parts.push(units::bytes(report.bytes));
    parts.push(match &report.vantage {
        Some(vantage) => format!("phone in {} (± {:.0} km, as stated)", vantage.label, vantage.radius_km),
        None => "the place of the phone was not given".to_owned(),
    });
    parts.retain(|part| !part.is_empty());
    escape::visible(&parts.join(", ")).into_owned()
}

/// `1 June 2026, 02:00 to 02:09 UTC`; with both days where they differ.
fn times((first, last): (&str, &str)) -> Option<String> {
    let day = |time: &str| {
        let month = time.get(5..7)?.parse::<usize>().ok()?.checked_sub(1)?;
        let day = time.get(8..10)?.trim_start_matches('0').to_owned();
        Some(format!("{day} {} {}", MONTHS.get(month)?, time.get(..4)?))
    };
    let (from, to) = (day(first)?, day(last)?);
    // A redacted report has days only.
    let is_clock = |text: &&str| text.as_bytes().get(2) == Some(&b':');
    let clock = |time: &str| time.get(11..16).filter(is_clock).map(str::to_owned);
    let Some((start, end)) = clock(first).zip(clock(last)) else {
        return Some(if from == to { from } else { format!("{from} to {to}") });
    };
    Some(match (from == to, start == end) {
        (true, true) => format!("{from}, {start} UTC"),
        (true, false) => format!("{from}, {start} to {end} UTC"),
        _ => format!("{from}, {start} to {to}, {end} UTC"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn times_name_the_day_once() {
        let cases = [
            ("2026-06-01T02:00:00Z", "2026-06-01T02:09:49Z", "1 June 2026, 02:00 to 02:09 UTC"),
            ("2026-06-01T02:00:00Z", "2026-06-01T02:00:49Z", "1 June 2026, 02:00 UTC"),
            ("2025-12-31T23:59:00Z", "2026-01-01T00:09:00Z", "31 December 2025, 23:59 to 1 January 2026, 00:09 UTC"),
        ];
        for (first, last, expected) in cases {
            assert_eq!(times((first, last)).as_deref(), Some(expected));
        }
        assert_eq!(times(("2026-06-01", "2026-06-01")).as_deref(), Some("1 June 2026"));
        assert_eq!(times(("", "x")), None);
    }

    #[test]
    fn no_path_and_no_command_stand_in_the_caption() {
        let mut report = example::report();
        report.captures[0].name = "/home/someone/secret/phone.pcapng".to_owned();
        report.generator.command = "whither map /home/someone".to_owned();
        let text = caption(&report, Marked { has_thin: true, is_lengthened: true, has_stubs: true, has_lines: true });
        assert!(text.starts_with("phone.pcapng, ") && !text.contains("someone"), "{text}");
    }
}
