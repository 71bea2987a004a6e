//! `data/geo/published.bin` and `data/regions.toml` to what an operator publishes of its own address: the region it is in, and the
//! country of that.
//!
//! The file says which region a prefix is in (cloud ranges, and geofeeds by RFC 8805), the table which country a region is in. A
//! region whose country is not known says nothing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use super::block::Block;
use super::embedded::{RangeTable, blob};
use super::facts::{Country, DatabaseInfo, Published};

/// The prefixes, written by `cargo xtask published`.
static PREFIXES: &[u8] = include_bytes!("../../data/geo/published.bin");
/// The table as `build.rs` makes it.
const TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/regions.json"));
/// Most bytes that the names of all regions take: ten times what ours do.
const MAX_NAMES: usize = 1 << 16;
/// The region shown for a geofeed, which has none.
const GEOFEED: &str = "geofeed";

/// What operators publish, by address.
#[derive(Debug)]
pub(super) struct PublishedRegions {
    four: Option<RangeTable<u32, u16>>,
    six: Option<RangeTable<u64, u16>>,
    /// Each region of the file, made when an address is first asked for.
    regions: OnceLock<Vec<Option<Published>>>,
    file: &'static [u8],
}

#[derive(serde::Deserialize)]
struct Table {
    operator: Vec<Entry>,
}

#[derive(serde::Deserialize)]
struct Entry {
    id: String,
    name: Arc<str>,
    date: Arc<str>,
    list: String,
    #[serde(default)]
    geofeed: bool,
    #[serde(default)]
    countries: HashMap<Country, Vec<String>>,
}

impl PublishedRegions {
    /// Opens the embedded file.
    pub(super) fn embedded() -> Self {
        Self::from_bytes(PREFIXES)
    }

    /// Opens a file of the same layout; what is damaged stays unknown.
    fn from_bytes(file: &'static [u8]) -> Self {
        Self {
            four: blob::section(file, *b"PUB4").map(RangeTable::new),
            six: blob::section(file, *b"PUB6").map(RangeTable::new),
            regions: OnceLock::new(),
            file,
        }
    }

    /// What an operator says of this address.
    pub(super) fn look_up(&self, ip: IpAddr) -> Option<Published> {
        let region = match ip {
            IpAddr::V4(ip) => self.four.as_ref()?.look_up(ip.to_bits()),
            IpAddr::V6(ip) => self.six.as_ref()?.look_up((ip.to_bits() >> 64) as u64),
        };
        let index = usize::try_from(region).ok()?.checked_sub(1)?;
        self.regions.get_or_init(|| regions(&names(self.file))).get(index)?.clone()
    }

    /// Whether all addresses of the block are in one region, or all in none.
    pub(super) fn is_uniform(&self, block: Block) -> bool {
        match (block.first, block.last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                self.four.as_ref().is_none_or(|table| table.is_one_range(first.to_bits(), last.to_bits()))
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                let [first, last] = [first, last].map(|ip| (ip.to_bits() >> 64) as u64);
                self.six.as_ref().is_none_or(|table| table.is_one_range(first, last))
            }
            _ => false,
        }
    }

    /// An entry for each operator's list.
    pub(super) fn info(&self) -> Vec<DatabaseInfo> {
        let info = |entry: Entry| DatabaseInfo {
            name: entry.name.to_string(),
            date: entry.date.to_string(),
            used_for: "regions of its own addresses".to_owned(),
            attribution: entry.list,
        };
        entries().into_iter().map(info).collect()
    }
}

/// `aws/eu-south-1` and so on, in the order of their numbers.
fn names(file: &'static [u8]) -> String {
    let names = blob::section(file, *b"PUBN").and_then(|names| blob::decompress(names, MAX_NAMES));
    names.and_then(|names| String::from_utf8(names).ok()).unwrap_or_default()
}

/// What each region says; none where its country is not known.
fn regions(names: &str) -> Vec<Option<Published>> {
    let entries = entries();
    let mut known: HashMap<(&str, &str), (&Entry, Country)> = HashMap::new();
    for entry in &entries {
        for (&country, regions) in &entry.countries {
            known.extend(regions.iter().map(|region| ((&*entry.id, &**region), (entry, country))));
        }
    }
    let published = |name: &str| {
        let (id, region) = name.split_once('/')?;
        let geofeed = entries.iter().find(|entry| entry.geofeed && entry.id == id);
        let (entry, country, region) = match geofeed {
            Some(entry) => (entry, Country::new(region)?, GEOFEED),
            None => known.get(&(id, region)).map(|&(entry, country)| (entry, country, region))?,
        };
        Some(Published { country, operator: entry.name.clone(), region: region.into(), date: entry.date.clone() })
    };
    names.lines().map(published).collect()
}

