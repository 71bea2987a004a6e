//! What a command reads: captures, databases, filters.

use super::args::{InputArgs, KnowledgeArgs};
use super::outputs::Reads;
use super::progress::Bar;
use super::stderr::say;
use crate::analysis::budget::LEAST;
use crate::analysis::{self, Analysed, FrameFilter, Knowledge, MissingDevices, Options};
use crate::app::Catalogue;
use crate::capture::owner::SideOwners;
use crate::capture::{self, Found, Outcome, Progress, ReadOptions, Source};
use crate::error::Error;
use crate::output::{escape, units};
use crate::place::{Places, Vantage, vantage};
use crate::route::{Observed, RouteMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many of the files that were left out are named.
const NAMED: usize = 3;

/// What a command reads, opened.
pub(super) struct Input {
    pub(super) sources: Vec<Source>,
    pub(super) knowledge: Knowledge,
    /// Whether all that was found could be read.
    pub(super) is_whole: bool,
}

/// All files that a command reads, for the outputs to keep away from.
pub(super) fn reads<'a>(found: &'a Found, input: &'a InputArgs) -> Reads<'a> {
    let mut reads = reads_beside(found, &input.keys, &input.knowledge);
    reads.files.extend(input.owners.iter().map(|path| ("--owners", path.as_path())));
    reads
}

/// The same where no owners can be given.
pub(super) fn reads_beside<'a>(found: &'a Found, keys: &'a [PathBuf], knowledge: &'a KnowledgeArgs) -> Reads<'a> {
    Reads { found: Some(found), files: other_files(&[], keys, knowledge).collect() }
}

/// The files beside captures, with the options that name them.
pub(super) fn other_files<'a>(
    owners: &'a [PathBuf],
    keys: &'a [PathBuf],
    knowledge: &'a KnowledgeArgs,
) -> impl Iterator<Item = (&'static str, &'a Path)> {
    let KnowledgeArgs { geo, anycast, apps } = knowledge;
    let options = [("--owners", owners), ("--keys", keys), ("--geo", geo), ("--anycast", anycast), ("--apps", apps)];
    options.into_iter().flat_map(|(option, paths)| paths.iter().map(move |path| (option, path.as_path())))
}

/// Opens the captures and the databases at the same time: the first bytes of a pipe may take long to come, and ten thousand files
/// take as long as the catalogue.
pub(super) fn open(found: Found, input: &InputArgs, is_quiet: bool) -> Result<Input, Error> {
    let (captures, knowledge) = rayon::join(|| captures(found, is_quiet), || knowledge_of(input));
    let (sources, is_whole) = captures?;
    Ok(Input { sources, knowledge: knowledge?, is_whole })
}

/// Opens the captures, and reports what was left out in folders. Returns whether nothing was left out that may hold packets.
pub(super) fn captures(found: Found, is_quiet: bool) -> Result<(Vec<Source>, bool), Error> {
    let opened = found.open()?;
    for error in opened.unreadable.iter().take(NAMED) {
        warn(&format!("{error}; it is missing from the result"));
    }
    match opened.unreadable.len().saturating_sub(NAMED) {
        0 => {}
        more => warn(&format!("{} could not be read either", units::plural(more as u64, "file", "files or folders"))),
    }
    if let (false, Some(skipped)) = (is_quiet, skipped(&opened.not_captures)) {
        warn(&skipped);
    }
    Ok((opened.sources, opened.unreadable.is_empty()))
}

/// The message that says how many files are not captures, with the names of the first.
fn skipped(paths: &[PathBuf]) -> Option<String> {
    let mut names: Vec<String> = paths.iter().take(NAMED).map(|path| path.display().to_string()).collect();
    let last = match paths.len().checked_sub(NAMED) {
        Some(more @ 1..) => format!("{more} more"),
        _ => names.pop()?,
    };
    let names = if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) };
    let what = match paths.len() {
        1 => "1 file that is not a capture".to_owned(),
        count => format!("{count} files that are not captures"),
    };
    Some(format!("skipped {what}: {names}"))
}

/// A line on stderr, with what came from a file's name made harmless.
fn warn(line: &str) {
    say(&escape::terminal(&format!("whither: {line}"), false));
}

