//! Paths from outside: in captures and in files; what they count for, and that no share knows of them.

use fixtures::program::{Program, has_all};
use serde_json::Value;

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));
const ROUTED: &str = "samples/routed.pcap";
const TAIPEI: &str = "samples/claim-taipei.pcap";

fn report(args: &[&str]) -> Value {
    serde_json::from_str(&WHITHER.good(&[&["map", "--json", "-"][..], args].concat())).expect("JSON")
}

/// Distance, address and standing of each hop; `gap` where nobody answered.
fn hops(path: &Value) -> Vec<(u64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("gap").to_owned();
    let hops = path["hops"].as_array().expect("hops");
    hops.iter()
        .map(|hop| (hop["distance"].as_u64().unwrap_or(0), text(&hop["address"]), text(&hop["standing"])))
        .collect()
}

fn countries(of: &Value) -> Vec<(&str, &str)> {
    let all = of.as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().map(|one| (one["country"].as_str().unwrap_or(""), one["standing"].as_str().unwrap_or(""))).collect()
}

/// The row of an app that has this address.
fn row<'r>(report: &'r Value, address: &str) -> &'r Value {
    let rows = report["apps"][0]["destinations"].as_array().expect("rows");
    let has = |row: &&Value| row["addresses"].as_array().is_some_and(|all| all.iter().any(|one| one == address));
    rows.iter().find(has).expect("a row")
}

fn hop(distance: u64, address: &str, standing: &str) -> (u64, String, String) {
    (distance, address.to_owned(), standing.to_owned())
}

#[test]
fn a_traceroute_in_a_capture_is_a_path_and_no_endpoint() {
    let report = report(&[ROUTED]);
    let path = &report["paths"][0];
    assert_eq!(
        (&path["target"], &path["tool"], &path["is_met"]),
        (&"203.205.239.154".into(), &"capture".into(), &true.into())
    );
    let expected = vec![
        hop(1, "192.168.1.1", "local"),
        hop(2, "168.95.98.254", "reported"),
        hop(3, "gap", "gap"),
        hop(4, "202.97.12.1", "reported"),
        hop(5, "220.128.1.1", "unrouted"),
    ];
    assert_eq!(hops(path), expected);
    assert_eq!(path["hops"][1]["rtt_ms"], 7.9);
    let seen = vec![("CN", "reported"), ("TW", "reported")];
    assert_eq!(countries(&path["countries"]), seen);
    assert_eq!(countries(&report["apps"][0]["on_path"]), seen);
    assert_eq!(countries(&row(&report, "203.205.239.154")["on_path"]), seen);
    assert!(row(&report, "43.159.234.172").get("on_path").is_none(), "the path leads elsewhere");
    let text = WHITHER.good(&["map", ROUTED, "--details"]);
    has_all(&text, &["routed, on path 1: China reported", "Taiwan reported", "no answer", "unrouted", "China Telecom"]);
    assert!(!WHITHER.good(&["map", ROUTED]).contains("routed, on path"), "only in detail");
}

#[test]
fn a_path_from_a_file_counts_for_its_target_and_changes_no_share() {
    let mut without = report(&[TAIPEI]);
    for (file, address, seen) in [
        ("traceroute.txt", "203.205.239.154", vec![("CN", "reported"), ("GB", "reported"), ("TW", "reported")]),
        ("tracert.txt", "43.159.234.172", vec![("TW", "reported")]),
        ("mtr.json", "43.159.234.172", vec![("US", "reported")]),
        ("scamper.json", "203.205.239.154", vec![("CN", "reported")]),
    ] {
        let mut with = report(&[TAIPEI, "--path", &format!("tests/data/paths/{file}")]);
        assert_eq!(countries(&row(&with, address)["on_path"]), seen, "{file}");
        assert!(with["paths"][0]["gaps"].as_u64() > Some(0), "{file}");
        assert_eq!((&with["paths"][0]["is_met"], &with["paths"][0]["reached"].is_u64()), (&true.into(), &true));
        [&mut without, &mut with].into_iter().for_each(without_paths);
        assert_eq!(with, without, "{file}");
    }
}

