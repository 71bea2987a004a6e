//! All formats of one check, with hostile names in policy and report.

use super::shown::fingerprint;
use super::*;
use crate::app::Catalogue;
use crate::output::example::{self, HOSTILE_NAME};
use crate::output::{HEAD_BYTES, terminal};
use crate::policy::{Finding, Leniency, Policy, evaluate, parse};
use crate::report::Report;
use std::path::Path;

const POLICY: &str = r#"
[[rule]]
name = "nothing </testcase>\u001b[2J to China"
apps = ["wechat"]
deny = { country = ["CN"] }
[[rule]]
name = "nothing to Hong Kong"
apps = ["wechat"]
deny = { country = ["HK"] }
[[rule]]
name = "Meta"
apps = ["whatsapp", "signal"]
expect = { operator = ["Meta"] }
[[rule]]
name = "not there"
apps = ["signal"]
deny = { country = ["HK"] }
"#;

fn policy() -> Policy {
    parse(POLICY, Path::new("p"), &Catalogue::embedded().unwrap()).unwrap()
}

fn report() -> Report {
    let mut report = example::report();
    let row = &mut report.apps[0].destinations[0];
    row.label = HOSTILE_NAME.to_owned();
    row.first_frame.0 = "::error::x\n::error::y.pcap".to_owned();
    report
}

fn with(leniency: Leniency, test: impl Fn(&Shown<'_>)) {
    let (policy, report) = (policy(), report());
    let finding = Finding { app: "wechat".to_owned(), what: "domain", value: HOSTILE_NAME.to_owned() };
    let checked = evaluate(&report, &policy);
    test(&Shown { checked: &checked, policy: "ci/a policy.toml", leniency, findings: &[finding] });
}

fn written(name: &str, shown: &Shown<'_>) -> String {
    let mut out = Vec::new();
    (FORMATS.iter().find(|format| format.name == name).unwrap().write)(shown, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

const LENIENT: Leniency = Leniency { undecidable: false, not_observed: true };

#[test]
fn each_format_knows_its_own_files_and_no_others() {
    with(LENIENT, |shown| {
        for format in &FORMATS {
            let text = written(format.name, shown);
            let head = &text.as_bytes()[..text.len().min(HEAD_BYTES)];
            let knows: Vec<&str> = FORMATS.iter().filter(|one| (one.is_own)(head)).map(|one| one.name).collect();
            assert_eq!(knows, [format.name]);
            assert!(crate::output::FORMATS.iter().all(|other| !(other.is_own)(head)), "{}", format.name);
        }
        assert!(FORMATS.is_sorted_by_key(|format| format.name));
    });
}

#[test]
fn json_says_all_of_each_rule() {
    with(LENIENT, |shown| {
        let value: serde_json::Value = serde_json::from_str(&written("json", shown)).unwrap();
        let verdicts: Vec<_> =
            value["rules"].as_array().unwrap().iter().map(|rule| rule["verdict"].as_str().unwrap()).collect();
        assert_eq!(verdicts, ["undecidable", "broken", "holds", "not_observed"]);
        let broken = &value["rules"][1];
        assert_eq!((broken["line"].as_u64(), broken["passes"].as_bool()), (Some(7), Some(false)));
        assert_eq!(broken["rows"][0]["label"], HOSTILE_NAME);
        assert_eq!(broken["rows"][0]["frame"], 109);
        let sum =
            |key: &str| broken["rows"].as_array().unwrap().iter().map(|row| row[key].as_u64().unwrap()).sum::<u64>();
        for key in ["certain_bytes", "possible_bytes", "unplaced_bytes"] {
            assert_eq!(Some(sum(key)), broken[key].as_u64());
        }
        assert_eq!(value["rules"][2]["not_observed"][0], "signal");
        assert_eq!(value["passes"], false);
    });
}

/// What SARIF 2.1.0 requires of each object that is used here. The whole schema was held against it when it was written.
#[test]
fn sarif_has_what_its_schema_requires() {
    with(LENIENT, |shown| {
        let text = written("sarif", shown);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["version"], "2.1.0");
        let run = &value["runs"][0];
        assert_eq!(run["tool"]["driver"]["name"], "whither");
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let results = run["results"].as_array().unwrap();
        assert_eq!((rules.len(), results.len()), (5, 3), "what passes is no result");
        for result in results {
            let index = result["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(result["ruleId"], rules[index]["id"]);
            assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
            assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], "ci/a%20policy.toml");
            assert!(
                place["region"]["startLine"].as_u64().unwrap() >= 1
                    && place["region"]["startColumn"].as_u64().unwrap() >= 1
            );
            assert_eq!(result["partialFingerprints"]["whither/v1"].as_str().unwrap().len(), 32);
        }
        assert_eq!((&results[0]["level"], &results[1]["level"]), (&"warning".into(), &"error".into()));
        assert_eq!(results[1]["locations"][0]["physicalLocation"]["region"]["startLine"], 7);
        // It is known again by it: this must never change.
        assert_eq!(results[1]["partialFingerprints"]["whither/v1"], fingerprint(&["rule", "nothing to Hong Kong"]));
        assert_eq!(fingerprint(&["rule", "a"]), "2d1c0301026c4697e4e8e2b38a1c0066");
        assert_eq!(run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn junit_counts_its_cases_and_closes_its_elements() {
    with(LENIENT, |shown| {
        let text = written("junit", shown);
        assert!(text.contains("tests=\"6\" failures=\"3\" errors=\"1\" skipped=\"1\""), "{text}");
        assert_eq!(text.matches("<testcase ").count(), 6);
        assert_eq!(
            (text.matches("<failure ").count(), text.matches("<skipped ").count(), text.matches("<error ").count()),
            (3, 1, 1)
        );
        // Nothing from the wire or the policy opens or closes anything, or is no character of XML.
        assert!(!text.contains('\u{1b}') && !text.contains("<img") && text.matches("</testcase>").count() == 6);
        let mut open: Vec<&str> = Vec::new();
        for tag in text.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
            match tag.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name)),
                None if tag.starts_with(['?', '!']) || tag.ends_with('/') => {}
                None => open.push(tag.split(' ').next().unwrap()),
            }
        }
        assert!(open.is_empty());
    });
}

#[test]
fn workflow_commands_are_one_line_each() {
    with(LENIENT, |shown| {
        let mut out = Vec::new();
        write_github(shown, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let starts: Vec<&str> = text.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(starts, ["::warning", "::error", "::notice", "::error"]);
        assert!(text.lines().nth(1).unwrap().starts_with(
            "::error file=ci/a policy.toml,line=7,col=8,title=nothing to Hong Kong::not supported at the endpoint for"
        ));
        assert!(!text.contains('\u{1b}'));
    });
}

#[test]
fn the_terminal_shows_verdict_interval_and_rows() {
    with(LENIENT, |shown| {
        let style = terminal::Style { width: 160, ..terminal::Style::default() };
        let text = terminal::render_check(shown, &style);
        for words in [
            "undecidable  nothing </testcase>\\u{1b}[2J to China",
            "broken       nothing to Hong Kong · not supported at the endpoint for",
            "holds        Meta · supported at the endpoint",
            "signal: not observed in this capture",
            "not observed not there · not observed in this capture",
            "Not in the baseline",
            "4 rules · 1 supported · 1 not supported · 1 undecidable · 1 not observed · does not pass",
        ] {
            assert!(text.contains(words), "{words}\n{text}");
        }
        assert!(!text.contains('\u{1b}'));
        assert!(guarded(&text).lines().all(|line| !line.trim_start().starts_with("::")));
    });
}
