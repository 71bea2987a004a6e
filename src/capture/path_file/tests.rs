use super::given::{GivenHop, GivenPath};
use super::read::{self, GivenPaths};
use super::refused::Refused;
use proptest::prelude::*;
use std::net::IpAddr;
use std::path::PathBuf;

fn read(bytes: &[u8]) -> Result<Vec<GivenPath>, Refused> {
    read::read(bytes).map(|found| found.paths)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn one(text: &str) -> GivenPath {
    let mut paths = read(text.as_bytes()).unwrap();
    assert_eq!(paths.len(), 1, "{text}");
    paths.pop().unwrap()
}

/// Distance, address or name, milliseconds, answers.
fn hops(path: &GivenPath) -> Vec<(u8, String, Option<f64>, u64)> {
    let shown = |hop: &GivenHop| {
        let who = hop.address.map(|address| address.to_string()).or(hop.name.clone()).unwrap_or_default();
        (hop.distance, who, hop.rtt_ns.map(|ns| ns as f64 / 1e6), hop.answers)
    };
    path.hops.iter().map(shown).collect()
}

fn hop(distance: u8, who: &str, ms: f64, answers: u64) -> (u8, String, Option<f64>, u64) {
    (distance, who.to_owned(), Some(ms), answers)
}

const LINUX: &str = "\
$ traceroute example.com
traceroute to example.com (203.205.147.171), 30 hops max, 60 byte packets
 1  _gateway (192.168.1.1)  0.512 ms  0.480 ms  0.455 ms
 2  * * *
 3  core.example (62.115.1.1)  12.1 ms edge.example (62.115.1.9)  11.9 ms core.example (62.115.1.1) [AS1299]  12.4 ms !X
 4  203.205.147.171 (203.205.147.171)  48.1 ms * 48.0 ms
";

const BSD: &str = "\
traceroute to example.com (203.205.147.171), 64 hops max, 40 byte packets
 1  192.168.1.1  0.512 ms  0.480 ms  0.455 ms
 2  62.115.1.1  12.1 ms
    62.115.1.9  11.9 ms *
 3  * * *
";

const WINDOWS: &str = "\
\r
Tracing route to example.com [203.205.147.171]\r
over a maximum of 30 hops:\r
\r
  1    <1 ms    <1 ms    <1 ms  192.168.1.1 \r
  2     *        *        *     Request timed out.\r
  3    12 ms    11 ms     *     core.example [62.115.1.1] \r
  4    49 ms    48 ms    50 ms  203.205.147.171 \r
\r
Trace complete.\r
";

const MTR: &str = r#"{
 "report": {
  "mtr": {"src": "phone", "dst": "203.205.147.171", "tos": 0, "psize": "64", "bitpattern": "0x00", "tests": 10},
  "hubs": [
   {"count": 1, "host": "192.168.1.1", "ASN": "AS???", "Loss%": 0.0, "Snt": 10, "Last": 0.5, "Avg": 0.6, "Best": 0.4, "Wrst": 0.9, "StDev": 0.1},
   {"count": 2, "host": "???", "Loss%": 100.0, "Snt": 10, "Last": 0.0, "Avg": 0.0, "Best": 0.0, "Wrst": 0.0, "StDev": 0.0},
   {"count": "3", "host": "core.example (62.115.1.1)", "Loss%": 50.0, "Snt": 10, "Best": 11.9, "Avg": 12.0},
   {"count": 4, "host": "edge.example", "Loss%": 0.0, "Snt": 10, "Best": 20.0, "Avg": 21.0},
   {"count": 5, "host": "203.205.147.171", "Loss%": 0.0, "Snt": 10, "Best": 48.0, "Avg": 48.5}
  ]
 }
}"#;

const SCAMPER: &str = r#"{"type":"cycle-start", "list_name":"default", "id":1}
{"type":"trace", "version":"0.1", "method":"icmp-paris", "src":"192.168.1.2", "dst":"203.205.147.171", "stop_reason":"COMPLETED", "hop_count":4, "hops":[{"addr":"192.168.1.1", "probe_ttl":1, "probe_id":1, "rtt":0.455, "icmp_type":11},{"addr":"62.115.1.1", "probe_ttl":3, "probe_id":1, "rtt":11.9, "icmp_type":11},{"addr":"203.205.147.171", "probe_ttl":4, "probe_id":1, "rtt":48.0, "icmp_type":0}]}
{"type":"ping", "dst":"192.0.2.1", "hops":"none"}
"#;

#[test]
fn traceroute_of_linux_is_read() {
    let path = one(LINUX);
    assert_eq!((path.tool, path.line, path.target), ("traceroute", 2, Some(ip("203.205.147.171"))));
    assert_eq!((path.target_name.as_deref(), path.reached, path.last), (Some("example.com"), Some(4), 4));
    let expected = vec![hop(1, "192.168.1.1", 0.455, 3), hop(3, "62.115.1.1", 12.1, 2), hop(3, "62.115.1.9", 11.9, 1)];
    assert_eq!(hops(&path), expected);
}

#[test]
fn traceroute_of_bsd_goes_on_in_further_lines() {
    let path = one(BSD);
    assert_eq!((path.reached, path.last), (None, 3));
    let expected = vec![hop(1, "192.168.1.1", 0.455, 3), hop(2, "62.115.1.1", 12.1, 1), hop(2, "62.115.1.9", 11.9, 1)];
    assert_eq!(hops(&path), expected);
    let six = one("traceroute6 to example.com (2a03::1) from 2001:db8::2, 64 hops max\n 1  fe80::1%en0  1.5 ms\n");
    assert_eq!((six.target, hops(&six)), (Some(ip("2a03::1")), vec![hop(1, "fe80::1", 1.5, 1)]));
}

