//! A [`Report`] as GeoParquet 1.1 (<https://geoparquet.org/releases/v1.1.0/>): one row per app and destination, with typed columns.
//!
//! The geometry is a point inside the country, as well-known binary, where one country is a candidate: no source checks a city.

use super::columns::shapes::{BYTES, REAL, TEXT, TEXTS, TIME, WHOLE};
use super::columns::{Column, Shape, Table};
use super::csv::party_word;
use super::{escape, words};
use crate::place::Country;
use crate::report::{AppRoutes, Destination, Report};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// Version of the columns. It is raised when one changes its type or meaning, or goes.
const VERSION: u32 = 1;

const AMOUNT: &[Column] = &[Column::new("word", TEXT), Column::new("bytes", WHOLE)];
const NAME: &[Column] = &[Column::new("name", TEXT), Column::new("source", TEXT), Column::new("frame", WHOLE)];
const OPINION: &[Column] = &[
    Column::new("source", TEXT),
    Column::maybe("country", TEXT),
    Column::new("bytes", WHOLE),
    Column::maybe("verdict", TEXT),
];

/// The columns, in order.
const COLUMNS: &[Column] = &[
    Column::maybe("app", TEXT),
    Column::maybe("app_name", TEXT),
    Column::maybe("developer", TEXT),
    Column::maybe("app_operator", TEXT),
    Column::maybe("app_jurisdiction", TEXT),
    Column::new("standing", TEXT),
    Column::new("countries", TEXTS),
    Column::new("place", TEXT),
    Column::new("exchange", TEXT),
    Column::new("age", TEXT),
    Column::maybe("gap_months", WHOLE),
    Column::maybe("confirmed_by", TEXT),
    Column::new("excluded", TEXTS),
    Column::new("opinions", Shape::List(&Shape::Object(OPINION))),
    Column::new("registered_countries", TEXTS),
    Column::maybe("asn", WHOLE),
    Column::maybe("as_name", TEXT),
    Column::maybe("as_country", TEXT),
    Column::maybe("operator", TEXT),
    Column::maybe("jurisdiction", TEXT),
    Column::new("also", TEXTS),
    Column::new("parties", Shape::List(&Shape::Object(AMOUNT))),
    Column::new("services", TEXTS),
    Column::new("evidence", Shape::List(&Shape::Object(AMOUNT))),
    Column::maybe("name_does_not_fit", TEXT),
    Column::new("sent", WHOLE),
    Column::new("received", WHOLE),
    Column::new("sent_unanswered", WHOLE),
    Column::new("sent_to_persons", WHOLE),
    Column::new("received_from_persons", WHOLE),
    Column::new("bytes_up", WHOLE),
    Column::new("bytes_down", WHOLE),
    Column::new("packets_up", WHOLE),
    Column::new("packets_down", WHOLE),
    Column::new("flows", WHOLE),
    Column::new("names", Shape::List(&Shape::Object(NAME))),
    Column::new("names_total", WHOLE),
    Column::new("addresses", TEXTS),
    Column::new("addresses_total", WHOLE),
    Column::maybe("rtt_ms", REAL),
    Column::maybe("rtt_source", TEXT),
    Column::maybe("rtt_samples", WHOLE),
    Column::new("first_capture", TEXT),
    Column::new("first_frame", WHOLE),
    Column::new("first_seen", TIME),
    Column::new("last_seen", TIME),
    Column::maybe("geometry", BYTES),
    Column::new("routed", TEXTS),
];

/// Writes a row per app and destination.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    // A report is in memory as a whole, and its table is smaller.
    let mut file = Vec::new();
    let geo = json!({
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": { "geometry": { "encoding": "WKB", "geometry_types": ["Point"] } },
    });
    let facts = [("geo", geo.to_string()), ("whither.destinations", VERSION.to_string())];
    let mut table = Table::new("destinations", COLUMNS, &facts, &mut file)?;
    let of_apps = report.apps.iter().flat_map(|app| app.destinations.iter().map(move |one| (Some(app), one)));
    for (app, destination) in of_apps.chain(report.unattributed_routes.iter().map(|one| (None, one))) {
        table.row(&row(app, destination))?;
    }
    table.finish()?;
    drop(table);
    out.write_all(&file)
}

