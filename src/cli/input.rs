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

/// Opens the captures and says what was passed by.
pub(super) fn captures(input: &InputArgs, is_quiet: bool) -> Result<Vec<Source>, Error> {
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
    let catalogue = Catalogue::with_user(&args.apps)?;
    let places = Places::open(&args.geo)?;
    let vantage: Option<Vantage> = from.map(|text| vantage(text, places.embedded())).transpose()?;
    Ok(Knowledge::new(catalogue, places, vantage))
}

/// The same for captures, with the owners named beside them.
pub(super) fn knowledge_of(input: &InputArgs) -> Result<Knowledge, Error> {
    let mut knowledge = knowledge(&input.knowledge, input.from.as_deref())?;
    knowledge.owners = input.owners.iter().map(|path| SideOwners::open(path)).collect::<Result<_, _>>()?;
    Ok(knowledge)
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
    })
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
