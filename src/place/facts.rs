//! The facts known of an address. They are never folded into one "country".

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// An ISO 3166-1 alpha-2 country code in upper case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(pub [u8; 2]);

impl Country {
    /// The country with this code, if it is two ASCII letters.
    pub fn new(code: &str) -> Option<Self> {
        match code.as_bytes() {
            &[a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Some(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => None,
        }
    }

    /// The code as text.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl std::fmt::Debug for Country {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Country {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Country".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "ISO 3166-1 alpha-2 code of a country",
            "type": "string",
            "pattern": "^[A-Z]{2}$"
        })
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let country = Self::new(&code).filter(|country| country.code() == code);
        country.ok_or_else(|| D::Error::custom("a country code is two letters in upper case"))
    }
}

/// What kind of address it is (IANA special-purpose registries).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Scope {
    /// Globally reachable unicast.
    #[default]
    Global,
    /// Private, unique local, link-local, shared (RFC 6598), loopback, unspecified.
    Local,
    /// Multicast or broadcast.
    Multicast,
    /// Documentation, benchmarking, reserved: on no public network.
    Reserved,
}

/// What a location database says of itself: by it, databases that repeat each other are told, and those of another time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct DatabaseFacts {
    /// Date of its data, `YYYY-MM` or `YYYY-MM-DD`; of a user's file the day it was built. Empty if it says none.
    pub date: Arc<str>,
    /// Its type, as the file names it: `GeoLite2-City`.
    pub database_type: Arc<str>,
    /// Its description in English, or its attribution.
    pub description: Arc<str>,
}

/// What one location database says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Opinion {
    /// The database: `DB-IP 2026-06`, or the name of the user's file.
    pub source: Arc<str>,
    /// What that database is, and from when.
    pub database: Arc<DatabaseFacts>,
    /// Country.
    pub country: Option<Country>,
    /// City or metropolitan area.
    pub city: Option<Arc<str>>,
    /// Degrees north and east.
    pub coordinates: Option<(f32, f32)>,
    /// Radius around the coordinates in km, where the database gives one.
    pub radius_km: Option<u16>,
}

/// What an operator publishes of its own address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Published {
    /// The country of the region.
    pub country: Country,
    /// Who publishes it.
    pub operator: Arc<str>,
    /// The region, as the operator calls it: `eu-south-1`; `geofeed` where the operator publishes the country itself (RFC 8805).
    pub region: Arc<str>,
    /// Date of what is published, `YYYY-MM-DD`.
    pub date: Arc<str>,
}

/// Everything known of an address, each fact from its own source.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Place {
    /// What kind of address it is.
    pub scope: Scope,
    /// Probable country: what most location databases say, the user's first; none where anycast or unknown.
    pub country: Option<Country>,
    /// Probable city.
    pub city: Option<Arc<str>>,
    /// Probable coordinates, degrees north and east.
    pub coordinates: Option<(f32, f32)>,
    /// Location databases disagree on the country.
    pub is_disputed: bool,
    /// What each location database says.
    pub opinions: Vec<Opinion>,
    /// What the operator of the address publishes of it. It has no part in [`country`](Self::country).
    pub published: Option<Published>,
    /// Country where the address block is registered (RIR).
    pub registered_country: Option<Country>,
    /// Whether the embedded location database may only repeat the registry: it has the registered country for the whole block alike,
    /// though the network has addresses in several countries.
    pub repeats_registry: bool,
    /// Whether a network announces the address in the table of routes, even if its AS is not known.
    pub is_announced: bool,
    /// Origin AS number.
    pub asn: Option<u32>,
    /// Name of the AS.
    pub as_name: Option<Arc<str>>,
    /// Country where the AS is registered.
    pub as_country: Option<Country>,
    /// Who runs the network (curated by AS).
    pub operator: Option<Arc<str>>,
    /// The family of companies to which the operator belongs.
    pub operator_group: Option<Arc<str>>,
    /// Whether the operator's networks serve its own services only.
    pub is_content: bool,
    /// Jurisdiction of the operator by [`JURISDICTION_RULE`](super::JURISDICTION_RULE) (curated; not the registration).
    pub jurisdiction: Option<Country>,
    /// Further countries, by the same rule.
    pub also: Arc<[Country]>,
    /// What the jurisdiction rests on.
    pub jurisdiction_source: Option<Arc<str>>,
    /// Known anycast: the site that answered is not known.
    pub is_anycast: bool,
    /// Known front end: one site answers, chosen by DNS for each client, and operators move such addresses between sites. Never where
    /// it is anycast.
    pub is_steered: bool,
}

/// A database that places come from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DatabaseInfo {
    /// Short name, such as `DB-IP`.
    pub name: String,
    /// Date of the data, `YYYY-MM` or `YYYY-MM-DD`.
    pub date: String,
    /// What it is used for.
    pub used_for: String,
    /// Attribution as its licence asks.
    pub attribution: String,
}

/// Where the captures were taken: a point with an uncertainty.
#[derive(Clone, PartialEq, Debug)]
pub struct Vantage {
    /// As shown: `Taipei, TW`.
    pub label: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Uncertainty in km.
    pub radius_km: f64,
}
