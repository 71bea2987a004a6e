//! The terminal that the answer goes to: how wide and high it is, and what it can show.

use super::args::{Args, Color};
use crate::output::terminal::Style;
use std::io::IsTerminal;

/// Clears a terminal and goes to its first line (ECMA-48, 8.3.39 and 8.3.21).
pub(super) const CLEAR: &str = "\u{1b}[2J\u{1b}[H";
/// Columns assumed where stdout is no terminal.
const DEFAULT_WIDTH: usize = 80;

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

/// Rows of the terminal; as many as anybody has where it does not say.
pub(super) fn height() -> usize {
    terminal_size::terminal_size().map_or(usize::MAX, |(_, height)| usize::from(height.0))
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
