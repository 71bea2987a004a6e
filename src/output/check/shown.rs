//! What all formats of a check show, and the words that they share.

use crate::output::{escape, words};
use crate::policy::{Checked, Finding, Leniency, Outcome, Row};
use crate::report::Destination;
use sha2::{Digest, Sha256};

/// All that the formats show.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// What came of the rules.
    pub checked: &'a Checked<'a>,
    /// The policy, as the user named it.
    pub policy: &'a str,
    /// What passes besides rules that hold.
    pub leniency: Leniency,
    /// What is not in the baseline.
    pub findings: &'a [Finding],
}

impl Shown<'_> {
    /// Whether all rules pass and nothing is new.
    pub fn passes(&self) -> bool {
        self.findings.is_empty() && self.checked.outcomes.iter().all(|outcome| outcome.passes(self.leniency))
    }
}

/// Rows that are told in a message; the JSON has all.
const TOLD: usize = 8;

/// What came of a rule in a few lines: the words, then rows. Unescaped.
pub(super) fn message(outcome: &Outcome<'_>) -> String {
    let mut text = outcome.says.clone();
    if let Some(caution) = outcome.caution() {
        text.push('\n');
        text.push_str(&caution);
    }
    for id in &outcome.not_observed {
        text.push_str(&format!("\n{id}: not observed in this capture"));
    }
    for row in outcome.rows.iter().take(TOLD) {
        text.push('\n');
        text.push_str(&line(row));
    }
    if let more @ 1.. = outcome.rows.len().saturating_sub(TOLD) {
        text.push_str(&format!("\n{more} more rows"));
    }
    text
}

/// A row in one line: app, place, network, bytes, capture and first frame. Unescaped.
pub(super) fn line(row: &Row<'_>) -> String {
    let Row { app, destination, bytes, .. } = row;
    let (capture, frame) = &destination.first_frame;
    let (label, network) = (&destination.label, words::network(destination));
    let (word, of_word) = (row.word(), row.word_bytes());
    let amount = if of_word == *bytes { format!("{bytes} bytes") } else { format!("{of_word} of {bytes} bytes") };
    let frame = if *frame == 0 { String::new() } else { format!(" frame {frame}") };
    format!("{}: {label}, {network}, {amount} {word}, {capture}{frame}", app.name)
}

/// The name with most bytes of a row.
pub(super) fn name(destination: &Destination) -> Option<&str> {
    destination.names.first().map(|name| name.name.as_str())
}

/// What is found again from one run to the next by these words, whatever lines move.
pub(super) fn fingerprint(words: &[&str]) -> String {
    let mut hash = Sha256::new();
    for word in words {
        hash.update((word.len() as u64).to_le_bytes());
        hash.update(word.as_bytes());
    }
    escape::hex(&hash.finalize()[..16])
}
