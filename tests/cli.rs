//! The command line from outside: stdout, stderr and exit code of each command, and of each way to go wrong.

use fixtures::program::{Program, Said, has_all};
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

const PHONE: &str = "samples/phone.pcap";
/// Two apps, five conversations.
const SMALL: &str = "samples/owner/pktap-v1.pcap";
const QUIC: &str = "samples/quic.pcap";
const TLS: &str = "samples/tls-split.pcap";

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));

fn with_stdin(args: &[&str], path: &str) -> Said {
    WHITHER.fed(args, std::fs::read(WHITHER.file(path)).expect("the sample is there"))
}

#[test]
fn help_has_examples_and_says_what_codes_mean() {
    has_all(
        &WHITHER.good(&["--help"]),
        &["Usage: whither", "Example", "Exit status: 0 done", "map", "flows", "lookup", "apps"],
    );
    for command in ["map", "check", "diff", "flows", "lookup", "apps", "capture", "completions", "man"] {
        has_all(&WHITHER.good(&[command, "--help"]), &["Usage: whither", "Example", &format!("whither {command}")]);
        assert_eq!(WHITHER.good(&["help", command]), WHITHER.good(&[command, "--help"]));
    }
    // Without a command, the next steps go to stderr: they were not asked for.
    let said = WHITHER.run(&[]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    has_all(&said.err, &["whither map CAPTURE", "whither help", "docs/capture.md"]);
}

#[test]
fn version_is_the_package_s() {
    assert_eq!(WHITHER.good(&["--version"]).trim_end(), concat!("whither ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn map_shows_apps_and_where_they_sent() {
    let text = WHITHER.good(&["map", PHONE]);
    has_all(&text, &["WeChat", "TikTok", "WhatsApp", "LINE", "Instagram", "Huawei", "Ireland", "ENDPOINTS IN"]);
    assert!(text.lines().count() <= 24, "the answer fits a screen:\n{text}");
    let all = WHITHER.good(&["map", PHONE, "--details"]);
    has_all(&all, &["Facebook", "Messenger", "Sum", "reported"]);
    assert!(!text.contains('\u{1b}'), "no colours where nobody asked and no terminal is");
}

#[test]
fn map_writes_files_and_says_so_unless_quiet() {
    let folder = tempfile::tempdir().expect("a folder");
    for (format, start) in [("json", "{"), ("csv", ""), ("geojson", "{"), ("svg", "<"), ("html", "<")] {
        let path = folder.path().join(format);
        let path_text = path.to_str().expect("text");
        let option = format!("--{format}");
        let said = WHITHER.run(&["map", SMALL, &option, path_text]);
        assert_eq!((said.code, said.err), (Some(0), format!("whither: wrote {path_text}\n")), "{format}");
        assert!(said.out.contains("WeChat"), "the terminal view is still there");
        let written = std::fs::read_to_string(&path).expect("it was written");
        assert!(written.len() > 500 && written.starts_with(start), "{format}");
        WHITHER.good(&["map", SMALL, "--quiet", &option, path_text]);
        assert_eq!(
            without_command(&std::fs::read_to_string(&path).expect("again")),
            without_command(&written),
            "{format}"
        );
    }
}

/// The text without the command that made it, which says `--quiet` or not.
fn without_command(text: &str) -> String {
    text.replace(" --quiet", "")
}

#[test]
fn an_output_to_stdout_takes_the_view_s_place() {
    let text = WHITHER.good(&["map", PHONE, "--json", "-"]);
    let report: serde_json::Value = serde_json::from_str(&text).expect("nothing but JSON");
    assert!(report["apps"].as_array().is_some_and(|apps| apps.len() >= 8), "{}", report["apps"]);
    let table = WHITHER.good(&["map", PHONE, "--csv", "-"]);
    assert!(table.lines().count() > 10 && !table.contains("\n\n"));
}

#[test]
fn flows_in_each_format() {
    let lines = WHITHER.good(&["flows", TLS]);
    let record: serde_json::Value = serde_json::from_str(lines.trim_end()).expect("one record");
    assert_eq!(record["server_name"], "split.example.net");
    assert_eq!(record["capture"], TLS);
    assert_eq!(WHITHER.good(&["flows", TLS, "--format", "ndjson"]), lines);
    let table = WHITHER.good(&["flows", TLS, "--format", "csv"]);
    has_all(&table, &["capture,first_frame", "split.example.net"]);
    assert_eq!(table.lines().count(), 2);
}

#[test]
fn flows_of_an_app_or_a_device() {
    let all = WHITHER.good(&["flows", PHONE]).lines().count();
    let wechat = WHITHER.good(&["flows", PHONE, "--app", "wechat"]);
    assert!(wechat.lines().count() >= 6 && wechat.lines().count() < all);
    assert!(wechat.lines().all(|line| line.contains(r#""app":"wechat""#)));
    let v6 = WHITHER.good(&["flows", PHONE, "--device", "2001:b011:3c0a:5d7::23"]);
    assert!(v6.lines().count() >= 3 && v6.lines().all(|line| line.contains(r#""client_ip":"2001:b011:"#)));
    has_all(
        &WHITHER.bad(&["flows", PHONE, "--app", "whats"]),
        &["--app whats", "did you mean whatsapp", "whither apps"],
    );
}

#[test]
fn lookup_of_addresses_and_names() {
    has_all(&WHITHER.good(&["lookup", "203.205.254.1"]), &["Tencent", "AS132203"]);
    has_all(&WHITHER.good(&["lookup", "long.weixin.qq.com"]), &["WeChat"]);
    let text = WHITHER.good(&["lookup", "157.240.1.35", "--json"]);
    serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
}

#[test]
fn apps_list_search_and_entry() {
    has_all(&WHITHER.good(&["apps"]), &["wechat", "tiktok", "line"]);
    has_all(&WHITHER.good(&["apps", "wechat"]), &["WeChat", "weixin.qq.com", "Tencent"]);
    let list: serde_json::Value = serde_json::from_str(&WHITHER.good(&["apps", "--json"])).expect("JSON");
    assert!(list.as_array().is_some_and(|apps| apps.len() > 100));
    has_all(&WHITHER.bad(&["apps", "no-such-app"]), &["no-such-app", "whither apps"]);
}

#[test]
fn completions_and_manual() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        has_all(&WHITHER.good(&["completions", shell]), &["whither", "flows"]);
    }
    has_all(&WHITHER.good(&["man"]), &[".TH whither 1", "whither\\-flows(1)"]);
    for command in
        ["map", "check", "diff", "flows", "lookup", "apps", "capture", "bench", "completions", "words", "man"]
    {
        has_all(&WHITHER.good(&["man", command]), &[&format!(".TH whither-{command} 1"), "SYNOPSIS"]);
    }
    has_all(&WHITHER.bad(&["man", "nonsense"]), &["\"nonsense\" is no command"]);
}

#[test]
fn a_dash_is_stdin_plain_or_compressed() {
    let named = WHITHER.good(&["flows", TLS]);
    let piped = with_stdin(&["flows", "-"], TLS);
    assert_eq!((piped.code, piped.err.as_str()), (Some(0), ""));
    let renamed = |text: &str| text.split_once(r#","first_frame""#).map(|(_, rest)| rest.to_owned());
    assert_eq!(renamed(&piped.out), renamed(&named));
    for suffix in ["gz", "zst", "lz4", "xz"] {
        let piped = with_stdin(&["flows", "-"], &format!("samples/compressed/plain.pcap.{suffix}"));
        assert_eq!(piped.code, Some(0), "{suffix}: {}", piped.err);
        has_all(&piped.out, &["plain.example.net"]);
    }
    // What a pipe held cannot be read again under its name.
    has_all(&with_stdin(&["map", "-"], PHONE).out, &["whither map CAPTURE --html map.html"]);
    let map = with_stdin(&["map", "-", "--json", "-"], PHONE);
    assert_eq!(map.code, Some(0), "{}", map.err);
    serde_json::from_str::<serde_json::Value>(&map.out).expect("JSON");
}

#[test]
fn what_is_no_capture_fails_with_path_and_advice() {
    has_all(
        &WHITHER.bad(&["flows", "samples/broken/not-a-capture.pcap"]),
        &["not-a-capture.pcap", "offset 0", "give a pcap"],
    );
    has_all(&WHITHER.bad(&["map", "samples/broken/empty.pcap"]), &["empty.pcap", "empty", "check"]);
    has_all(
        &WHITHER.bad(&["map", "samples/broken/cut-in-header.pcap"]),
        &["cut-in-header.pcap", "header", "capture again"],
    );
    has_all(&WHITHER.bad(&["map", "samples/no-such-file.pcap"]), &["no-such-file.pcap"]);
    // Standard input too.
    let said = with_stdin(&["flows", "-"], "samples/broken/not-a-capture.pcap");
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    has_all(&said.err, &["no capture"]);
}

#[test]
fn a_folder_is_searched_and_one_without_captures_fails() {
    let said = WHITHER.run(&["flows", "samples/compressed"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    // The five captures hold the same packets, so they tell of one conversation, five times over.
    let record: serde_json::Value = serde_json::from_str(said.out.trim_end()).expect("one flow");
    assert_eq!((&record["packets_up"], &record["packets_down"]), (&50.into(), &40.into()));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("text");
    has_all(&WHITHER.bad(&["flows", path]), &[path]);
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_fails_with_its_path() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secret.pcap");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(TLS), &path).expect("copied");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).expect("closed");
    if std::fs::File::open(&path).is_ok() {
        return; // The superuser reads everything.
    }
    has_all(&WHITHER.bad(&["flows", path.to_str().expect("text")]), &["secret.pcap", "ermission"]);
}

#[test]
fn what_was_read_before_a_broken_record_is_reported() {
    for (name, frames, offset) in [
        ("cut-in-record.pcap", 17, "offset 2726, frame 18"),
        ("cut-in-record-header.pcap", 17, "offset 2726, frame 18"),
        ("absurd-length.pcap", 18, "offset 2796, frame 19"),
        ("cut.pcapng", 17, "offset 2796, frame 18"),
    ] {
        let path = format!("samples/broken/{name}");
        let said = WHITHER.run(&["flows", &path]);
        assert_eq!(said.code, Some(1), "{name}: {}", said.err);
        let record: serde_json::Value = serde_json::from_str(said.out.trim_end()).expect("one flow");
        let packets = record["packets_up"].as_u64().zip(record["packets_down"].as_u64()).map(|(up, down)| up + down);
        assert_eq!(packets, Some(frames), "{name}");
        has_all(&said.err, &[&path, offset, "everything before it is in the result"]);
        assert_eq!(said.err.lines().count(), 1, "{name}");
        let map = WHITHER.run(&["map", &path]);
        assert_eq!((map.code, map.err), (Some(1), said.err), "{name}");
        has_all(&map.out, &["ENDPOINTS IN"]);
    }
    has_all(&WHITHER.run(&["flows", "samples/broken/absurd-length.pcap"]).err, &["4294967295"]);
}

#[test]
fn a_database_that_is_none_fails() {
    let error = WHITHER.bad(&["map", TLS, "--geo", "samples/README.md"]);
    has_all(&error, &["samples/README.md"]);
    has_all(&WHITHER.bad(&["map", TLS, "--geo", "no-such.mmdb"]), &["no-such.mmdb"]);
    has_all(&WHITHER.bad(&["map", TLS, "--apps", "samples/README.md"]), &["samples/README.md"]);
    has_all(&WHITHER.bad(&["map", TLS, "--from", "Nowhere at all"]), &["Nowhere at all"]);
}

#[test]
fn anycast_prefixes_of_the_user_count_wherever_databases_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("anycast.txt");
    std::fs::write(&list, "203.205.254.0/24\n").expect("written");
    let list = list.to_str().expect("text");
    has_all(&WHITHER.run(&["lookup", "203.205.254.1", "--anycast", list]).out, &["anycast: the site", "Hong Kong"]);
    for command in ["map", "flows", "bench"] {
        let error = WHITHER.bad(&[command, TLS, "--anycast", "samples/README.md"]);
        has_all(&error, &["samples/README.md: line 3: ", "is no prefix; give a prefix such as"]);
    }
    let error = WHITHER.bad(&["map", TLS, "--anycast", "no-such.txt"]);
    has_all(&error, &["no-such.txt: there is no such file; check"]);
}

#[test]
fn what_is_not_there_says_what_to_do() {
    has_all(
        &WHITHER.bad(&["map", TLS, "--geo", "no-such.mmdb"]),
        &["no-such.mmdb: there is no such file; give a MaxMind DB"],
    );
    has_all(&WHITHER.bad(&["map", TLS, "--apps", "no-such.toml"]), &["no-such.toml: there is no such file; check"]);
    has_all(&WHITHER.bad(&["map", TLS, "--owners", "no-such.csv"]), &["no-such.csv: there is no such file; check"]);
    for command in ["map", "bench"] {
        let error = WHITHER.bad(&[command, TLS, "--svg", "no-such-folder/map.svg"]);
        has_all(&error, &["no-such-folder/map.svg: there is no such folder; make it first"]);
    }
    has_all(
        &WHITHER.bad(&["map", TLS, "--html", "samples"]),
        &["samples: this is a folder; give the name of a file in it"],
    );
}

#[test]
fn an_app_that_nobody_knows_is_an_error_with_the_nearest_one() {
    for command in ["map", "flows"] {
        let error = WHITHER.bad(&[command, PHONE, "--app", "wechta"]);
        has_all(&error, &["--app wechta: no app has this id", "did you mean wechat? `whither apps` lists them"]);
        has_all(&WHITHER.bad(&[command, PHONE, "--app", "xyzzy quux"]), &["; `whither apps` lists the ids"]);
        // Known, but not in this capture: that is an answer.
        assert_eq!(WHITHER.run(&[command, TLS, "--app", "wechat"]).code, Some(0));
        // Known to the capture only: an owner's name.
        let owner = WHITHER.run(&[command, "samples/owner/etl2pcapng.pcapng", "--app", "pid 5120"]);
        assert_eq!(owner.code, Some(0), "{}", owner.err);
    }
}

#[test]
fn a_number_that_is_no_address_is_no_name_either() {
    for subject in ["999.1.1.1", "1.2.3", "10.0.0.0/8", "2001:db8::g", "host:443"] {
        has_all(&WHITHER.bad(&["lookup", subject]), &[subject, "this is no address; give one address"]);
    }
    has_all(&WHITHER.good(&["lookup", "1.1.1.1", "3com.com", "[2001:db8::1]"]), &["3com.com"]);
}

#[test]
fn a_pattern_that_no_shell_expanded_stands_for_its_files() {
    let folder = WHITHER.good(&["flows", "samples/compressed"]);
    assert_eq!(WHITHER.good(&["flows", "samples/compressed/*.pcap*"]), folder);
    let said = WHITHER.run(&["flows", "samples/compressed/*", "samples/*.md"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    has_all(&said.err, &["samples/*.md: no file that this pattern matches is a capture"]);
    has_all(
        &WHITHER.bad(&["map", "samples/*.nothing"]),
        &["samples/*.nothing: no file matches this pattern; check the folder"],
    );
    let mixed = WHITHER.run(&["flows", "samples/tls-split*", "samples/README*", "samples"]);
    assert_eq!(mixed.code, Some(2), "{}", mixed.err);
}

#[test]
fn standard_input_may_be_a_file() {
    for path in [TLS, "samples/compressed/plain.pcap.gz", "samples/compressed/plain.pcap"] {
        let piped = with_stdin(&["flows", "-"], path);
        let file = std::fs::File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("the sample is there");
        let said: Said = WHITHER.command(&["flows", "-"]).stdin(file).output().expect("whither starts").into();
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
        assert_eq!(said.out, piped.out, "{path}");
    }
    // What others have read of it is gone.
    let mut file = std::fs::File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join(TLS)).expect("the sample is there");
    file.read_exact(&mut [0; 24]).expect("a header");
    let said: Said = WHITHER.command(&["flows", "-"]).stdin(file).output().expect("whither starts").into();
    assert_eq!(said.code, Some(2));
    has_all(&said.err, &["whither: -: ", "no capture"]);
}

#[test]
fn unknown_options_and_commands_fail_with_usage() {
    for args in [&["map", TLS, "--jsno", "-"][..], &["mpa", TLS], &["map"], &["flows", TLS, "--format", "xml"]] {
        let said = WHITHER.run(args);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{args:?}");
        has_all(&said.err, &["error: ", "--help"]);
    }
    has_all(&WHITHER.run(&["map", TLS, "--jsno", "-"]).err, &["--json"]);
}

#[test]
fn a_closed_pipe_is_nobody_s_fault() {
    for args in [&["flows", PHONE][..], &["map", SMALL], &["map", SMALL, "--html", "-"], &["apps"], &["man"]] {
        let mut child =
            WHITHER.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("whither starts");
        drop(child.stdout.take());
        let mut error = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut error).expect("text");
        assert_eq!((child.wait().expect("it ends").code(), error.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn colours_only_where_wanted() {
    let plain = WHITHER.good(&["map", SMALL]);
    let coloured = WHITHER.good(&["map", SMALL, "--color", "always"]);
    assert!(coloured.contains('\u{1b}') && !plain.contains('\u{1b}'));
    assert_eq!(without_escapes(&coloured), plain);
    let said: Said = WHITHER.command(&["map", SMALL]).env("NO_COLOR", "1").output().expect("whither starts").into();
    assert_eq!(said.out, plain);
    assert_eq!(WHITHER.good(&["map", SMALL, "--color", "never"]), plain);
}

/// Without the sequences that set colours (`ESC [ … m`).
fn without_escapes(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[test]
fn threads_do_not_change_the_result() {
    for args in [&["flows", PHONE][..], &["map", PHONE], &["flows", "samples/compressed/plain.pcap.zst", QUIC]] {
        let with = |threads| WHITHER.good(&[args, &["--threads", threads]].concat());
        assert_eq!(with("1"), with("4"), "{args:?}");
    }
    let report = |threads| {
        WHITHER.good(&["map", PHONE, "--threads", threads, "--json", "-"]).replace("--threads 4", "--threads 1")
    };
    assert_eq!(report("1"), report("4"));
}

#[test]
fn the_order_of_captures_does_not_matter() {
    assert_eq!(WHITHER.good(&["flows", QUIC, PHONE]), WHITHER.good(&["flows", PHONE, QUIC]));
    assert_eq!(WHITHER.good(&["map", QUIC, PHONE]), WHITHER.good(&["map", PHONE, QUIC]));
    let command = |one: &str, other: &str| format!("{one} {other}");
    let swapped =
        WHITHER.good(&["map", PHONE, QUIC, "--json", "-"]).replace(&command(PHONE, QUIC), &command(QUIC, PHONE));
    assert_eq!(WHITHER.good(&["map", QUIC, PHONE, "--json", "-"]), swapped);
}

/// Thirty thousand conversations of one packet, more than the least memory holds.
fn many_conversations() -> Vec<u8> {
    let mut file = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101].map(u32::to_le_bytes).concat();
    for number in 0..30_000_u32 {
        let address = (10 << 24 | number).to_be_bytes();
        let mut packet = vec![0x45, 0, 0, 33, 0, 0, 0, 0, 64, 17, 0, 0];
        packet.extend(address);
        packet.extend([198, 51, 100, 7, 0x80, 0, 0x90, 0, 0, 13, 0, 0]);
        packet.extend(b"hello");
        file.extend([number / 1_000, 0, 33, 33].map(u32::to_le_bytes).concat());
        file.extend(packet);
    }
    file
}

/// One record that claims 4 GiB does not outweigh all the others.
#[test]
fn a_frame_that_claims_four_gigabytes_counts_as_what_was_captured() {
    let mut file = many_conversations();
    file.truncate(24 + 2 * (16 + 33));
    file[24 + 12..24 + 16].copy_from_slice(&u32::MAX.to_le_bytes());
    let out = WHITHER.fed(&["map", "-", "--json", "-", "--quiet"], file).out;
    has_all(&out, &["\n  \"bytes\": 66,", "1 frames claim a length on the wire that no link carries"]);
}

#[test]
fn a_device_that_is_not_there_is_an_error_that_lists_those_that_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let policy = folder.path().join("policy.toml");
    std::fs::write(&policy, WHITHER.good(&["check", "--example"])).expect("a policy");
    let policy = policy.to_str().expect("a name");
    for command in [&["map"][..], &["flows"], &["check", policy], &["diff", SMALL]] {
        let error = WHITHER.bad(&[command, &[SMALL, "--device", "192.0.2.99"]].concat());
        has_all(
            &error,
            &["--device 192.0.2.99: no flow in the captures has this address", "the captures hold flows of "],
        );
    }
}

/// What was asked to be left out is not called unknown.
#[test]
fn what_app_and_device_leave_out_is_told_apart() {
    let json = WHITHER.good(&["map", PHONE, "--app", "wechat", "--json", "-"]);
    let report: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(report["unattributed"], serde_json::json!([]));
    assert_eq!(report["left_out"][0]["reason"], "by --app or --device");
    let bytes = |list: &serde_json::Value| {
        list.as_array().into_iter().flatten().filter_map(|line| line["bytes"].as_u64()).sum::<u64>()
    };
    let apps = report["apps"].as_array().into_iter().flatten().map(|app| &app["traffic"]);
    let apps: u64 =
        apps.map(|sums| sums["bytes_up"].as_u64().unwrap_or(0) + sums["bytes_down"].as_u64().unwrap_or(0)).sum();
    let rest: u64 = ["unattributed", "local", "not_ip", "left_out"].iter().map(|list| bytes(&report[*list])).sum();
    assert_eq!(Some(apps + rest), report["bytes"].as_u64());
    let text = WHITHER.good(&["map", PHONE, "--app", "wechat", "--details"]);
    has_all(&text, &["Left out\n  by --app or --device", " + left out "]);
    assert!(!text.contains("No app could be named"), "{text}");
    let page = WHITHER.good(&["map", PHONE, "--app", "wechat", "--html", "-"]);
    assert!(!page.contains("data-id=\"not-known\""));
}

#[test]
fn what_does_not_fit_into_memory_is_left_out_and_said() {
    let out = WHITHER.fed(&["map", "-", "--json", "-", "--quiet", "--max-memory", "128M"], many_conversations()).out;
    has_all(&out, &["left out for lack of memory", "give more with --max-memory", "\"bytes\": 990000"]);
    let out = WHITHER.fed(&["map", "-", "--json", "-", "--quiet"], many_conversations()).out;
    assert!(!out.contains("lack of memory"));
    let said = WHITHER.fed(&["flows", "-", "--quiet", "--max-memory", "128M"], many_conversations());
    has_all(&said.err, &["flows (", "left out for lack of memory", "give more with --max-memory"]);
    let said = WHITHER.fed(&["flows", "-", "--quiet"], many_conversations());
    assert!(said.code == Some(0) && !said.err.contains("lack of memory"), "{}", said.err);
    let said = WHITHER.run(&["map", SMALL, "--max-memory", "20M"]);
    assert_eq!(said.code, Some(2));
    has_all(&said.err, &["--max-memory 20M is too little", "64M"]);
}

#[test]
fn quiet_says_nothing_but_results_and_errors() {
    assert_eq!(WHITHER.good(&["flows", TLS, "--quiet"]), WHITHER.good(&["flows", TLS]));
    let said = WHITHER.run(&["flows", "samples/broken/cut-in-record.pcap", "-q"]);
    assert_eq!(said.code, Some(1));
    has_all(&said.err, &["frame 18"]);
}

#[test]
fn diff_tells_what_only_one_side_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let saved = at("a.json");
    WHITHER.good(&["map", PHONE, "-q", "--json", &saved]);
    // The same, as captures and as reports: nothing differs, and that is no error.
    for sides in [[PHONE, PHONE], [&saved, PHONE], [PHONE, &saved], [&saved, &saved]] {
        has_all(&WHITHER.good(&["diff", sides[0], sides[1]]), &["Nothing differs"]);
    }
    let text = WHITHER.good(&["diff", &saved, SMALL, "--details"]);
    has_all(&text, &["WeChat", "vanished", "moved", "long.weixin.qq.com", "LINE", "only A has it"]);
    let json = WHITHER.good(&["diff", PHONE, SMALL, "--json", "-", "--app", "wechat"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["diff"], json["apps"].as_array().map(Vec::len)), (&1.into(), Some(1)));
    assert_eq!(json["a"]["name"], PHONE);
    assert_eq!(WHITHER.run(&["diff", PHONE, SMALL, "-q", "--html", &at("d.html")]).code, Some(0));

    let old = std::fs::read_to_string(&saved).expect("it is there").replacen("\"schema\": 2", "\"schema\": 1", 1);
    std::fs::write(at("old.json"), old).expect("written");
    WHITHER.run(&["diff", &at("old.json"), PHONE]).refusal(&["old.json", "schema 1", "reads schema 2"]);
    WHITHER.run(&["diff", &saved, PHONE, "--json", &saved]).refusal(&["--json", "a.json"]);
    WHITHER.run(&["diff", "-", "-"]).refusal(&["both sides are standard input"]);
    WHITHER.run(&["diff", &saved, PHONE, "--app", "nobody"]).refusal(&["nobody", "neither side"]);
    let cut = WHITHER.run(&["diff", &saved, "samples/broken/cut.pcapng"]);
    assert_eq!(cut.code, Some(1));
    has_all(&cut.out, &["B ended early"]);
}

#[test]
fn transfers_are_told_for_a_day_and_only_when_asked() {
    let json = |args: &[&str]| -> serde_json::Value {
        let text = WHITHER.good(&[&["map", PHONE, "-q", "--json", "-"], args].concat());
        serde_json::from_str(&text).expect("JSON")
    };
    assert!(json(&[]).get("transfers").is_none());
    let japan = |report: &serde_json::Value| {
        let line = report["transfers"]["apps"].as_array().and_then(|apps| apps.iter().find(|app| app["id"] == "line"));
        let groups = line.expect("LINE sent something")["groups"].as_array().expect("groups").clone();
        let has =
            |group: &&serde_json::Value| group["countries"].as_array().is_some_and(|all| all.contains(&"JP".into()));
        groups.iter().find(has).expect("LINE is in Japan")["group"].clone()
    };
    let report = json(&["--transfers", "eu"]);
    assert_eq!((&report["transfers"]["as_of"], japan(&report)), (&"2026-06-01".into(), "adequate".into()));
    let before = json(&["--transfers", "eu", "--as-of", "2010-01-01"]);
    assert_eq!(japan(&before), "other");
    let text = WHITHER.good(&["map", PHONE, "--transfers", "eu"]);
    has_all(&text, &["as of 2026-06-01", "adequacy decision (JP)"]);
    assert!(!text.contains("not checked"), "this decision was held against its document");
    assert!(text.lines().count() <= 24, "the answer fits a screen:\n{text}");
    assert_eq!(WHITHER.run(&["map", PHONE, "--transfers", "mars"]).code, Some(2));
    assert_eq!(WHITHER.run(&["map", PHONE, "--as-of", "2010-01-01"]).code, Some(2));
}

#[test]
fn what_was_not_seen_is_told_over_three_captures_or_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a.pcap", "b.pcap", "c.pcap"] {
        std::fs::copy(WHITHER.file(PHONE), folder.path().join(name)).expect("copied");
    }
    let at = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let unseen = |captures: &[String]| -> serde_json::Value {
        let captures = captures.iter().map(String::as_str);
        let args: Vec<&str> = ["map"].into_iter().chain(captures).chain(["-q", "--json", "-"]).collect();
        let report: serde_json::Value = serde_json::from_str(&WHITHER.good(&args)).expect("JSON");
        report["apps"][0]["unseen"].clone()
    };
    let (two, three) = (unseen(&[at("a.pcap"), at("b.pcap")]), unseen(&[at("a.pcap"), at("b.pcap"), at("c.pcap")]));
    assert!(two["share"].is_null() && two["says"].as_str().is_some_and(|says| says.contains("fewer than 3")), "{two}");
    // The same three times: nothing is new, and yet it is not certain.
    assert_eq!((&three["captures"], &three["once"], &three["share"]), (&3.into(), &0.into(), &0.0.into()));
    assert!(three["interval"][1].as_f64().is_some_and(|high| high > 0.05), "{three}");
    has_all(&WHITHER.good(&["map", folder.path().to_str().expect("text"), "--details"]), &["3 captures show the app"]);
}

#[test]
fn the_demo_is_the_map_of_the_sample_in_the_program() {
    let text = WHITHER.good(&["demo"]);
    has_all(
        &text,
        &["built-in sample", "phone in Taipei", "WeChat", "whither demo --html demo.html", "docs/capture.md"],
    );
    assert!(text.lines().count() <= 24, "the answer fits a screen:\n{text}");
    let table =
        |text: &str| text.lines().skip(1).take_while(|line| !line.starts_with("Next")).collect::<Vec<_>>().join("\n");
    let of_file = WHITHER.good(&["map", PHONE, "--from", "Taipei"]);
    assert_eq!(table(&text), table(&of_file), "it says the same as of the larger file");
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("demo.html");
    let page = page.to_str().expect("text");
    let said = WHITHER.run(&["demo", "--html", page]);
    assert_eq!((said.code, said.err), (Some(0), format!("whither: wrote {page}\n")));
    assert!(std::fs::read_to_string(page).expect("it was written").contains("<title>built-in sample</title>"));
    has_all(&WHITHER.run(&["demo", PHONE]).err, &["unexpected argument"]);
    assert_eq!(WHITHER.run(&["demo", PHONE]).code, Some(2));
    has_all(&WHITHER.run(&[]).err, &["whither demo"]);
    has_all(&WHITHER.good(&["man", "demo"]), &["demo"]);
}

#[test]
fn a_title_and_a_note_stand_in_page_figure_and_terminal() {
    const HOSTILE: &str = "<img src=x>\u{1b}[2J\u{202e}";
    let out =
        |args: &[&str]| WHITHER.good(&[&["map", SMALL, "--title", "Where it went", "--note", HOSTILE], args].concat());
    let text = out(&[]);
    assert!(text.starts_with("Where it went\n"), "{text}");
    has_all(&text, &["\nNote: <img src=x>\\u{1b}[2J\\u{202e}\n"]);
    has_all(&out(&["--details"]), &["Where it went\n", "\nNote: <img"]);
    for format in ["--html", "--svg"] {
        let text = out(&[format, "-"]);
        has_all(&text, &["Where it went</title>", "&lt;img src=x&gt;"]);
        assert!(!text.contains("<img") && !text.contains('\u{1b}') && !text.contains('\u{202e}'), "{format}");
    }
    has_all(&WHITHER.run(&["map", SMALL, "--title", ""]).err, &["--title", "a value is required"]);
}

#[test]
fn what_redact_takes_out_may_stand_in_no_title_and_no_note() {
    let folder = tempfile::tempdir().expect("a folder");
    let picture = folder.path().join("map.png");
    let picture = picture.to_str().expect("text");
    let said = |words: &[&str]| WHITHER.run(&[&["map", PHONE, "--redact"], words].concat());
    // These words stand in the command line too, which is taken out.
    let fine = said(&["--title", "Seen: in May. By us", "--note=See https://example.org/study", "--json", "-"]);
    assert_eq!((fine.code, fine.err.as_str()), (Some(0), ""));
    for words in [["--title", "of samples/phone.pcap"], ["--note", "at samples/phone.pcap, all of it"]] {
        for output in ["--html", "--svg", "--png"] {
            let refused = said(&[words[0], words[1], output, if output == "--png" { picture } else { "-" }]);
            refused.refusal(&["--redact takes out", "an argument holds it"]);
        }
        said(&words).refusal(&["--redact takes out"]);
    }
    assert!(!Path::new(picture).exists());
}
