//! `whither flows`: one record per flow on stdout.

use super::args::{Args, FlowsArgs};
use super::end::End;
use super::input::Input;
use super::progress::Bar;
use super::{input, outputs, stdout};
use crate::capture::{self, Progress};
use crate::error::Error;
use crate::output::flows::{InOrder, format};
use crate::route::Observed;
use std::collections::HashSet;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// Records are written in pieces of about this size.
const CHUNK: usize = 1 << 18;

pub(super) fn run(args: &Args, flows: &FlowsArgs) -> Result<End, Error> {
    let found = capture::find(&flows.input.captures)?;
    // Records go to stdout, which must not be a file that is read.
    outputs::open(&[], &input::reads(&found, &flows.input.owners, &flows.input.knowledge), false)?;
    stdout::check()?;
    let Input { sources, knowledge, is_whole } = input::open(found, &flows.input, args.quiet)?;
    let options = input::options(&flows.input, &knowledge)?;
    let Some(format) = format(&flows.format) else {
        return Err(Error::usage(format!("--format {}", flows.format), "see whither flows --help"));
    };
    let progress = Arc::new(Progress::default());
    let bar = Bar::start(&progress, args.quiet);
    let mut out = stdout::open()?;
    let mut failure = None;
    let unseen: Mutex<HashSet<&str>> = Mutex::new(options.apps.iter().map(String::as_str).collect());
    let mut chunk = Vec::with_capacity(CHUNK + (CHUNK >> 2));
    let mut writer = (format.writer)();
    writer.header(&mut chunk);
    let look = |observed: &Observed<'_>| {
        if !options.apps.is_empty()
            && let Some(claim) = &observed.attribution.chosen
        {
            unseen.lock().unwrap_or_else(PoisonError::into_inner).remove(&*claim.app);
        }
    };
    let mut emit = |record: &[u8]| {
        chunk.extend_from_slice(record);
        if chunk.len() >= CHUNK && failure.is_none() {
            failure = out.write_all(&chunk).err();
            chunk.clear();
        }
        failure.is_none()
    };
    let (options, knowledge) = (&options, &knowledge);
    let in_order = InOrder { format, options, knowledge, progress: &progress, temporary_folder: std::env::temp_dir() };
    let (analysed, not_kept) = in_order.read(sources, &look, &mut emit);
    drop(bar);
    input::refuse_nothing(&analysed.outcomes)?;
    writer.finish(&mut chunk);
    let written = match failure {
        Some(error) => Err(error),
        None => out.write_all(&chunk).and_then(|()| out.flush()),
    };
    written.map_err(stdout::failed)?;
    if let Some((folder, error)) = not_kept {
        let what = format!("flows that wait for their turn could not be kept in a temporary file there: {error}");
        return Err(Error::not_usable(folder, what, "name another folder with TMPDIR, or give more with --max-memory"));
    }
    let unseen = unseen.into_inner().unwrap_or_else(PoisonError::into_inner);
    input::known_or_seen(&options.apps, knowledge, |app| !unseen.contains(app))?;
    Ok(End::of(input::report_defects(&analysed.outcomes) && is_whole))
}
