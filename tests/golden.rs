//! What whither says of each sample, held against texts that were read by a person.
//!
//! `WHITHER_BLESS=1 cargo test --test golden` writes them anew; read the difference before committing it.

use fixtures::program::{Program, Said};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use whither::output::flows::OwnedRecord;

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All captures below a folder, as paths from the crate's root, sorted.
fn captures(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join(folder)).expect("the samples are there") {
        let entry = entry.expect("the samples are there");
        let name = entry.file_name().into_string().expect("names of samples are text");
        let path = format!("{folder}/{name}");
        if entry.path().is_dir() {
            found.extend(captures(&path));
        } else if name.contains(".pcap") && !name.ends_with(".csv") && !name.ends_with(".jsonl") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What a command says on both streams, and its exit code where that is not 0.
fn said(args: &[&str]) -> String {
    let said: Said = WHITHER.command(args).env("COLUMNS", "80").output().expect("whither starts").into();
    let mut text = said.out;
    for line in said.err.lines() {
        text.push_str(&format!("# stderr: {line}\n"));
    }
    match said.code {
        Some(0) => {}
        Some(code) => text.push_str(&format!("# exit: {code}\n")),
        None => panic!("{args:?}: ended by a signal"),
    }
    text
}

/// Holds a text against the committed one, or commits it. What differs comes back.
fn hold(name: &str, found: &str) -> Option<String> {
    let path = root().join("tests/golden").join(name);
    if std::env::var_os("WHITHER_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a writable folder");
        std::fs::write(&path, found).expect("a writable file");
        return None;
    }
    // A checkout may have changed the line ends of the committed text; CSV's own are not at issue here.
    let [expected, found] =
        [&std::fs::read_to_string(&path).unwrap_or_default(), found].map(|text| text.replace("\r\n", "\n"));
    if expected == found {
        return None;
    }
    let same = expected.bytes().zip(found.bytes()).take_while(|(expected, found)| expected == found).count();
    let line = expected.bytes().take(same).filter(|byte| *byte == b'\n').count() + 1;
    let around = |text: &str| {
        let bytes = text.as_bytes();
        let part = &bytes[same.saturating_sub(60).min(bytes.len())..(same + 100).min(bytes.len())];
        String::from_utf8_lossy(part).into_owned()
    };
    Some(format!("{name}, line {line}:\n  expected …{}…\n  found    …{}…", around(&expected), around(&found)))
}

fn all_equal(differences: Vec<String>) {
    assert!(differences.is_empty(), "{}\nif this is right, run with WHITHER_BLESS=1", differences.join("\n"));
}

fn golden_name(capture: &str, suffix: &str) -> String {
    format!("{}.{suffix}", capture.trim_start_matches("samples/").replace('/', "-"))
}

#[test]
fn flows_of_every_sample() {
    let captures = captures("samples");
    assert!(captures.len() > 50, "{} samples", captures.len());
    let held = |capture: &String| {
        hold(&golden_name(capture, "ndjson"), &said(&["flows", capture, "--quiet", "--threads", "2"]))
    };
    all_equal(captures.iter().filter_map(held).collect());
}

/// What a caller of the library gets of a flow is the record, with all of its fields.
#[test]
fn records_are_read_again_as_they_were_written() {
    let mut records = 0;
    for capture in captures("samples") {
        let path = root().join("tests/golden").join(golden_name(&capture, "ndjson"));
        let text = std::fs::read_to_string(path).expect("the text is there");
        for line in text.lines().filter(|line| line.starts_with('{')) {
            let record = OwnedRecord::read(line.as_bytes()).expect("a record");
            assert_eq!(serde_json::to_string(&record).expect("text"), line, "{capture}");
            records += 1;
        }
    }
    assert!(records > 300, "{records} records");
}

#[test]
fn the_phone_as_a_map() {
    let differences =
        ["samples/phone.pcap", "samples/phone.pcapng", "samples/unrouted.pcap"].into_iter().flat_map(|capture| {
            let terminal = said(&["map", capture, "--color", "never", "--from", "Taipei"]);
            let table = said(&["map", capture, "--csv", "-", "--from", "Taipei"]);
            let details = said(&["map", capture, "--color", "never", "--from", "Taipei", "--details"]);
            [
                hold(&golden_name(capture, "map.txt"), &terminal),
                hold(&golden_name(capture, "map.csv"), &table),
                hold(&golden_name(capture, "details.txt"), &details),
            ]
        });
    all_equal(differences.flatten().collect());
}

#[test]
fn no_text_without_its_sample() {
    let mut expected: BTreeSet<String> = captures("samples").iter().map(|path| golden_name(path, "ndjson")).collect();
    for capture in ["phone.pcap", "phone.pcapng", "unrouted.pcap"] {
        expected.extend(["map.txt", "map.csv", "details.txt"].map(|suffix| format!("{capture}.{suffix}")));
    }
    let files = std::fs::read_dir(root().join("tests/golden")).expect("the texts are there");
    let found: BTreeSet<String> =
        files.map(|entry| PathBuf::from(entry.expect("readable").file_name()).to_string_lossy().into_owned()).collect();
    assert_eq!(found, expected);
}

/// Compression changes nothing but the name.
#[test]
fn compressed_samples_say_the_same() {
    let plain = said(&["flows", "samples/compressed/plain.pcap", "--quiet"]);
    for suffix in ["gz", "zst", "lz4", "xz"] {
        let name = format!("samples/compressed/plain.pcap.{suffix}");
        let found = said(&["flows", &name, "--quiet"]).replace(&name, "samples/compressed/plain.pcap");
        assert_eq!(found, plain, "{suffix}");
    }
}
