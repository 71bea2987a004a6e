//! The merged MaxMind DB file and the embedded tables, compared and measured: whether the file should be embedded instead.
//!
//! Figures are kept in `docs/geo.md`.

use std::hint::black_box;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use maxminddb::Reader;
use serde::Deserialize;
use whither::place::{Country, Database, Embedded, Facts, Opinion};

use crate::geo::Result;
use crate::mmdb::Tree;

/// Rounds of which the median counts.
const ROUNDS: usize = 5;
/// Look-ups of a round.
const LOOK_UPS: u32 = 300_000;
/// Addresses compared, of either family.
const COMPARED: u32 = 1_000_000;

/// Writes the file, also compressed, and compares it with the tables.
pub(crate) fn write(path: &Path) -> Result<()> {
    let embedded = Embedded::open();
    let tree = Tree::of(&embedded);
    let file = tree.join(tree.least_bits()?)?;
    std::fs::write(path, &file)?;
    let packed = zstd::bulk::compress(&file, 19)?;
    std::fs::write(path.with_added_extension("zst"), &packed)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} bytes, {} with zstd -19; {} nodes", file.len(), packed.len(), tree.nodes.len())?;
    writeln!(out, "{} bits a record, {} bytes of data", tree.least_bits()?, tree.data.bytes.len())?;
    let merged = Merged::open(file, &embedded)?;
    let (mut known, mut different) = (0, 0);
    for ip in (0..COMPARED).flat_map(|n| [four(n), six(n)]) {
        let facts = embedded.look_up(ip);
        known += u32::from(facts.is_some());
        different += u32::from(facts != merged.look_up(ip));
    }
    writeln!(out, "{known} known of {} addresses compared, {different} different", 2 * COMPARED)?;
    if different == 0 { Ok(()) } else { Err("the file is not what the tables say".into()) }
}

/// Measures a file written before, and the tables.
pub(crate) fn measure(path: &Path) -> Result<()> {
    let mut figures: Vec<(&str, Vec<f64>)> = Vec::new();
    let mut note = |name, figure| match figures.iter_mut().find(|(other, _)| *other == name) {
        Some((_, all)) => all.push(figure),
        None => figures.push((name, vec![figure])),
    };
    for _ in 0..ROUNDS {
        let (fresh, time) = timed(Embedded::open);
        note("compact: open, ms", time / 1e6);
        note("compact: first look-up, ms", timed(|| fresh.look_up([203, 205, 254, 1].into())).1 / 1e6);
        let first = |database: &dyn Database| timed(|| look_up(database, (0..5000).map(four))).1 / 5e3;
        note("compact: first 5,000 random, ns each", first(&fresh));
        let (merged, time) = timed(|| Merged::open(std::fs::read(path)?, &fresh));
        let merged = merged?;
        note("mmdb: read and open, ms", time / 1e6);
        note("mmdb: first 5,000 random, ns each", first(&merged));
        let unpack = || -> Result<_> {
            let packed = std::fs::read(path.with_added_extension("zst"))?;
            Merged::open(zstd::bulk::decompress(&packed, merged.reader.metadata().node_count as usize * 32)?, &fresh)
        };
        note("mmdb: read, inflate and open, ms", timed(unpack).1 / 1e6);
        fresh.decode_all();
        let each = |database: &dyn Database, of: u32| {
            look_up(database, (0..of).map(four));
            timed(|| look_up(database, (0..LOOK_UPS).map(|n| four(n % of)))).1 / f64::from(LOOK_UPS)
        };
        note("compact: 300 addresses over and over, ns each", each(&fresh, 300));
        note("mmdb: 300 addresses over and over, ns each", each(&merged, 300));
        note("mmdb: the same, record not decoded, ns each", each(&Undecoded(&merged), 300));
        note("compact: random, all decoded, ns each", each(&fresh, LOOK_UPS));
        note("mmdb: random, ns each", each(&merged, LOOK_UPS));
        note("mmdb: the same, record not decoded, ns each ", each(&Undecoded(&merged), LOOK_UPS));
    }
    for (name, mut all) in figures {
        all.sort_by(f64::total_cmp);
        writeln!(std::io::stdout().lock(), "{:>12.4}  {name}", all[all.len() / 2])?;
    }
    Ok(())
}

