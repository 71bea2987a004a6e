//! The embedded database: `data/geo/places.bin` to the facts of an address.
//!
//! Location is that of DB-IP City Lite, coarsened to the largest city of the country in a cell of one degree; registration is
//! that of the NRO statistics; the origin AS is that of RouteViews; the country of an AS is derived from iptoasn
//! (`docs/geo.md`). IPv6 is known down to /64.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, OnceLock};

use super::blob;
use super::key::{Key, Value};
use super::locations::{Location, Locations};
use super::networks::{Network, Networks};
use super::range_table::RangeTable;
use super::spread;
use crate::place::block::Block;
use crate::place::database::{Database, Facts};
use crate::place::facts::{Country, DatabaseFacts, DatabaseInfo, Opinion};

/// The data that the program carries.
static PLACES: &[u8] = include_bytes!("../../../data/geo/places.bin");
/// The sources of the data, written together with them.
const SOURCES: &str = include_str!("../../../data/geo/SOURCES.toml");

/// Name of the location source in reports.
const LOCATION_SOURCE: &str = "DB-IP";
/// The packages that locations and routes were made of, without their scope.
const LOCATION_PACKAGE: &str = "dbip-city-mmdb";
const ROUTES_PACKAGE: &str = "asn";

/// The embedded database.
#[derive(Debug)]
pub struct Embedded {
    source: Arc<str>,
    facts: Arc<DatabaseFacts>,
    routes_date: String,
    locations_four: Option<RangeTable<u32, u16>>,
    locations_six: Option<RangeTable<u64, u16>>,
    registrations_four: Option<RangeTable<u32, u16>>,
    registrations_six: Option<RangeTable<u64, u16>>,
    origins_four: Option<RangeTable<u32, u32>>,
    origins_six: Option<RangeTable<u64, u32>>,
    networks: Option<Networks>,
    locations: Option<Locations>,
    registrations: Option<Locations>,
    cities: OnceLock<Vec<Location>>,
    file: &'static [u8],
}

#[derive(serde::Deserialize)]
struct Sources {
    source: Vec<Source>,
}

#[derive(serde::Deserialize)]
struct Source {
    package: String,
    date: String,
    attribution: String,
    derived: String,
}

impl Embedded {
    /// Opens the embedded data: finds its sections, which are decoded block by block as they are asked for.
    pub fn open() -> Self {
        Self::from_bytes(PLACES)
    }

    /// Opens a file of the same layout; what is damaged stays unknown.
    pub fn from_bytes(file: &'static [u8]) -> Self {
        let find = |name: &[u8; 4]| blob::section(file, *name);
        let sources = sources();
        let of = |package| sources.iter().find(|source| short(&source.package) == package);
        let facts = of(LOCATION_PACKAGE).map_or_else(DatabaseFacts::default, |source| DatabaseFacts {
            date: source.date.as_str().into(),
            database_type: LOCATION_SOURCE.into(),
            description: source.attribution.as_str().into(),
        });
        Self {
            source: format!("{LOCATION_SOURCE} {}", month(&facts.date)).trim_end().into(),
            facts: Arc::new(facts),
            routes_date: of(ROUTES_PACKAGE).map_or_else(String::new, |source| source.date.clone()),
            locations_four: find(b"LOC4").map(RangeTable::new),
            locations_six: find(b"LOC6").map(RangeTable::new),
            registrations_four: find(b"REG4").map(RangeTable::new),
            registrations_six: find(b"REG6").map(RangeTable::new),
            origins_four: find(b"ASN4").map(RangeTable::new),
            origins_six: find(b"ASN6").map(RangeTable::new),
            networks: find(b"ASNS").map(Networks::new),
            locations: find(b"CELL").map(Locations::new),
            registrations: find(b"REGC").map(Locations::new),
            cities: OnceLock::new(),
            file,
        }
    }

    /// The date of the table of routes.
    pub fn routes_date(&self) -> &str {
        &self.routes_date
    }

    /// The largest cities of the location database, heaviest first.
    pub fn cities(&self) -> &[Location] {
        self.cities.get_or_init(|| {
            let section = blob::section(self.file, *b"CITY").map(Locations::new);
            section.map_or_else(Vec::new, |cities| cities.iter().cloned().collect())
        })
    }

