//! Owner metadata from end to end: each format's sample tells the same scene, in which two apps talk in five flows, so each flow
//! must come out with the owner that the format names and with that owner's app.

use fixtures::program::Program;
use serde_json::{Value, json};
use std::io::Write;

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));

/// Flow records of a sample, by the client's port.
fn flows(args: &[&str]) -> Vec<(u64, Value)> {
    let text = WHITHER.good(&[&["flows"], args].concat());
    let records = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a record is JSON"));
    let mut flows: Vec<(u64, Value)> =
        records.map(|record| (record["client_port"].as_u64().expect("a port"), record)).collect();
    flows.sort_by_key(|(port, _)| *port);
    flows
}

fn bytes(record: &Value) -> u64 {
    record["bytes_up"].as_u64().unwrap_or(0) + record["bytes_down"].as_u64().unwrap_or(0)
}

/// The scene: the client's port of each flow and its app.
const SCENE: [(u64, &str); 5] =
    [(40_001, "whatsapp"), (40_002, "whatsapp"), (40_003, "wechat"), (40_004, "wechat"), (40_005, "whatsapp")];

/// What is the same for both apps is in the format; `{}` stands for what is not.
struct Told {
    format: &'static str,
    name: bool,
    package: bool,
    path: bool,
    pid: bool,
    uid: Option<[u64; 2]>,
}

const ANDROID_UIDS: Option<[u64; 2]> = Some([10_123, 10_200]);
const UNIX_UIDS: Option<[u64; 2]> = Some([1_000, 1_000]);

fn owner(told: &Told, app: &str, port: u64, capture: &str) -> Value {
    let at = usize::from(app == "wechat");
    let name = ["WhatsApp", "WeChat"][at];
    let mut owner = json!({ "format": told.format });
    if told.name {
        // ptcpdump knows the command only.
        owner["name"] = if told.format == "ptcpdump" { name.to_lowercase().into() } else { name.into() };
    }
    if told.package {
        owner["package"] = ["com.whatsapp", "com.tencent.mm"][at].into();
    }
    if told.path {
        owner["path"] = ["/opt/whatsapp/whatsapp", "/opt/wechat/wechat"][at].into();
    }
    if told.pid {
        // Wireshark's sample has one process id for two apps, one after the other.
        let is_shared = capture.starts_with("wireshark") && port == 40_005;
        owner["pid"] = if is_shared { 4_242 } else { [5_120, 6_400][at] }.into();
    }
    if let Some(uids) = told.uid {
        owner["uid"] = uids[at].into();
    }
    owner
}

fn check(capture: &str, side_file: Option<&str>, told: &Told) {
    let path = format!("samples/owner/{capture}");
    let side_path = side_file.map(|name| format!("samples/owner/{name}"));
    let mut args = vec![path.as_str()];
    if let Some(side_path) = &side_path {
        args.extend(["--owners", side_path]);
    }
    let flows = flows(&args);
    let shown: Vec<(u64, &str)> =
        flows.iter().map(|(port, record)| (*port, record["app"].as_str().unwrap_or(""))).collect();
    assert_eq!(shown, SCENE, "{args:?}");
    for ((port, record), (_, app)) in flows.iter().zip(SCENE) {
        assert_eq!(record["owner"], owner(told, app, *port, capture), "{args:?} {port}");
        assert_eq!(record["app_evidence"], "owner", "{args:?} {port}");
    }
    let (by_owner, all) = flows.iter().fold((0, 0), |(by_owner, all), (_, record)| {
        (by_owner + if record["app_evidence"] == "owner" { bytes(record) } else { 0 }, all + bytes(record))
    });
    assert!(by_owner * 1_000 >= all * 999, "{args:?}: {by_owner} of {all}");
}

#[test]
fn every_format_names_owner_and_app() {
    let named = |format| Told { format, name: true, package: false, path: false, pid: true, uid: None };
    for (capture, told) in [
        ("pcapdroid-trailer.pcap", Told { pid: false, uid: ANDROID_UIDS, ..named("pcapdroid") }),
        ("pcapdroid-uidmap.pcapng", Told { pid: false, package: true, uid: ANDROID_UIDS, ..named("pcapdroid") }),
        ("pktap-v1.pcap", named("pktap")),
        ("pktap-v2.pcap", named("pktap")),
        ("darwin-process.pcapng", named("darwin-pcapng")),
        ("pymobiledevice.pcapng", named("pymobiledevice")),
        ("ptcpdump.pcapng", Told { path: true, uid: UNIX_UIDS, ..named("ptcpdump") }),
        ("rustnet.pcapng", Told { uid: UNIX_UIDS, ..named("rustnet") }),
        ("tcpdump-comments.pcapng", named("apple-comment")),
        ("wireshark-process.pcapng", Told { path: true, uid: UNIX_UIDS, ..named("wireshark-process") }),
    ] {
        check(capture, None, &told);
    }
}