/// What it gave, and how many nanoseconds it took.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = black_box(work());
    (result, start.elapsed().as_secs_f64() * 1e9)
}

fn look_up(database: &dyn Database, addresses: impl Iterator<Item = IpAddr>) -> usize {
    addresses.filter(|&ip| database.look_up(black_box(ip)).is_some()).count()
}

/// Made-up numbers, the same each time (SplitMix64).
fn random(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// A random IPv4 address below the multicast ones.
fn four(number: u32) -> IpAddr {
    let random = random(number.into());
    Ipv4Addr::from_bits((random >> 40) as u32 & 0xff_ffff | (1 + random as u32 % 223) << 24).into()
}

/// A random IPv6 address of a few blocks in which most that are in use lie.
fn six(number: u32) -> IpAddr {
    const USED: [u16; 8] = [0x2001, 0x2400, 0x2404, 0x2600, 0x2606, 0x2804, 0x2a00, 0x2a02];
    let random = random(u64::from(number) << 32);
    let upper = u64::from(USED[random as usize % USED.len()]) << 48 | random >> 16 & 0x0fff_ffff_ffff;
    Ipv6Addr::from_bits(u128::from(upper) << 64 | u128::from(random)).into()
}

/// The merged file as a database.
pub(crate) struct Merged {
    pub(crate) reader: Reader<Vec<u8>>,
    source: Arc<str>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    location: Option<Location<'a>>,
    registered_country: Option<&'a str>,
    network: Option<Network<'a>>,
}

#[derive(Deserialize)]
struct Location<'a> {
    country: Option<&'a str>,
    city: Option<&'a str>,
    latitude: Option<f32>,
    longitude: Option<f32>,
}

#[derive(Deserialize)]
struct Network<'a> {
    asn: u32,
    name: Option<&'a str>,
    country: Option<&'a str>,
}

impl Merged {
    /// Opens a file; its opinions are said to be those of the other database.
    pub(crate) fn open(file: Vec<u8>, other: &dyn Database) -> Result<Self> {
        let facts = other.look_up([1, 1, 1, 1].into()).and_then(|facts| facts.opinion);
        Ok(Self { reader: Reader::from_source(file)?, source: facts.ok_or("1.1.1.1 is nowhere")?.source })
    }
}

impl Database for Merged {
    fn look_up(&self, ip: IpAddr) -> Option<Facts> {
        let record: Record<'_> = self.reader.lookup(ip).ok()?.decode().ok()??;
        let network = record.network;
        Some(Facts {
            opinion: record.location.map(|location| Opinion {
                source: self.source.clone(),
                country: location.country.and_then(Country::new),
                city: location.city.map(Arc::from),
                coordinates: location.latitude.zip(location.longitude),
                radius_km: None,
            }),
            registered_country: record.registered_country.and_then(Country::new),
            asn: network.as_ref().map(|network| network.asn),
            as_name: network.as_ref().and_then(|network| network.name).map(Arc::from),
            as_country: network.and_then(|network| network.country).and_then(Country::new),
        })
    }

    fn info(&self) -> Vec<whither::place::DatabaseInfo> {
        Vec::new()
    }
}

/// Only finds the record, to see what decoding it takes.
struct Undecoded<'a>(&'a Merged);

impl Database for Undecoded<'_> {
    fn look_up(&self, ip: IpAddr) -> Option<Facts> {
        self.0.reader.lookup(ip).ok()?.offset().map(|_| Facts::default())
    }

    fn info(&self) -> Vec<whither::place::DatabaseInfo> {
        Vec::new()
    }
}