/// Opens the catalogue and the databases.
pub(super) fn knowledge(args: &KnowledgeArgs, from: Option<&str>) -> Result<Knowledge, Error> {
    args.geo.iter().try_for_each(|path| {
        is_there(path, "give a MaxMind DB file (.mmdb); none is needed: data comes with the program")
    })?;
    args.anycast.iter().chain(&args.apps).try_for_each(|path| is_there(path, "check the path"))?;
    let open = || Places::open(&args.geo)?.with_anycast(&args.anycast);
    let (catalogue, places) = rayon::join(|| Catalogue::with_user(&args.apps), open);
    let (catalogue, places) = (catalogue?, places?);
    let vantage: Option<Vantage> = from.map(|text| vantage(text, places.embedded())).transpose()?;
    Ok(Knowledge::new(catalogue, places, vantage))
}

/// The same for captures, with the owners of side files.
pub(super) fn knowledge_of(input: &InputArgs) -> Result<Knowledge, Error> {
    input.owners.iter().try_for_each(|path| is_there(path, "check the path"))?;
    let mut knowledge = knowledge(&input.knowledge, input.from.as_deref())?;
    let side = |path: &PathBuf| SideOwners::open(path, Some(input.max_memory));
    knowledge.ignores_age = input.ignore_age;
    knowledge.owners = input.owners.iter().map(side).collect::<Result<_, _>>()?;
    Ok(knowledge)
}

fn is_there(path: &Path, hint: &str) -> Result<(), Error> {
    match path.metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Error::not_usable(path, "there is no such file", hint))
        }
        _ => Ok(()),
    }
}

/// Reads the captures into a map, with a bar. Every flow that is counted is shown to `look`.
///
/// # Errors
/// If no capture could be read at all, or none shows a device that was asked for.
pub(super) fn analyse(
    sources: Vec<Source>,
    options: &Options,
    knowledge: &Knowledge,
    is_quiet: bool,
    look: &(impl Fn(&Observed<'_>) + Sync),
) -> Result<(RouteMap, Analysed), Error> {
    let progress = Arc::new(Progress::default());
    let bar = Bar::start(&progress, is_quiet);
    let (routes, analysed) = analysis::map_with(sources, options, knowledge, &progress, look);
    drop(bar);
    refuse_nothing(&analysed.outcomes)?;
    devices_seen(&analysed)?;
    Ok((routes, analysed))
}

/// Refuses names of apps that the catalogue does not know, once it is clear that no owner has them either.
pub(super) fn known_or_seen(
    apps: &[String],
    knowledge: &Knowledge,
    is_seen: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let is_wrong = |app: &&String| knowledge.catalogue.app(app).is_none() && !is_seen(app);
    let Some(app) = apps.iter().find(is_wrong) else { return Ok(()) };
    let what = format!("--app {app}: no app has this id, and no flow in the captures is of an owner of this name");
    let hint = match nearest(app, knowledge) {
        Some(id) => format!("did you mean {id}? `whither apps` lists them"),
        None => "`whither apps` lists the ids".to_owned(),
    };
    Err(Error::usage(what, hint))
}

/// Refuses devices that no flow has at either end, and names those that there are. Where flows were left out for lack of memory, a
/// device may be among them.
pub(super) fn devices_seen(analysed: &Analysed) -> Result<(), Error> {
    /// Devices named; a capture of a large network has hundreds.
    const NAMED: usize = 16;
    let MissingDevices { missing, present } = &analysed.devices;
    let Some(device) = missing.first().filter(|_| analysed.summary.shed.sessions == 0) else { return Ok(()) };
    let named: Vec<_> = present.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if present.len() > NAMED { " and others" } else { "" };
    let hint = if named.is_empty() {
        "the captures hold no flows".to_owned()
    } else {
        format!("the captures hold flows of {}{more}", named.join(", "))
    };
    Err(Error::usage(format!("--device {device}: no flow in the captures has this address"), hint))
}

/// The id of the catalogue that is most like this text, if few letters differ.
pub(super) fn nearest<'a>(text: &str, knowledge: &'a Knowledge) -> Option<&'a str> {
    /// Of this many letters one may be wrong.
    const LETTERS_PER_SLIP: usize = 3;
    let text = text.to_lowercase();
    let ids = knowledge.catalogue.apps().map(|app| &*app.id);
    let slips = ids.map(|id| (strsim::osa_distance(&text, id), id)).min()?;
    (slips.0 <= slips.1.len() / LETTERS_PER_SLIP).then_some(slips.1)
}