    /// Decodes everything: the number of ranges, and of blocks that are damaged.
    pub fn decode_all(&self) -> (usize, usize) {
        fn add<K: Key, V: Value>(sum: (usize, usize), table: Option<&RangeTable<K, V>>) -> (usize, usize) {
            let (ranges, damaged) = table.map_or((0, 1), RangeTable::decode_all);
            (sum.0 + ranges, sum.1 + damaged)
        }
        let sum = add((0, 0), self.locations_four.as_ref());
        let sum = add(sum, self.locations_six.as_ref());
        let sum = add(sum, self.registrations_four.as_ref());
        let sum = add(sum, self.registrations_six.as_ref());
        let sum = add(sum, self.origins_four.as_ref());
        add(sum, self.origins_six.as_ref())
    }

    /// The networks that have addresses in so many countries or more by the table of locations: rising AS numbers. Decodes everything.
    pub fn spread_networks(&self, least: usize) -> Vec<u32> {
        /// Adds the countries of each origin: the ranges of both tables, side by side.
        fn add<K: Key>(
            locations: Option<&RangeTable<K, u16>>,
            origins: Option<&RangeTable<K, u32>>,
            country_of: impl Fn(u32) -> Option<Country>,
            found: &mut BTreeMap<u32, BTreeSet<Country>>,
        ) {
            let mut starts = Vec::new();
            if let Some(origins) = origins {
                origins.for_each(|start, origin| starts.push((start, Some(origin), None)));
            }
            if let Some(locations) = locations {
                locations.for_each(|start, location| starts.push((start, None, Some(location))));
            }
            starts.sort_by_key(|&(start, ..)| start);
            let (mut origin, mut location) = (0, 0);
            for (at, &(start, new_origin, new_location)) in starts.iter().enumerate() {
                origin = new_origin.unwrap_or(origin);
                location = new_location.unwrap_or(location);
                // Where ranges of both tables start at one key, what holds from there is known after the second.
                let is_last_of_key = starts.get(at + 1).is_none_or(|next| next.0 != start);
                if let Some(country) = country_of(location).filter(|_| is_last_of_key && origin != 0) {
                    found.entry(origin).or_default().insert(country);
                }
            }
        }
        let country_of = |location: u32| at(&self.locations, location)?.country;
        let mut found = BTreeMap::new();
        add(self.locations_four.as_ref(), self.origins_four.as_ref(), country_of, &mut found);
        add(self.locations_six.as_ref(), self.origins_six.as_ref(), country_of, &mut found);
        let wide = found.into_iter().filter(|(_, countries)| countries.len() >= least);
        let mut numbers: Vec<u32> = wide.filter_map(|(origin, _)| Some(self.network(origin)?.asn)).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The row of an origin; 0 stands for none.
    fn network(&self, origin: u32) -> Option<&Network> {
        self.networks.as_ref()?.look_up(usize::try_from(origin).ok()?.checked_sub(1)?)
    }

    /// Whether the location table has one cell for the whole run of addresses around this one that is registered in one country. Its
    /// word then may be that of the registry.
    fn is_located_as_registered(&self, ip: IpAddr) -> bool {
        fn is_one<K: Key>(
            locations: Option<&RangeTable<K, u16>>,
            registrations: Option<&RangeTable<K, u16>>,
            key: K,
        ) -> Option<bool> {
            let (first, last) = registrations?.range_of(key)?;
            Some(locations?.is_one_range(first, last))
        }
        let is_one = match ip {
            IpAddr::V4(ip) => is_one(self.locations_four.as_ref(), self.registrations_four.as_ref(), u32::from(ip)),
            IpAddr::V6(ip) => is_one(self.locations_six.as_ref(), self.registrations_six.as_ref(), upper(ip)),
        };
        is_one.unwrap_or(false)
    }

    /// Indices of location, registration and origin AS; 0 where unknown.
    fn indices(&self, ip: IpAddr) -> (u32, u32, u32) {
        fn find<K: Key, V: Value>(table: Option<&RangeTable<K, V>>, key: K) -> u32 {
            table.map_or(0, |table| table.look_up(key))
        }
        match ip {
            IpAddr::V4(ip) => {
                let key = u32::from(ip);
                (
                    find(self.locations_four.as_ref(), key),
                    find(self.registrations_four.as_ref(), key),
                    find(self.origins_four.as_ref(), key),
                )
            }
            IpAddr::V6(ip) => {
                let key = upper(ip);
                (
                    find(self.locations_six.as_ref(), key),
                    find(self.registrations_six.as_ref(), key),
                    find(self.origins_six.as_ref(), key),
                )
            }
        }
    }
}

impl Database for Embedded {
    fn look_up(&self, ip: IpAddr) -> Option<Facts> {
        let (location, registration, origin) = self.indices(ip);
        if (location, registration, origin) == (0, 0, 0) {
            return None;
        }
        let network = self.network(origin);
        let registered_country = at(&self.registrations, registration).and_then(|row| row.country);
        let location = at(&self.locations, location);
        let is_same =
            location.is_some_and(|location| location.country.is_some() && location.country == registered_country);
        let repeats_registry =
            is_same && network.is_some_and(|network| spread::holds(network.asn)) && self.is_located_as_registered(ip);
        Some(Facts {
            opinion: location.map(|location| Opinion {
                source: self.source.clone(),
                database: self.facts.clone(),
                country: location.country,
                city: location.city.clone(),
                coordinates: location.coordinates,
                radius_km: None,
            }),
            registered_country,
            repeats_registry,
            is_announced: origin != 0,
            asn: network.map(|network| network.asn),
            as_name: network.and_then(|network| network.name.clone()),
            as_country: network.and_then(|network| network.country),
        })
    }

