//! `whither map`: the routing map in the terminal or in files.

use super::args::{Args, MapArgs, ReportArgs};
use super::end::End;
use super::follow::Follow;
use super::input::Input;
use super::screen::CLEAR;
use super::view::View;
use super::{input, stdout};
use crate::analysis::Analysed;
use crate::capture::{self, GivenPaths};
use crate::error::Error;
use crate::report::build;
use crate::route::RouteMap;

pub(super) fn run(args: &Args, map: &MapArgs, command: &str) -> Result<End, Error> {
    let ReportArgs { input, paths, transfers, redact } = &map.report;
    let found = capture::find(&input.captures)?;
    let mut reads = input::reads(&found, input);
    reads.files.extend(paths.files.iter().map(|path| ("--path", path.as_path())));
    let follow = Follow::wanted(&map.follow, &map.show)?;
    let view = View::open(args, &map.show, Some(redact), command, &reads)?;
    let paths = GivenPaths::open(&paths.files)?;
    let Input { sources, mut knowledge, is_whole } = input::open(found, input, args.quiet)?;
    knowledge.paths = paths;
    let options = input::options(input, &knowledge)?;
    let report = |routes: &RouteMap, analysed: &Analysed| {
        let mut report = build(routes, analysed, &knowledge, command.to_owned());
        report.transfers = transfers.of(&report);
        report
    };
    let (routes, analysed) = match follow {
        None => input::analyse(sources, &options, &knowledge, args.quiet, &|_| ())?,
        Some(follow) => {
            let mut show = |routes: &RouteMap, analysed: &Analysed| {
                view.show_so_far(&view.redacted(report(routes, analysed), &knowledge)?, follow)
            };
            follow.analyse(sources, &options, &knowledge, args, &mut show)?
        }
    };
    let report = report(&routes, &analysed);
    let is_seen = |app: &str| report.apps.iter().any(|routes| routes.id == app);
    input::known_or_seen(&options.apps, &knowledge, is_seen)?;
    let shown = view.redacted(report, &knowledge)?;
    if follow.is_some_and(|follow| follow.is_watched) {
        stdout::write(CLEAR.as_bytes())?;
    }
    view.write(&shown)?;
    let is_complete = input::report_defects(&analysed.outcomes);
    // The process ends here. Freeing millions of small allocations one by one would only take time.
    std::mem::forget((routes, analysed, knowledge, shown));
    Ok(End::of(is_complete && is_whole))
}
