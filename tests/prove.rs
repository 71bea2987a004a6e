//! `whither prove` from outside: a proof shows what the captures show, holds nothing that TLS or QUIC protects, is small, and says
//! what it is.

mod folder;

use fixtures::program::{Program, Said, has_all};
use folder::Folder;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use whither::capture::{self, Frame, Observe, Progress, ReadOptions};
use whither::packet::{Dissected, FlowKey, Side, Transport, dissect};

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));
const PHONE: &str = "samples/phone.pcap";

const POLICY: &str = "\
[[rule]]\nname = 'broken'\napps = ['wechat']\ndeny.asn = [132203]\n\
[[rule]]\nname = 'open'\napps = ['wechat']\ndeny.country = ['CN']\n\
[[rule]]\nname = 'share'\napps = ['wechat']\ndeny.asn = [132203]\nover_share = 0.9\n\
[[rule]]\nname = 'absent'\napps = ['signal']\ndeny.country = ['CN']\n";

impl Folder {
    /// A proof, which must show all: where it is.
    #[track_caller]
    fn prove(&self, args: &[&str]) -> String {
        let proof = self.path("proof.pcapng");
        let said = WHITHER.run(&[&["prove", "-q", "-o", &proof][..], args].concat());
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{args:?}");
        has_all(&said.out, &["whither map shows the same of it"]);
        proof
    }
}

/// What is said of each app, without amounts.
fn shown(args: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let said = WHITHER.run(&[&["map", "-q", "--json", "-"][..], args].concat());
    let report: Value = serde_json::from_str(&said.out).expect("a report");
    let list = |value: &Value, fields: &[&str]| -> BTreeSet<String> {
        let one = |value: &Value| match fields {
            [] => value.to_string(),
            _ => fields.iter().map(|field| value[*field].to_string()).collect::<Vec<_>>().join(" "),
        };
        value.as_array().into_iter().flatten().map(one).collect()
    };
    let row = |row: &Value| {
        let alone =
            ["exchange", "standing", "age", "gap_months", "label", "confirmed_by", "asn", "operator", "first_seen"];
        let alone: Vec<String> = alone.iter().map(|field| row[*field].to_string()).collect();
        let rtt = (&row["rtt"]["ms"], &row["rtt"]["source"], &row["last_seen"]);
        let names = list(&row["names"], &["name", "source"]);
        format!(
            "{alone:?} {rtt:?} {names:?} {:?} {:?}",
            list(&row["addresses"], &[]),
            list(&row["candidates"], &["country"])
        )
    };
    let apps = report["apps"].as_array().expect("apps").iter();
    apps.map(|app| {
        let rows = app["destinations"].as_array().expect("rows").iter().map(row).collect();
        (app["id"].as_str().expect("an id").to_owned(), rows)
    })
    .collect()
}

/// A frame as it was read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Read {
    time_ns: i64,
    wire_length: u32,
    bytes: Vec<u8>,
    /// Key, side, sequence number of TCP.
    flow: Option<(FlowKey, Side, Option<u32>)>,
    payload: Vec<u8>,
}

fn frames(path: impl AsRef<Path>) -> Vec<Read> {
    #[derive(Default)]
    struct Log(Vec<Read>);
    impl Observe for Log {
        fn observe(&mut self, frame: Frame<'_>) {
            let (flow, payload) = match dissect(&frame) {
                Dissected::Packet(packet) => {
                    let sequence = match packet.transport {
                        Transport::Tcp(segment) => Some(segment.sequence),
                        _ => None,
                    };
                    (Some((packet.key, packet.side, sequence)), packet.payload.to_vec())
                }
                Dissected::NotIp(_) => (None, Vec::new()),
            };
            let (time_ns, wire_length, bytes) = (frame.time_ns, frame.wire_length, frame.bytes.to_vec());
            self.0.push(Read { time_ns, wire_length, bytes, flow, payload });
        }
    }
    let mut all = Vec::new();
    let sources = capture::open(&[path.as_ref()]).expect("a capture").sources;
    capture::read(sources, &ReadOptions::default(), &Progress::default(), &Log::default, &mut |piece| {
        all.extend(piece.partial.0);
    });
    all
}

