//! What came of a policy as JSON, with every row: for programs.

use super::shown::{Shown, name};
use crate::output::escape::json_visible;
use crate::policy::{Kind, Outcome, Row, Verdict};
use crate::report::{Generator, Standing};
use crate::standing::{LEAST_BYTES, Percent};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Version of the form. It is raised when a field changes its meaning or is removed.
const VERSION: u32 = 1;

/// What a file is recognised by comes first.
#[derive(Serialize)]
struct Document<'a> {
    check: u32,
    generator: &'a Generator,
    #[serde(flatten)]
    rest: Value,
}

/// Writes it indented, with a final line feed.
pub(super) fn write(shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    let report = shown.checked.report;
    let rest = json!({
        "policy": shown.policy,
        "passes": shown.passes(),
        "captures": report.captures,
        "first_seen": report.first_seen,
        "last_seen": report.last_seen,
        "vantage": report.vantage,
        "physics": report.physics,
        "tables": report.tables,
        "databases": report.databases,
        "jurisdiction_rule": report.jurisdiction_rule,
        "rules": shown.checked.outcomes.iter().map(|outcome| rule(shown, outcome)).collect::<Vec<_>>(),
        "new": shown.findings,
        "transfers": report.transfers,
        "unattributed_sent": report.unattributed_shares.sent.bytes,
        "unattributed_received": report.unattributed_shares.received.bytes,
        "notes": report.notes,
    });
    let whole = Document { check: VERSION, generator: &report.generator, rest };
    let mut text = serde_json::to_string_pretty(&whole)?;
    text.push('\n');
    out.write_all(json_visible(&text).as_bytes())
}

/// Whether such a file of this program begins so.
pub(super) fn is_own(head: &[u8]) -> bool {
    const START: usize = 256;
    let start: Vec<u8> = head.iter().take(START).filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
    start.starts_with(b"{\"check\":") && memchr::memmem::find(&start, b"\"generator\":{").is_some()
}

fn rule(shown: &Shown<'_>, outcome: &Outcome<'_>) -> Value {
    let Outcome { rule, bounds, verdict, says, not_observed, rows, one_source } = outcome;
    let is_told = bounds.total >= LEAST_BYTES;
    let interval = is_told.then(|| bounds.interval().to_string());
    let unplaced = is_told.then(|| format!("{} %", Percent::at_most(bounds.part.unplaced(), bounds.total)));
    json!({
        "name": rule.name.value,
        "line": rule.name.line,
        "kind": rule.kind,
        "about": if rule.kind == Kind::AllowOnly { "bytes that do not fit the table" } else { "bytes that fit the table" },
        "apps": if rule.apps.is_empty() { vec!["*"] } else { rule.apps.iter().map(|app| app.value.as_str()).collect() },
        "direction": rule.direction,
        "verdict": verdict,
        "passes": outcome.passes(shown.leniency),
        "says": says,
        "not_observed": not_observed,
        "bytes": bounds.total,
        "threshold_bytes": bounds.threshold,
        "certain_bytes": bounds.part.low,
        "possible_bytes": bounds.part.possible(),
        "unplaced_bytes": bounds.part.unplaced(),
        "one_source_bytes": one_source,
        "share": if *verdict == Verdict::NotObserved { None } else { interval },
        "unplaced_percent": unplaced,
        "rows": rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn row(row: &Row<'_>) -> Value {
    let Row { app, destination, bytes, part } = row;
    let (capture, frame) = &destination.first_frame;
    let standing: Standing = destination.standing;
    json!({
        "app": app.id,
        "app_name": app.name,
        "fit": row.word(),
        "bytes": bytes,
        "certain_bytes": part.low,
        "possible_bytes": part.possible(),
        "unplaced_bytes": part.unplaced(),
        "label": destination.label,
        "standing": standing,
        "age": destination.age,
        "countries": destination.candidates.iter().map(|one| one.country).collect::<Vec<_>>(),
        "registered_countries": destination.registered_countries,
        "asn": destination.asn,
        "as_name": destination.as_name,
        "operator": destination.operator,
        "run_by": destination.run_by,
        "name": name(destination),
        "names": destination.names,
        "addresses": destination.addresses,
        "capture": capture,
        "frame": frame,
        "first_seen": destination.first_seen,
        // What traffic was routed through has no part in the verdict.
        "routed": destination.on_path,
    })
}
