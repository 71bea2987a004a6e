//! The embedded tables to one merged MaxMind DB file (format 2.0, <https://maxmind.github.io/MaxMind-DB/>).
//!
//! It is there to be measured (`mmdb_figures`). A record has the maps `location` and `network` and the text
//! `registered_country`; each map and text is written once and pointed at. IPv4 lies in ::/96, without aliases.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use whither::place::{Block, Country, Database, Facts};

use crate::geo::Result;

/// Types of the data section.
const TEXT: u8 = 2;
const SHORT: u8 = 5;
const NUMBER: u8 = 6;
const MAP: u8 = 7;
const LONG: u8 = 9;
const ARRAY: u8 = 11;
const FLOAT: u8 = 15;
/// Between tree and data, and at the start of the metadata.
const SEPARATOR: [u8; 16] = [0; 16];
const METADATA: &[u8] = b"\xab\xcd\xefMaxMind.com";

/// What a bit of an address leads to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Child {
    Nothing,
    Node(u32),
    /// A place in the data section.
    Record(u32),
}

/// The search tree in the order of its addresses, and what it leads to.
#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<[Child; 2]>,
    pub(crate) data: Data,
}

impl Tree {
    pub(crate) fn of(database: &dyn Database) -> Self {
        let mut tree = Self::default();
        tree.grow(database, 0, 0);
        tree
    }

    /// Adds what is known of the addresses with these first bits.
    fn grow(&mut self, database: &dyn Database, prefix: u128, bits: u32) -> Child {
        let is_four = bits >= 96 && prefix >> 32 == 0;
        let last = prefix | u128::MAX.checked_shr(bits).unwrap_or(0);
        let block = match is_four {
            true => Block {
                first: Ipv4Addr::from_bits(prefix as u32).into(),
                last: Ipv4Addr::from_bits(last as u32).into(),
            },
            false => Block { first: Ipv6Addr::from_bits(prefix).into(), last: Ipv6Addr::from_bits(last).into() },
        };
        let is_above_four = prefix == 0 && bits < 96;
        if bits == u128::BITS || !is_above_four && database.is_uniform(block) {
            return database
                .look_up(block.first)
                .map_or(Child::Nothing, |facts| Child::Record(self.data.record(&facts)));
        }
        let index = self.nodes.len();
        self.nodes.push([Child::Nothing; 2]);
        let left = self.grow(database, prefix, bits + 1);
        let right = self.grow(database, prefix | 1 << (127 - bits), bits + 1);
        if left == right && bits > 0 {
            self.nodes.truncate(index); // both the same record, or nothing: there is nothing below
            return left;
        }
        self.nodes[index] = [left, right];
        Child::Node(index as u32)
    }

    /// The fewest bits that a child can be written with.
    pub(crate) fn least_bits(&self) -> Result<u32> {
        let largest = self.nodes.len() + SEPARATOR.len() + self.data.bytes.len();
        [24, 28, 32].into_iter().find(|bits| largest >> bits == 0).ok_or_else(|| "too large for the format".into())
    }

    pub(crate) fn join(&self, bits: u32) -> Result<Vec<u8>> {
        let count = u32::try_from(self.nodes.len())?;
        let mut file = Vec::new();
        for node in &self.nodes {
            let [left, right] = node.map(|child| match child {
                Child::Nothing => count,
                Child::Node(index) => index,
                Child::Record(place) => count + SEPARATOR.len() as u32 + place,
            });
            let ([high, left @ ..], [other, right @ ..]) = (left.to_be_bytes(), right.to_be_bytes());
            match bits {
                24 => file.extend([left, right].concat()),
                28 => file.extend([&left[..], &[high << 4 | other], &right].concat()),
                _ => file.extend([&[high], &left[..], &[other], &right].concat()),
            }
        }
        file.extend(SEPARATOR);
        file.extend(&self.data.bytes);
        file.extend(METADATA);
        // a section of its own: all in place, nothing pointed at
        let fields = [
            ("node_count", number(NUMBER, count.into())),
            ("record_size", number(SHORT, bits.into())),
            ("ip_version", number(SHORT, 6)),
            ("database_type", text("whither-places")),
            ("languages", head(ARRAY, 0)),
            ("binary_format_major_version", number(SHORT, 2)),
            ("binary_format_minor_version", number(SHORT, 0)),
            ("build_epoch", number(LONG, 0)),
            ("description", [head(MAP, 1), text("en"), text("places of whither, merged")].concat()),
        ];
        file.extend(head(MAP, fields.len()));
        file.extend(fields.into_iter().flat_map(|(key, value)| [text(key), value]).flatten());
        Ok(file)
    }
}