    fn is_uniform(&self, block: Block) -> bool {
        fn is_one<K: Key, V: Value>(table: Option<&RangeTable<K, V>>, first: K, last: K) -> bool {
            table.is_none_or(|table| table.is_one_range(first, last))
        }
        match (block.first, block.last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                let (first, last) = (first.to_bits(), last.to_bits());
                is_one(self.locations_four.as_ref(), first, last)
                    && is_one(self.registrations_four.as_ref(), first, last)
                    && is_one(self.origins_four.as_ref(), first, last)
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                let (first, last) = (upper(first), upper(last));
                is_one(self.locations_six.as_ref(), first, last)
                    && is_one(self.registrations_six.as_ref(), first, last)
                    && is_one(self.origins_six.as_ref(), first, last)
            }
            _ => false,
        }
    }

    fn info(&self) -> Vec<DatabaseInfo> {
        let told = |package: &str| match short(package) {
            LOCATION_PACKAGE => (LOCATION_SOURCE, "location"),
            ROUTES_PACKAGE => ("RouteViews", "origin AS and its name"),
            "asn-country" => ("NRO", "country of block registration"),
            "iptoasn-country-mmdb" => ("iptoasn", "country of AS registration"),
            _ => ("", ""),
        };
        sources()
            .into_iter()
            .map(|source| {
                let (name, used_for) = told(&source.package);
                DatabaseInfo {
                    name: if name.is_empty() { source.package } else { name.to_owned() },
                    date: source.date,
                    used_for: if used_for.is_empty() { source.derived } else { used_for.to_owned() },
                    attribution: source.attribution,
                }
            })
            .collect()
    }
}

/// The upper half of an IPv6 address, by which tables are searched.
fn upper(ip: Ipv6Addr) -> u64 {
    (ip.to_bits() >> 64) as u64
}

/// The row of this number; 0 stands for none.
fn at(rows: &Option<Locations>, index: u32) -> Option<&Location> {
    rows.as_ref()?.at(usize::try_from(index).ok().filter(|&index| index > 0)?)
}

fn sources() -> Vec<Source> {
    toml::from_str(SOURCES).map_or_else(|_| Vec::new(), |sources: Sources| sources.source)
}

/// The name of a package without its scope.
fn short(package: &str) -> &str {
    package.rsplit('/').next().unwrap_or(package)
}

