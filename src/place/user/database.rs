//! A user's own `.mmdb` file (MaxMind DB format 2.0, <https://maxmind.github.io/MaxMind-DB/>) to the facts of an address.
//!
//! Read are the nested schema of MaxMind and DB-IP, the flat one of the ip-location-db packages, and those of IPinfo, where
//! numbers may be text. A field of an unexpected type counts as absent; a damaged record as unknown.

use super::record::{self, short};
use crate::error::Error;
use crate::place::block::Block;
use crate::place::database::{Database, Facts};
use crate::place::facts::{DatabaseFacts, DatabaseInfo};
use maxminddb::{LookupResult, Reader};
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

/// Largest file read: offsets in the format have 32 bits.
const MAX_FILE_BYTES: u64 = 1 << 32;
/// What to do when a file is none.
const HINT: &str = "give a MaxMind DB file (.mmdb) such as GeoLite2-City.mmdb, or one of DB-IP or IPinfo";

/// A file opened for look-ups.
#[derive(Debug)]
pub struct UserDatabase {
    reader: Reader<Vec<u8>>,
    name: Arc<str>,
    facts: Arc<DatabaseFacts>,
}

impl UserDatabase {
    /// Opens a file.
    ///
    /// # Errors
    /// If it cannot be read, or is no MaxMind DB.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|error| Error::io(path, error))?;
        let expected = file.metadata().map_or(0, |metadata| metadata.len().min(MAX_FILE_BYTES));
        let mut bytes = Vec::new();
        // Growing step by step would touch twice the memory. What cannot be had the reading refuses, with an error.
        let _ = bytes.try_reserve_exact(usize::try_from(expected).unwrap_or(0));
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| Error::io(path, error))?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE_BYTES) {
            return Err(Error::not_usable(path, "larger than a MaxMind DB can be (4 GiB)", HINT));
        }
        let packed = match bytes.as_slice() {
            [0x1f, 0x8b, ..] => Some("gzip"),
            [b'P', b'K', 3, 4, ..] => Some("zip"),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
            [0xfd, b'7', b'z', b'X', b'Z', ..] => Some("xz"),
            _ => None,
        };
        if let Some(packed) = packed {
            return Err(Error::not_usable(path, format!("a {packed} file"), "unpack it and give the .mmdb file in it"));
        }
        let what = |error: maxminddb::MaxMindDbError| format!("not a MaxMind DB file ({error})");
        let reader = Reader::from_source(bytes).map_err(|error| Error::not_usable(path, what(error), HINT))?;
        let name =
            path.file_stem().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        Ok(Self::of(reader, &name))
    }

    fn of(reader: Reader<Vec<u8>>, name: &str) -> Self {
        let metadata = reader.metadata();
        let seconds = i64::try_from(metadata.build_epoch).ok();
        let built = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        let facts = DatabaseFacts {
            date: built.map_or_else(String::new, |time| time.strftime("%Y-%m-%d").to_string()).into(),
            database_type: short(&metadata.database_type).into(),
            description: metadata.description.get("en").map(|text| short(text)).unwrap_or_default().into(),
        };
        Self { reader, name: short(name).into(), facts: Arc::new(facts) }
    }
}

impl Database for UserDatabase {
    fn look_up(&self, ip: IpAddr) -> Option<Facts> {
        // an IPv4-only file refuses IPv6 addresses: nothing known, no error
        let record = self.reader.lookup(ip).ok().filter(LookupResult::has_data)?;
        let facts = record::facts(&record, &self.name, &self.facts);
        (facts != Facts::default()).then_some(facts)
    }

    fn is_uniform(&self, block: Block) -> bool {
        let is_ipv4 = block.first.is_ipv4();
        let Ok(found) = self.reader.lookup(block.first) else {
            return !is_ipv4 && self.reader.metadata().ip_version == 4;
        };
        let shared = if is_ipv4 { Block::FOUR } else { Block::SIX };
        // An IPv6 network that an IPv4 address lies in holds them all.
        found.network().is_ok_and(|network| network.is_ipv4() != is_ipv4 || network.prefix() <= shared)
    }