#[test]
fn tracert_is_read_in_any_language_and_encoding() {
    let path = one(WINDOWS);
    assert_eq!((path.tool, path.line, path.target), ("tracert", 2, Some(ip("203.205.147.171"))));
    assert_eq!((path.target_name.as_deref(), path.reached, path.last), (Some("example.com"), Some(4), 4));
    assert_eq!(hops(&path), vec![hop(1, "192.168.1.1", 1.0, 3), hop(3, "62.115.1.1", 11.0, 2)]);
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(WINDOWS.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(read(&utf16).unwrap(), std::slice::from_ref(&path));
    // Code page 850, as a German console writes it.
    let german = WINDOWS.replace("Tracing route to", "Routenverfolgung zu").replace("Request timed out.", "Zeit");
    let german: Vec<u8> = german
        .replace("Zeit", "Zeit?berschreitung")
        .into_bytes()
        .iter()
        .map(|b| if *b == b'?' { 0x9a } else { *b })
        .collect();
    assert_eq!(read(&german).unwrap(), [path]);
}

#[test]
fn mtr_is_read_with_gaps_and_names() {
    let path = one(MTR);
    assert_eq!((path.tool, path.target, path.reached, path.last), ("mtr", Some(ip("203.205.147.171")), Some(5), 5));
    let expected =
        vec![hop(1, "192.168.1.1", 0.4, 10), hop(3, "62.115.1.1", 11.9, 5), hop(4, "edge.example", 20.0, 10)];
    assert_eq!(hops(&path), expected);
    // The last hub is what the name was resolved to.
    let named = one(&MTR.replace(r#""dst": "203.205.147.171""#, r#""dst": "example.com""#));
    assert_eq!((named.target, named.target_name.as_deref()), (path.target, Some("example.com")));
    let lines: Vec<u64> = read(format!("{MTR}\n{MTR}").as_bytes()).unwrap().iter().map(|path| path.line).collect();
    assert_eq!(lines.len(), 2);
}

#[test]
fn scamper_is_read_and_other_kinds_are_passed_over() {
    let path = one(SCAMPER);
    assert_eq!((path.tool, path.line, path.reached, path.last), ("scamper", 2, Some(4), 4));
    assert_eq!(hops(&path), vec![hop(1, "192.168.1.1", 0.455, 1), hop(3, "62.115.1.1", 11.9, 1)]);
}

#[test]
fn what_is_no_path_is_refused_with_its_line_and_what_to_do() {
    let refused = |text: &str| {
        let refused = read(text.as_bytes()).unwrap_err();
        (refused.line, refused.what, refused.hint.to_owned())
    };
    assert_eq!(refused("").1, "no path is in it");
    assert_eq!(refused("hello\nworld\n").1, "no path is in it");
    let (line, what, hint) = refused(" 1  192.168.1.1  0.5 ms\n");
    assert!(line == 1 && what.contains("where the path leads") && hint.contains("2>&1"), "{what}");
    assert_eq!(refused("traceroute to x (192.0.2.1), 30\n 999  a (192.0.2.9)  1 ms\n").0, 2);
    assert_eq!(refused("traceroute to example.com, 30 hops\n").0, 1);
    assert_eq!(refused("{\n\"report\": [\n}").0, 3);
    assert_eq!(refused("{\"x\": 1}").0, 1);
    assert_eq!(refused(&SCAMPER.replace("192.168.1.1", "router")).0, 2);
    assert!(refused(&MTR.replace("\"count\": 1", "\"count\": 900")).1.contains("distance"));
}

#[test]
fn no_file_makes_more_paths_than_are_kept() {
    let many = LINUX.repeat(1_100);
    let found = read::read(many.as_bytes()).unwrap();
    assert_eq!((found.paths.len(), found.left_out), (1_024, 76));
    let long: String = (0..900).map(|at| format!(" 2  10.0.{}.{}  1 ms\n", at / 250, at % 250)).collect();
    let path = one(&format!("traceroute to x (192.0.2.1), 30\n{long}"));
    assert_eq!((path.hops.len(), path.hops_left_out), (512, 388));
}

#[test]
fn files_come_in_order_and_errors_name_them() {
    let folder = std::env::temp_dir().join(format!("whither-paths-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let files: Vec<PathBuf> = ["b.txt", "a.json"].map(|name| folder.join(name)).into();
    std::fs::write(&files[0], LINUX).unwrap();
    std::fs::write(&files[1], MTR).unwrap();
    let given = GivenPaths::open(&files).unwrap();
    let tools: Vec<&str> = given.paths.iter().map(|path| path.tool).collect();
    assert_eq!(tools, ["mtr", "traceroute"]);
    assert!(given.paths[1].file.ends_with("b.txt"));
    std::fs::write(&files[1], "{").unwrap();
    let said = GivenPaths::open(&files).unwrap_err().to_string();
    assert!(said.contains("a.json: line 1") && said.contains("mtr -n -j"), "{said}");
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(GivenPaths::open(&files).unwrap_err().to_string().contains("there is no such file"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Cut anywhere and changed anywhere: a path or a refusal.
    #[test]
    fn changed_bytes_never_panic(
        which in 0..5_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = [LINUX, BSD, WINDOWS, MTR, SCAMPER][which].as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        if let Ok(paths) = read(&bytes) {
            prop_assert!(paths.iter().all(|path| path.hops.is_sorted_by_key(|hop| hop.distance) && path.hops.len() <= 512));
        }
    }
}