fn entries() -> Vec<Entry> {
    serde_json::from_str(TABLE).map_or_else(|_| Vec::new(), |table: Table| table.operator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Address, operator, region, country.
    const KNOWN: [(&str, &str, &str, &str); 16] = [
        ("3.2.93.1", "Amazon", "eu-south-1", "IT"),
        ("2600:1f01:4918::1", "Amazon", "eu-south-1", "IT"),
        ("1.178.4.1", "Amazon", "us-east-1", "US"),
        // Local Zones, elsewhere than their parent region.
        ("96.0.48.1", "Amazon", "us-east-1-scl-1", "CL"),
        ("96.0.12.1", "Amazon", "us-east-1-lim-1", "PE"),
        ("15.220.148.1", "Amazon", "eu-north-1-hel-1", "FI"),
        ("96.0.24.1", "Amazon", "eu-north-1-cph-1", "DK"),
        ("34.17.0.1", "Google Cloud", "europe-west12", "IT"),
        ("2600:1900:4030::1", "Google Cloud", "asia-east1", "TW"),
        ("34.80.0.1", "Google Cloud", "asia-east1", "TW"),
        ("4.145.0.1", "Microsoft Azure", "southeastasia", "SG"),
        ("2603:1020:200::1", "Microsoft Azure", "westeurope", "NL"),
        ("4.175.0.1", "Microsoft Azure", "westeurope", "NL"),
        ("81.208.192.1", "Oracle Cloud", "eu-jovanovac-1", "RS"),
        ("103.29.68.1", "Akamai (Linode)", "geofeed", "JP"),
        ("64.227.128.1", "DigitalOcean", "geofeed", "IN"),
    ];
    /// A block with addresses of two regions.
    const SPLIT: &str = "15.230.72.1";

    fn published(ip: &str) -> Option<(String, String, String)> {
        let found = PublishedRegions::embedded().look_up(ip.parse().unwrap())?;
        Some((found.operator.to_string(), found.region.to_string(), found.country.code().to_owned()))
    }

    fn of(operator: &str, region: &str, country: &str) -> Option<(String, String, String)> {
        Some((operator.to_owned(), region.to_owned(), country.to_owned()))
    }

    #[test]
    fn addresses_of_each_operator_are_in_the_region_that_it_publishes() {
        for (ip, operator, region, country) in KNOWN {
            assert_eq!(published(ip), of(operator, region, country), "{ip}");
        }
    }

    #[test]
    fn what_no_operator_publishes_has_no_region() {
        for ip in
            ["0.0.0.0", "8.8.8.8", "13.32.1.1", "13.248.212.111", "203.205.254.1", "255.255.255.255", "::", "ff02::1"]
        {
            assert_eq!(published(ip), None, "{ip}");
        }
    }

    #[test]
    fn a_region_whose_country_is_not_known_says_nothing() {
        let names = names(PREFIXES);
        let unknown = names.lines().position(|name| name == "aws/us-south-1").unwrap();
        let found = regions(&names);
        assert_eq!(found[unknown], None);
        assert_eq!(found.iter().filter(|published| published.is_none()).count(), 13);
    }

    #[test]
    fn the_table_and_the_file_have_the_same_regions() {
        let names = names(PREFIXES);
        let in_file: BTreeSet<String> = names.lines().map(str::to_owned).collect();
        let table: serde_json::Value = serde_json::from_str(TABLE).unwrap();
        let mut in_table = BTreeSet::new();
        for operator in table["operator"].as_array().unwrap() {
            let id = operator["id"].as_str().unwrap();
            let lists = operator["countries"].as_object().into_iter().flat_map(|countries| countries.values());
            for region in lists.chain([&operator["unknown"]]).filter_map(|list| list.as_array()).flatten() {
                assert!(
                    in_table.insert(format!("{id}/{}", region.as_str().unwrap())),
                    "{id} {region} stands there twice"
                );
            }
            if operator["geofeed"] == true {
                in_table.extend(in_file.iter().filter(|name| name.starts_with(&format!("{id}/"))).cloned());
            }
        }
        assert_eq!(in_table, in_file);
    }

    #[test]
    fn a_region_that_was_checked_has_a_page_and_a_country() {
        let table: serde_json::Value = serde_json::from_str(TABLE).unwrap();
        let texts = |list: &serde_json::Value| -> Vec<String> {
            list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let mut count = 0;
        for operator in table["operator"].as_array().unwrap() {
            let countries = operator["countries"].as_object().into_iter().flat_map(|countries| countries.values());
            let all: BTreeSet<String> = countries.flat_map(texts).collect();
            let mut seen = BTreeSet::new();
            for checked in operator["checked"].as_array().into_iter().flatten() {
                let [page, read] = ["document", "read"].map(|field| checked[field].as_str().unwrap());
                assert!(page.starts_with("https://") && read.starts_with("20") && read.len() == 7, "{page} {read}");
                for region in texts(&checked["regions"]) {
                    assert!(all.contains(&region) && seen.insert(region.clone()), "{region}");
                }
            }
            count += seen.len();
        }
        assert_eq!(count, 176, "docs/geo.md says how many");
    }

    #[test]
    fn every_country_of_the_table_has_a_name() {
        let found = regions(&names(PREFIXES));
        assert!(found.iter().flatten().all(|published| published.country.name().is_some()));
        assert!(entries().iter().all(|entry| entry.date.len() == 10 && entry.list.starts_with("https://")));
    }

    #[test]
    fn every_block_of_the_file_is_whole() {
        let regions = PublishedRegions::embedded();
        let (four, damaged_four) = regions.four.unwrap().decode_all();
        let (six, damaged_six) = regions.six.unwrap().decode_all();
        assert_eq!((damaged_four, damaged_six), (0, 0));
        assert!(four > 10_000 && six > 4_000, "{four} {six}");
    }

    #[test]
    fn blocks_within_a_region_are_uniform() {
        let regions = PublishedRegions::embedded();
        let is_uniform = |ip: &str| regions.is_uniform(Block::of(ip.parse().unwrap()));
        assert!(is_uniform("34.80.0.1") && is_uniform("203.205.254.1"));
        assert!(!is_uniform(SPLIT), "two regions share this block");
    }

    #[test]
    fn a_damaged_file_answers_less_but_never_panics() {
        for step in 0..8 {
            let cut = &PREFIXES[..PREFIXES.len() * step / 8];
            let mut broken = PREFIXES.to_vec();
            for at in (step..broken.len()).step_by(401) {
                broken[at] ^= 0x55;
            }
            for regions in [PublishedRegions::from_bytes(cut), PublishedRegions::from_bytes(broken.leak())] {
                for (ip, ..) in KNOWN {
                    regions.look_up(ip.parse().unwrap());
                }
            }
        }
    }
}
