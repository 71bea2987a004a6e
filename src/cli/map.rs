//! `whither map`: the routing map in the terminal or in files.

use super::args::{Args, Color, MapArgs};
use super::progress::Bar;
use super::{End, input, stdout};
use crate::capture::Progress;
use crate::error::Error;
use crate::output::terminal::{Style, render};
use crate::report::{analysis, build};
use std::io::IsTerminal;
use std::sync::Arc;

/// Columns assumed where stdout is no terminal.
const DEFAULT_WIDTH: usize = 80;

pub(super) fn run(args: &Args, map: &MapArgs, command: &str) -> Result<End, Error> {
    map.outputs.0.iter().try_for_each(|(_, path)| stdout::check(path))?;
    let (sources, knowledge) = input::open(&map.input, args.quiet)?;
    let options = input::options(&map.input, &knowledge)?;
    let progress = Arc::new(Progress::default());
    let bar = Bar::start(&progress, args.quiet);
    let (routes, analysed) = analysis::map(sources, &options, &knowledge, &progress);
    drop(bar);
    let report = build(&routes, &analysed, &knowledge, command.to_owned());
    let is_seen = |app: &str| report.apps.iter().any(|routes| routes.id == app);
    input::known_or_seen(&map.input.app, &knowledge, is_seen)?;
    let is_shown = map.outputs.0.iter().any(|(_, path)| path.as_os_str() == "-");
    let write = || {
        map.outputs.0.iter().try_for_each(|(format, path)| {
            stdout::write_to(path, |out| (format.write)(&report, out))?;
            if path.as_os_str() != "-" && !args.quiet {
                super::say(&format!("whither: wrote {}", path.display()));
            }
            Ok(())
        })
    };
    let (written, shown) = rayon::join(write, || (!is_shown).then(|| render(&report, &style(args))));
    written?;
    if let Some(text) = shown {
        stdout::write(text.as_bytes())?;
    }
    let is_complete = input::report_defects(&analysed.outcomes);
    // The process ends here: giving back millions of small pieces one by one would only take time.
    std::mem::forget((routes, analysed, knowledge, report));
    Ok(End::of(is_complete))
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
    Style { width: width(is_terminal), color, ascii: !speaks_unicode() }
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
