//! `whither map`: the routing map in the terminal or in files.

use super::args::{Args, Color, MapArgs};
use super::end::End;
use super::input::Input;
use super::outputs::Wanted;
use super::target::Target;
use super::{input, outputs, redact, stdout};
use crate::capture::{self, GivenPaths};
use crate::error::Error;
use crate::output::Look;
use crate::output::scan::Scan;
use crate::output::terminal::{Style, render};
use crate::output::write_json_compact;
use crate::redact::Redactor;
use crate::report::build;
use std::io::{IsTerminal, Write};

/// Columns assumed where stdout is no terminal.
const DEFAULT_WIDTH: usize = 80;

pub(super) fn run(args: &Args, map: &MapArgs, command: &str) -> Result<End, Error> {
    let found = capture::find(&map.input.captures)?;
    let mut reads = input::reads(&found, &map.input.owners, &map.input.knowledge);
    reads.files.extend(map.paths.files.iter().map(|path| ("--path", path.as_path())));
    let targets = outputs::open(&wanted(map), &reads, map.outputs.is_forced)?;
    stdout::check()?;
    let key = redact::key(&map.redact)?;
    let paths = GivenPaths::open(&map.paths.files)?;
    let Input { sources, mut knowledge, is_whole } = input::open(found, &map.input, args.quiet)?;
    knowledge.paths = paths;
    let options = input::options(&map.input, &knowledge)?;
    let (routes, analysed) = input::analyse(sources, &options, &knowledge, args.quiet, &|_| ())?;
    let mut report = build(&routes, &analysed, &knowledge, command.to_owned());
    report.transfers = map.transfers.of(&report);
    let is_seen = |app: &str| report.apps.iter().any(|routes| routes.id == app);
    input::known_or_seen(&options.apps, &knowledge, is_seen)?;
    let mut scan = Scan::default();
    if let Some(key) = &key {
        let mut removed = redact::command(command);
        report = Redactor::new(key, &knowledge, map.redact.keep_frames).report(report, &mut removed);
        scan = Scan::new(&removed);
        // All that any format shows is in the JSON; a compressed format cannot be searched itself.
        let mut json = Vec::new();
        write_json_compact(&report, &mut json).map_err(|error| Error::io("<report>", error))?;
        redact::check(&scan, &json)?;
    }
    let look = Look { small_multiples: map.small_multiples, ..Look::default() };
    let fill = |index: usize, out: &mut dyn Write| match map.outputs.files.get(index) {
        Some((format, _)) => scan.guard(out, |out| (format.write)(&report, &look, out)),
        None => Ok(()),
    };
    let is_shown = targets.iter().any(Target::is_stdout);
    let (written, shown) = rayon::join(
        || outputs::write_files(&targets, fill, args.quiet),
        || (!is_shown).then(|| render(&report, &Style { details: map.details, ..style(args) })),
    );
    written?;
    outputs::write_streams(&targets, fill, args.quiet)?;
    if let Some(text) = shown {
        redact::check(&scan, text.as_bytes())?;
        stdout::write(text.as_bytes())?;
    }
    let is_complete = input::report_defects(&analysed.outcomes);
    // The process ends here. Freeing millions of small allocations one by one would only take time.
    std::mem::forget((routes, analysed, knowledge, report));
    Ok(End::of(is_complete && is_whole))
}

/// The outputs that were asked for, in the order of their formats.
fn wanted(map: &MapArgs) -> Vec<Wanted<'_>> {
    map.outputs
        .files
        .iter()
        .map(|(format, path)| Wanted { option: format!("--{}", format.name), path, is_own: format.is_own })
        .collect()
}

/// How to write to this terminal.
pub(super) fn style(args: &Args) -> Style {
    let is_terminal = std::io::stdout().is_terminal();
    let has_no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let color = match args.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && !has_no_color && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
    };
    Style { width: width(is_terminal), color, ascii: !speaks_unicode(), details: false }
}

/// Columns of the terminal; `COLUMNS` where there is none or it does not say.
fn width(is_terminal: bool) -> usize {
    let measured = is_terminal.then(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))).flatten();
    let told = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    measured.or_else(told).filter(|columns| *columns > 0).unwrap_or(DEFAULT_WIDTH)
}

/// Whether the locale names an encoding that is not UTF-8 (POSIX: the first of these that is set decides).
fn speaks_unicode() -> bool {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf") || !locale.contains('.')
    })
}