/// How many records of application data of TLS, packets of QUIC with payload that only its ends can read, and records of
/// application data of DTLS there are.
fn protected(frames: &[Read]) -> usize {
    let mut found = 0;
    let mut streams: BTreeMap<(FlowKey, Side), BTreeMap<u32, &[u8]>> = BTreeMap::new();
    for Read { flow, payload, .. } in frames {
        match flow {
            Some((key, side, Some(sequence))) if !payload.is_empty() => {
                let longest = streams.entry((*key, *side)).or_default().entry(*sequence).or_default();
                if payload.len() > longest.len() {
                    *longest = payload;
                }
            }
            Some((key, _, None)) if key.protocol() == 17 => found += protected_in_datagram(key, payload),
            _ => {}
        }
    }
    for segments in streams.values() {
        // Where the next record begins, once a segment began with one; segments out of order make it begin anew.
        let mut rest: Vec<u8> = Vec::new();
        let (mut expected, mut is_tls) = (0, false);
        for (sequence, bytes) in segments {
            if *sequence != expected || !is_tls {
                rest.clear();
                is_tls = matches!(bytes, [20..=24, 3, 0..=4, ..]);
            }
            expected = sequence.wrapping_add(bytes.len() as u32);
            rest.extend(*bytes);
            while let (true, [kind, _, _, high, low, ..]) = (is_tls, &rest[..]) {
                let end = 5 + usize::from(u16::from_be_bytes([*high, *low]));
                found += usize::from(*kind == 23 && rest.len() > 5);
                if rest.len() < end {
                    break;
                }
                rest.drain(..end);
            }
        }
    }
    found
}

fn protected_in_datagram(key: &FlowKey, payload: &[u8]) -> usize {
    let is_quic = [Side::Low, Side::High].iter().any(|side| matches!(key.port(*side), 443 | 853));
    match payload {
        [23, 0xfe, ..] => 1,
        [20..=22, 0xfe, _, _, _, _, _, _, _, _, _, high, low, ..] => {
            let end = 13 + usize::from(u16::from_be_bytes([*high, *low]));
            protected_in_datagram(key, payload.get(end..).unwrap_or_default())
        }
        [0x40..=0x7f, ..] if is_quic => 1,
        // Version 1 of QUIC: an Initial, then what is behind it.
        [first @ 0xc0..=0xff, 0, 0, 0, 1, rest @ ..] if is_quic => {
            let varint = |at: usize| -> Option<(usize, usize)> {
                let length = 1 << (rest.get(at)? >> 6);
                let bytes = rest.get(at..at + length)?;
                let value = bytes.iter().fold(0, |value, byte| value << 8 | usize::from(*byte));
                Some((value & !(3 << (8 * length - 2)), at + length))
            };
            let behind_ids = || {
                let source = 1 + usize::from(*rest.first()?);
                Some(source + 1 + usize::from(*rest.get(source)?))
            };
            let Some(at) = behind_ids() else { return 0 };
            match first >> 4 & 3 {
                0 => {
                    let Some((token, at)) = varint(at) else { return 0 };
                    let Some((length, at)) = varint(at + token) else { return 0 };
                    protected_in_datagram(key, rest.get(at + length..).unwrap_or_default())
                }
                3 => 0,
                _ => usize::from(varint(at).is_some_and(|(_, at)| rest.len() > at)),
            }
        }
        _ => 0,
    }
}

/// Every frame of a proof is the beginning of a frame of the captures.
fn is_part_of(proof: &[Read], whole: &[Read]) {
    let mut by_time: BTreeMap<i64, Vec<&Read>> = BTreeMap::new();
    whole.iter().for_each(|frame| by_time.entry(frame.time_ns).or_default().push(frame));
    for frame in proof {
        let is_same = |other: &&Read| other.wire_length == frame.wire_length && other.bytes.starts_with(&frame.bytes);
        assert!(by_time.get(&frame.time_ns).is_some_and(|frames| frames.iter().any(is_same)), "{frame:?}");
    }
}

/// Captures that the project made, of which some app is known.
fn samples() -> Vec<String> {
    let read = |folder: &str| {
        std::fs::read_dir(WHITHER.file(folder)).expect("the samples").map(|entry| entry.expect("a file").path())
    };
    let all = read("samples").chain(read("samples/owner")).chain(read("samples/compressed"));
    let mut all: Vec<String> = all.filter(|path| path.is_file()).map(|path| path.display().to_string()).collect();
    // Beside some lie lists of owners.
    all.retain(|path| [".pcap", ".pcapng", ".gz", ".zst", ".lz4", ".xz"].iter().any(|end| path.ends_with(end)));
    // That has a test of its own.
    all.retain(|path| !path.contains("samples/phone."));
    all.sort();
    all
}