/// The data section, with each map and text once.
#[derive(Default)]
pub(crate) struct Data {
    pub(crate) bytes: Vec<u8>,
    places: HashMap<Vec<u8>, u32>,
}

impl Data {
    fn record(&mut self, facts: &Facts) -> u32 {
        let code = |country: Option<Country>| country.map(|country| text(country.code()));
        let location = facts.opinion.as_ref().map(|opinion| {
            let degrees = |degrees: f32| [head(FLOAT, 4), degrees.to_be_bytes().into()].concat();
            let (latitude, longitude) = opinion.coordinates.unzip();
            self.map([
                ("country", code(opinion.country)),
                ("city", opinion.city.as_deref().map(text)),
                ("latitude", latitude.map(degrees)),
                ("longitude", longitude.map(degrees)),
            ])
        });
        let network = facts.asn.map(|asn| {
            let name = facts.as_name.as_deref().map(text);
            self.map([("asn", Some(number(NUMBER, asn.into()))), ("name", name), ("country", code(facts.as_country))])
        });
        let registered = code(facts.registered_country);
        let record = self.map([("location", location), ("registered_country", registered), ("network", network)]);
        self.place(record)
    }

    fn map<const N: usize>(&mut self, fields: [(&str, Option<Vec<u8>>); N]) -> Vec<u8> {
        let mut map = head(MAP, fields.iter().filter(|field| field.1.is_some()).count());
        for (key, value) in fields {
            if let Some(value) = value {
                map.extend(self.short(text(key)));
                map.extend(self.short(value));
            }
        }
        map
    }

    /// A value, or where it is longer than that, a pointer to it.
    fn short(&mut self, value: Vec<u8>) -> Vec<u8> {
        if value.len() <= 3 {
            return value;
        }
        let pointer = match self.place(value.clone()) {
            place @ ..0x800 => (place | 0x2000).to_be_bytes()[2..].to_vec(),
            place @ ..0x8_0800 => ((place - 0x800) | 0x28_0000).to_be_bytes()[1..].to_vec(),
            place @ ..0x808_0800 => ((place - 0x8_0800) | 0x3000_0000).to_be_bytes().to_vec(),
            place => [&[0x38], place.to_be_bytes().as_slice()].concat(),
        };
        if pointer.len() < value.len() { pointer } else { value }
    }

    fn place(&mut self, value: Vec<u8>) -> u32 {
        let Self { bytes, places } = self;
        *places.entry(value).or_insert_with_key(|value| {
            let place = bytes.len() as u32;
            bytes.extend(value);
            place
        })
    }
}

/// The first bytes of a value: its type and length.
fn head(kind: u8, length: usize) -> Vec<u8> {
    let (size, more) = match length {
        ..29 => (length as u8, Vec::new()),
        29..285 => (29, vec![(length - 29) as u8]),
        _ => (30, ((length - 285) as u16).to_be_bytes().to_vec()),
    };
    match kind {
        ..8 => [vec![kind << 5 | size], more].concat(),
        _ => [vec![size, kind - 7], more].concat(),
    }
}

fn text(text: &str) -> Vec<u8> {
    [head(TEXT, text.len()), text.into()].concat()
}

