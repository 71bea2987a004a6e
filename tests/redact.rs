//! Redaction, held against every sample and every output: nothing that tells whose captures they are is left, figures and verdicts stay, the
//! same key gives the same bytes, and another key others.

#![allow(clippy::unwrap_used)]

use fixtures::program::Program;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use whither::Analyser;
use whither::app::HitTarget;
use whither::capture::{Progress, Source};
use whither::output::Look;
use whither::output::flows::{FORMATS, InOrder, OwnedRecord, Redaction};
use whither::output::scan::Scan;
use whither::output::terminal::{Style, render};
use whither::place::{Scope, scope, vantage};
use whither::redact::{Key, Redactor, Removed, What};
use whither::report::Report;

const WHITHER: Program = Program::new(env!("CARGO_BIN_EXE_whither"), env!("CARGO_MANIFEST_DIR"));
const PHONE: &str = "samples/phone.pcapng";
/// Owners that the catalogue does not know are in it.
const OWNERS: &str = "samples/owner/rustnet.pcapng";

/// Samples that hold packets.
fn samples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut files = Vec::new();
    for folder in [root.clone(), root.join("owner")] {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.extend(
            entries.filter(|path| path.to_str().unwrap().contains(".pcap") && whither::capture::is_capture(path)),
        );
    }
    files.sort();
    assert!(files.len() > 50, "{}", files.len());
    files
}

fn analyser(from: Option<&str>) -> Analyser {
    let mut knowledge = whither::analysis::Knowledge::embedded().unwrap();
    knowledge.vantage = from.map(|from| vantage(from, knowledge.places.embedded()).unwrap());
    Analyser::with(knowledge)
}

fn report(analyser: &Analyser, path: &Path) -> Report {
    let mut report = analyser.report(analyser.open(&[path]).unwrap().sources).unwrap();
    report.generator.command = format!("whither map {}", path.display());
    report
}

fn redacted(analyser: &Analyser, report: &Report, secret: &[u8], keeps_frames: bool) -> (Report, Removed) {
    let mut removed = Removed::default();
    let redactor = Redactor::new(&Key::new(secret), &analyser.knowledge, keeps_frames);
    (redactor.report(report.clone(), &mut removed), removed)
}

/// Everything that `map` can write, one by one.
fn outputs(report: &Report) -> impl Iterator<Item = (String, String)> {
    let formats = whither::output::FORMATS.iter().map(|format| {
        let mut out = Vec::new();
        (format.write)(report, &Look::default(), &mut out).unwrap();
        (format.name.to_owned(), String::from_utf8_lossy(&out).into_owned())
    });
    formats.chain([false, true].into_iter().map(|details| {
        let style = Style { width: 200, color: false, ascii: false, details };
        (format!("terminal, details: {details}"), render(report, &style))
    }))
}

/// What must not be in an output, found without the code that takes it out.
fn secrets(analyser: &Analyser, path: &Path) -> BTreeSet<String> {
    let mut secrets =
        BTreeSet::from([path.display().to_string(), path.file_name().unwrap().to_str().unwrap().to_owned()]);
    for record in analyser.flows(analyser.open(&[path]).unwrap().sources).unwrap() {
        of_flow(&record.unwrap(), analyser, &mut secrets);
    }
    secrets
}

fn of_flow(record: &OwnedRecord, analyser: &Analyser, secrets: &mut BTreeSet<String>) {
    let is_nobodys = |text: &str| text.starts_with("127.") || text.starts_with("::") || text.starts_with("0.");
    for ip in [record.client_ip, record.server_ip] {
        if matches!(scope(ip), Scope::Local | Scope::Reserved) && !is_nobodys(&ip.to_string()) {
            secrets.insert(ip.to_string());
        }
    }
    if record.exchange == "person" {
        secrets.insert(record.server_ip.to_string());
    }
    let catalogue = &analyser.knowledge.catalogue;
    for name in &record.names {
        let is_app = catalogue.look_up(&name.name).is_some_and(|hit| matches!(hit.target, HitTarget::App(_)));
        if !is_app && psl::domain_str(&name.name) != Some(&name.name) {
            secrets.insert(name.name.clone());
        }
    }
    if let Some(owner) = &record.owner {
        for text in [&owner.name, &owner.package].into_iter().flatten() {
            if catalogue.owned_by(text).is_none() {
                secrets.insert(text.clone());
            }
        }
        secrets.extend(owner.path.clone());
    }
    // What happened just after midnight is shown as that.
    for time in [&record.first_seen, &record.last_seen].into_iter().filter(|time| &time[11..14] != "00:") {
        secrets.insert(time[..16].to_owned());
        secrets.insert(time[..16].replace('T', " "));
    }
}

