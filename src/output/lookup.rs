//! What is known of an address, each fact with the database it comes from, as text and as JSON.

use super::csv::kind_word;
use super::escape;
use super::terminal::Style;
use crate::place::{Country, DatabaseInfo, Place, Scope};
use crate::report::PlaceKind;
use serde_json::{Value, json};
use std::fmt::Write;
use std::net::IpAddr;
use unicode_width::UnicodeWidthStr;

/// Width of the column that says which fact it is.
const KEY_WIDTH: usize = 14;

/// The facts of an address as lines: fact, value, source.
pub fn address(address: IpAddr, place: &Place, databases: &[DatabaseInfo], style: &Style) -> String {
    let columns = style.width.clamp(Style::WIDTH_MIN, Style::WIDTH_MAX);
    let bold = if style.color { anstyle::Style::new().bold() } else { anstyle::Style::new() };
    let dim = if style.color { anstyle::Style::new().dimmed() } else { anstyle::Style::new() };
    let mut out = format!("{bold}{address}{bold:#}\n");
    for (key, value, source) in facts(place, databases) {
        let (value, source) = (escape::terminal(&value, style.ascii), escape::terminal(&source, style.ascii));
        let used = 2 + KEY_WIDTH + value.width();
        let is_beside = !source.is_empty() && used + 2 + source.width() <= columns;
        let gap = if is_beside {
            " ".repeat((44_usize.saturating_sub(used)).clamp(2, columns - used - source.width()))
        } else {
            String::new()
        };
        let beside = if is_beside { format!("{gap}{dim}{source}{dim:#}") } else { String::new() };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {key:<KEY_WIDTH$}{value}{beside}");
        if !is_beside && !source.is_empty() {
            let _ = writeln!(out, "  {:<KEY_WIDTH$}{dim}{source}{dim:#}", "");
        }
    }
    out
}

/// The facts of an address as JSON.
pub fn address_json(address: IpAddr, place: &Place, databases: &[DatabaseInfo]) -> Value {
    let opinions: Vec<_> = place
        .opinions
        .iter()
        .map(|opinion| {
            json!({
                "source": opinion.source,
                "country": opinion.country,
                "city": opinion.city,
                "latitude": opinion.coordinates.map(|coordinates| coordinates.0),
                "longitude": opinion.coordinates.map(|coordinates| coordinates.1),
                "radius_km": opinion.radius_km,
            })
        })
        .collect();
    json!({
        "address": address,
        "scope": scope_word(place.scope),
        "place_kind": kind_word(kind(place)),
        "country": place.country,
        "city": place.city,
        "latitude": place.coordinates.map(|coordinates| coordinates.0),
        "longitude": place.coordinates.map(|coordinates| coordinates.1),
        "disputed": place.is_disputed,
        "opinions": opinions,
        "registered_country": place.registered_country,
        "asn": place.asn,
        "as_name": place.as_name,
        "as_country": place.as_country,
        "operator": place.operator,
        "jurisdiction": place.jurisdiction,
        "anycast": place.is_anycast,
        "databases": databases,
    })
}

fn facts(place: &Place, databases: &[DatabaseInfo]) -> Vec<(&'static str, String, String)> {
    let code = |country: Option<Country>| country.map_or("unknown".to_owned(), |country| country.code().to_owned());
    let source = |word: &str| {
        let found = databases.iter().find(|database| database.used_for.contains(word));
        found.map_or(String::new(), |database| format!("{} {}", database.name, database.date))
    };
    let mut facts = Vec::new();
    if place.scope != Scope::Global {
        facts.push(("scope", scope_word(place.scope).to_owned(), "IANA special-purpose registries".to_owned()));
    }
    match kind(place) {
        PlaceKind::Anycast => {
            facts.push(("located", "anycast: the site that answers is not known".to_owned(), source("anycast")));
        }
        PlaceKind::Unknown => facts.push(("located", "unknown".to_owned(), String::new())),
        PlaceKind::Country | PlaceKind::Local => {}
    }
    for opinion in &place.opinions {
        let mut value = code(opinion.country);
        if let Some(city) = &opinion.city {
            value = format!("{city}, {value}");
        }
        if let Some((latitude, longitude)) = opinion.coordinates {
            value.push_str(&format!(" ({latitude:.2}, {longitude:.2})"));
        }
        if place.is_disputed {
            value.push_str(" ?");
        }
        facts.push(("located", value, opinion.source.to_string()));
    }
    if place.registered_country.is_some() {
        facts.push(("block", format!("registered in {}", code(place.registered_country)), source("regist")));
    }
    if let Some(asn) = place.asn {
        let value = format!("AS{asn} {}", place.as_name.as_deref().unwrap_or_default());
        facts.push(("network", value.trim_end().to_owned(), source("AS")));
    }
    if place.as_country.is_some() {
        facts.push(("AS", format!("registered in {}", code(place.as_country)), source("AS")));
    }
    if let Some(operator) = &place.operator {
        facts.push(("operator", operator.to_string(), "whither's own table".to_owned()));
    }
    if place.jurisdiction.is_some() {
        facts.push(("jurisdiction", code(place.jurisdiction), "whither's own table".to_owned()));
    }
    facts
}

fn kind(place: &Place) -> PlaceKind {
    match (place.scope, place.is_anycast, place.country) {
        (Scope::Global, true, _) => PlaceKind::Anycast,
        (Scope::Global, false, Some(_)) => PlaceKind::Country,
        (Scope::Global, false, None) => PlaceKind::Unknown,
        _ => PlaceKind::Local,
    }
}

const fn scope_word(scope: Scope) -> &'static str {
    match scope {
        Scope::Global => "global",
        Scope::Local => "local",
        Scope::Multicast => "multicast",
        Scope::Reserved => "reserved",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::demo;
    use crate::place::Opinion;

    fn opinion(source: &str, code: &str, city: Option<&str>) -> Opinion {
        Opinion {
            source: source.into(),
            country: Country::new(code),
            city: city.map(Into::into),
            coordinates: city.map(|_| (22.28, 114.17)),
            radius_km: None,
        }
    }

    #[test]
    fn facts_stand_beside_their_sources() {
        let place = Place {
            country: Country::new("HK"),
            opinions: vec![opinion("DB-IP 2026-06", "HK", Some("Hong Kong")), opinion("city.mmdb", "CN", None)],
            is_disputed: true,
            registered_country: Country::new("CN"),
            asn: Some(132_203),
            as_name: Some("Tencent\u{1b}[2J".into()),
            as_country: Country::new("CN"),
            operator: Some("Tencent".into()),
            jurisdiction: Country::new("CN"),
            ..Place::default()
        };
        let ip = "203.205.254.7".parse().unwrap();
        let text = address(ip, &place, &demo::report().databases, &Style::default());
        insta::assert_snapshot!("lookup_address", text);
        assert!(text.lines().all(|line| line.width() <= 80));
        let value = address_json(ip, &place, &[]);
        assert_eq!(
            (&value["country"], &value["place_kind"], &value["asn"]),
            (&"HK".into(), &"country".into(), &132_203.into())
        );
    }

    #[test]
    fn anycast_and_local_have_no_country() {
        let ip = "192.168.1.1".parse().unwrap();
        let local = Place { scope: Scope::Local, ..Place::default() };
        assert!(address(ip, &local, &[], &Style::default()).contains("local"));
        let anycast = Place { is_anycast: true, ..Place::default() };
        assert!(address(ip, &anycast, &[], &Style::default()).contains("not known"));
    }
}
