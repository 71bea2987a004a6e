//! `whither bench` from outside: what it prints, where, and how it ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn whither(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_whither")).args(arguments).output().expect("the program runs")
}

/// A capture of two frames of raw IP, with `extra` bytes after it.
fn capture(dir: &Path, extra: &[u8]) -> PathBuf {
    let mut file: Vec<u8> =
        [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101].iter().flat_map(|value| value.to_le_bytes()).collect();
    for second in [0, 1] {
        let mut packet = Vec::new();
        let step = etherparse::PacketBuilder::ipv4([192, 0, 2, 1], [198, 51, 100, 7], 64).udp(5_000, 6_000);
        step.write(&mut packet, b"made up").expect("fits");
        let length = packet.len() as u32;
        file.extend([second, 0, length, length].iter().flat_map(|value: &u32| value.to_le_bytes()));
        file.extend(packet);
    }
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

    let table = whither(&["bench", path, "--runs", "2"]);
    let text = String::from_utf8(table.stdout).expect("is text");
    assert_eq!((table.status.code(), table.stderr.len()), (Some(0), 0), "{text}");
    for piece in ["two.pcap", "2 frames", "1 flow", "median", "dissecting packets", "memory"] {
        assert!(text.contains(piece), "{piece:?} is not in\n{text}");
    }

    let picture = dir.path().join("bench.svg");
    let picture = picture.to_str().expect("is text");
    let both = whither(&["bench", path, "--runs", "1", "--threads", "1", "--json", "--svg", picture, "--quiet"]);
    let value: serde_json::Value = serde_json::from_slice(&both.stdout).expect("is JSON");
    assert_eq!((both.status.code(), both.stderr.len()), (Some(0), 0));
    assert_eq!((&value["frames"], &value["flows"], &value["threads"]), (&2.into(), &1.into(), &1.into()));
    assert_eq!(value["runs"].as_array().map(Vec::len), Some(1));
    assert!(std::fs::read_to_string(picture).is_ok_and(|svg| svg.starts_with("<svg") && svg.ends_with("</svg>\n")));
}

#[test]
fn cut_captures_are_measured_and_said() {
    let dir = tempfile::tempdir().expect("made");
    let path = capture(dir.path(), &[1, 2, 3]);
    let output = whither(&["bench", path.to_str().expect("is text"), "--runs", "1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!output.stdout.is_empty() && String::from_utf8_lossy(&output.stderr).contains("two.pcap"));
}

#[test]
fn what_cannot_be_measured_fails() {
    for (arguments, hint) in [
        (&["bench", "-"][..], "save it to a file"),
        (&["bench", "/there/is/none.pcap"][..], "/there/is/none.pcap"),
        (&["bench", "x.pcap", "--runs", "0"][..], "--runs"),
        (&["bench", "x.pcap", "--json", "--svg", "-"][..], "give --svg a file"),
    ] {
        let output = whither(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        assert!(said.contains(hint), "{arguments:?} says {said:?}");
    }
}
