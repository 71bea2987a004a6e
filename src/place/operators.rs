//! `data/operators.toml` to the operator of an AS and its home jurisdiction (curated; not what a registry says).

use std::collections::HashMap;
use std::sync::Arc;

use super::facts::Country;
use super::parents::Parents;

/// The table as `build.rs` makes it.
const TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/operators.json"));

/// Who runs a network.
#[derive(Clone, PartialEq, Debug)]
pub struct Operator {
    /// Its name as shown.
    pub name: Arc<str>,
    /// The family of companies to which it belongs, by the name that the catalogue of apps uses too.
    pub group: Arc<str>,
    /// Whether its networks serve its own services only: it is no cloud, CDN or telecom company.
    pub is_content: bool,
    /// The country of the effective headquarters of its ultimate parent.
    pub jurisdiction: Option<Country>,
    /// Further countries, by the same rule.
    pub also: Arc<[Country]>,
    /// What the jurisdiction rests on.
    pub jurisdiction_source: Arc<str>,
    /// Every address of these networks is served from many sites.
    pub is_anycast: bool,
}

/// Operators by AS number.
#[derive(Clone, Debug, Default)]
pub struct Operators {
    by_asn: HashMap<u32, Arc<Operator>>,
}

#[derive(serde::Deserialize)]
struct File {
    #[serde(default)]
    operator: Vec<Entry>,
}

#[derive(serde::Deserialize)]
struct Entry {
    name: String,
    group: Option<String>,
    parent: Option<String>,
    jurisdiction: Option<Country>,
    #[serde(default)]
    also: Vec<Country>,
    #[serde(default)]
    asns: Vec<u32>,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    anycast: bool,
}

impl Entry {
    /// The family of companies that its parent is looked up by.
    fn family(&self) -> &str {
        self.parent.as_ref().or(self.group.as_ref()).unwrap_or(&self.name)
    }
}

impl Operators {
    /// The table that the program carries.
    pub fn embedded() -> Self {
        Self::from_json(TABLE).unwrap_or_default()
    }

    /// Reads a table; none if it is not one.
    fn from_json(text: &str) -> Option<Self> {
        let file: File = serde_json::from_str(text).ok()?;
        let parents = Parents::embedded();
        let mut by_asn = HashMap::new();
        for entry in file.operator {
            let operator = Arc::new(Operator {
                jurisdiction_source: parents.source(entry.family()).into(),
                group: entry.group.as_ref().unwrap_or(&entry.name).as_str().into(),
                is_content: entry.kind == "content",
                name: entry.name.into(),
                jurisdiction: entry.jurisdiction,
                also: entry.also.into(),
                is_anycast: entry.anycast,
            });
            by_asn.extend(entry.asns.iter().map(|&asn| (asn, operator.clone())));
        }
        Some(Self { by_asn })
    }

    /// Who runs this network, if the table knows.
    pub fn of(&self, asn: u32) -> Option<&Operator> {
        self.by_asn.get(&asn).map(Arc::as_ref)
    }

    /// How many networks the table knows.
    pub fn len(&self) -> usize {
        self.by_asn.len()
    }

    /// Whether the table is empty.
    pub fn is_empty(&self) -> bool {
        self.by_asn.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_knows_the_large_operators() {
        let operators = Operators::embedded();
        let jurisdiction = |asn| operators.of(asn).and_then(|operator| operator.jurisdiction);
        assert_eq!(jurisdiction(132_203), Country::new("CN"));
        assert_eq!(jurisdiction(15_169), Country::new("US"));
        assert_eq!(operators.of(13_335).map(|operator| operator.is_anycast), Some(true));
        assert_eq!(operators.of(u32::MAX), None);
    }

    #[test]
    fn every_jurisdiction_is_a_country_and_that_of_the_parent() {
        let file: File = serde_json::from_str(TABLE).unwrap();
        let parents = Parents::embedded();
        for entry in &file.operator {
            let country = entry.jurisdiction.expect(&entry.name);
            assert!(country.name().is_some() && !entry.also.contains(&country), "{}", entry.name);
            if let Some(parent) = parents.of(entry.family()) {
                assert_eq!(country, parent.jurisdiction, "{}", entry.name);
                let is_said = |other: &Country| entry.also.contains(other);
                assert!(parent.also.iter().all(is_said), "{}", entry.name);
            }
        }
    }

    #[test]
    fn what_is_no_table_is_none() {
        assert!(Operators::from_json("{\"operator\": [{\"name\": 3}]}").is_none());
        assert!(Operators::from_json("{}").is_some_and(|operators| operators.is_empty()));
    }
}
