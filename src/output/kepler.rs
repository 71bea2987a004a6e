//! A [`Report`] as a table that kepler.gl draws as arcs without being told how: the columns of a line are `lat0`, `lng0`, `lat1`, `lng1`.
//!
//! One row per app, destination and country that it may be in. What has no country has no row: a table of arcs has no place for it.

use super::escape::csv_into;
use crate::report::{AppRoutes, Candidate, Destination, Exchange, Report, Standing};
use std::io::{self, Write};

/// The columns.
const HEAD: &str = "lat0,lng0,lat1,lng1,app,operator,country,standing,city_not_checked,sent_at_least,sent_at_most,received_at_least,\
                    received_at_most\r\n";

/// Whether a table of this program begins so.
pub(super) fn is_own(head: &[u8]) -> bool {
    head.starts_with(HEAD.as_bytes())
}

/// Writes the table.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let from = report.vantage.as_ref().map(|vantage| (vantage.latitude, vantage.longitude));
    out.write_all(HEAD.as_bytes())?;
    let apps = report.apps.iter().flat_map(|app| app.destinations.iter().map(move |row| (Some(app), row)));
    for (app, row) in apps.chain(report.unattributed_routes.iter().map(|row| (None, row))) {
        for candidate in row.candidates.iter().filter(|_| row.exchange == Exchange::Answered) {
            if let Some(line) = line(from, app, row, candidate) {
                out.write_all(&line)?;
            }
        }
    }
    Ok(())
}

fn line(
    from: Option<(f64, f64)>,
    app: Option<&AppRoutes>,
    row: &Destination,
    candidate: &Candidate,
) -> Option<Vec<u8>> {
    let to = candidate.country.centroid()?;
    let mut line = Vec::new();
    for degrees in [from.map(|from| from.0), from.map(|from| from.1), Some(to.0), Some(to.1)] {
        let text = degrees.map_or(String::new(), |degrees| ((degrees * 1e3).round() / 1e3).to_string());
        line.extend_from_slice(text.as_bytes());
        line.push(b',');
    }
    let operator = row.operator.as_deref().or(row.as_name.as_deref()).unwrap_or_default();
    let city = candidate.city.as_deref().unwrap_or_default();
    let texts = [app.map_or("", |app| &app.name), operator, candidate.country.code(), row.standing.id(), city];
    for text in texts {
        csv_into(&mut line, text);
        line.push(b',');
    }
    let least = |bytes: u64| if row.standing == Standing::Confirmed { bytes } else { 0 };
    let (sent, received) = (row.payload.sent, row.payload.received);
    let numbers = [least(sent), sent, least(received), received].map(|bytes| bytes.to_string());
    line.extend_from_slice(numbers.join(",").as_bytes());
    line.extend_from_slice(b"\r\n");
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn rows_have_both_ends_and_an_interval() {
        let mut report = example::report();
        report.apps[0].name = "=HYPERLINK(\"x\")".to_owned();
        let text = |report: &Report| {
            let mut out = Vec::new();
            write(report, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let table = text(&report);
        assert!(table.lines().count() > 5 && table.contains("'=HYPERLINK"));
        let first = table.lines().nth(1).unwrap();
        assert!(first.split(',').take(4).all(|cell| cell.parse::<f64>().is_ok()), "{first}");
        report.vantage = None;
        assert!(text(&report).lines().skip(1).all(|line| line.starts_with(",,")));
    }
}
