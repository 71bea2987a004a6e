//! `whither apps`: the catalogue, and entries for what it does not have.

use super::args::{AppsArgs, Args, KnowledgeArgs};
use super::end::End;
use super::{input, screen, stdout};
use crate::analysis::Options;
use crate::app::Catalogue;
use crate::capture;
use crate::error::Error;
use crate::output::{apps, suggest};
use crate::report::build;

/// Memory to take at most, in bytes, about: that of other commands by default.
const MEMORY: u64 = 4 << 30;

pub(super) fn run(args: &Args, given: &AppsArgs) -> Result<End, Error> {
    if !given.suggest.is_empty() {
        return suggest(args, given);
    }
    let catalogue = Catalogue::with_user(&given.apps)?;
    let style = screen::style(args);
    let text = match &given.id {
        None if given.json => apps::json(catalogue.apps()),
        None => apps::list(&catalogue, catalogue.apps(), &style),
        Some(id) => match (catalogue.app(id), catalogue.find(id)) {
            (Some(app), _) if given.json => apps::json(std::iter::once(app)),
            (Some(app), _) => apps::entry(&catalogue, app, &style),
            (None, found) if found.is_empty() => {
                return Err(Error::usage(format!("no app matches {id:?}"), "`whither apps` lists them all"));
            }
            (None, found) if given.json => apps::json(found.into_iter()),
            (None, found) => apps::list(&catalogue, found.into_iter(), &style),
        },
    };
    stdout::write(text.as_bytes())?;
    Ok(End::Done)
}

/// Writes entries for the sites of captures.
fn suggest(args: &Args, given: &AppsArgs) -> Result<End, Error> {
    stdout::check()?;
    let found = capture::find(&given.suggest)?;
    let own = KnowledgeArgs { geo: Vec::new(), anycast: Vec::new(), apps: given.apps.clone() };
    let (sources, is_whole) = input::captures(found, args.quiet)?;
    let knowledge = input::knowledge(&own, None)?;
    let options = Options { max_memory: Some(MEMORY), ..Options::default() };
    let (routes, analysed) = input::analyse(sources, &options, &knowledge, args.quiet, &|_| ())?;
    let report = build(&routes, &analysed, &knowledge, String::new());
    stdout::write(suggest::entries(&report, &knowledge.catalogue).as_bytes())?;
    Ok(End::of(input::report_defects(&analysed.outcomes) && is_whole))
}
