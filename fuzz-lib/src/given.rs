//! What users give beside captures: tables of owners, databases of places, catalogues; and what is asked of names and first
//! bytes without a capture.

use std::fs::File;
use std::io::{Seek, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use fixtures::ech::{Client, Seal};
use whither::app::Catalogue;
use whither::app::signature::{Probe, SIGNATURES, Side};
use whither::capture::owner::SideOwners;
use whither::name::EchKeys;
use whither::output::lookup::{self, Answer};
use whither::output::terminal::Style;
use whither::place::{Country, Database, Embedded, Places, UserDatabase, vantage};
use whither::report::Report;

/// Addresses looked up: of every kind, and those the sample databases know.
const ADDRESSES: &[&str] = &[
    "0.0.0.0",
    "1.1.1.1",
    "8.8.8.8",
    "9.9.9.9",
    "10.0.0.1",
    "81.2.69.142",
    "100.64.0.1",
    "127.0.0.1",
    "192.0.2.7",
    "203.205.128.100",
    "224.0.0.251",
    "255.255.255.255",
    "::",
    "::1",
    "2001:470::1",
    "2001:db8::1",
    "2001:4860:4860::8888",
    "2a03:2880::face:b00c:0:25de",
    "fe80::1",
    "ff02::fb",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "::ffff:1.2.3.4",
];

fn addresses() -> impl Iterator<Item = IpAddr> {
    ADDRESSES.iter().map(|text| text.parse().expect("an address"))
}

/// A file with these bytes, in memory where the system has such a place.
fn file(data: &[u8]) -> &'static Path {
    static FILE: OnceLock<(PathBuf, File)> = OnceLock::new();
    let (path, file) = FILE.get_or_init(|| {
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let path = folder.join(format!("whither-fuzz-{}", std::process::id()));
        let file = File::create(&path).expect("a file");
        (path, file)
    });
    let mut file = file;
    file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(data)).expect("written");
    path
}

/// Kinds of the given target: a table of owners, a database, first bytes, a list of prefixes, a policy, a saved report, a path, keys.
pub(crate) const SIDE: u8 = 0;
pub(crate) const PLACE: u8 = 1;
pub(crate) const SIGNATURE: u8 = 2;
pub(crate) const ANYCAST: u8 = 3;
pub(crate) const POLICY: u8 = 4;
pub(crate) const REPORT: u8 = 5;
pub(crate) const PATH: u8 = 6;
pub(crate) const KEYS: u8 = 7;

/// What a byte says: a table of owners, a database of places, first bytes and names, a list of prefixes, a policy, a saved report, a path,
/// or keys of encrypted hellos.
pub(crate) fn given(data: &[u8]) {
    match data.split_first() {
        Some((&SIDE, data)) => side(data),
        Some((&PLACE, data)) => place(data),
        Some((&SIGNATURE, data)) => signature(data),
        Some((&ANYCAST, data)) => anycast(data),
        Some((&POLICY, data)) => policy(data),
        Some((&REPORT, data)) => report(data),
        Some((&PATH, data)) => path(data),
        Some((&KEYS, data)) => keys(data),
        _ => {}
    }
}

/// A log of keys (`--keys`), and the same bytes as the text that was encrypted under keys that open it.
fn keys(data: &[u8]) {
    const MOST_BYTES: usize = 16_000;
    let client = Client::new("public.example", "hidden.example", Seal::Aes128Gcm);
    let mut given = EchKeys::default();
    given.read(data);
    let _ = given.server_name(data);
    let _ = given.server_name(&client.hello(false));
    let mut keys = EchKeys::default();
    keys.read(client.key_log().as_bytes());
    let text = &data[..data.len().min(MOST_BYTES)];
    for is_second in [false, true] {
        if let Some(name) = keys.server_name(&client.hello_around(text, is_second)) {
            assert!(!name.is_empty() && name.len() <= 255);
        }
        assert_eq!(keys.server_name(&client.hello(is_second)).as_deref(), Some("hidden.example"), "what fits opens it");
    }
}

/// A table of owners (`--owners`), asked for conversations.
fn side(data: &[u8]) {
    let Ok(owners) = SideOwners::open(file(data), None) else { return };
    const SECOND: i64 = 1_000_000_000;
    let ends: Vec<_> = addresses().step_by(4).flat_map(|ip| [(ip, 443), (ip, 50_000)]).collect();
    for protocol in [6, 17, 1] {
        for (at, &a) in ends.iter().enumerate() {
            for (first, last) in [(0, 0), (1_700_000_000 * SECOND, 1_700_000_100 * SECOND), (i64::MIN, i64::MAX)] {
                let b = ends[(at * 7 + 3) % ends.len()];
                let (there, back) =
                    (owners.find(protocol, a, b, first, last), owners.find(protocol, b, a, first, last));
                assert_eq!(there, back, "it does not matter which end is named first");
            }
        }
    }
}

/// A database of places: the user's (`--geo`), or one laid out as the embedded one.
fn place(data: &[u8]) {
    if data.starts_with(whither::place::embedded::blob::MAGIC) {
        let Some(kept) = kept_forever(data) else { return };
        let database = Embedded::from_bytes(kept);
        ask(&database);
        let _ = database.cities().len();
        if data.len() < 1 << 16 {
            let _ = database.decode_all();
        }
        return;
    }
    if let Ok(database) = UserDatabase::open(file(data)) {
        ask(&database);
    }
}

