//! `whither flows`: one record per flow on stdout.

use super::args::{Args, FlowsArgs};
use super::end::End;
use super::input::Input;
use super::progress::Bar;
use super::stderr::say;
use super::{input, outputs, redact, stdout};
use crate::analysis::{self, Judgements, Knowledge, Options};
use crate::capture::{self, Progress, Source};
use crate::error::Error;
use crate::output::flows::{InOrder, LACKING, Redaction, format};
use crate::redact::{Redactor, What};
use crate::report::for_lack_of_memory;
use crate::route::Observed;
use std::collections::HashSet;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Reads all captures beforehand: whether a round trip excludes a country can only be said when all flows are known, and no record
/// may name a country that a later one excludes.
fn judgements(flows: &FlowsArgs, options: &Options, knowledge: &Knowledge) -> Result<Judgements, Error> {
    let found = capture::find(&flows.input.captures)?;
    let sources = found.open()?.sources;
    let (routes, _) = analysis::map(sources, options, knowledge, &Progress::default());
    Ok(Judgements::of(&routes, knowledge))
}

/// Whether what this names is gone once it is read.
pub(super) fn is_read_once(path: &Path) -> bool {
    path.as_os_str() == "-" || path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

pub(super) fn run(args: &Args, flows: &FlowsArgs, command: &str) -> Result<End, Error> {
    if flows.input.from.is_some() && flows.input.captures.iter().any(|path| is_read_once(path)) {
        let hint = "write the capture to a file first, or leave --from out";
        return Err(Error::usage("--from needs captures that can be read twice, which stdin and pipes cannot", hint));
    }
    let Some(format) = format(&flows.format) else { return Err(not_built(&flows.format)) };
    let found = capture::find(&flows.input.captures)?;
    // Records go to stdout, which must not be a file that is read.
    outputs::open(&[], &input::reads(&found, &flows.input), false)?;
    stdout::check()?;
    let key = redact::key(&flows.redact)?;
    let Input { sources, knowledge, is_whole } = input::open(found, &flows.input, args.quiet)?;
    let options = input::options(&flows.input, &knowledge)?;
    if format.is_binary && std::io::stdout().is_terminal() {
        let what = format!("--format {} is not for terminals", format.name);
        return Err(Error::usage(what, format!("write it to a file: whither flows … > flows.{}", format.name)));
    }
    let judgements = knowledge.vantage.is_some().then(|| judgements(flows, &options, &knowledge)).transpose()?;
    let progress = Arc::new(Progress::default());
    let bar = Bar::start(&progress, args.quiet);
    let out = stdout::open()?;
    let mut sink = (format.sink)((format.writer)(), Box::new(out)).map_err(stdout::failed)?;
    let mut failure = None;
    let unseen: Mutex<HashSet<&str>> = Mutex::new(options.apps.iter().map(String::as_str).collect());
    let look = |observed: &Observed<'_>| {
        if !options.apps.is_empty()
            && let Some(claim) = &observed.attribution.chosen
        {
            unseen.lock().unwrap_or_else(PoisonError::into_inner).remove(&*claim.app);
        }
    };
    let (options, knowledge) = (&options, &knowledge);
    let redactor = key.map(|key| Redactor::new(&key, knowledge, flows.redact.keep_frames));
    let redaction = redactor.as_ref().map(|redactor| {
        let mut fixed = redact::command(command, &[]);
        sources.iter().for_each(|source| fixed.remove(What::File, source.name()));
        Redaction::new(redactor, sources.iter().filter_map(Source::first_time_ns).min(), &fixed)
    });
    let redaction = redaction.as_ref();
    let left = || redaction.and_then(Redaction::left);
    let mut emit = |record: &[u8]| {
        if failure.is_none() && left().is_none() {
            failure = sink.record(record).err();
        }
        failure.is_none() && left().is_none()
    };
    let judgements = judgements.as_ref();
    let temporary_folder = std::env::temp_dir();
    let in_order = InOrder { format, options, knowledge, judgements, redaction, progress: &progress, temporary_folder };
    let (analysed, not_kept) = in_order.read(sources, &look, &mut emit);
    drop(bar);
    input::refuse_nothing(&analysed.outcomes)?;
    if let Some(what) = left() {
        return Err(redact::refused(what));
    }
    match failure {
        Some(error) => Err(error),
        None => sink.finish(),
    }
    .map_err(stdout::failed)?;
    if let Some((folder, error)) = not_kept {
        let what = format!("flows that wait for their turn could not be kept in a temporary file there: {error}");
        return Err(Error::not_usable(folder, what, "name another folder with TMPDIR, or give more with --max-memory"));
    }
    // There is no report here that would say so.
    for_lack_of_memory(&analysed).iter().for_each(|what| say(&format!("whither: {what}")));
    let unseen = unseen.into_inner().unwrap_or_else(PoisonError::into_inner);
    input::known_or_seen(&options.apps, knowledge, |app| !unseen.contains(app))?;
    input::devices_seen(&analysed)?;
    if let (Some(redaction), false) = (redaction, args.quiet) {
        redact::say_list(&redaction.removed());
    }
    Ok(End::of(input::report_defects(&analysed.outcomes) && is_whole))
}

/// Says how a format is to be had that this build is without.
fn not_built(name: &str) -> Error {
    let hint = match LACKING.iter().find(|(lacking, _)| *lacking == name) {
        Some((_, feature)) => format!("build with `cargo install whither --features {feature}`"),
        None => "see whither flows --help".to_owned(),
    };
    Error::usage(format!("--format {name}: this build has no such format"), hint)
}
