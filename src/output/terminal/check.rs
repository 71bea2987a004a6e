//! What came of a policy for a terminal: a line per rule with its verdict and interval, then the rows that show it.

use super::lines::{Ink, Line, Lines, Style, cut};
use super::{rest, summary, transfers};
use crate::output::check::Shown;
use crate::output::{units, words};
use crate::policy::{Kind, Outcome, Row, Verdict};
use crate::standing::{LEAST_BYTES, Percent};

/// Rows per rule.
const ROWS: usize = 8;
/// Where the text of a rule begins.
const INDENT: usize = 13;

/// Writes all rules. No line is wider than the style says.
pub fn render_check(shown: &Shown<'_>, style: &Style) -> String {
    let mut lines = Lines::new(*style);
    let report = shown.checked.report;
    summary::header(&mut lines, report);
    for outcome in &shown.checked.outcomes {
        lines.gap();
        rule(&mut lines, outcome);
    }
    if !shown.findings.is_empty() {
        lines.gap();
        lines.line(Line::default().put(Ink::Bold, "Not in the baseline"));
        for finding in shown.findings {
            let says = lines.text(&finding.says()).into_owned();
            lines.line(Line::default().to(2).put(Ink::Warn, says));
        }
    }
    transfers::transfers(&mut lines, report, false);
    lines.gap();
    sum(&mut lines, shown);
    rest::notes(&mut lines, report);
    lines.finish()
}

fn rule(lines: &mut Lines, outcome: &Outcome<'_>) {
    let Outcome { rule, bounds, verdict, says, not_observed, rows, one_source: _ } = outcome;
    let (word, ink) = match verdict {
        Verdict::Holds => ("holds", Ink::Accent),
        Verdict::Broken => ("broken", Ink::Warn),
        Verdict::Undecidable => ("undecidable", Ink::Warn),
        Verdict::NotObserved => ("not observed", Ink::Dim),
    };
    let mut line = Line::default();
    line.put(ink, word).to(INDENT);
    let mut pieces = vec![(Ink::Bold, lines.text(&rule.name.value).into_owned()), (ink, says.clone())];
    if *verdict != Verdict::NotObserved {
        pieces.push((Ink::Plain, interval(outcome)));
        pieces.push((Ink::Plain, format!("of {} {}", units::bytes(bounds.total), rule.direction.word())));
        if bounds.threshold > 0 {
            pieces.push((Ink::Dim, format!("up to {} do not count", units::bytes(bounds.threshold))));
        }
    }
    pieces.extend(outcome.caution().map(|caution| (Ink::Dim, caution)));
    if *verdict != Verdict::NotObserved {
        for id in not_observed {
            pieces.push((Ink::Dim, format!("{}: not observed in this capture", lines.text(id))));
        }
    }
    lines.pieces(line, INDENT, " · ", pieces);
    for row in rows.iter().take(ROWS) {
        place(lines, row);
    }
    if let more @ 1.. = rows.len().saturating_sub(ROWS) {
        lines.line(
            Line::default().to(4).put(Ink::Dim, format!("and {}", units::plural(more as u64, "more row", "more rows"))),
        );
    }
}

/// The share that the rule is about: what fits its table, or what does not where nothing else is allowed.
fn interval(outcome: &Outcome<'_>) -> String {
    let what = if outcome.rule.kind == Kind::AllowOnly { "does not fit" } else { "fits" };
    let bounds = &outcome.bounds;
    let unplaced = match bounds.part.unplaced() {
        0 => String::new(),
        bytes if bounds.total < LEAST_BYTES => format!(", {bytes} bytes cannot be placed"),
        bytes => format!(", {} % cannot be placed", Percent::at_most(bytes, bounds.total)),
    };
    format!("{} {what}{unplaced}", bounds.interval())
}

fn place(lines: &mut Lines, row: &Row<'_>) {
    let Row { app, destination, bytes, part } = row;
    let (capture, frame) = &destination.first_frame;
    let about = match (part.low, part.possible()) {
        (low, _) if low == *bytes => "certain".to_owned(),
        (0, possible) if possible == *bytes => "possible".to_owned(),
        (0, 0) => "cannot be placed".to_owned(),
        (0, possible) => format!("{} possible", units::bytes(possible)),
        (low, _) => format!("{} certain", units::bytes(low)),
    };
    let text = |text: &str| lines.text(text).into_owned();
    let pieces = vec![
        (Ink::Bold, cut(&text(&app.name), 24)),
        (Ink::Plain, text(&destination.label)),
        (Ink::Plain, cut(&text(&words::network(destination)), 32)),
        (Ink::Plain, format!("{}, {about}", units::bytes(*bytes))),
        (Ink::Dim, format!("{}{}", text(capture), words::frame_mark(*frame))),
    ];
    let seen =
        destination.on_path.iter().map(|one| (Ink::Dim, text(&format!("{} {}", one.label, one.standing.word()))));
    let seen: Vec<(Ink, String)> = seen.collect();
    let mut line = Line::default();
    line.to(4);
    lines.pieces(line, 6, " · ", pieces);
    if !seen.is_empty() {
        let mut line = Line::default();
        line.to(6).put(Ink::Dim, "routed, in no verdict: ");
        lines.pieces(line, 8, " · ", seen);
    }
}

/// How many rules came to what, and what no rule was held against.
fn sum(lines: &mut Lines, shown: &Shown<'_>) {
    let outcomes = &shown.checked.outcomes;
    let count = |verdict| outcomes.iter().filter(|outcome| outcome.verdict == verdict).count();
    let mut pieces = vec![(Ink::Bold, units::plural(outcomes.len() as u64, "rule", "rules"))];
    for (verdict, word) in [
        (Verdict::Holds, "supported"),
        (Verdict::Broken, "not supported"),
        (Verdict::Undecidable, "undecidable"),
        (Verdict::NotObserved, "not observed"),
    ] {
        if let number @ 1.. = count(verdict) {
            pieces.push((Ink::Plain, format!("{number} {word}")));
        }
    }
    let (ink, says) = if shown.passes() { (Ink::Accent, "passes") } else { (Ink::Warn, "does not pass") };
    pieces.push((ink, says.to_owned()));
    let rest = &shown.checked.report.unattributed_shares;
    if rest.sent.bytes + rest.received.bytes > 0 {
        let (sent, received) = (units::bytes(rest.sent.bytes), units::bytes(rest.received.bytes));
        pieces.push((Ink::Dim, format!("traffic of no app ({sent} sent, {received} received) is in no rule")));
    }
    lines.pieces(Line::default(), 2, " · ", pieces);
}
