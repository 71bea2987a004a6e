//! `data/operators.toml` to the operator of an AS and its home jurisdiction (curated; not what a registry says).

use std::collections::HashMap;
use std::sync::Arc;

use super::facts::Country;

/// The table as `build.rs` makes it.
const TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/operators.json"));

/// Who runs a network.
#[derive(Clone, PartialEq, Debug)]
pub struct Operator {
    /// Its name as shown.
    pub name: Arc<str>,
    /// Its home jurisdiction.
    pub jurisdiction: Option<Country>,
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
    #[serde(default)]
    jurisdiction: Option<String>,
    #[serde(default)]
    asns: Vec<u32>,
    #[serde(default)]
    anycast: bool,
}

impl Operators {
    /// The table that the program carries.
    pub fn embedded() -> Self {
        Self::from_json(TABLE).unwrap_or_default()
    }

    /// Reads a table; none if it is not one.
    fn from_json(text: &str) -> Option<Self> {
        let file: File = serde_json::from_str(text).ok()?;
        let mut by_asn = HashMap::new();
        for entry in file.operator {
            let operator = Arc::new(Operator {
                name: entry.name.into(),
                jurisdiction: entry.jurisdiction.as_deref().and_then(Country::new),
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
    fn every_jurisdiction_is_a_country() {
        let file: File = serde_json::from_str(TABLE).unwrap();
        for entry in file.operator {
            let country = entry.jurisdiction.as_deref().and_then(Country::new);
            assert!(country.is_some_and(|country| country.name().is_some()), "{}", entry.name);
        }
    }

    #[test]
    fn what_is_no_table_is_none() {
        assert!(Operators::from_json("{\"operator\": [{\"name\": 3}]}").is_none());
        assert!(Operators::from_json("{}").is_some_and(|operators| operators.is_empty()));
    }
}
