//! A [`Report`] as GeoJSON (RFC 7946): a point per country with what was sent there at least and at most, and a line from the place of
//! the capture to each country that a destination may be in, or a point where the place of the capture is not known. Destinations
//! without a country are features without a geometry. Countries have one point inside; no source checks cities, so that the city that a
//! database names is a property and never a place.

use super::csv::party_word;
use super::projection;
use crate::place::Country;
use crate::report::{AppRoutes, Candidate, CountryLine, Destination, Generator, Report, ShareLine, Standing};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Points of a line.
const STEPS: usize = 32;

/// Writes a feature collection.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let from = report.vantage.as_ref().map(|vantage| (vantage.latitude, vantage.longitude));
    let mut features = Vec::new();
    if let Some(vantage) = &report.vantage {
        features.push(json!({
            "type": "Feature",
            "geometry": point((vantage.latitude, vantage.longitude)),
            "properties": { "role": "vantage", "label": vantage.label, "radius_km": vantage.radius_km },
        }));
    }
    features.extend(report.countries.iter().map(country));
    let of_apps = report.apps.iter().flat_map(|app| app.destinations.iter().map(move |route| (Some(app), route)));
    for (app, route) in of_apps.chain(report.unattributed_routes.iter().map(|route| (None, route))) {
        let mut feature = |candidate: Option<&Candidate>| {
            features.push(json!({
                "type": "Feature",
                "geometry": candidate.map_or(Value::Null, |candidate| geometry(from, candidate)),
                "properties": properties(app, route, candidate),
            }));
        };
        route.candidates.iter().for_each(|candidate| feature(Some(candidate)));
        if route.candidates.is_empty() {
            feature(None);
        }
    }
    let attribution = report.databases.iter().map(|database| &*database.attribution).collect();
    let collection = Collection { kind: "FeatureCollection", generator: &report.generator, attribution, features };
    serde_json::to_writer(&mut *out, &collection)?;
    out.write_all(b"\n")
}

/// A feature collection. What made it comes first, so that [`is_own`] finds it.
#[derive(Serialize)]
struct Collection<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    generator: &'a Generator,
    attribution: Vec<&'a str>,
    features: Vec<Value>,
}