    fn info(&self) -> Vec<DatabaseInfo> {
        vec![DatabaseInfo {
            name: self.name.to_string(),
            date: self.facts.date.to_string(),
            used_for: format!("given by the user ({})", self.facts.database_type),
            attribution: self.facts.description.to_string(),
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::facts::{Country, Opinion};
    use proptest::prelude::*;

    const FILES: &[(&str, &[u8])] = &[
        ("nested", include_bytes!("../../../tests/data/mmdb/nested.mmdb")),
        ("flat-v4", include_bytes!("../../../tests/data/mmdb/flat-v4.mmdb")),
        ("ipinfo-lite", include_bytes!("../../../tests/data/mmdb/ipinfo-lite.mmdb")),
        ("ipinfo-location", include_bytes!("../../../tests/data/mmdb/ipinfo-location.mmdb")),
        ("asn", include_bytes!("../../../tests/data/mmdb/asn.mmdb")),
        ("odd", include_bytes!("../../../tests/data/mmdb/odd.mmdb")),
    ];

    fn open(name: &str) -> UserDatabase {
        UserDatabase::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/mmdb/{name}.mmdb"))).unwrap()
    }

    fn look_up(name: &str, ip: &str) -> Option<Facts> {
        open(name).look_up(ip.parse().unwrap())
    }

    fn opinion(
        name: &str,
        country: &str,
        city: Option<&str>,
        coordinates: Option<(f32, f32)>,
        radius_km: Option<u16>,
    ) -> Opinion {
        Opinion {
            source: name.into(),
            database: open(name).facts,
            country: Country::new(country),
            city: city.map(Arc::from),
            coordinates,
            radius_km,
        }
    }

    #[test]
    fn the_nested_schema_is_read() {
        let wanted = Facts {
            opinion: Some(opinion("nested", "GB", Some("London"), Some((51.5142, -0.0931)), Some(10))),
            repeats_registry: false,
            registered_country: Country::new("US"),
            is_announced: true,
            asn: Some(64500),
            as_name: Some("Example ISP".into()),
            as_country: None,
        };
        assert_eq!(look_up("nested", "81.2.69.142"), Some(wanted.clone()));
        assert_eq!(look_up("nested", "2001:470::1"), Some(wanted));
        assert_eq!(look_up("nested", "9.9.9.9"), None);
    }

    #[test]
    fn the_flat_schema_is_read_and_an_ipv4_file_knows_no_ipv6() {
        let wanted = opinion("flat-v4", "SG", Some("Singapore"), Some((1.28967, 103.85)), None);
        assert_eq!(look_up("flat-v4", "203.205.128.100").unwrap().opinion, Some(wanted));
        assert_eq!(look_up("flat-v4", "2001:db8::1"), None);
    }

    #[test]
    fn the_schemas_of_ipinfo_are_read() {
        let lite = look_up("ipinfo-lite", "1.1.1.1").unwrap();
        assert_eq!(lite.opinion, Some(opinion("ipinfo-lite", "AU", None, None, None)));
        assert_eq!((lite.asn, lite.as_name.as_deref()), (Some(13335), Some("Cloudflare, Inc.")));
        let location = look_up("ipinfo-location", "8.8.8.8").unwrap();
        let wanted = opinion("ipinfo-location", "US", Some("Mountain View"), Some((37.4056, -122.0775)), None);
        assert_eq!(location.opinion, Some(wanted));
        let asn = look_up("asn", "8.8.8.8").unwrap();
        assert_eq!((asn.opinion, asn.asn, asn.as_name.as_deref()), (None, Some(15169), Some("GOOGLE")));
    }

    #[test]
    fn fields_of_odd_types_count_as_absent() {
        let facts = look_up("odd", "10.0.0.1").unwrap();
        assert_eq!(facts.opinion, Some(opinion("odd", "DE", None, None, None)));
        assert_eq!(facts.asn, None);
    }

    #[test]
    fn a_database_says_what_it_is_and_from_when() {
        let info = open("nested").info();
        assert_eq!(info[0].name, "nested");
        assert_eq!(info[0].used_for, "given by the user (Test-Nested)");
        assert_eq!(info[0].date.len(), "2026-06-05".len());
        let lone = lone("203.0.113.0", 24);
        let opinion = lone.look_up("203.0.113.1".parse().unwrap()).unwrap().opinion.unwrap();
        let wanted = DatabaseFacts { date: "1970-01-01".into(), database_type: "Lone".into(), description: "".into() };
        assert_eq!(*opinion.database, wanted);
        assert_eq!(&*open("ipinfo-lite").facts.database_type, "Test-Ipinfo-Lite");
    }

    /// A file that knows one network, in Germany.
    fn lone(ip: &str, prefix: u8) -> UserDatabase {
        let text = |text: &str| [&[0x40 | text.len() as u8], text.as_bytes()].concat();
        let number = |key: &str, number: u8| [text(key), vec![0xa1, number]].concat();
        let (bytes, version) = match ip.parse().unwrap() {
            IpAddr::V4(ip) => (ip.octets().to_vec(), 4),
            IpAddr::V6(ip) => (ip.octets().to_vec(), 6),
        };
        // A node for each bit: what goes on, and what is not known. The last goes on to the data, behind 16 zeros.
        let tree = (0..prefix).flat_map(|node| {
            let is_one = bytes[usize::from(node / 8)] << (node % 8) & 0x80 != 0;
            let on = if node + 1 < prefix { node + 1 } else { prefix + 16 };
            let (left, right) = if is_one { (prefix, on) } else { (on, prefix) };
            [0, 0, left, 0, 0, right]
        });
        let data = [vec![0; 16], vec![0xe1], text("country_code"), text("DE")].concat();
        let metadata = [
            [b"\xab\xcd\xefMaxMind.com", &[0xe9][..]].concat(),
            [number("binary_format_major_version", 2), number("binary_format_minor_version", 0)].concat(),
            [text("build_epoch"), vec![1, 2, 0], text("database_type"), text("Lone")].concat(),
            [text("description"), vec![0xe0], number("ip_version", version), text("languages"), vec![0, 4]].concat(),
            [text("node_count"), vec![0xc1, prefix], number("record_size", 24)].concat(),
        ];
        let reader = Reader::from_source([tree.collect(), data, metadata.concat()].concat()).unwrap();
        UserDatabase::of(reader, "lone")
    }

    #[test]
    fn blocks_are_uniform_where_no_network_is_smaller() {
        let is_uniform = |database: &UserDatabase, ip: &str| database.is_uniform(Block::of(ip.parse().unwrap()));
        let small = lone("203.0.113.64", 26);
        assert!(small.look_up("203.0.113.65".parse().unwrap()).is_some());
        assert!(!is_uniform(&small, "203.0.113.1") && is_uniform(&small, "203.0.114.1"));
        assert!(is_uniform(&lone("203.0.113.0", 24), "203.0.113.1"));
        assert!(is_uniform(&small, "2001:db8::1"), "an IPv4 file knows no IPv6 address");
        let six = lone("8000::", 1);
        assert_eq!(six.look_up("8000::1".parse().unwrap()).unwrap().opinion.unwrap().country, Country::new("DE"));
        assert_eq!(six.look_up("8.8.8.8".parse().unwrap()), None);
        assert!(is_uniform(&six, "8.8.8.8") && is_uniform(&six, "8000::1"), "nor this file an IPv4 address");
        let small = lone("2001:db8:1:2::", 64);
        assert!(!is_uniform(&small, "2001:db8:1::") && is_uniform(&small, "2001:db8:2::"));
    }

    #[test]
    fn what_is_no_database_is_refused_with_path_reason_and_hint() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let message = UserDatabase::open(&path).unwrap_err().to_string();
            assert!(message.starts_with(&path.display().to_string()), "{message}");
            message
        };
        assert!(refused("empty.mmdb", b"").contains("not a MaxMind DB file"));
        assert!(refused("text.mmdb", b"hello").contains("GeoLite2-City.mmdb"));
        assert!(refused("packed.mmdb.gz", &[0x1f, 0x8b, 8, 0]).contains("unpack it"));
        assert!(matches!(UserDatabase::open(Path::new("/no/such.mmdb")), Err(Error::Io { .. })));
        assert!(UserDatabase::open(folder.path()).is_err());
    }

    fn try_all(bytes: Vec<u8>) {
        let Ok(reader) = Reader::from_source(bytes) else { return };
        let database = UserDatabase::of(reader, "damaged");
        for ip in ["1.1.1.1", "8.8.8.8", "10.0.0.1", "81.2.69.142", "203.205.128.100", "2001:470::1", "::", "ffff::"] {
            database.look_up(ip.parse().unwrap());
        }
        database.info();
    }

    #[test]
    fn a_file_cut_anywhere_never_panics() {
        for (_, bytes) in FILES {
            for length in 0..bytes.len() {
                try_all(bytes[..length].to_vec());
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn damaged_files_never_panic(file in 0..FILES.len(), damage in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6)) {
            let mut bytes = FILES[file].1.to_vec();
            for (at, byte) in damage {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            // Values may nest to 512 levels, and an unoptimised build takes more than a test's stack for them.
            let thread = std::thread::Builder::new().stack_size(32 << 20).spawn(move || try_all(bytes));
            prop_assert!(thread.unwrap().join().is_ok());
        }
    }
}
