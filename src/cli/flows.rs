//! `whither flows`: one record per flow on stdout.

use super::args::{Args, FlowsArgs};
use super::input::Input;
use super::progress::Bar;
use super::{End, input, outputs, stdout};
use crate::capture::{self, Progress};
use crate::error::Error;
use crate::output::flows::{FlowRecord, format};
use crate::report::analysis;
use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

/// Records are written in pieces of about this size.
const CHUNK: usize = 1 << 18;

pub(super) fn run(args: &Args, flows: &FlowsArgs) -> Result<End, Error> {
    let found = capture::find(&flows.input.captures)?;
    // Records go to stdout, which must not be a file that is read.
    outputs::open(&[], &input::reads(&found, &flows.input.owners, &flows.input.knowledge), false)?;
    stdout::check()?;
    let Input { sources, knowledge, is_whole } = input::open(found, &flows.input, args.quiet)?;
    let names: Vec<String> = sources.iter().map(|source| source.name().to_owned()).collect();
    let options = input::options(&flows.input, &knowledge)?;
    let mut writer = match format(&flows.format) {
        Some(format) => (format.writer)(),
        None => return Err(Error::usage(format!("--format {}", flows.format), "see whither flows --help")),
    };
    let progress = Arc::new(Progress::default());
    let bar = Bar::start(&progress, args.quiet);
    let mut out = stdout::open()?;
    let mut failure = None;
    let mut unseen: HashSet<&str> = flows.input.app.iter().map(String::as_str).collect();
    let mut chunk = Vec::with_capacity(CHUNK + (CHUNK >> 2));
    writer.header(&mut chunk);
    let analysed = analysis::flows(sources, &options, &knowledge, &progress, &mut |studied| {
        let capture = names.get(studied.flow.first_frame.capture() as usize).map_or("", String::as_str);
        if !unseen.is_empty() {
            studied.learned.attribution.chosen.iter().for_each(|claim| _ = unseen.remove(&*claim.app));
        }
        let record = FlowRecord::new(&studied.observed(), capture);
        writer.record(&record, &mut chunk);
        if chunk.len() >= CHUNK {
            failure = out.write_all(&chunk).err();
            chunk.clear();
        }
        failure.is_none()
    });
    drop(bar);
    input::refuse_nothing(&analysed.outcomes)?;
    writer.finish(&mut chunk);
    let written = match failure {
        Some(error) => Err(error),
        None => out.write_all(&chunk).and_then(|()| out.flush()),
    };
    written.map_err(stdout::failed)?;
    input::known_or_seen(&flows.input.app, &knowledge, |app| !unseen.contains(app))?;
    Ok(End::of(input::report_defects(&analysed.outcomes) && is_whole))
}
