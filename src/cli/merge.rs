//! `whither merge`: the routing map of what `whither partials` wrote.

use super::args::{Args, MergeArgs, ReportArgs};
use super::end::End;
use super::outputs::Reads;
use super::stderr::say;
use super::view::View;
use super::{input, outputs};
use crate::capture::GivenPaths;
use crate::error::Error;
use crate::fleet::{Files, Merged, Store, merge, verify};
use crate::output::escape;
use crate::report::build;
use std::collections::BTreeSet;

pub(super) fn run(args: &Args, given: &MergeArgs, command: &str) -> Result<End, Error> {
    let ReportArgs { input, paths, transfers, redact } = &given.report;
    if input.filter.is_some() {
        let hint = "give it to `whither partials`, which reads the frames";
        return Err(Error::usage("--filter has nothing to choose from here", hint));
    }
    if !input.keys.is_empty() {
        let hint = "encrypted hellos are opened where captures are read on one machine: use `whither map --keys`";
        return Err(Error::usage("--keys has nothing to open here", hint));
    }
    let mut files: Vec<_> = input.captures.iter().map(|path| ("as parts", path.as_path())).collect();
    files.extend(paths.files.iter().map(|path| ("--path", path.as_path())));
    files.extend(input::other_files(&input.owners, &[], &input.knowledge));
    let reads = Reads { found: None, files };
    outputs::open(&[], &reads, false)?;
    let mut store = Files::open(&input.captures)?;
    let verified = verify(&store)?;
    let captures = captures(&store);
    let command = of_one_machine(command, given, &captures);
    let view = View::open(args, &given.show, Some(redact), &command, &reads)?.of_captures(captures);
    let mut knowledge = input::knowledge_of(input)?;
    knowledge.paths = GivenPaths::open(&paths.files)?;
    let options = input::options(input, &knowledge)?;
    let Merged { routes, analysed, is_exact } = merge(&mut store, &verified, &options, &knowledge)?;
    input::refuse_nothing(&analysed.outcomes)?;
    input::devices_seen(&analysed)?;
    let mut report = build(&routes, &analysed, &knowledge, command.clone());
    report.transfers = transfers.of(&report);
    let is_seen = |app: &str| report.apps.iter().any(|routes| routes.id == app);
    input::known_or_seen(&options.apps, &knowledge, is_seen)?;
    view.write(&view.redacted(report, &knowledge)?)?;
    if !is_exact {
        say(
            "whither: memory was short, and what was left out is not what one machine would leave out; give more with --max-memory",
        );
    }
    Ok(End::of(input::report_defects(&analysed.outcomes)))
}

/// The captures as they were given to be read in parts; their own names where that is not known.
fn captures(store: &dyn Store) -> Vec<String> {
    let tasks = || store.readings().iter().map(|reading| &reading.task);
    match tasks().map(|task| &task.given).min().filter(|given| !given.is_empty()) {
        Some(given) => escape::shell_words(given),
        None => {
            let names: BTreeSet<(u32, &str)> = tasks().map(|task| (task.capture, &*task.name)).collect();
            names.into_iter().map(|(_, name)| name.to_owned()).collect()
        }
    }
}

/// The command that makes the same of the captures on one machine, which is what the report shows.
fn of_one_machine(command: &str, given: &MergeArgs, captures: &[String]) -> String {
    let mut captures = Some(captures.iter().map(|name| format!(" {}", escape::shell(name))).collect::<String>());
    let mut text = command.replacen(" merge", " map", 1);
    // The captures stand where the first of the files stood.
    for path in &given.report.input.captures {
        let path = path.to_string_lossy();
        let word = format!(" {}", escape::shell(&path));
        let is_end = |end: usize| text.get(end..).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        let found = text.match_indices(&word).map(|(at, word)| at..at + word.len()).find(|found| is_end(found.end));
        if let Some(found) = found {
            text.replace_range(found, &captures.take().unwrap_or_default());
        }
    }
    text
}
