//! What may be said of a place, held over every output: a country that round trips rule out stands nowhere as a place, and intervals
//! add up.

#![allow(clippy::unwrap_used)]

use fixtures::program::Program;
use fixtures::{ethernet, ip, pcap, tls, transport};
use serde_json::Value;
use std::net::IpAddr;
use std::path::Path;
use whither::place::{Country, Places};

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));
const PHONE: [u8; 4] = [192, 168, 1, 23];
/// A time near the tables that the program carries, in µs since 1970.
const START_US: u64 = 1_781_000_000_000_000;
const FORMATS: [&str; 8] = ["json", "csv", "geojson", "svg", "html", "dot", "mermaid", "kepler"];

/// An address that the embedded database places in this country, and that nothing else of it does: neither the block nor the AS is
/// registered there.
fn address_in(places: &Places, code: &str, is_elsewhere_registered: bool) -> [u8; 4] {
    let country = Country::new(code);
    let fits = |address: &[u8; 4]| {
        let place = places.locate(IpAddr::from(*address));
        let is_registered = [place.registered_country, place.as_country].contains(&country);
        let is_plain = !place.is_anycast && !place.is_disputed && place.operator.is_none() && place.asn.is_some();
        place.country == country && is_plain && (!is_elsewhere_registered || !is_registered)
    };
    let all = (1..=255_u8).flat_map(|b| (20..220_u8).map(move |a| [a, b, 77, 9]));
    all.into_iter().find(fits).expect("there is one")
}

/// A connection to a server: handshake, hello and its answer, each a round trip of so many ms, then data.
fn connection(number: u16, server: [u8; 4], name: &str, ms: u64) -> Vec<(u64, Vec<u8>)> {
    let ports = (40_000 + number, 443);
    let start = START_US + u64::from(number) * 3_000_000;
    let up = |sequence, acknowledgment, flags, payload: &[u8]| {
        ethernet::frame(&ip::v4(PHONE, server, 6, &transport::tcp(ports, sequence, acknowledgment, flags, payload)))
    };
    let down = |sequence, acknowledgment, flags, payload: &[u8]| {
        let segment = transport::tcp((ports.1, ports.0), sequence, acknowledgment, flags, payload);
        let mut packet = ip::v4(server, PHONE, 6, &segment);
        // Servers differ in how far away they are in hops.
        packet[8] = 40 + (number % 20) as u8;
        ethernet::frame(&packet)
    };
    let hello = tls::hello(name, 0);
    let sent = 101 + hello.len() as u32;
    let answer = tls::record(&[2; 80]);
    let (handshake, answered) = (start + ms * 1000, start + 2 * ms * 1000 + 700);
    vec![
        (start, up(100, 0, 0x02, &[])),
        (handshake, down(500, 101, 0x12, &[])),
        (handshake + 100, up(101, 501, 0x10, &[])),
        (handshake + 150, up(101, 501, 0x18, &hello)),
        (answered, down(501, sent, 0x18, &answer)),
        (answered + 60, up(sent, 501 + answer.len() as u32, 0x18, &[0x17; 900])),
    ]
}

