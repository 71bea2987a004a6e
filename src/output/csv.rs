//! A [`Report`] as CSV (RFC 4180): one row per app and destination, for spreadsheets.
//!
//! The columns are [`COLUMNS`]. `app` is empty for traffic that no app could be named for. Lists are joined with `; `.
//! `routed` is what was seen on paths to the destination, as `country standing`: it is in no share. Names are written as `name source #frame`, opinions as `database country`, evidence as `kind bytes`. Local and not-IP traffic has no destination
//! and so no row. Cells that a spreadsheet would take for a formula begin with an apostrophe.

use super::{escape, words};
use crate::app::Party;
use crate::place::Country;
use crate::report::{AppRoutes, Destination, Report};
use std::io::{self, Write};

/// The columns, in order.
pub(super) const COLUMNS: [&str; 48] = [
    "app",
    "app_name",
    "developer",
    "app_operator",
    "app_jurisdiction",
    "standing",
    "countries",
    "place",
    "cities",
    "exchange",
    "age",
    "gap_months",
    "confirmed_by",
    "excluded",
    "opinions",
    "registered_countries",
    "asn",
    "as_name",
    "as_country",
    "operator",
    "jurisdiction",
    "parties",
    "services",
    "bytes_up",
    "bytes_down",
    "packets_up",
    "packets_down",
    "sent",
    "received",
    "sent_unanswered",
    "sent_to_persons",
    "received_from_persons",
    "flows",
    "share_of_app",
    "names",
    "names_total",
    "addresses",
    "addresses_total",
    "rtt_ms",
    "rtt_source",
    "rtt_samples",
    "first_capture",
    "first_frame",
    "first_seen",
    "last_seen",
    "evidence",
    "name_does_not_fit",
    "routed",
];

/// Whether a table of this program begins so: later versions may add columns at the end.
pub(super) fn is_own(head: &[u8]) -> bool {
    /// Columns that no other table begins with.
    const FIRST: usize = 6;
    let mut rest = head;
    COLUMNS.iter().take(FIRST).all(|column| {
        let after = rest.strip_prefix(column.as_bytes()).and_then(|rest| rest.strip_prefix(b","));
        after.inspect(|after| rest = after).is_some()
    })
}

/// Writes the header and a row per app and destination.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(COLUMNS.join(",").as_bytes())?;
    out.write_all(b"\r\n")?;
    let mut row = Row::default();
    for app in &report.apps {
        for destination in &app.destinations {
            row.fill(Some(app), destination);
            out.write_all(&row.bytes)?;
        }
    }
    for destination in &report.unattributed_routes {
        row.fill(None, destination);
        out.write_all(&row.bytes)?;
    }
    Ok(())
}

/// A row of a CSV file, its buffer reused.
#[derive(Default)]
pub(super) struct Row {
    /// The row as written so far.
    pub(super) bytes: Vec<u8>,
}

impl Row {
    /// Appends a text cell.
    pub(super) fn text(&mut self, text: &str) {
        self.separate();
        escape::csv_into(&mut self.bytes, text);
    }

    /// Appends a text cell, empty where there is nothing.
    fn maybe(&mut self, text: Option<&str>) {
        self.text(text.unwrap_or_default());
    }

    /// Appends a country code.
    fn country(&mut self, country: Option<Country>) {
        self.maybe(country.as_ref().map(Country::code));
    }

    /// Appends a number or a word of ours: never quoted or guarded.
    pub(super) fn plain(&mut self, value: impl std::fmt::Display) {
        self.separate();
        // Writing to a Vec cannot fail.
        let _ = write!(self.bytes, "{value}");
    }

    /// Appends a number, empty where there is none.
    pub(super) fn number(&mut self, value: Option<impl std::fmt::Display>) {
        match value {
            Some(value) => self.plain(value),
            None => self.separate(),
        }
    }

    /// Appends a list as one cell.
    fn list(&mut self, items: impl Iterator<Item = String>) {
        self.text(&items.collect::<Vec<_>>().join("; "));
    }

    fn separate(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        self.bytes.push(b',');
    }