/// `2026-06` of `2026-06-05`.
fn month(date: &str) -> &str {
    date.get(..7).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Address, AS, block, AS country, location country.
    const KNOWN: &[(&str, u32, &str, &str, &str)] = &[
        ("203.205.254.1", 132_203, "CN", "CN", "HK"),
        ("203.205.128.100", 132_203, "CN", "CN", "SG"),
        ("43.152.0.1", 139_341, "SG", "SG", "BR"),
        ("101.32.1.1", 132_203, "SG", "CN", "HK"),
        ("119.28.1.1", 132_203, "CN", "CN", "HK"),
        ("129.226.1.1", 132_203, "SG", "CN", "SG"),
        ("150.109.1.1", 132_203, "SG", "CN", "SG"),
        ("71.18.1.1", 396_986, "US", "US", "US"),
        ("130.44.212.1", 396_986, "US", "US", "US"),
        ("17.253.144.10", 714, "US", "US", "US"),
        ("23.48.23.1", 20_940, "US", "NL", "DE"),
        ("157.240.1.35", 32_934, "US", "US", "AU"),
        ("31.13.64.35", 32_934, "IE", "US", "IN"),
        ("147.92.128.1", 38_631, "JP", "JP", "JP"),
        ("47.74.1.1", 45_102, "US", "CN", "JP"),
        ("8.209.64.1", 45_102, "SG", "CN", "DE"),
        ("159.138.1.1", 136_907, "SG", "HK", "HK"),
        ("119.13.64.1", 136_907, "SG", "HK", "ZA"),
        ("35.198.1.1", 396_982, "US", "US", "BR"),
        ("172.217.16.14", 15_169, "US", "US", "IT"),
        ("149.154.167.50", 62_041, "AG", "VG", "GB"),
        ("149.154.175.50", 59_930, "AG", "VG", "US"),
        ("91.108.56.100", 62_041, "AG", "VG", "NL"),
        ("13.248.212.111", 16_509, "US", "US", "CA"),
        ("77.88.55.60", 13_238, "RU", "RS", "RU"),
        ("93.159.230.1", 200_107, "CH", "CH", "RU"),
        ("1.1.1.1", 13_335, "AU", "US", "AU"),
        ("2a03:2880:f10c:83:face:b00c:0:25de", 32_934, "IE", "US", "SG"),
        ("2001:200::1", 2500, "JP", "JP", "JP"),
    ];

    #[test]
    fn known_addresses_have_the_facts_their_sources_give() {
        let database = Embedded::open();
        let found: Vec<_> = KNOWN
            .iter()
            .map(|&(ip, ..)| {
                let facts = database.look_up(ip.parse().unwrap()).unwrap_or_default();
                let code =
                    |country: Option<Country>| country.map_or(String::new(), |country| country.code().to_owned());
                let located = code(facts.opinion.and_then(|opinion| opinion.country));
                (ip, facts.asn.unwrap_or(0), code(facts.registered_country), code(facts.as_country), located)
            })
            .collect();
        let wanted: Vec<_> =
            KNOWN.iter().map(|&(ip, asn, a, b, c)| (ip, asn, a.to_owned(), b.to_owned(), c.to_owned())).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_is_in_no_table_has_no_facts() {
        let database = Embedded::open();
        for ip in ["0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "ff02::1", "ffff::"] {
            assert_eq!(database.look_up(ip.parse().unwrap()), None, "{ip}");
        }
    }

    #[test]
    fn every_block_is_whole() {
        let (ranges, damaged) = Embedded::open().decode_all();
        assert_eq!(damaged, 0);
        assert!(ranges > 5_000_000, "{ranges}");
    }

    #[test]
    fn each_source_is_named_dated_and_attributed() {
        let info = Embedded::open().info();
        let names: Vec<&str> = info.iter().map(|info| info.name.as_str()).collect();
        assert_eq!(names, ["DB-IP", "RouteViews", "NRO", "iptoasn"]);
        assert!(info.iter().all(|info| info.date.starts_with("2026-06") && !info.attribution.is_empty()));
    }

    #[test]
    fn a_damaged_file_answers_less_but_never_panics() {
        let ips: Vec<IpAddr> = KNOWN.iter().map(|&(ip, ..)| ip.parse().unwrap()).collect();
        const STEPS: usize = 6;
        for step in 0..STEPS {
            let cut: &'static [u8] = &PLACES[..PLACES.len() * step / STEPS];
            let mut broken = PLACES.to_vec();
            for at in (step..broken.len()).step_by(4001) {
                broken[at] ^= 0x55;
            }
            for database in [Embedded::from_bytes(cut), Embedded::from_bytes(broken.leak())] {
                for &ip in &ips {
                    database.look_up(ip);
                }
                database.cities();
            }
        }
    }
}