#[test]
fn a_check_and_tables_show_the_countries_of_paths_and_no_verdict_knows_of_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let policy = folder.path().join("policy.toml");
    std::fs::write(&policy, "[[rule]]\nname = 'x'\napps = ['wechat']\ndeny.country = ['HK', 'SG']\n")
        .expect("a policy");
    let policy = policy.to_str().expect("a name");
    let path = ["--path", "tests/data/paths/traceroute.txt"];
    let check = |more: &[&str]| -> Value {
        let said = WHITHER.run(&[&["check", "-q", "--json", "-", policy, TAIPEI][..], more].concat());
        serde_json::from_str(&said.out).expect("JSON")
    };
    let (without, with) = (check(&[]), check(&path));
    let seen = |checked: &Value| -> Vec<String> {
        let rows = checked["rules"][0]["rows"].as_array().expect("rows").iter();
        rows.flat_map(|row| countries(&row["routed"])).map(|(country, _)| country.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((seen(&without), seen(&with)), (vec![], vec!["CN".to_owned(), "GB".to_owned(), "TW".to_owned()]));
    for field in ["verdict", "certain_bytes", "possible_bytes", "unplaced_bytes", "share"] {
        assert_eq!(without["rules"][0][field], with["rules"][0][field], "{field}");
    }
    let text = WHITHER.run(&["check", "-q", policy, TAIPEI, path[0], path[1]]).out;
    has_all(&text, &["routed, in no verdict: China reported"]);
    let csv = WHITHER.good(&["map", "-q", "--csv", "-", TAIPEI, path[0], path[1]]);
    has_all(&csv, &["name_does_not_fit,routed\r\n", "\"CN reported; GB reported; TW reported\"\r\n"]);
    let json: Value =
        serde_json::from_str(&WHITHER.good(&["map", "-q", "--geojson", "-", TAIPEI, path[0], path[1]])).expect("JSON");
    let rows = json["features"].as_array().expect("features").iter();
    assert!(rows.map(|row| countries(&row["properties"]["routed"])).any(|seen| seen.len() == 3));
}

/// Takes out what paths add, and the command.
fn without_paths(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for field in ["paths", "on_path", "command"] {
                fields.remove(field);
            }
            fields.values_mut().for_each(without_paths);
        }
        Value::Array(values) => values.iter_mut().for_each(without_paths),
        _ => {}
    }
}

#[test]
fn a_path_to_elsewhere_is_shown_and_counts_for_nothing() {
    let report = report(&["samples/unrouted.pcap", "--path", "tests/data/paths/mtr.json"]);
    assert_eq!(report["paths"][0]["is_met"], false);
    let apps = report["apps"].as_array().expect("apps");
    assert!(apps.iter().all(|app| app.get("on_path").is_none()));
    let text = WHITHER.good(&["map", "samples/unrouted.pcap", "--details", "--path", "tests/data/paths/mtr.json"]);
    has_all(&text, &["no endpoint of the captures"]);
}

#[test]
fn files_that_hold_no_path_are_refused_and_order_says_nothing() {
    let [a, b] = ["tests/data/paths/mtr.json", "tests/data/paths/traceroute.txt"];
    let paths = |files: [&str; 2]| report(&[TAIPEI, "--path", files[0], "--path", files[1]])["paths"].clone();
    assert_eq!(paths([a, b]), paths([b, a]));
    let said = WHITHER.run(&["map", TAIPEI, "--path", "samples/README.md"]);
    assert_eq!(said.code, Some(2));
    has_all(&said.err, &["samples/README.md", "traceroute"]);
    let said = WHITHER.run(&["map", TAIPEI, "--path", "nowhere.txt"]);
    assert_eq!(said.code, Some(2));
    has_all(&said.err, &["there is no such file"]);
    has_all(&WHITHER.good(&["check", "--help"]), &["--path"]);
}