fn number(kind: u8, number: u64) -> Vec<u8> {
    let bytes: Vec<u8> = number.to_be_bytes().into_iter().skip_while(|&byte| byte == 0).collect();
    [head(kind, bytes.len()), bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mmdb_figures::Merged;
    use std::net::IpAddr;
    use whither::place::Opinion;

    /// Starts of ranges, rising, of either family, with their facts.
    struct Ranges {
        four: Vec<(u128, Option<Facts>)>,
        six: Vec<(u128, Option<Facts>)>,
    }

    impl Ranges {
        fn place(&self, ip: IpAddr) -> (&[(u128, Option<Facts>)], usize) {
            let (ranges, key) = match ip {
                IpAddr::V4(ip) => (&self.four, ip.to_bits().into()),
                IpAddr::V6(ip) => (&self.six, ip.to_bits()),
            };
            (ranges, ranges.partition_point(|range| range.0 <= key) - 1)
        }
    }

    impl Database for Ranges {
        fn look_up(&self, ip: IpAddr) -> Option<Facts> {
            let (ranges, place) = self.place(ip);
            ranges[place].1.clone()
        }

        fn is_uniform(&self, block: Block) -> bool {
            self.place(block.first).1 == self.place(block.last).1
        }

        fn info(&self) -> Vec<whither::place::DatabaseInfo> {
            Vec::new()
        }
    }

    fn facts(asn: Option<u32>, city: Option<&str>, name: &str) -> Facts {
        let opinion = city.map(|city| Opinion {
            source: "made up".into(),
            country: Country::new("TW"),
            city: Some(city.into()),
            coordinates: Some((25.1, -121.5)),
            radius_km: None,
        });
        let as_name = asn.map(|_| name.into());
        Facts { opinion, registered_country: Country::new("JP"), asn, as_name, as_country: None }
    }

    #[test]
    fn a_merged_file_answers_as_the_ranges_it_was_made_of() {
        let long = "name ".repeat(99);
        let some = Some(facts(Some(64_500), Some("Taipei"), "a"));
        let ranges = Ranges {
            four: vec![
                (0, None),
                (0x0101_0000, some.clone()),
                (0x0101_0080, some.clone()),
                (0x0101_0201, Some(facts(None, Some("Nan Tou of more than 29 letters"), ""))),
                (0x0101_0202, Some(facts(Some(u32::MAX), None, &long))),
                (0xc000_0000, None),
            ],
            six: vec![(0, None), (0x2a00 << 112, some), (0x2a00_0001 << 96, Some(facts(None, None, "")))],
        };
        let tree = Tree::of(&ranges);
        assert_eq!(tree.least_bits().unwrap(), 24);
        for bits in [24, 28, 32] {
            let file = Merged::open(tree.join(bits).unwrap(), &ranges).unwrap();
            file.reader.verify().unwrap();
            for &(start, _) in &ranges.four {
                for ip in [start as u32, (start as u32).saturating_sub(1), start as u32 | 0x7f] {
                    let ip = Ipv4Addr::from_bits(ip).into();
                    assert_eq!(file.look_up(ip), ranges.look_up(ip), "{ip}");
                }
            }
            for &(start, _) in &ranges.six[1..] {
                for ip in [start, start - 1, start | 0xffff] {
                    let ip = Ipv6Addr::from_bits(ip).into();
                    assert_eq!(file.look_up(ip), ranges.look_up(ip), "{ip}");
                }
            }
        }
    }

    #[test]
    fn pointers_of_every_length_are_followed() {
        let mut four = vec![(0, None)];
        four.extend((1..20_000_u32).map(|n| {
            let facts = facts(Some(n), Some(&format!("city {n}")), &format!("network {n}").repeat(2));
            (u128::from(n) << 8, Some(facts))
        }));
        let ranges = Ranges { four, six: vec![(0, None)] };
        let tree = Tree::of(&ranges);
        assert!(tree.data.bytes.len() > 0x8_0800);
        let file = Merged::open(tree.join(28).unwrap(), &ranges).unwrap();
        for &(start, _) in &ranges.four {
            let ip = Ipv4Addr::from_bits(start as u32).into();
            assert_eq!(file.look_up(ip), ranges.look_up(ip), "{ip}");
        }
    }
}