#[test]
fn every_side_file_names_owner_and_app() {
    let side = || Told { format: "side-file", name: true, package: true, path: false, pid: false, uid: ANDROID_UIDS };
    check("plain.pcap", Some("plain.pcapdroid.csv"), &side());
    check("plain.pcap", Some("plain.owners.csv"), &Told { pid: true, ..side() });
    let rustnet = Told { package: false, path: true, pid: true, uid: UNIX_UIDS, ..side() };
    check("plain.pcap", Some("plain.pcap.connections.jsonl"), &rustnet);
}

/// A process of which only the number is known owns its flows too; a name tells more, so it is shown first.
#[test]
fn bare_process_ids_own_what_nothing_else_names() {
    for (capture, format) in [("etl2pcapng.pcapng", "etl2pcapng"), ("process-option.pcapng", "process-option")] {
        let flows = flows(&[&format!("samples/owner/{capture}")]);
        for ((port, record), (expected, app)) in flows.iter().zip(SCENE) {
            let pid = if app == "wechat" { 6_400 } else { 5_120 };
            assert_eq!((*port, &record["owner"]), (expected, &json!({ "format": format, "pid": pid })), "{capture}");
            let (shown, others) = (&record["app"], &record["app_others"]);
            if *port == 40_005 {
                assert_eq!((shown, others), (&json!(format!("pid {pid}")), &json!([])), "{capture}");
            } else {
                assert_eq!((shown, &others[0]["app"]), (&json!(app), &json!(format!("pid {pid}"))), "{capture} {port}");
            }
        }
    }
}

/// Where the capture gives a process id only, the name comes from beside it; the id stays a competing claim.
#[test]
fn side_files_name_bare_process_ids() {
    let mut table = tempfile::NamedTempFile::new().expect("a temporary file");
    write!(table, "remote_ip,process\n2a03:2880:f2ff:c0:face:b00c:0:167,WhatsApp\n").expect("written");
    let path = table.path().to_str().expect("text");
    let flows = flows(&["samples/owner/etl2pcapng.pcapng", "--owners", path]);
    let (_, record) = flows.iter().find(|(port, _)| *port == 40_005).expect("the flow over IPv6");
    assert_eq!(record["owner"], json!({ "format": "side-file", "name": "WhatsApp" }));
    assert_eq!((&record["app"], &record["app_evidence"]), (&json!("whatsapp"), &json!("owner")));
}

/// pktmon logs a packet once per component, under one packet id; macOS keeps packets that it never sent.
#[test]
fn repeats_and_drops_count_once_or_not_at_all() {
    let counts = |capture: &str| -> Vec<(u64, Value, Value)> {
        let flows = flows(&[&format!("samples/owner/{capture}")]);
        flows
            .into_iter()
            .map(|(port, mut flow)| (port, flow["packets_up"].take(), flow["packets_down"].take()))
            .collect()
    };
    let expected = counts("rustnet.pcapng");
    assert_eq!(counts("etl2pcapng.pcapng"), expected);
    assert_eq!(counts("pktap-v1.pcap"), expected);
    let report = WHITHER.run(&["map", "samples/owner/etl2pcapng.pcapng", "--json", "-"]);
    let report: Value = serde_json::from_str(&report.out).expect("a report is JSON");
    // Each packet of the second app is there twice.
    let of_second = expected.iter().filter(|(port, ..)| matches!(port, 40_003 | 40_004));
    let repeated: u64 = of_second.map(|(_, up, down)| up.as_u64().unwrap_or(0) + down.as_u64().unwrap_or(0)).sum();
    let note = format!(
        "{repeated} frames repeat a packet (same packet id, or sent again over Wi-Fi); each packet is counted once"
    );
    assert!(report["notes"].as_array().is_some_and(|notes| notes.contains(&json!(note))), "{}", report["notes"]);
    assert_eq!(report["not_ip"][0]["frames"], repeated);
}