/// Whether a collection of this program begins so.
pub(super) fn is_own(head: &[u8]) -> bool {
    head.starts_with(br#"{"type":"FeatureCollection","generator":{"name":"whither","#)
}

/// Degrees with so many decimals that a point is no farther off than a street is long.
fn short(degrees: f64) -> f64 {
    (degrees * 1e3).round() / 1e3
}

fn point((latitude, longitude): (f64, f64)) -> Value {
    json!({ "type": "Point", "coordinates": [short(longitude), short(latitude)] })
}

/// What was exchanged with endpoints in a country.
fn country(line: &CountryLine) -> Value {
    let interval = |share: &ShareLine| {
        json!({
            "at_least": share.certain_bytes,
            "at_most": share.certain_bytes.saturating_add(share.possible_bytes),
            "reported": share.reported_bytes,
            "share": share.share,
        })
    };
    json!({
        "type": "Feature",
        "geometry": line.country.centroid().map_or(Value::Null, point),
        "properties": {
            "role": "country",
            "country": line.country,
            "label": line.label,
            "sent": interval(&line.sent),
            "received": interval(&line.received),
            "apps": line.apps,
        },
    })
}

fn geometry(from: Option<(f64, f64)>, candidate: &Candidate) -> Value {
    let Some(to) = candidate.country.centroid() else { return Value::Null };
    let Some(from) = from else { return point(to) };
    // RFC 7946 §3.1.9: a line over the antimeridian is cut into two.
    let mut lines: Vec<Vec<[f64; 2]>> = vec![Vec::new()];
    let mut before: Option<(f64, f64)> = None;
    for point in projection::great_circle(from, to, STEPS) {
        if before.is_some_and(|before| (before.1 - point.1).abs() > 180.0) {
            let edge = before.map_or(180.0, |before| 180.0_f64.copysign(before.1));
            let latitude = short(before.map_or(point.0, |before| f64::midpoint(before.0, point.0)));
            if let Some(line) = lines.last_mut() {
                line.push([edge, latitude]);
            }
            lines.push(vec![[-edge, latitude]]);
        }
        if let Some(line) = lines.last_mut() {
            line.push([short(point.1), short(point.0)]);
        }
        before = Some(point);
    }
    json!({ "type": "MultiLineString", "coordinates": lines })
}

fn properties(app: Option<&AppRoutes>, route: &Destination, candidate: Option<&Candidate>) -> Value {
    let is_certain = route.standing == Standing::Confirmed;
    let interval = |bytes: u64| json!({ "at_least": if is_certain { bytes } else { 0 }, "at_most": bytes });
    let has_country = candidate.is_some();
    json!({
        "role": "destination",
        "app": app.map(|app| &app.id),
        "app_name": app.map(|app| &app.name),
        "standing": route.standing,
        "exchange": route.exchange,
        "age": route.age,
        "gap_months": route.gap_months,
        "country": candidate.map(|candidate| candidate.country),
        "city_not_checked": candidate.and_then(|candidate| candidate.city.as_ref()),
        "candidates": route.candidates.iter().map(|candidate| candidate.country).collect::<Vec<_>>(),
        "place": route.label,
        "excluded": route.exclusions,
        "opinions": route.opinions,
        "registered_countries": route.registered_countries,
        "asn": route.asn,
        "as_name": route.as_name,
        "as_country": route.as_country,
        "operator": route.operator,
        "jurisdiction": route.jurisdiction.as_ref().map(Country::code),
        "parties": route.parties.iter().map(|(party, _)| party_word(*party)).collect::<Vec<_>>(),
        "evidence": route.evidence,
        "name_does_not_fit": route.misfit,
        "routed": route.on_path,
        "payload": route.payload,
        "sent": has_country.then(|| interval(route.payload.sent)),
        "received": has_country.then(|| interval(route.payload.received)),
        "bytes_up": route.traffic.bytes_up,
        "bytes_down": route.traffic.bytes_down,
        "flows": route.traffic.flows,
        "names": route.names,
        "addresses": route.addresses,
        "rtt_ms": route.rtt.as_ref().map(|rtt| rtt.ms),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    fn collection(report: &Report) -> Value {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    /// The features with a role.
    fn of_role(value: &Value, role: &str) -> Vec<Value> {
        let features = value["features"].as_array().unwrap().iter();
        features.filter(|feature| feature["properties"]["role"] == role).cloned().collect()
    }

    #[test]
    fn lines_from_the_vantage_cut_at_the_antimeridian() {
        let value = collection(&example::report());
        let rows = of_role(&value, "destination");
        assert_eq!(rows.len(), 12);
        let virginia = rows.iter().find(|feature| feature["properties"]["country"] == "US").unwrap();
        assert_eq!(virginia["geometry"]["coordinates"].as_array().unwrap().len(), 2);
        assert!(rows.iter().any(|feature| feature["geometry"].is_null()));
    }

    #[test]
    fn points_where_the_vantage_is_not_known() {
        let mut report = example::report();
        report.vantage = None;
        let value = collection(&report);
        assert!(of_role(&value, "vantage").is_empty());
        let rows = of_role(&value, "destination");
        assert_eq!(rows[0]["geometry"]["type"], "Point");
    }

    /// Every coordinate is that of a country, and short; a city stands beside it as what no source checked.
    #[test]
    fn a_country_has_one_point_and_a_city_none() {
        let report = example::report();
        let value = collection(&report);
        let countries = of_role(&value, "country");
        assert_eq!(countries.len(), report.countries.len());
        for line in &countries {
            assert!(line["properties"]["sent"]["at_least"].as_u64() <= line["properties"]["sent"]["at_most"].as_u64());
        }
        let rows = of_role(&value, "destination");
        assert!(rows.iter().any(|row| row["properties"]["city_not_checked"].is_string()));
        let text = value.to_string();
        for number in text.split(['[', ']', ',']).filter(|part| part.parse::<f64>().is_ok()) {
            let decimals = number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            assert!(decimals <= 3, "{number}");
        }
    }
}
