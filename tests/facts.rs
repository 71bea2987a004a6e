//! Who runs which network, held against the AS table that the program carries.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use whither::place::embedded::{Networks, blob};

/// Words that many names have: they say nothing about whose a network is.
const COMMON: &[&str] = &[
    "ag",
    "bv",
    "co",
    "com",
    "cloud",
    "communications",
    "company",
    "corporation",
    "de",
    "group",
    "inc",
    "internet",
    "limited",
    "llc",
    "ltd",
    "mobile",
    "network",
    "networks",
    "of",
    "pte",
    "sa",
    "se",
    "services",
    "technologies",
    "technology",
    "telecom",
    "the",
    "uk",
    "us",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn table(name: &str) -> toml::Table {
    let text = std::fs::read_to_string(root().join("data").join(name)).expect("the file is there");
    text.parse().expect("the file is TOML")
}

fn entries<'a>(table: &'a toml::Table, kind: &str) -> impl Iterator<Item = &'a toml::Table> {
    table.get(kind).and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_table)
}

fn text<'a>(entry: &'a toml::Table, key: &str) -> &'a str {
    entry.get(key).and_then(toml::Value::as_str).unwrap_or_default()
}

fn list<'a>(entry: &'a toml::Table, key: &str) -> impl Iterator<Item = &'a toml::Value> {
    entry.get(key).and_then(toml::Value::as_array).into_iter().flatten()
}

fn numbers(entry: &toml::Table) -> impl Iterator<Item = u32> {
    list(entry, "asns").filter_map(toml::Value::as_integer).filter_map(|asn| u32::try_from(asn).ok())
}

/// AS numbers with their names, as embedded.
fn as_names() -> BTreeMap<u32, String> {
    let file = std::fs::read(root().join("data/geo/places.bin")).expect("the file is there");
    let networks = Networks::new(blob::section(file.leak(), *b"ASNS").expect("there is an AS table"));
    let rows = (0..).map_while(|index| networks.look_up(index));
    rows.map(|row| (row.asn, row.name.as_deref().unwrap_or_default().to_owned())).collect()
}

fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).map(str::to_lowercase);
    words.filter(|word| word.chars().count() > 1 && !COMMON.contains(&&**word)).collect()
}

#[test]
fn every_network_has_the_operators_name_or_a_reason_why_not() {
    let names = as_names();
    let file = table("operators.toml");
    let mut wrong = Vec::new();
    for entry in entries(&file, "operator") {
        let own = words(&format!("{} {}", text(entry, "name"), text(entry, "group")));
        let mut differences: BTreeSet<&str> = list(entry, "differences").filter_map(toml::Value::as_str).collect();
        for asn in numbers(entry) {
            let Some(name) = names.get(&asn) else {
                wrong.push(format!("AS{asn} of {} is not in the AS table", text(entry, "name")));
                continue;
            };
            let start = format!("AS{asn} {name}: ");
            let reason = differences.iter().find(|difference| difference.starts_with(&start)).copied();
            let is_same = name
                .to_lowercase()
                .split(|letter: char| !letter.is_alphanumeric())
                .any(|word| own.iter().any(|own| word == own || own.len() > 3 && word.contains(own.as_str())));
            match reason {
                Some(reason) => {
                    differences.remove(reason);
                    if is_same || reason.len() == start.len() {
                        wrong.push(format!("no difference, or without a reason: {reason}"));
                    }
                }
                None if is_same => {}
                None => wrong.push(format!("{} has AS{asn}, which is {name} in the AS table", text(entry, "name"))),
            }
        }
        wrong.extend(differences.iter().map(|difference| format!("of no network here: {difference}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn networks_of_apps_and_services_are_those_of_a_known_operator() {
    let operators = table("operators.toml");
    let known: BTreeSet<u32> = entries(&operators, "operator").flat_map(numbers).collect();
    let catalogue = table("apps.toml");
    let all = ["app", "shared"].into_iter().flat_map(|kind| entries(&catalogue, kind));
    let strays: Vec<_> = all
        .flat_map(|entry| numbers(entry).map(move |asn| (text(entry, "id"), asn)))
        .filter(|(_, asn)| !known.contains(asn))
        .collect();
    assert_eq!(strays, []);
}
