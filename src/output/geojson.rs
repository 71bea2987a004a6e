//! A [`Report`] as GeoJSON (RFC 7946): a line from the place of the capture to each destination, or a point where that place
//! is not known; destinations without a place are features without a geometry.

use super::csv::{kind_word, party_word};
use super::projection;
use crate::place::Country;
use crate::report::{AppRoutes, Destination, Generator, PlaceKind, Report};
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
            "geometry": { "type": "Point", "coordinates": [vantage.longitude, vantage.latitude] },
            "properties": { "role": "vantage", "label": vantage.label, "radius_km": vantage.radius_km },
        }));
    }
    let of_apps = report.apps.iter().flat_map(|app| app.destinations.iter().map(move |route| (Some(app), route)));
    for (app, route) in of_apps.chain(report.unattributed_routes.iter().map(|route| (None, route))) {
        features.push(json!({
            "type": "Feature",
            "geometry": geometry(from, route),
            "properties": properties(app, route),
        }));
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

fn geometry(from: Option<(f64, f64)>, route: &Destination) -> Value {
    let place = route.latitude.zip(route.longitude).filter(|(latitude, longitude)| {
        route.kind == PlaceKind::Country && latitude.abs() <= 90.0 && longitude.abs() <= 180.0
    });
    let Some(to) = place else { return Value::Null };
    let Some(from) = from else {
        return json!({ "type": "Point", "coordinates": [to.1, to.0] });
    };
    // RFC 7946 §3.1.9: a line over the antimeridian is cut into two.
    let mut lines: Vec<Vec<[f64; 2]>> = vec![Vec::new()];
    let mut before: Option<(f64, f64)> = None;
    let round = |degrees: f64| (degrees * 1e4).round() / 1e4;
    for point in projection::great_circle(from, to, STEPS) {
        if before.is_some_and(|before| (before.1 - point.1).abs() > 180.0) {
            let edge = before.map_or(180.0, |before| 180.0_f64.copysign(before.1));
            let latitude = round(before.map_or(point.0, |before| f64::midpoint(before.0, point.0)));
            if let Some(line) = lines.last_mut() {
                line.push([edge, latitude]);
            }
            lines.push(vec![[-edge, latitude]]);
        }
        if let Some(line) = lines.last_mut() {
            line.push([round(point.1), round(point.0)]);
        }
        before = Some(point);
    }
    json!({ "type": "MultiLineString", "coordinates": lines })
}

fn properties(app: Option<&AppRoutes>, route: &Destination) -> Value {
    json!({
        "role": "destination",
        "app": app.map(|app| &app.id),
        "app_name": app.map(|app| &app.name),
        "place_kind": kind_word(route.kind),
        "country": route.country,
        "place": route.label,
        "city": route.city,
        "disputed": route.is_disputed,
        "opinions": route.opinions,
        "registered_countries": route.registered_countries,
        "asn": route.asn,
        "as_name": route.as_name,
        "as_country": route.as_country,
        "operator": route.operator,
        "jurisdiction": route.jurisdiction.as_ref().map(Country::code),
        "parties": route.parties.iter().map(|(party, _)| party_word(*party)).collect::<Vec<_>>(),
        "bytes_up": route.traffic.bytes_up,
        "bytes_down": route.traffic.bytes_down,
        "flows": route.traffic.flows,
        "names": route.names,
        "addresses": route.addresses,
        "rtt_ms": route.rtt.as_ref().map(|rtt| rtt.ms),
        "location_check": route.check.word(),
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

    #[test]
    fn lines_from_the_vantage_cut_at_the_antimeridian() {
        let value = collection(&example::report());
        let features = value["features"].as_array().unwrap();
        assert_eq!(features.len(), 12);
        let virginia = features.iter().find(|feature| feature["properties"]["country"] == "US").unwrap();
        assert_eq!(virginia["geometry"]["coordinates"].as_array().unwrap().len(), 2);
        assert!(features.iter().any(|feature| feature["geometry"].is_null()));
    }

    #[test]
    fn points_where_the_vantage_is_not_known() {
        let mut report = example::report();
        report.vantage = None;
        let value = collection(&report);
        assert_eq!(value["features"][0]["geometry"]["type"], "Point");
        assert_eq!(value["features"][0]["geometry"]["coordinates"], json!([114.17, 22.28]));
    }
}