/// Servers in six countries as far away as they should be, and one that a database places in Australia 37 ms from Milan.
fn capture(folder: &Path) -> String {
    let places = Places::open(&[]).unwrap();
    let servers = [("IT", 8), ("DE", 16), ("US", 110), ("SG", 170), ("JP", 240), ("BR", 210), ("AU", 37)];
    let mut packets = Vec::new();
    for (number, (code, ms)) in servers.into_iter().enumerate() {
        let server = address_in(&places, code, code == "AU");
        packets.extend(connection(number as u16, server, &format!("host{number}.whatsapp.net"), ms));
    }
    let path = folder.join("phone.pcap");
    std::fs::write(&path, pcap::file(pcap::ETHERNET, &packets)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Fails if the text names Australia anywhere without the words *ruled out* in the same line or close by.
fn assert_only_ruled_out(what: &str, text: &str) {
    for mark in ["Australia", "Sydney", "Melbourne"] {
        for (at, _) in text.match_indices(mark) {
            let mut end = (at + 160).min(text.len());
            while !text.is_char_boundary(end) {
                end += 1;
            }
            assert!(text[at..end].contains("ruled out"), "{what}: {}", &text[at..end]);
        }
    }
}

/// Fails if the code of Australia stands anywhere in JSON but in what says that it is ruled out.
fn assert_no_place(what: &str, value: &Value) {
    match value {
        Value::Array(all) => all.iter().for_each(|value| assert_no_place(what, value)),
        Value::Object(fields) => {
            let is_verdict = fields.get("verdict").is_some_and(|verdict| verdict == "ruled out");
            for (name, value) in fields.iter().filter(|_| !is_verdict) {
                assert!(value != "AU", "{what}: {name} in {fields:?}");
                assert_no_place(what, value);
            }
        }
        _ => {}
    }
}

#[test]
fn a_country_that_is_ruled_out_is_no_place_in_any_output() {
    let folder = tempfile::tempdir().unwrap();
    let path = capture(folder.path());
    let json = WHITHER.good(&["map", &path, "--from", "Milan", "--json", "-"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    let rows = report["apps"][0]["destinations"].as_array().unwrap();
    let excluded: Vec<&Value> = rows.iter().filter(|row| row["standing"] == "ruled_out").collect();
    assert_eq!((report["physics"]["state"].as_str(), excluded.len()), (Some("on"), 1), "{json}");
    assert_eq!(excluded[0]["exclusions"][0]["country"], "AU");
    assert_no_place("json", &report);
    for format in FORMATS {
        let text = WHITHER.good(&["map", &path, "--from", "Milan", &format!("--{format}"), "-"]);
        assert_only_ruled_out(format, &text);
        if format == "geojson" {
            assert_no_place(format, &serde_json::from_str(&text).unwrap());
        }
        if format == "csv" {
            assert!(!text.contains(",AU,") && text.contains("AU (ruled out)"), "{text}");
        }
    }
    assert_only_ruled_out("details", &WHITHER.good(&["map", &path, "--from", "Milan", "--details"]));
    assert!(!WHITHER.good(&["map", &path, "--from", "Milan"]).contains("Australia"), "the first screen");
    let flows = WHITHER.good(&["flows", &path, "--from", "Milan"]);
    assert!(flows.contains("ruled_out"), "{flows}");
    flows.lines().for_each(|line| assert_no_place("flows", &serde_json::from_str(line).unwrap()));
    let table = WHITHER.good(&["flows", &path, "--from", "Milan", "--format", "csv"]);
    assert!(!table.contains(",AU,") && !table.contains("\"AU\"") && !table.contains("Australia"), "{table}");
    // Without the place of the phone nothing is ruled out, and one database's word is what it is.
    let unknown = WHITHER.good(&["map", &path, "--json", "-"]);
    let unknown: Value = serde_json::from_str(&unknown).unwrap();
    let labels = |report: &Value| -> Vec<String> {
        let rows = report["apps"][0]["destinations"].as_array().unwrap().clone();
        rows.iter().map(|row| row["label"].as_str().unwrap().to_owned()).collect()
    };
    assert!(labels(&unknown).contains(&"Australia".to_owned()));
    assert!(!labels(&report).contains(&"Australia".to_owned()));
}

/// Age is counted from when an address was seen: a capture with a wrong clock does not make another one old.
#[test]
fn an_old_capture_does_not_make_a_new_one_old() {
    let folder = tempfile::tempdir().unwrap();
    let new = capture(folder.path());
    let places = Places::open(&[]).unwrap();
    let early = connection(99, address_in(&places, "FR", false), "old.whatsapp.net", 20);
    let early: Vec<_> = early.into_iter().map(|(time_us, packet)| (time_us - START_US, packet)).collect();
    let old = folder.path().join("old.pcap");
    std::fs::write(&old, pcap::file(pcap::ETHERNET, &early)).unwrap();
    let report = WHITHER.good(&["map", &new, old.to_str().unwrap(), "--json", "-"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    let ages: Vec<(&str, &str)> = report["apps"][0]["destinations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["label"].as_str().unwrap(), row["age"].as_str().unwrap()))
        .collect();
    assert!(
        ages.contains(&("France", "stale")) && ages.iter().filter(|(_, age)| *age == "fresh").count() == 7,
        "{ages:?}"
    );
    assert_eq!(report["tables"]["is_stale"], false);
}

#[test]
fn records_with_a_vantage_need_captures_that_can_be_read_twice() {
    let error = WHITHER.bad(&["flows", "-", "--from", "Milan"]);
    assert!(error.contains("--from") && error.contains("stdin"), "{error}");
}

/// Confirmed, reported, disputed and unplaced bytes add up to all bytes of endpoints that answered, and rows to what their apps have.
#[test]
fn intervals_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = capture(folder.path());
    for args in [
        vec!["samples/phone.pcap"],
        vec!["samples/phone.pcap", "--from", "Taipei"],
        vec![path.as_str(), "--from", "Milan"],
    ] {
        let all = [vec!["map"], args, vec!["--json", "-"]].concat();
        let report: Value = serde_json::from_str(&WHITHER.good(&all)).unwrap();
        let number = |value: &Value, name: &str| value[name].as_u64().unwrap();
        let apps = report["apps"].as_array().unwrap();
        for way in ["sent", "received"] {
            let sums = |shares: &Value| {
                let parts = ["confirmed_bytes", "reported_bytes", "disputed_bytes", "unplaced_bytes"];
                let sum: u64 = parts.iter().map(|part| number(&shares[way], part)).sum();
                assert_eq!(sum, number(&shares[way], "bytes"));
                sum
            };
            let of_apps: u64 = apps.iter().map(|app| sums(&app["shares"])).sum();
            assert_eq!(of_apps + sums(&report["unattributed_shares"]), sums(&report["shares"]));
            for app in apps {
                let rows = app["destinations"].as_array().unwrap();
                let shared = rows.iter().filter(|row| row["standing"] != "local" && row["standing"] != "special");
                let of_rows: u64 = shared.map(|row| number(&row["payload"], way)).sum();
                assert_eq!(of_rows, number(&app["shares"][way], "bytes"), "{}", app["id"]);
            }
        }
    }
}
