//! Captures in object storage, read from a small store on the loopback interface.

#![allow(clippy::disallowed_types, clippy::unwrap_used)]

mod store;

use fixtures::program::{Program, Said};
use std::path::Path;
use store::{Fault, Store};

const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "user"), ("AWS_SECRET_ACCESS_KEY", "unsaid")];

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));

fn whither(store: &Store, folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Said {
    let mut command = WHITHER.command(arguments);
    command.current_dir(folder).env("AWS_ENDPOINT_URL", &store.address).envs(variables.iter().copied());
    command.output().unwrap().into()
}

/// The capture that comes with the program.
fn demo() -> Vec<u8> {
    std::fs::read(WHITHER.file("samples/demo.pcap.zst")).unwrap()
}

/// A capture that is not compressed and is read in more than one piece.
fn plain() -> Vec<u8> {
    let demo = zstd::stream::decode_all(&*demo()).unwrap();
    let (header, records) = demo.split_at(24);
    let mut capture = header.to_vec();
    while capture.len() < 3 << 20 {
        capture.extend_from_slice(records);
    }
    capture
}

/// What a command says that reads a capture from a store that does something wrong.
fn failure(fault: Fault, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::start(&[("plain.pcap", plain()), ("empty", Vec::new())], fault);
    let Said { code, out, err } = whither(&store, folder.path(), arguments, variables);
    assert_ne!(code, Some(0), "{fault:?} {arguments:?}: {err}");
    for text in [out, err.clone()] {
        assert!(!text.contains("unsaid") && !text.contains("X-Amz"), "{fault:?}: {text}");
    }
    err
}

#[test]
fn an_object_gives_the_report_of_the_file_and_is_asked_for_in_large_pieces() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("demo.pcap.zst", demo()), ("plain.pcap", plain())] {
        std::fs::write(folder.path().join(name), &bytes).unwrap();
        let size = bytes.len() as u64;
        let store = Store::start(&[(name, bytes)], Fault::None);
        let run = |capture: &str| {
            let said = whither(&store, folder.path(), &["map", capture, "--json", "-", "--quiet"], &KEYS);
            assert_eq!(said.code, Some(0), "{}", said.err);
            said.out
        };
        let local = run(name);
        assert!(store.requests().is_empty(), "a file is read without the store");
        let url = format!("s3://bucket/{name}");
        let remote = run(&url);
        assert_eq!(remote.replace(&url, name), local);
        assert!(!remote.contains("unsaid") && !remote.contains("X-Amz"));
        let requests = store.requests();
        // Of a compressed capture, more than 64 KiB may be needed to see what it is.
        assert!(requests.len() as u64 <= 2 + size.div_ceil(2 << 20), "{requests:?}");
        assert!(requests.iter().all(|request| request.contains("X-Amz-Signature=")), "{requests:?}");
    }
}

#[test]
fn a_public_bucket_needs_no_keys_and_nobody_is_asked_for_some() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::start(&[("a?b.pcap.zst", demo())], Fault::IsBusy);
    let said = whither(&store, folder.path(), &["map", "s3://bucket/a?b.pcap.zst"], &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let requests = store.requests();
    // The first two were too many for the store.
    assert_eq!(requests.iter().filter(|request| request.ends_with("bytes=0-65535")).count(), 3, "{requests:?}");
    assert!(requests.iter().all(|request| request.starts_with("/bucket/a%3Fb.pcap.zst ")), "{requests:?}");
}

#[test]
fn a_prefix_is_read_as_a_folder_is() {
    let folder = tempfile::tempdir().unwrap();
    let objects = [
        ("a/demo.pcap.zst", demo()),
        ("a/notes.txt", b"no capture".to_vec()),
        ("a/folder/", Vec::new()),
        ("a//hidden.pcap", plain()),
        ("other.pcap", plain()),
    ];
    let store = Store::start(&objects, Fault::None);
    let Said { out, err, .. } = whither(&store, folder.path(), &["map", "s3://bucket/a/", "--json", "-"], &KEYS);
    assert!(out.contains("s3://bucket/a/demo.pcap.zst") && !out.contains("other.pcap"), "{err}");
    assert!(err.contains("skipped 1 file that is not a capture: s3://bucket/a/notes.txt"), "{err}");
    assert!(err.contains("s3://bucket/a//hidden.pcap: this key has parts that are empty"), "{err}");
}