/// Whether a text stands there by itself, and not as part of a longer word.
fn has(output: &str, secret: &str) -> bool {
    let is_word = |one: Option<char>| one.is_some_and(|one| one.is_ascii_alphanumeric() || one == '_');
    output.match_indices(secret).any(|(at, _)| {
        !is_word(output[..at].chars().next_back()) && !is_word(output[at + secret.len()..].chars().next())
    })
}

/// Words of fewer letters may be everyday ones.
fn is_telling(secret: &str) -> bool {
    secret.len() >= 4 && (secret.len() >= 8 || !secret.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

#[test]
fn nothing_is_left_in_any_output_of_a_map() {
    let analyser = analyser(Some("25.01337,121.51739"));
    samples().par_iter().for_each(|path| {
        let original = report(&analyser, path);
        let (shown, removed) = redacted(&analyser, &original, b"a secret of the test", false);
        let scan = Scan::new(&removed);
        let mut secrets = secrets(&analyser, path);
        secrets.extend(["25.01337", "121.51739", "25.01337, 121.51739"].map(str::to_owned));
        assert!(outputs(&original).any(|(_, text)| scan.find(text.as_bytes()).is_some()), "{}", path.display());
        for (format, text) in outputs(&shown) {
            assert_eq!(scan.find(text.as_bytes()), None, "{} as {format}", path.display());
            let left: Vec<&String> = secrets.iter().filter(|one| is_telling(one) && has(&text, one)).collect();
            assert!(left.is_empty(), "{} as {format}: {left:?}", path.display());
        }
    });
}

#[test]
fn figures_stay_and_keys_decide_the_rest() {
    let analyser = analyser(Some("Taipei"));
    for name in ["samples/phone.pcapng", "samples/owner/pktap-v2.pcap", "samples/owner/rustnet.pcapng"] {
        let original = report(&analyser, &Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
        let (one, _) = redacted(&analyser, &original, b"a secret of the test", false);
        let (again, _) = redacted(&analyser, &original, b"a secret of the test", false);
        let (other, _) = redacted(&analyser, &original, b"another one", false);
        assert!(outputs(&one).eq(outputs(&again)));
        assert!(outputs(&one).ne(outputs(&other)));
        let sums = |report: &Report| {
            let rows = report.apps.iter().flat_map(|app| &app.destinations).chain(&report.unattributed_routes);
            let rows: Vec<_> = rows.map(|row| (row.traffic, row.payload, row.exchange, row.addresses_total)).collect();
            let shares: Vec<_> =
                report.apps.iter().map(|app| (app.shares.sent.countries.clone(), app.traffic)).collect();
            (rows, shares, report.countries.len(), report.bytes, report.frames, report.duration_ns)
        };
        assert_eq!(sums(&original), sums(&one), "{name}");
        let notes = one.redaction.as_ref().unwrap();
        assert!(!notes.removed.is_empty() && one.notes.iter().any(|note| note.starts_with("redacted: taken out")));
        assert_eq!(one.first_seen.as_deref().unwrap()[10..].trim_end_matches('Z'), "T00:00:00");
        let (framed, _) = redacted(&analyser, &original, b"a secret of the test", true);
        let frames = |report: &Report| {
            let rows = report.apps.iter().flat_map(|app| &app.destinations).chain(&report.unattributed_routes);
            rows.map(|row| row.first_frame.1).max()
        };
        assert_eq!((frames(&framed), frames(&one)), (frames(&original), Some(0)));
    }
}

/// The records of a capture, redacted.
fn flows(analyser: &Analyser, path: &Path, format: usize, secret: &[u8], keeps_frames: bool) -> String {
    let redactor = Redactor::new(&Key::new(secret), &analyser.knowledge, keeps_frames);
    let sources = analyser.open(&[path]).unwrap().sources;
    let mut fixed = Removed::default();
    fixed.remove(What::File, path.to_str().unwrap());
    let redaction = Redaction::new(&redactor, sources.iter().filter_map(Source::first_time_ns).min(), &fixed);
    let in_order = InOrder {
        format: &FORMATS[format],
        options: &analyser.options,
        knowledge: &analyser.knowledge,
        judgements: None,
        redaction: Some(&redaction),
        progress: &Progress::default(),
        temporary_folder: std::env::temp_dir(),
    };
    let mut out = Vec::new();
    in_order.read(sources, &|_| (), &mut |record| {
        out.extend_from_slice(record);
        true
    });
    assert_eq!(redaction.left(), None, "{}", path.display());
    String::from_utf8(out).unwrap()
}

#[test]
fn nothing_is_left_in_flow_records() {
    let analyser = analyser(None);
    for path in samples() {
        let secrets = secrets(&analyser, &path);
        for (format, row) in FORMATS.iter().enumerate() {
            let text = flows(&analyser, &path, format, b"a secret of the test", false);
            let left: Vec<&String> = secrets.iter().filter(|one| is_telling(one) && has(&text, one)).collect();
            assert!(left.is_empty(), "{} as {}: {left:?}", path.display(), row.name);
        }
    }
}

#[test]
fn redacted_records_are_records() {
    let analyser = analyser(None);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PHONE);
    let read = |secret: &[u8], keeps_frames| -> Vec<OwnedRecord> {
        let ndjson = FORMATS.iter().position(|format| format.name == "ndjson").unwrap();
        let text = flows(&analyser, &path, ndjson, secret, keeps_frames);
        text.lines().map(|line| OwnedRecord::read(line.as_bytes()).unwrap()).collect()
    };
    let whole: Vec<OwnedRecord> =
        analyser.flows(analyser.open(&[&path]).unwrap().sources).unwrap().map(Result::unwrap).collect();
    let (one, framed) = (read(b"a secret of the test", false), read(b"a secret of the test", true));
    assert_eq!(one, read(b"a secret of the test", false));
    assert_ne!(one, read(b"another one", false));
    let facts = |record: &OwnedRecord| {
        let sums = (record.bytes_up, record.bytes_down, record.payload_up, record.payload_down);
        (sums, record.app.clone(), record.exchange.clone(), record.party.clone(), record.protocol.clone())
    };
    assert!(whole.iter().map(facts).eq(one.iter().map(facts)));
    assert!(whole.iter().map(|record| record.first_frame).eq(framed.iter().map(|record| record.first_frame)));
    assert!(one.iter().all(|record| record.first_frame == 0 && record.names.iter().all(|name| name.frame == 0)));
    assert!(one.iter().all(|record| record.capture == "capture 1"));
    // Servers on the public network stay, and so do all evidence and place.
    let places =
        |record: &OwnedRecord| (record.server_ip, record.asn, record.standing.clone(), record.app_rule.clone());
    let chosen = |records: &[OwnedRecord]| -> Vec<_> {
        let chosen = records.iter().filter(|record| record.app.as_deref() == Some("wechat") && record.asn.is_some());
        chosen.map(places).collect()
    };
    assert!(!chosen(&whole).is_empty() && chosen(&whole) == chosen(&one));
}

fn written(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

/// Fails if something of these captures is left in a text.
#[track_caller]
fn is_clean(text: &str, secrets: &BTreeSet<String>, what: &str) {
    let left: Vec<&String> = secrets.iter().filter(|one| is_telling(one) && has(text, one)).collect();
    assert!(!text.is_empty() && left.is_empty(), "{what}: {left:?}");
}

#[test]
fn nothing_is_left_in_checks_and_their_verdicts_stay() {
    let (folder, analyser) = (tempfile::tempdir().unwrap(), analyser(None));
    let policy = written(&folder, "my-secret-policy.toml");
    let text = "[[rule]]\nname = 'one'\napps = ['wechat']\ndeny.asn = [132203]\n\
                [[rule]]\nname = 'other'\napps = ['*']\ndeny.country = ['CN']\n";
    std::fs::write(&policy, text).unwrap();
    for sample in [PHONE, OWNERS] {
        let mut secrets = secrets(&analyser, &WHITHER.file(sample));
        secrets.insert("my-secret-policy.toml".to_owned());
        let known = written(&folder, "known.toml");
        std::fs::write(&known, "# whither baseline 1\n").unwrap();
        let args = |redact: &[&'static str]| -> Vec<(&str, String)> {
            let files = ["json", "sarif", "junit"].map(|name| (name, written(&folder, name)));
            let options: Vec<String> = files.iter().map(|(name, path)| format!("--{name}={path}")).collect();
            let mut args = vec!["check", &policy, sample, "--force", "--github", "--baseline", &known];
            args.extend(options.iter().map(String::as_str).chain(redact.iter().copied()));
            let said = WHITHER.run(&args);
            assert_eq!(said.code, Some(1), "{}", said.err);
            let read = files.into_iter().map(|(name, path)| (name, std::fs::read_to_string(path).unwrap()));
            read.chain([("terminal", said.out)]).collect()
        };
        let (whole, shown) = (args(&[]), args(&["--redact"]));
        for (name, text) in &shown {
            is_clean(text, &secrets, name);
        }
        let verdicts = |outputs: &[(&str, String)]| -> Vec<String> {
            let json: serde_json::Value = serde_json::from_str(&outputs[0].1).unwrap();
            let rules = json["rules"].as_array().unwrap().iter();
            let verdict = |rule: &serde_json::Value| {
                let rows = rule["rows"].as_array().unwrap().len();
                format!("{} {} {} {rows}", rule["verdict"], rule["says"], rule["share"])
            };
            rules.map(verdict).chain([json["new"].as_array().unwrap().len().to_string()]).collect()
        };
        assert_eq!(verdicts(&whole), verdicts(&shown), "{sample}");
    }
}

#[test]
fn nothing_is_left_in_differences() {
    let (folder, analyser) = (tempfile::tempdir().unwrap(), analyser(None));
    let saved = written(&folder, "alices-report.json");
    assert_eq!(WHITHER.run(&["map", OWNERS, "--json", &saved]).code, Some(0));
    let mut secrets = secrets(&analyser, &WHITHER.file(OWNERS));
    secrets.extend(self::secrets(&analyser, &WHITHER.file(PHONE)));
    secrets.insert("alices-report.json".to_owned());
    let [html, json] = ["diff.html", "diff.json"].map(|name| written(&folder, name));
    let run = |redact: &[&str]| {
        let args = ["diff", PHONE, &saved, "--details", "--force", "--html", &html, "--json", &json];
        let said = WHITHER.run(&[&args[..], redact].concat());
        assert_eq!(said.code, Some(0), "{}", said.err);
        [said.out, std::fs::read_to_string(&html).unwrap(), std::fs::read_to_string(&json).unwrap()]
    };
    let key = written(&folder, "key");
    std::fs::write(&key, "a secret of the test").unwrap();
    let shown = run(&["--redact", "--redact-key", &key]);
    shown.iter().for_each(|text| is_clean(text, &secrets, "diff"));
    assert_eq!(shown, run(&["--redact", "--redact-key", &key]));
    let count = |text: &str| {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        json["apps"].as_array().unwrap().iter().map(|app| app["shares"].as_array().unwrap().len()).collect::<Vec<_>>()
    };
    let mut counts = [count(&run(&[])[2]), count(&shown[2])];
    counts.iter_mut().for_each(|counts| counts.sort_unstable());
    assert_eq!(counts[0], counts[1]);
}

#[test]
fn the_command_line_redacts_refuses_bad_keys_and_says_what_it_took_out() {
    let folder = tempfile::tempdir().unwrap();
    let (page, key) = (written(&folder, "map.html"), written(&folder, "key"));
    std::fs::write(&key, "short").unwrap();
    WHITHER.run(&["map", PHONE, "--redact", "--redact-key", &key]).refusal(&["fewer than 16 bytes are no secret"]);
    assert_eq!(WHITHER.run(&["map", PHONE, "--keep-frames"]).code, Some(2));
    std::fs::write(&key, "a secret of the test").unwrap();
    let run = |args: &[&str]| WHITHER.run(&[&["map", PHONE, "--redact", "--json", "-"][..], args].concat());
    let keyed = || run(&["--redact-key", &key]).out;
    assert_eq!(keyed(), keyed());
    assert_ne!(run(&[]).out, run(&[]).out, "each run has a key of its own");
    let report: Report = serde_json::from_str(&keyed()).unwrap();
    assert_eq!(
        (report.captures[0].name.as_str(), report.generator.command.as_str()),
        ("capture 1", "whither map --redact")
    );
    let said = WHITHER.run(&["map", PHONE, "--redact", "--html", &page]);
    assert!(said.out.contains("redacted: taken out or replaced") && !said.out.contains("Next:"), "{}", said.out);
    assert!(std::fs::read_to_string(&page).unwrap().contains("redacted: can no longer be checked"));
    let said = WHITHER.run(&["flows", PHONE, "--redact"]);
    assert!(said.code == Some(0) && said.err.contains("whither: redacted: taken out or replaced"), "{}", said.err);
    // A page never shows folders or the command, whether or not anything is redacted.
    let whole = WHITHER.file(PHONE);
    let said = WHITHER.run(&["map", whole.to_str().unwrap(), "--html", "-"]);
    assert!(said.out.contains("phone.pcapng") && !said.out.contains(env!("CARGO_MANIFEST_DIR")));
    assert!(!said.out.contains("--html -"));
}
