//! What a command reads: captures, databases, filters.

use super::args::{InputArgs, KnowledgeArgs};
use super::say;
use crate::app::Catalogue;
use crate::capture::owner::SideOwners;
use crate::capture::{self, Outcome, ReadOptions, Source};
use crate::error::Error;
use crate::output::escape;
use crate::place::{Places, Vantage, vantage};
use crate::report::analysis::{FrameFilter, Knowledge, Options};
use crate::report::memory::LEAST;
use std::path::{Path, PathBuf};

/// Opens captures and what they are held against, side by side: a pipe may let its first bytes wait, ten thousand files take
/// as long as the catalogue.
pub(super) fn open(input: &InputArgs, is_quiet: bool) -> Result<(Vec<Source>, Knowledge), Error> {
    let (sources, knowledge) = rayon::join(|| captures(input, is_quiet), || knowledge_of(input));
    Ok((sources?, knowledge?))
}

/// Opens the captures and says what was passed by.
fn captures(input: &InputArgs, is_quiet: bool) -> Result<Vec<Source>, Error> {
    let opened = capture::open(&input.captures)?;
    if opened.skipped > 0 && !is_quiet {
        let what = match opened.skipped {
            1 => "1 file beside the captures is none and was".to_owned(),
            count => format!("{count} files beside the captures are none and were"),
        };
        let first = opened.first_skipped.map(|error| format!(" ({error})")).unwrap_or_default();
        say(&escape::terminal(&format!("whither: {what} passed by{first}"), false));
    }
    Ok(opened.sources)
}

/// Opens what flows are held against.
pub(super) fn knowledge(args: &KnowledgeArgs, from: Option<&str>) -> Result<Knowledge, Error> {
    args.geo.iter().try_for_each(|path| {
        is_there(path, "give a MaxMind DB file (.mmdb); none is needed: data comes with the program")
    })?;
    args.apps.iter().try_for_each(|path| is_there(path, "check the path"))?;
    let (catalogue, places) = rayon::join(|| Catalogue::with_user(&args.apps), || Places::open(&args.geo));
    let (catalogue, places) = (catalogue?, places?);
    let vantage: Option<Vantage> = from.map(|text| vantage(text, places.embedded())).transpose()?;
    Ok(Knowledge::new(catalogue, places, vantage))
}

/// The same for captures, with the owners named beside them.
fn knowledge_of(input: &InputArgs) -> Result<Knowledge, Error> {
    input.owners.iter().try_for_each(|path| is_there(path, "check the path"))?;
    let mut knowledge = knowledge(&input.knowledge, input.from.as_deref())?;
    let side = |path: &PathBuf| SideOwners::open(path, Some(input.max_memory));
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

/// Refuses names of apps that the catalogue does not know, once it is clear that no owner has them either.
pub(super) fn known_or_seen(
    apps: &[String],
    knowledge: &Knowledge,
    is_seen: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let is_wrong = |app: &&String| knowledge.catalogue.app(app).is_none() && !is_seen(app);
    let Some(app) = apps.iter().find(is_wrong) else { return Ok(()) };
    let what = format!("--app {app}: no app has this id, and no flow in the captures is of an owner of this name");
    let ids = knowledge.catalogue.apps().map(|app| &*app.id);
    let hint = match nearest(app, ids) {
        Some(id) => format!("did you mean {id}? `whither apps` lists them"),
        None => "`whither apps` lists the ids".to_owned(),
    };
    Err(Error::usage(what, hint))
}

/// The id that takes the fewest slips of the finger to come from this text, if they are few.
fn nearest<'a>(text: &str, ids: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Of this many letters one may be wrong.
    const LETTERS_PER_SLIP: usize = 3;
    let text = text.to_lowercase();
    let slips = ids.map(|id| (strsim::osa_distance(&text, id), id)).min()?;
    (slips.0 <= slips.1.len() / LETTERS_PER_SLIP).then_some(slips.1)
}

/// What the arguments say of reading and selecting.
pub(super) fn options(input: &InputArgs, knowledge: &Knowledge) -> Result<Options, Error> {
    for app in &input.app {
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
        apps: input.app.clone(),
        devices: input.device.clone(),
        max_memory: Some(memory(input.max_memory)?),
    })
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
fn filter(expression: &str) -> Result<FrameFilter, Error> {
    super::capture::filter(expression)
}

#[cfg(not(feature = "live"))]
fn filter(expression: &str) -> Result<FrameFilter, Error> {
    Err(Error::usage(
        format!("--filter {}: this build cannot compile BPF filters", escape::shell(expression)),
        "install libpcap and build with `cargo install whither --features live`",
    ))
}

/// Says where reading had to stop; whether nothing had.
pub(super) fn report_defects(outcomes: &[Outcome]) -> bool {
    let mut is_complete = true;
    for defect in outcomes.iter().filter_map(|outcome| outcome.defect.as_ref()) {
        is_complete = false;
        say(&format!(
            "whither: {}; everything before it is in the result",
            escape::terminal(&defect.to_string(), false)
        ));
    }
    is_complete
}
