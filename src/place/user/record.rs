//! A record of a MaxMind DB to the facts of an address. It may have any schema, so each fact is looked for under several names.

use crate::place::database::Facts;
use crate::place::facts::{Country, DatabaseFacts, Opinion};
use maxminddb::{LookupResult, PathElement};
use serde::Deserialize;
use std::sync::Arc;

/// Longest text taken from a record, so that a hostile file cannot fill the report.
const MAX_TEXT_CHARS: usize = 200;

/// Where each fact may stand, in order of preference.
const COUNTRY: Paths = &[&["country", "iso_code"], &["country_code"], &["country"], &["country", "code"]];
const REGISTERED: Paths = &[&["registered_country", "iso_code"]];
const CITY: Paths = &[&["city", "names", "en"], &["city"], &["city", "name"]];
const LATITUDE: Paths = &[&["location", "latitude"], &["latitude"], &["lat"]];
const LONGITUDE: Paths = &[&["location", "longitude"], &["longitude"], &["lng"], &["lon"]];
const RADIUS: Paths = &[&["location", "accuracy_radius"], &["radius"], &["accuracy_radius"]];
const ASN: Paths = &[&["autonomous_system_number"], &["traits", "autonomous_system_number"], &["asn"]];
const AS_NAME: Paths = &[
    &["autonomous_system_organization"],
    &["traits", "autonomous_system_organization"],
    &["as_name"],
    &["name"],
    &["organization"],
];

type Paths = &'static [&'static [&'static str]];

/// What a record says; `source` is the name of its database, and `database` what that says of itself.
pub(super) fn facts(record: &LookupResult<'_, Vec<u8>>, source: &Arc<str>, database: &Arc<DatabaseFacts>) -> Facts {
    let country = |paths| text(record, paths).as_deref().and_then(Country::new);
    let opinion = Opinion {
        source: Arc::clone(source),
        database: Arc::clone(database),
        country: country(COUNTRY),
        city: text(record, CITY).map(Arc::from),
        coordinates: coordinates(record),
        radius_km: number(record, RADIUS).filter(|km| (0.0..=20_038.0).contains(km)).map(|km| km.round() as u16),
    };
    let is_located = opinion.country.is_some() || opinion.city.is_some() || opinion.coordinates.is_some();
    let asn = asn(record);
    Facts {
        opinion: is_located.then_some(opinion),
        registered_country: country(REGISTERED),
        repeats_registry: false,
        is_announced: asn.is_some(),
        asn,
        as_name: asn.and_then(|_| text(record, AS_NAME)).map(Arc::from),
        as_country: None,
    }
}

/// A number that may be written as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(f64),
    Text(String),
}

fn read<'a, T: Deserialize<'a>>(record: &LookupResult<'a, Vec<u8>>, path: &[&str]) -> Option<T> {
    match *path {
        [key] => record.decode_path(&[PathElement::Key(key)]),
        [outer, inner] => record.decode_path(&[PathElement::Key(outer), PathElement::Key(inner)]),
        [outer, middle, inner] => {
            record.decode_path(&[PathElement::Key(outer), PathElement::Key(middle), PathElement::Key(inner)])
        }
        _ => Ok(None),
    }
    .ok()
    .flatten()
}

fn text(record: &LookupResult<'_, Vec<u8>>, paths: Paths) -> Option<String> {
    let texts = paths.iter().filter_map(|path| read::<&str>(record, path));
    texts.map(short).find(|text| !text.is_empty())
}

fn number(record: &LookupResult<'_, Vec<u8>>, paths: Paths) -> Option<f64> {
    let numbers = paths.iter().filter_map(|path| match read(record, path)? {
        Number::Number(number) => Some(number),
        Number::Text(text) => text.trim().parse().ok(),
    });
    numbers.into_iter().find(|number: &f64| number.is_finite())
}

fn coordinates(record: &LookupResult<'_, Vec<u8>>) -> Option<(f32, f32)> {
    let latitude = number(record, LATITUDE).filter(|degrees| (-90.0..=90.0).contains(degrees))?;
    let longitude = number(record, LONGITUDE).filter(|degrees| (-180.0..=180.0).contains(degrees))?;
    Some((latitude as f32, longitude as f32))
}

/// A number, or text such as `AS13335`; 0 is no AS (RFC 7607).
fn asn(record: &LookupResult<'_, Vec<u8>>) -> Option<u32> {
    let numbers = ASN.iter().filter_map(|path| match read(record, path)? {
        Number::Number(number) => {
            (number.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(&number)).then_some(number as u32)
        }
        Number::Text(text) => text.trim().trim_start_matches(['A', 'S', 'a', 's']).parse().ok(),
    });
    numbers.into_iter().find(|&asn| asn > 0)
}

/// Printable text of bounded length.
pub(super) fn short(text: &str) -> String {
    let text: String = text.chars().filter(|letter| !letter.is_control()).take(MAX_TEXT_CHARS).collect();
    text.trim().to_owned()
}
