//! `whither bench` from outside: what it prints, where, and how it ends.

use fixtures::pcap;
use fixtures::program::{Program, has_all};
use fixtures::transport::udp_packet;
use std::path::{Path, PathBuf};

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));

/// A capture of two frames of raw IP, with `extra` bytes after it.
fn capture(dir: &Path, extra: &[u8]) -> PathBuf {
    let packet = udp_packet(([192, 0, 2, 1], 5_000), ([198, 51, 100, 7], 6_000), b"made up");
    let mut file = pcap::file(pcap::RAW, &[(0, packet.clone()), (1_000_000, packet)]);
    file.extend(extra);
    let path = dir.join("two.pcap");
    std::fs::write(&path, file).expect("written");
    path
}

#[test]
fn table_and_json_and_picture() {
    let dir = tempfile::tempdir().expect("made");
    let path = capture(dir.path(), &[]);
    let path = path.to_str().expect("is text");

    let table = WHITHER.good(&["bench", path, "--runs", "2"]);
    has_all(&table, &["two.pcap", "2 frames", "1 flow", "median", "dissecting packets", "memory"]);

    let picture = dir.path().join("bench.svg");
    let picture = picture.to_str().expect("is text");
    let both = WHITHER.run(&["bench", path, "--runs", "1", "--threads", "1", "--json", "--svg", picture, "--quiet"]);
    let value: serde_json::Value = serde_json::from_str(&both.out).expect("is JSON");
    assert_eq!((both.code, both.err.as_str()), (Some(0), ""));
    assert_eq!((&value["frames"], &value["flows"], &value["threads"]), (&2.into(), &1.into(), &1.into()));
    assert_eq!(value["runs"].as_array().map(Vec::len), Some(1));
    assert!(std::fs::read_to_string(picture).is_ok_and(|svg| svg.starts_with("<svg") && svg.ends_with("</svg>\n")));
}

#[test]
fn cut_captures_are_measured_and_said() {
    let dir = tempfile::tempdir().expect("made");
    let path = capture(dir.path(), &[1, 2, 3]);
    let said = WHITHER.run(&["bench", path.to_str().expect("is text"), "--runs", "1"]);
    assert_eq!(said.code, Some(1));
    assert!(!said.out.is_empty() && said.err.contains("two.pcap"));
}

#[test]
fn what_cannot_be_measured_fails() {
    for (arguments, hint) in [
        (&["bench", "-"][..], "save it to a file"),
        (&["bench", "/there/is/none.pcap"][..], "/there/is/none.pcap"),
        (&["bench", "x.pcap", "--runs", "0"][..], "--runs"),
        (&["bench", "x.pcap", "--json", "--svg", "-"][..], "give --svg a file"),
    ] {
        let said = WHITHER.run(arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments:?}");
        has_all(&said.err, &[hint]);
    }
}