fn row(app: Option<&AppRoutes>, destination: &Destination) -> Map<String, Value> {
    let codes = |countries: &[Country]| -> Vec<String> { countries.iter().map(|one| one.code().to_owned()).collect() };
    let candidates: Vec<Country> = destination.candidates.iter().map(|candidate| candidate.country).collect();
    let words = |pairs: Vec<(&str, u64)>| -> Value {
        pairs.into_iter().map(|(word, bytes)| json!({ "word": word, "bytes": bytes })).collect()
    };
    let (payload, traffic, rtt) = (&destination.payload, &destination.traffic, destination.rtt.as_ref());
    let who_and_where = json!({
        "app": app.map(|app| &app.id),
        "app_name": app.map(|app| &app.name),
        "developer": app.and_then(|app| app.developer.as_ref()),
        "app_operator": app.and_then(|app| app.operator.as_ref()),
        "app_jurisdiction": app.and_then(|app| app.jurisdiction),
        "standing": destination.standing.id(),
        "countries": codes(&candidates),
        "place": destination.label,
        "exchange": destination.exchange.word(),
        "age": destination.age,
        "gap_months": destination.gap_months,
        "confirmed_by": destination.confirmed_by,
        "excluded": destination.exclusions.iter().map(|one| &one.says).collect::<Vec<_>>(),
        "opinions": destination.opinions,
        "registered_countries": codes(&destination.registered_countries),
        "asn": destination.asn,
        "as_name": destination.as_name,
        "as_country": destination.as_country,
        "operator": destination.operator,
        "jurisdiction": destination.jurisdiction,
        "also": codes(&destination.also),
        "parties": words(destination.parties.iter().map(|(party, bytes)| (party_word(*party), *bytes)).collect()),
        "services": destination.services,
        "evidence": words(destination.evidence.iter().map(|(kind, bytes)| (kind.word(), *bytes)).collect()),
        "name_does_not_fit": destination.misfit,
    });
    let what = json!({
        "sent": payload.sent,
        "received": payload.received,
        "sent_unanswered": payload.tried,
        "sent_to_persons": payload.person_sent,
        "received_from_persons": payload.person_received,
        "bytes_up": traffic.bytes_up,
        "bytes_down": traffic.bytes_down,
        "packets_up": traffic.packets_up,
        "packets_down": traffic.packets_down,
        "flows": traffic.flows,
        "names": destination.names,
        "names_total": destination.names_total,
        "addresses": destination.addresses,
        "addresses_total": destination.addresses_total,
        "rtt_ms": rtt.map(|rtt| rtt.ms),
        "rtt_source": rtt.map(|rtt| &rtt.source),
        "rtt_samples": rtt.map(|rtt| rtt.samples),
        "first_capture": destination.first_frame.0,
        "first_frame": destination.first_frame.1,
        "first_seen": destination.first_seen,
        "last_seen": destination.last_seen,
        "geometry": point(&candidates),
        "routed": destination.on_path.iter().map(words::routed).collect::<Vec<_>>(),
    });
    let parts = [who_and_where, what].into_iter();
    parts.filter_map(|part| if let Value::Object(part) = part { Some(part) } else { None }).flatten().collect()
}

/// The point of the only candidate, as hexadecimal digits of well-known binary (OGC 06-103r4, 8.2): little endian, type 1, longitude,
/// latitude.
fn point(candidates: &[Country]) -> Option<String> {
    let [country] = candidates else { return None };
    let (latitude, longitude) = country.centroid()?;
    let mut bytes = vec![1, 1, 0, 0, 0];
    bytes.extend(longitude.to_le_bytes());
    bytes.extend(latitude.to_le_bytes());
    Some(escape::hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn every_row_has_every_column_and_no_other() {
        let report = example::report();
        let routes: Vec<_> = report.apps.iter().flat_map(|app| &app.destinations).collect();
        assert!(!routes.is_empty());
        for destination in routes {
            let row = row(None, destination);
            let known = |name: &String| COLUMNS.iter().any(|column| column.name == *name);
            assert_eq!(row["routed"].as_array().map(Vec::len), Some(destination.on_path.len()));
            assert!(row.len() == COLUMNS.len() && row.keys().all(known), "{:?}", row.keys());
        }
        let mut file = Vec::new();
        write(&report, &mut file).unwrap();
        assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    }

    #[test]
    fn a_point_stands_where_one_country_is_a_candidate() {
        let [sg, hk] = ["SG", "HK"].map(|code| Country::new(code).unwrap());
        let point = point(&[sg]).unwrap();
        assert!(point.starts_with("0101000000") && point.len() == 42, "{point}");
        assert!(super::point(&[sg, hk]).is_none() && super::point(&[]).is_none());
    }
}
