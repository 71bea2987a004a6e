//! What came of a policy in the Static Analysis Results Interchange Format (SARIF 2.1.0, OASIS, with errata 01).
//!
//! There is a result for each rule that does not pass and for each new thing; it points at the policy, because captures have no lines.
//! What passes is no result, since some readers show every result as a fault.

use super::shown::{Shown, fingerprint, line, message};
use crate::output::escape::json_visible;
use crate::output::generator::contains;
use crate::policy::{Outcome, Verdict};
use serde_json::{Value, json};
use std::io::{self, Write};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The id of what is not in the baseline.
const NEW: &str = "not-in-baseline";
/// Name and version of how fingerprints are made.
const FINGERPRINT: &str = "whither/v1";

/// Writes the log.
pub(super) fn write(shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    let outcomes = &shown.checked.outcomes;
    let rules = outcomes.iter().map(|outcome| {
        let name = &outcome.rule.name.value;
        json!({
            "id": id(name),
            "shortDescription": { "text": name },
            "defaultConfiguration": { "level": "error" },
        })
    });
    let new = json!({
        "id": NEW,
        "shortDescription": { "text": "Not in the baseline" },
        "defaultConfiguration": { "level": "warning" },
    });
    let failed = outcomes.iter().enumerate().filter(|(_, outcome)| !outcome.passes(shown.leniency));
    let failed = failed.map(|(index, outcome)| result(shown, index, outcome));
    let found = shown.findings.iter().map(|finding| {
        json!({
            "ruleId": NEW,
            "ruleIndex": outcomes.len(),
            "level": "warning",
            "message": { "text": finding.says() },
            "locations": [location(shown.policy, 1, 1)],
            "partialFingerprints": { FINGERPRINT: fingerprint(&["new", &finding.app, finding.what, &finding.value]) },
        })
    });
    let ended = shown.checked.report.captures.iter().filter_map(|capture| capture.defect.as_ref());
    let notifications = ended.map(|defect| json!({ "level": "error", "message": { "text": defect.to_string() } }));
    let generator = &shown.checked.report.generator;
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": generator.name,
                "version": generator.version,
                "rules": rules.chain([new]).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications.collect::<Vec<_>>(),
            }],
            "results": failed.chain(found).collect::<Vec<_>>(),
        }],
    });
    let mut text = serde_json::to_string_pretty(&log)?;
    text.push('\n');
    out.write_all(json_visible(&text).as_bytes())
}

/// Whether such a file of this program begins so.
pub(super) fn is_own(head: &[u8]) -> bool {
    head.starts_with(b"{") && contains(head, SCHEMA) && contains(head, "\"runs\"") && contains(head, FINGERPRINT_MARK)
}

/// Beside the schema, what only this program's logs have among their first bytes.
const FINGERPRINT_MARK: &str = "unicodeCodePoints";

fn result(shown: &Shown<'_>, index: usize, outcome: &Outcome<'_>) -> Value {
    let name = &outcome.rule.name;
    json!({
        "ruleId": id(&name.value),
        "ruleIndex": index,
        "level": if outcome.verdict == Verdict::Broken { "error" } else { "warning" },
        "message": { "text": message(outcome) },
        "locations": [location(shown.policy, name.line, name.column)],
        "partialFingerprints": { FINGERPRINT: fingerprint(&["rule", &name.value]) },
        "properties": {
            "verdict": outcome.verdict,
            "rows": outcome.rows.iter().map(line).collect::<Vec<_>>(),
        },
    })
}

/// The id of a rule: made of its name, so that it stays where rules move.
fn id(name: &str) -> String {
    format!("rule-{}", fingerprint(&["rule", name]).get(..12).unwrap_or_default())
}

fn location(policy: &str, line: usize, column: usize) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(policy) },
        "region": { "startLine": line, "startColumn": column },
    } })
}

/// A path as a reference (RFC 3986 §4.1): relative stays relative, so that it is found in the repository.
fn uri(path: &str) -> String {
    let path = if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.strip_prefix("./").unwrap_or(&path).bytes() {
        if is_plain(byte) { uri.push(char::from(byte)) } else { uri.push_str(&format!("%{byte:02X}")) }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("./ci/a policy.toml"), "ci/a%20policy.toml");
        assert_eq!(uri("/etc/é:x.toml"), "file:///etc/%C3%A9%3Ax.toml");
    }
}
