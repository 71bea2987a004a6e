//! Redaction, held against every sample and every output: nothing that tells whose captures they are is left, figures and verdicts stay, the
//! same key gives the same bytes, and another key others.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use whither::Analyser;
use whither::app::HitTarget;
use whither::output::flows::OwnedRecord;
use whither::output::scan::Scan;
use whither::output::terminal::{Style, render};
use whither::place::{Scope, scope, vantage};
use whither::redact::{Key, Redactor, Removed};
use whither::report::Report;

/// Samples that hold packets.
fn samples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut files = Vec::new();
    for folder in [root.clone(), root.join("owner")] {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.extend(entries.filter(|path| path.to_str().unwrap().contains(".pcap") && whither::capture::is_capture(path)));
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

/// Everything that `map` can write.
fn outputs(report: &Report) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for format in whither::output::FORMATS {
        let mut out = Vec::new();
        (format.write)(report, &mut out).unwrap();
        all.push((format.name.to_owned(), String::from_utf8(out).unwrap()));
    }
    for details in [false, true] {
        let style = Style { width: 200, color: false, ascii: false, details };
        all.push((format!("terminal, details: {details}"), render(report, &style)));
    }
    all
}

/// What must not be in an output, found without the code that takes it out.
fn secrets(analyser: &Analyser, path: &Path) -> BTreeSet<String> {
    let mut secrets = BTreeSet::from([path.display().to_string(), path.file_name().unwrap().to_str().unwrap().to_owned()]);
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
    for path in samples() {
        let original = report(&analyser, &path);
        let (shown, removed) = redacted(&analyser, &original, b"a secret of the test", false);
        let scan = Scan::new(&removed);
        let mut secrets = secrets(&analyser, &path);
        secrets.extend(["25.01337", "121.51739", "25.01337, 121.51739"].map(str::to_owned));
        assert!(outputs(&original).iter().any(|(_, text)| scan.find(text.as_bytes()).is_some()), "{}", path.display());
        for (format, text) in outputs(&shown) {
            assert_eq!(scan.find(text.as_bytes()), None, "{} as {format}", path.display());
            let left: Vec<&String> = secrets.iter().filter(|one| is_telling(one) && has(&text, one)).collect();
            assert!(left.is_empty(), "{} as {format}: {left:?}", path.display());
        }
    }
}

#[test]
fn figures_stay_and_keys_decide_the_rest() {
    let analyser = analyser(Some("Taipei"));
    for name in ["samples/phone.pcapng", "samples/owner/pktap-v2.pcap", "samples/owner/rustnet.pcapng"] {
        let original = report(&analyser, &Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
        let (one, _) = redacted(&analyser, &original, b"a secret of the test", false);
        let (again, _) = redacted(&analyser, &original, b"a secret of the test", false);
        let (other, _) = redacted(&analyser, &original, b"another one", false);
        assert_eq!(outputs(&one), outputs(&again));
        assert_ne!(outputs(&one), outputs(&other));
        let sums = |report: &Report| {
            let rows = report.apps.iter().flat_map(|app| &app.destinations).chain(&report.unattributed_routes);
            let rows: Vec<_> = rows.map(|row| (row.traffic, row.payload, row.exchange, row.addresses_total)).collect();
            let shares: Vec<_> = report.apps.iter().map(|app| (app.shares.sent.countries.clone(), app.traffic)).collect();
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