/// What the arguments say of reading and selecting.
pub(super) fn options(input: &InputArgs, knowledge: &Knowledge) -> Result<Options, Error> {
    let apps = apps(input, knowledge);
    for app in &apps {
        let is_known = knowledge.catalogue.app(app).is_some();
        let similar = knowledge.catalogue.find(app);
        if let (false, [first, ..]) = (is_known, similar.as_slice()) {
            let hint = format!("did you mean {}? `whither apps` lists them", first.id);
            return Err(Error::usage(format!("--app {app}: no app has this id"), hint));
        }
    }
    Ok(Options {
        read: ReadOptions::default(),
        filter: input.filter.as_deref().map(filter).transpose()?,
        apps,
        devices: input.device.clone(),
        keys: super::keys::open(&input.keys)?,
        max_memory: Some(memory(input.max_memory)?),
        ..Options::default()
    })
}

/// The apps asked for, as the catalogue writes their ids; an owner that it does not know stays as it was given.
fn apps(input: &InputArgs, knowledge: &Knowledge) -> Vec<String> {
    let as_written = |app: &String| {
        let id = app.to_lowercase();
        if knowledge.catalogue.app(app).is_none() && knowledge.catalogue.app(&id).is_some() { id } else { app.clone() }
    };
    input.app.iter().map(as_written).collect()
}

/// A limit that holds what is always needed.
fn memory(bytes: u64) -> Result<u64, Error> {
    if bytes < LEAST {
        let what = format!("--max-memory {}M is too little", bytes >> 20);
        return Err(Error::usage(what, format!("databases and buffers alone take half of {}M", LEAST >> 20)));
    }
    Ok(bytes)
}

#[cfg(feature = "live")]
pub(super) fn filter(expression: &str) -> Result<FrameFilter, Error> {
    super::capture::filter(expression)
}

#[cfg(not(feature = "live"))]
pub(super) fn filter(expression: &str) -> Result<FrameFilter, Error> {
    Err(Error::usage(
        format!("--filter {}: this build cannot compile BPF filters", escape::shell(expression)),
        "install libpcap and build with `cargo install whither --features live`",
    ))
}

/// Fails if captures broke off and no packet was read: then there is no result.
pub(super) fn refuse_nothing(outcomes: &[Outcome]) -> Result<(), Error> {
    let has_packets = outcomes.iter().any(|outcome| outcome.frames > outcome.not_packets);
    let mut defects = outcomes.iter().filter_map(|outcome| defect(outcome, "nothing was read"));
    let Some(last) = defects.next_back().filter(|_| !has_packets) else { return Ok(()) };
    defects.for_each(|(what, hint)| warn(&format!("{what}; {hint}")));
    Err(Error::usage(last.0, last.1))
}

/// Reports where reading had to stop. Returns whether all captures were read to their ends.
pub(super) fn report_defects(outcomes: &[Outcome]) -> bool {
    let mut is_complete = true;
    for (what, hint) in outcomes.iter().filter_map(|outcome| defect(outcome, "everything before it is in the result")) {
        is_complete = false;
        warn(&format!("{what}; {hint}"));
    }
    is_complete
}

/// Where and why a capture broke off; what became of it, and what can be done.
fn defect(outcome: &Outcome, became: &str) -> Option<(String, String)> {
    let what = outcome.defect.as_ref()?.to_string();
    let advice = capture::advice(outcome).map(|advice| format!("; {advice}")).unwrap_or_default();
    Some((what, format!("{became}{advice}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_counted_and_the_first_are_named() {
        let said = |count: usize| skipped(&["a", "b", "c", "d", "e"].map(PathBuf::from)[..count]);
        assert_eq!(said(0), None);
        assert_eq!(said(1).unwrap(), "skipped 1 file that is not a capture: a");
        assert_eq!(said(3).unwrap(), "skipped 3 files that are not captures: a, b and c");
        assert_eq!(said(4).unwrap(), "skipped 4 files that are not captures: a, b, c and 1 more");
        assert_eq!(said(5).unwrap(), "skipped 5 files that are not captures: a, b, c and 2 more");
    }
}