#[test]
fn a_proof_shows_of_each_app_what_the_capture_shows_and_nothing_protected() {
    let folder = Folder::new();
    let mut apps = 0;
    for sample in samples() {
        let whole = shown(&[&sample]);
        let all = frames(&sample);
        for (app, rows) in &whole {
            apps += 1;
            let proof = folder.prove(&["--app", app, &sample]);
            assert_eq!(shown(&[&proof]).get(app), Some(rows), "{sample} {app}");
            let kept = frames(&proof);
            assert_eq!(protected(&kept), 0, "{sample} {app}");
            is_part_of(&kept, &all);
        }
    }
    assert!(apps > 15, "{apps}");
    assert!(protected(&frames(WHITHER.file(PHONE))) > 100, "the scan finds what there is");
}

#[test]
fn a_proof_of_the_phone_takes_a_twentieth_at_most_with_and_without_a_vantage() {
    let folder = Folder::new();
    let all = frames(WHITHER.file(PHONE));
    let limit = std::fs::metadata(WHITHER.file(PHONE)).unwrap().len() / 20;
    for vantage in [&[][..], &["--from", "TW"]] {
        let whole = shown(&[&[PHONE], vantage].concat());
        for (app, rows) in &whole {
            let proof = folder.prove(&[&["--app", app, PHONE], vantage].concat());
            let bytes = std::fs::metadata(&proof).unwrap().len();
            assert!(bytes <= limit, "{app} {vantage:?}: {bytes} of {limit}");
            assert_eq!(shown(&[&[&proof[..]], vantage].concat()).get(app), Some(rows), "{app} {vantage:?}");
            let kept = frames(&proof);
            assert_eq!(protected(&kept), 0, "{app}");
            is_part_of(&kept, &all);
        }
    }
}

#[test]
fn several_captures_in_any_order_give_one_proof() {
    let folder = Folder::new();
    let bytes = std::fs::read(WHITHER.file(PHONE)).unwrap();
    // Half of the records each.
    let mut at = 24;
    while at < bytes.len() / 2 {
        at += 16 + u32::from_le_bytes(bytes[at + 8..at + 12].try_into().unwrap()) as usize;
    }
    let one = folder.write("one.pcap", &bytes[..at]);
    let two = folder.write("two.pcap", [&bytes[..24], &bytes[at..]].concat());
    let whole = shown(&[PHONE]);
    let both = frames(folder.prove(&["--app", "wechat", &one, &two]));
    assert_eq!(shown(&[&folder.path("proof.pcapng")]).get("wechat"), whole.get("wechat"));
    let reversed = frames(folder.prove(&["--app", "wechat", &two, &one, "--threads", "1"]));
    assert_eq!(both, reversed);
    assert_eq!(both, frames(folder.prove(&["--app", "wechat", PHONE])));
}

