//! Encrypted hellos from end to end: with the secrets that the client logged, in the capture or beside it, their names are shown where
//! the server took them.

use fixtures::pcapng::block;
use fixtures::program::Program;
use fixtures::{Order, blocks};
use serde_json::Value;
use std::path::{Path, PathBuf};

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));
const SAMPLE: &str = "samples/tls-ech-keys.pcapng";
const SECRETS: u32 = 10;

/// Of each flow, by the client's port: the server's name, its source, its doubt, and what is said of Encrypted Client Hello.
fn flows(args: &[&str]) -> Vec<[String; 4]> {
    let text = WHITHER.good(&[&["flows"], args].concat());
    let records = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a record is JSON"));
    let mut flows: Vec<(u64, [String; 4])> = records
        .map(|record| {
            let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let all = [&record["server_name"], &record["name_source"], &record["names"][0]["doubt"], &record["ech"]];
            (record["client_port"].as_u64().expect("a port"), all.map(word))
        })
        .collect();
    flows.sort();
    flows.into_iter().map(|(_, said)| said).collect()
}

fn expected() -> Vec<[String; 4]> {
    [
        ["hidden.example.net", "tls-ech", "", "confirmed"],
        ["hidden-retry.example.net", "tls-ech", "", "confirmed"],
        ["public.example.net", "tls-sni", "", "refused"],
        ["unconfirmed.example.net", "tls-ech", "competing", "likely"],
        ["public.example.net", "tls-sni", "", "grease"],
        ["hidden-quic.example.net", "quic-ech", "", "confirmed"],
    ]
    .map(|words| words.map(str::to_owned))
    .to_vec()
}

/// The sample without its secrets, with them behind its packets, and they.
struct Parts {
    folder: tempfile::TempDir,
    log: Vec<u8>,
}

impl Parts {
    fn new() -> Self {
        let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(SAMPLE)).expect("the sample is there");
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, kept: &dyn Fn(u32) -> bool, last: &[u8]| {
            let all = blocks::all(&file);
            let kept = all.into_iter().filter(|(kind, _)| kept(*kind));
            let blocks = kept.flat_map(|(kind, body)| block(Order::Little, kind, body)).chain(last.iter().copied());
            std::fs::write(folder.path().join(name), blocks.collect::<Vec<u8>>()).expect("a writable folder");
        };
        let secrets = blocks::of(&file, SECRETS).first().expect("secrets").to_vec();
        write("without.pcapng", &|kind| kind != SECRETS, &[]);
        write("behind.pcapng", &|kind| kind != SECRETS, &block(Order::Little, SECRETS, &secrets));
        let length = u32::from_le_bytes(secrets[4..8].try_into().expect("four bytes")) as usize;
        let log = secrets[8..8 + length].to_vec();
        std::fs::write(folder.path().join("keys.log"), &log).expect("a writable folder");
        Self { folder, log }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}

#[test]
fn names_are_shown_where_the_server_took_them() {
    assert_eq!(flows(&[SAMPLE]), expected());
    let report = WHITHER.good(&["map", SAMPLE, "--json", "-"]);
    let note = "keys for the encrypted hellos of 6 connections were given: 5 hellos were opened (3 accepted by their servers, 1 refused, \
                1 without an answer that tells), and 1 could not be, because the secret does not fit";
    assert!(report.contains(note), "{report}");
}

#[test]
fn keys_beside_the_capture_do_the_same() {
    let parts = Parts::new();
    let (capture, log) = (parts.text("without.pcapng"), parts.text("keys.log"));
    assert_eq!(flows(&[&capture, "--keys", &log]), expected());
    assert_eq!(flows(&[&capture, "--keys", SAMPLE]), expected());
    let names: Vec<String> = flows(&[&capture]).into_iter().map(|[name, ..]| name).collect();
    assert_eq!(names, ["public.example.net"; 6]);
    let report = WHITHER.good(&["map", &capture, "--json", "-"]);
    assert!(!report.contains("encrypted hellos of"), "{report}");

    // What is no key log opens nothing, and wrong lines are counted.
    std::fs::write(parts.path("other.log"), [b"ECH_SECRET 12\n", &parts.log[..40]].concat())
        .expect("a writable folder");
    let report = WHITHER.good(&["map", &capture, "--json", "-", "--keys", &parts.text("other.log")]);
    assert!(report.contains("2 lines of key logs are not as RFC 9850 has them"), "{report}");
    let refusal = WHITHER.bad(&["map", &capture, "--keys", &parts.text("none.log")]);
    assert!(refusal.contains("none.log: there is no such file"), "{refusal}");
}

#[test]
fn secrets_behind_the_first_packet_are_used_if_asked_for() {
    let parts = Parts::new();
    let capture = parts.text("behind.pcapng");
    let names: Vec<String> = flows(&[&capture]).into_iter().map(|[name, ..]| name).collect();
    assert_eq!(names, ["public.example.net"; 6]);
    let report = WHITHER.good(&["map", &capture, "--json", "-"]);
    assert!(report.contains("1 blocks of decryption secrets were not used"), "{report}");
    assert_eq!(flows(&[&capture, "--keys", &capture]), expected());
}

#[test]
fn no_output_has_a_secret_and_a_proof_shows_the_same() {
    let parts = Parts::new();
    let secret = "77".repeat(32);
    assert!(String::from_utf8_lossy(&parts.log).contains(&secret));
    for args in [&["map", SAMPLE, "--json", "-"][..], &["flows", SAMPLE], &["map", SAMPLE, "--json", "-", "--redact"]] {
        assert!(!WHITHER.good(args).contains(&secret), "{args:?}");
    }
}