#[test]
fn ranges_of_an_object_merge_to_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::start(&[("plain.pcap", plain())], Fault::None);
    let url = "s3://bucket/plain.pcap";
    let run = |arguments: &[&str]| {
        let said = whither(&store, folder.path(), arguments, &KEYS);
        assert_eq!(said.code, Some(0), "{}", said.err);
        said.out
    };
    run(&["partials", url, "--output", "parts.parquet", "--range-bytes", "1M", "--quiet"]);
    let rows = std::fs::read(folder.path().join("parts.parquet")).unwrap();
    assert!(!String::from_utf8_lossy(&rows).contains("unsaid"));
    let asked = store.requests().len();
    let merged = run(&["merge", "parts.parquet", "--json", "-", "--quiet"]);
    assert_eq!(store.requests().len(), asked, "rows are merged without the store");
    assert_eq!(merged, run(&["map", url, "--json", "-", "--quiet"]));
}

#[test]
fn an_object_that_changes_is_refused() {
    let map = ["map", "s3://bucket/plain.pcap"];
    for fault in [Fault::Replaces, Fault::ReplacesSilently, Fault::Grows] {
        let said = failure(fault, &map, &KEYS);
        assert!(
            said.contains("s3://bucket/plain.pcap") && said.contains("it has changed since it was opened"),
            "{said}"
        );
    }
    let said = failure(Fault::Grows, &["partials", map[1], "--output", "rows.parquet"], &KEYS);
    assert!(said.contains("s3://bucket/plain.pcap: it has changed since the plan was made"), "{said}");
}

#[test]
fn what_a_store_does_wrong_is_said_with_the_url_and_without_its_words() {
    let map = ["map", "s3://bucket/plain.pcap"];
    let rows = [
        (Fault::Denies, "the store does not let this user read it; check AWS_ACCESS_KEY_ID"),
        (Fault::BreaksOff, "the connection to the store failed: unexpected end of file"),
        (Fault::SendsMore, "the store sent more or fewer bytes"),
        (Fault::SendsOthers, "the store sent other bytes"),
        (Fault::SendsAll, "the store does not answer requests for a part of an object; copy it to a file"),
        (Fault::IsElsewhere("eu-west-1"), "its bucket is in another region; set AWS_REGION=eu-west-1"),
        (Fault::IsElsewhere("a b"), "the store sends to another address; check AWS_REGION"),
    ];
    for (fault, what) in rows {
        let said = failure(fault, &map, &KEYS);
        assert!(said.contains("s3://bucket/plain.pcap") && said.contains(what), "{fault:?}: {said}");
    }
    let said = failure(Fault::Denies, &map, &[]);
    assert!(said.contains("the store does not let everybody read it; set AWS_ACCESS_KEY_ID"), "{said}");
    let said = failure(Fault::None, &["map", "s3://bucket/none"], &KEYS);
    assert!(said.contains("s3://bucket/none: there is no such object; check the bucket"), "{said}");
    let said = failure(Fault::None, &["map", "s3://bucket/empty"], &KEYS);
    assert!(said.contains("s3://bucket/empty: the file is empty"), "{said}");
    let said = failure(Fault::None, &map, &[("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]);
    assert!(said.contains("the connection to the store failed: connection refused; check the connection"), "{said}");
}

#[test]
fn a_list_comes_to_an_end_and_names_nothing_else() {
    let map = ["map", "s3://bucket/a/"];
    let said = failure(Fault::ListsForEver, &map, &KEYS);
    assert!(said.contains("s3://bucket/a/: the store's list does not end after 1000 pages"), "{said}");
    let said = failure(Fault::ListsOthers, &map, &KEYS);
    assert!(said.contains("s3://bucket/a/: the store lists keys that are not below this prefix"), "{said}");
    let said = failure(Fault::Denies, &map, &KEYS);
    assert!(said.contains("s3://bucket/a/: the store does not let this user read it"), "{said}");
    let said = failure(Fault::None, &["map", "s3://bucket/b/"], &KEYS);
    assert!(said.contains("s3://bucket/b/: this folder holds no captures"), "{said}");
}