#[test]
fn a_proof_says_what_it_is() {
    let folder = Folder::new();
    let proof = folder.prove(&["--app", "wechat", PHONE]);
    let bytes = std::fs::read(&proof).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let command = format!("command: whither prove -q -o {proof} --app wechat samples/phone.pcap");
    has_all(
        &text,
        &["whither prove: wechat: ", &command, "left out: ", "capture samples/phone.pcap: sha256 ", "1536 frames"],
    );
    let hash = text.split("sha256 ").nth(1).and_then(|rest| rest.get(..64)).expect("a hash");
    assert!(hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
    // As `sha256sum` gives it for the file that is in the repository.
    assert_eq!(hash, sha256(&std::fs::read(WHITHER.file(PHONE)).unwrap()));
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_proof_of_a_rule_decides_it_alike() {
    let folder = Folder::new();
    let policy = folder.write("policy.toml", POLICY);
    let verdicts = |capture: &str| -> BTreeMap<String, String> {
        let said = WHITHER.run(&["check", "-q", "--json", "-", &policy, capture]);
        let checked: Value = serde_json::from_str(&said.out).expect("json");
        let rules = checked["rules"].as_array().expect("rules").iter();
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        rules.map(|rule| (text(&rule["name"]), text(&rule["verdict"]))).collect()
    };
    let whole = verdicts(PHONE);
    let mut sizes = BTreeMap::new();
    for rule in ["broken", "open", "share"] {
        let proof = folder.prove(&["--policy", &policy, "--rule", rule, PHONE]);
        assert_eq!(verdicts(&proof)[rule], whole[rule], "{rule}");
        sizes.insert(rule, std::fs::metadata(&proof).unwrap().len());
    }
    assert!(sizes["broken"] < sizes["open"], "the certain rows alone: {sizes:?}");
    let none = refused(&folder, &["--policy", &policy, "--rule", "absent", PHONE]);
    has_all(&none.err, &["--rule absent: no flow", "wechat"]);
    let unknown = refused(&folder, &["--policy", &policy, "--rule", "none", PHONE]);
    has_all(&unknown.err, &["no rule is called none; its rules are broken, open, share, absent"]);
}

/// A redacted proof, and what was said.
#[track_caller]
fn redacted(folder: &Folder, args: &[&str]) -> (String, Said) {
    let key = folder.write("key", "a secret of the test");
    let proof = folder.path("redacted.pcapng");
    let all = ["prove", "--force", "--redact", "--redact-key", &key, "-o", &proof];
    let said = WHITHER.run(&[&all[..], args].concat());
    (proof, said)
}

/// Rows without what redaction changes: times, addresses of devices, and names that are cut.
fn facts(rows: &BTreeSet<String>) -> BTreeSet<String> {
    let time = |row: &String| {
        let parts = row.split('"').filter(|part| !part.contains("2026-06-01T"));
        parts.collect::<Vec<_>>().join("\"")
    };
    rows.iter().map(time).collect()
}

#[test]
fn a_redacted_proof_shows_the_same_and_nothing_of_whose_it_is() {
    let folder = Folder::new();
    for sample in [PHONE, "samples/phone.pcapng"] {
        let whole = shown(&[sample]);
        let all = frames(WHITHER.file(sample));
        let local = |frames: &[Read]| -> BTreeSet<std::net::IpAddr> {
            let ends = frames.iter().filter_map(|frame| frame.flow.as_ref());
            let ends = ends.flat_map(|(key, _, _)| [key.address(Side::Low), key.address(Side::High)]);
            ends.filter(|ip| whither::place::scope(*ip) == whither::place::Scope::Local).collect()
        };
        let macs: BTreeSet<[u8; 6]> = all
            .iter()
            .flat_map(|frame| [frame.bytes[..6].try_into().unwrap(), frame.bytes[6..12].try_into().unwrap()])
            .filter(|mac: &[u8; 6]| mac[0] & 1 == 0)
            .collect();
        for (app, rows) in &whole {
            let (proof, said) = redacted(&folder, &["--app", app, sample]);
            assert_eq!(said.code, Some(0), "{sample} {app}: {said:?}");
            has_all(&said.out, &["whither map shows the same of it"]);
            has_all(&said.err, &["redacted: taken out or replaced: ", "MAC address", "can no longer be checked"]);
            let again = shown(&[&proof]);
            assert_eq!(again.keys().filter(|id| *id == app).count(), 1);
            assert_eq!(facts(&again[app]), facts(rows), "{sample} {app}");
            let kept = frames(&proof);
            assert_eq!(protected(&kept), 0, "{sample} {app}");
            assert!(local(&kept).is_disjoint(&local(&all)), "{sample} {app}");
            let bytes = std::fs::read(&proof).unwrap();
            for frame in &kept {
                let ends = [&frame.bytes[..6], &frame.bytes[6..12]];
                assert!(!macs.iter().any(|mac| ends.contains(&&mac[..])), "{sample} {app}");
            }
            let text = String::from_utf8_lossy(&bytes);
            for secret in ["samples/", "redacted.pcapng", "frame 1", "--app"] {
                assert!(!text.contains(secret), "{sample} {app} {secret}");
            }
            has_all(&text, &["command: whither prove --redact", "capture 1: sha256 "]);
            // Names of other apps are in no frame.
            for (other, rows) in whole.iter().filter(|(other, _)| *other != app) {
                let names: Vec<&str> =
                    rows.iter().flat_map(|row| row.split('"')).filter(|part| part.contains('.')).collect();
                let own = format!("{:?}", whole[app]);
                let is_name = |name: &&&str| {
                    name.split('.').next_back().is_some_and(|end| end.starts_with(|one: char| one.is_ascii_lowercase()))
                };
                for name in names
                    .iter()
                    .filter(is_name)
                    .filter_map(|name| name.split('\\').next())
                    .filter(|name| name.len() > 6 && !own.contains(*name))
                {
                    assert!(!text.contains(name), "{sample} {app}: {name} of {other}");
                }
            }
            let times: BTreeSet<i64> = all.iter().map(|frame| frame.time_ns).collect();
            assert!(kept.iter().all(|frame| !times.contains(&frame.time_ns)), "{sample} {app}");
        }
    }
}

#[test]
fn redacted_proofs_keep_frames_if_asked_and_follow_the_key() {
    let folder = Folder::new();
    let read = |args: &[&str]| {
        let (proof, said) = redacted(&folder, args);
        assert_eq!(said.code, Some(0), "{said:?}");
        std::fs::read(proof).unwrap()
    };
    let one = read(&["--app", "wechat", PHONE]);
    assert_eq!(one, read(&["--app", "wechat", PHONE]));
    let framed = read(&["--app", "wechat", "--keep-frames", PHONE]);
    let has = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("frame 1");
    assert_eq!((has(&one), has(&framed)), (false, true));
    let other = folder.path("other.pcapng");
    WHITHER.good(&["prove", "-q", "--redact", "--app", "wechat", "-o", &other, PHONE]);
    assert_ne!(std::fs::read(other).unwrap(), one);
    let policy = folder.write("policy.toml", POLICY);
    let (_, said) = redacted(&folder, &["--policy", &policy, "--rule", "broken", PHONE]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let short = folder.write("short", "x");
    let none = refused(&folder, &["--app", "wechat", "--redact", "--redact-key", &short, PHONE]);
    has_all(&none.err, &["fewer than 16 bytes"]);
    has_all(&refused(&folder, &["--app", "wechat", "--keep-frames", PHONE]).err, &["--redact"]);
}

/// A run that must fail and write nothing.
#[track_caller]
fn refused(folder: &Folder, args: &[&str]) -> Said {
    let proof = folder.path("none.pcapng");
    let said = WHITHER.run(&[&["prove", "-q", "-o", &proof][..], args].concat());
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
    assert!(!Path::new(&proof).exists(), "{args:?}");
    said
}

#[test]
fn exit_codes_say_how_it_ended() {
    let folder = Folder::new();
    let absent = refused(&folder, &["--app", "signal", PHONE]);
    has_all(&absent.err, &["--app signal: no flow in the captures is of this app; ", "wechat", "tiktok"]);
    has_all(&refused(&folder, &["--app", "wechta", PHONE]).err, &["did you mean wechat"]);
    has_all(&refused(&folder, &[PHONE]).err, &["nothing is named", "--app"]);
    has_all(&refused(&folder, &["--app", "wechat", "-"]).err, &["stdin and pipes cannot"]);
    has_all(&refused(&folder, &["--rule", "x", PHONE]).err, &["--policy"]);
    has_all(&refused(&folder, &["--app", "wechat", "none.pcap"]).err, &["no such file"]);
    // A capture that ends early: what there is of it is shown.
    let bytes = std::fs::read(WHITHER.file(PHONE)).unwrap();
    let cut = folder.write("cut.pcap", &bytes[..bytes.len() - 5]);
    let proof = folder.path("proof.pcapng");
    let said = WHITHER.run(&["prove", "-q", "--app", "wechat", "-o", &proof, &cut]);
    assert_eq!(said.code, Some(1), "{said:?}");
    has_all(&said.out, &["whither map shows the same of it"]);
    assert_eq!(shown(&[&proof]).get("wechat"), shown(&[&cut]).get("wechat"));
}

#[test]
fn a_proof_replaces_no_capture_and_only_another_proof() {
    let folder = Folder::new();
    let capture = folder.write("capture.pcap", std::fs::read(WHITHER.file(PHONE)).unwrap());
    let over = |to: &str, more: &[&str]| {
        WHITHER.run(&[&["prove", "-q", "--app", "wechat", "-o", to, &capture][..], more].concat())
    };
    assert_eq!(over(&capture, &["--force"]).code, Some(2));
    let other = folder.write("other.pcapng", std::fs::read(WHITHER.file("samples/phone.pcapng")).unwrap());
    has_all(&over(&other, &[]).err, &["this file exists and is a capture", "--force"]);
    let proof = folder.path("proof.pcapng");
    assert_eq!([over(&proof, &[]).code, over(&proof, &[]).code, over(&other, &["--force"]).code], [Some(0); 3]);
    let piped = WHITHER.command(&["prove", "-q", "--app", "wechat", "-o", "-", &capture]).output().unwrap();
    assert_eq!((piped.status.code(), &piped.stdout[..4]), (Some(0), &[0x0a, 0x0d, 0x0d, 0x0a][..]));
}