    fn fill(&mut self, app: Option<&AppRoutes>, destination: &Destination) {
        self.bytes.clear();
        // The separator is told from the start by the buffer being empty, so an empty first cell is written quoted.
        match app {
            Some(app) if !app.id.is_empty() => self.text(&app.id),
            _ => self.bytes.extend_from_slice(b"\"\""),
        }
        self.maybe(app.map(|app| app.name.as_str()));
        self.maybe(app.and_then(|app| app.developer.as_deref()));
        self.maybe(app.and_then(|app| app.operator.as_deref()));
        self.country(app.and_then(|app| app.jurisdiction));
        self.text(destination.standing.id());
        self.list(destination.candidates.iter().map(|candidate| candidate.country.code().to_owned()));
        self.text(&destination.label);
        self.list(destination.candidates.iter().filter_map(|candidate| candidate.city.clone()));
        self.text(destination.exchange.word());
        self.text(&destination.age);
        self.number(destination.gap_months);
        self.maybe(destination.confirmed_by.as_deref());
        self.list(destination.exclusions.iter().map(|exclusion| exclusion.says.clone()));
        self.list(destination.opinions.iter().map(words::opinion));
        self.list(destination.registered_countries.iter().map(|country| country.code().to_owned()));
        self.number(destination.asn);
        self.maybe(destination.as_name.as_deref());
        self.country(destination.as_country);
        self.maybe(destination.operator.as_deref());
        self.country(destination.jurisdiction);
        self.list(destination.parties.iter().map(|(party, _)| party_word(*party).to_owned()));
        self.list(destination.services.iter().cloned());
        let traffic = &destination.traffic;
        for value in [
            traffic.bytes_up,
            traffic.bytes_down,
            traffic.packets_up,
            traffic.packets_down,
            destination.payload.sent,
            destination.payload.received,
            destination.payload.tried,
            destination.payload.person_sent,
            destination.payload.person_received,
            traffic.flows,
        ] {
            self.plain(value);
        }
        self.plain(format_args!("{:.6}", destination.share));
        self.list(
            destination
                .names
                .iter()
                .map(|name| format!("{} {}{}", name.name, name.source, words::frame_mark(name.frame))),
        );
        self.plain(destination.names_total);
        self.list(destination.addresses.iter().cloned());
        self.plain(destination.addresses_total);
        self.number(destination.rtt.as_ref().map(|rtt| format!("{:.3}", rtt.ms)));
        self.maybe(destination.rtt.as_ref().map(|rtt| rtt.source.as_str()));
        self.number(destination.rtt.as_ref().map(|rtt| rtt.samples));
        self.text(&destination.first_frame.0);
        self.plain(destination.first_frame.1);
        self.text(&destination.first_seen);
        self.text(&destination.last_seen);
        self.list(destination.evidence.iter().map(|(kind, bytes)| format!("{} {bytes}", kind.word())));
        self.maybe(destination.misfit.as_deref());
        self.list(destination.on_path.iter().map(words::routed));
        self.bytes.extend_from_slice(b"\r\n");
    }
}

/// The word for whose service it is, as in JSON.
pub(super) const fn party_word(party: Party) -> &'static str {
    match party {
        Party::First => "first",
        Party::ThirdSdk => "third-sdk",
        Party::ThirdCdn => "third-cdn",
        Party::Third => "third",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    /// Splits a line of CSV as RFC 4180 says, so that the test does not trust the writer.
    pub(crate) fn cells(line: &str) -> Vec<String> {
        let (mut cells, mut cell, mut is_quoted) = (Vec::new(), String::new(), false);
        let mut rest = line.chars().peekable();
        while let Some(character) = rest.next() {
            match character {
                '"' if is_quoted && rest.peek() == Some(&'"') => {
                    rest.next();
                    cell.push('"');
                }
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => cells.push(std::mem::take(&mut cell)),
                other => cell.push(other),
            }
        }
        cells.push(cell);
        cells
    }

    #[test]
    fn every_row_has_every_column() {
        let report = example::report();
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let rows: Vec<Vec<String>> = text.split_terminator("\r\n").map(cells).collect();
        let expected =
            report.apps.iter().map(|app| app.destinations.len()).sum::<usize>() + report.unattributed_routes.len() + 1;
        assert_eq!(rows.len(), expected);
        assert!(rows.iter().all(|row| row.len() == COLUMNS.len()), "{rows:#?}");
        assert!(rows.last().unwrap()[0].is_empty());
        insta::assert_snapshot!(text.replace("\r\n", "\n").lines().take(4).collect::<Vec<_>>().join("\n"));
    }
}