/// A copy of the bytes that is never freed, because the embedded database borrows its file for as long as the program runs.
/// None when a process has kept so many that the fuzzer would take it for a leak of ours (`-rss_limit_mb`, 2048 as in the
/// README); `-fork` or the next run begins anew.
fn kept_forever(data: &[u8]) -> Option<&'static [u8]> {
    const MOST_BYTES: usize = 1 << 30;
    static KEPT_BYTES: AtomicUsize = AtomicUsize::new(0);
    (KEPT_BYTES.fetch_add(data.len(), Ordering::Relaxed) < MOST_BYTES).then(|| &*data.to_vec().leak())
}

fn ask(database: &dyn Database) {
    for ip in addresses() {
        let facts = database.look_up(ip);
        if let Some(opinion) = facts.and_then(|facts| facts.opinion) {
            let (latitude, longitude) = opinion.coordinates.unwrap_or_default();
            assert!(latitude.abs() <= 90.0 && longitude.abs() <= 180.0, "on this planet: {latitude} {longitude}");
        }
    }
    let _ = database.info();
}

/// A catalogue (`--apps`).
pub(crate) fn catalogue(data: &[u8]) {
    // A text that no parser of TOML takes needs no catalogue.
    if std::str::from_utf8(data).is_ok_and(|text| text.parse::<toml::Table>().is_err()) {
        return;
    }
    let Ok(catalogue) = Catalogue::with_user(&[file(data)]) else { return };
    let answer = Answer::name("www.Example.com.", &catalogue);
    let _ = lookup::json(&answer);
    for app in catalogue.find("example").into_iter().take(3) {
        let _ = whither::output::apps::entry(&catalogue, app, &Style::default());
    }
}

/// A list of anycast prefixes (`--anycast`), asked for addresses.
fn anycast(data: &[u8]) {
    let Ok(places) = Places::open(&[]).and_then(|places| places.with_anycast(&[file(data).to_owned()])) else { return };
    addresses().for_each(|address| assert!(!places.locate(address).is_steered || !places.locate(address).is_anycast));
}

/// A policy (`whither check`), held against a report of nothing.
fn policy(data: &[u8]) {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    let catalogue = CATALOGUE.get_or_init(|| Catalogue::embedded().expect("whole"));
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = whither::policy::parse(text, Path::new("policy.toml"), catalogue);
}

/// A file of paths (`--path`).
fn path(data: &[u8]) {
    let paths = whither::capture::read_path_bytes(data).unwrap_or_default();
    for path in paths {
        assert!(path.hops.is_sorted_by_key(|hop| hop.distance));
        assert!(
            path.hops.iter().all(|hop| hop.distance > 0 && hop.distance <= path.last),
            "a hop is one that was tried"
        );
        assert!(
            path.target.is_none() || path.hops.iter().all(|hop| hop.address != path.target),
            "a hop is no endpoint"
        );
    }
}

/// A report that was saved (`whither diff`): what is read is written as the same report, and differs from itself in nothing.
fn report(data: &[u8]) {
    let Ok(report) = Report::read_json(data, 1 << 20) else { return };
    let mut again = Vec::new();
    whither::output::write_json_compact(&report, &mut again).expect("in memory");
    assert!(Report::read_json(again.as_slice(), u64::MAX).is_ok_and(|again| again == report));
}

/// First bytes of both sides of a flow, held against every signature; the client's as a name and as a place too.
fn signature(data: &[u8]) {
    let Some((&[flags, asn, port_high, port_low, lengths @ ..], bytes)) = data.split_first_chunk::<9>() else { return };
    const ASNS: [u32; 8] = [0, 32934, 38631, 62041, 132_203, 8075, 30103, 16509];
    const APPLICATIONS: [&str; 8] = ["", "tls", "quic", "stun", "ssdp", "dtls", "minecraft", "bittorrent"];
    let (client, server) = bytes.split_at(usize::from(lengths[4]).min(bytes.len()));
    let text = String::from_utf8_lossy(client);
    let client_lengths = [u32::from(lengths[0]) * 8, u32::from(lengths[1]), client.len() as u32];
    let server_lengths = [u32::from(lengths[2]) * 8, u32::from(lengths[3])];
    let kept = |bytes| <[u8]>::get(bytes, ..128).unwrap_or(bytes);
    let probe = Probe {
        is_tcp: flags & 1 == 0,
        is_udp: flags & 1 == 1,
        client: Side { bytes: kept(client), lengths: &client_lengths[usize::from(flags >> 1 & 3).min(3)..] },
        server: Side { bytes: kept(server), lengths: &server_lengths[usize::from(flags >> 3 & 1)..] },
        client_port: 50_000,
        server_port: u16::from_be_bytes([port_high, port_low]),
        asn: ASNS[usize::from(asn & 7)],
        application: APPLICATIONS[usize::from(asn >> 3 & 7)],
        name: &text,
        is_face_book: flags & 0x10 != 0,
        server_ip: ADDRESSES[usize::from(lengths[1]) % ADDRESSES.len()].parse().ok(),
        organisation: if flags & 0x40 != 0 { "philandro Software GmbH" } else { "" },
    };
    for signature in SIGNATURES {
        let _ = (signature.read)(&probe);
    }
    if flags & 0x20 != 0 {
        static KNOWN: OnceLock<(Catalogue, Embedded)> = OnceLock::new();
        let (catalogue, embedded) = KNOWN.get_or_init(|| (Catalogue::embedded().expect("sound"), Embedded::open()));
        let answer = Answer::name(&text, catalogue);
        let shown = lookup::render(&answer, &[], &Style { width: usize::from(lengths[3]), ..Style::default() });
        crate::whole::assert_shows_nothing_else("lookup", &shown);
        let _ = lookup::json(&answer);
        let _ = Country::find(&text);
        let _ = vantage(&text, embedded);
    }
}
