//! `whither verify`: whether the ranges that were read fit together.

use super::args::VerifyArgs;
use super::end::End;
use super::stdout;
use crate::error::Error;
use crate::fleet::{Again, Files, Store, Verified, verify};
use crate::output::{escape, units};

pub(super) fn run(given: &VerifyArgs) -> Result<End, Error> {
    let files = Files::open(&given.files)?;
    let verified = verify(&files)?;
    stdout::write(said(&files, &verified).as_bytes())?;
    Ok(End::of(verified.is_whole()))
}

/// What is proven, and what is to be read again.
fn said(store: &dyn Store, verified: &Verified) -> String {
    let readings = store.readings();
    let captures = readings.first().map_or(0, |reading| reading.task.captures);
    let mut text = format!(
        "{} of {} proven, each beginning where the one before it ended",
        units::plural(verified.proven.len() as u64, "range", "ranges"),
        units::plural(captures.into(), "capture", "captures"),
    );
    if verified.discarded > 0 {
        text.push_str(&format!("; {} hold no start of a record and do not count", verified.discarded));
    }
    let count = verified.again.len() as u64;
    if verified.is_whole() {
        text.push_str("\nnothing is missing\n");
        return text;
    }
    if verified.captures_missing > 0 {
        let missing = units::plural(verified.captures_missing.into(), "capture", "captures");
        text.push_str(&format!("\nof {missing} nothing was read"));
    }
    if count > 0 {
        text.push_str(&format!("\n{} to be read again, or at all:", units::plural(count, "range", "ranges")));
    }
    text.push('\n');
    verified.again.iter().for_each(|again| text.push_str(&line(again)));
    text
}

/// A range as an option of `whither partials`, and why it is to be read.
fn line(Again { task, was_read }: &Again) -> String {
    let start = task.start.map(|start| format!("@{start}")).unwrap_or_default();
    let why = if *was_read { "began at the wrong place" } else { "not read" };
    let name = escape::terminal(&task.name, false);
    format!("--range {}:{}-{}{start}   {why}: {name}\n", task.capture, task.from, task.to)
}
