//! A [`Report`] as text for a terminal: the answer first, each figure with its evidence near, readable without colour.

mod check;
mod commands;
mod detail;
mod diff;
mod lines;
mod paths;
mod rest;
mod sites;
mod summary;
mod transfers;
mod world;

pub use check::render_check;

use super::look::Look;
use crate::report::Report;
pub use diff::render_diff;
use lines::Lines;
pub use lines::Style;

/// Lines of the first screen, at most, on a terminal of usual width.
const SCREEN: usize = 24;
/// Rows of the table that are always there.
const LEAST_ROWS: usize = 3;

/// Writes the answer: the first screen, or all details where the style asks for them. No line is wider than the style says (but
/// see [`Style::WIDTH_MIN`]).
pub fn render(report: &Report, style: &Style) -> String {
    render_with(report, &Look::default(), style)
}

/// The same with the user's title above it and the note below.
pub fn render_with(report: &Report, look: &Look, style: &Style) -> String {
    if style.details { details(report, look, style) } else { screen(report, look, style) }
}

/// How much stands below the table of the first screen.
#[derive(Clone, Copy)]
struct Below {
    notes: usize,
    limits: usize,
    commands: usize,
}

/// From all that may stand there to what must.
const BELOW: [Below; 4] = [
    Below { notes: 2, limits: 1, commands: 2 },
    Below { notes: 1, limits: 1, commands: 2 },
    Below { notes: 1, limits: 0, commands: 2 },
    Below { notes: 1, limits: 0, commands: 1 },
];

fn screen(report: &Report, look: &Look, style: &Style) -> String {
    let mut top = Lines::new(*style);
    summary::title(&mut top, look);
    summary::header(&mut top, report);
    summary::answer(&mut top, report);
    top.gap();
    let room = SCREEN.saturating_sub(top.count());
    // The head of the table is a row too.
    let least = 1 + summary::rows(report).min(LEAST_ROWS);
    let [fullest, shorter @ ..] = BELOW;
    let mut end = below(report, look, style, fullest);
    for short in shorter {
        if end.count() + least <= room {
            break;
        }
        end = below(report, look, style, short);
    }
    let rows = room.saturating_sub(end.count() + 1).max(LEAST_ROWS);
    summary::table(&mut top, report, Some(rows));
    top.finish() + &end.finish()
}

fn below(report: &Report, look: &Look, style: &Style, below: Below) -> Lines {
    let mut end = Lines::new(*style);
    end.gap();
    summary::laws(&mut end, report);
    summary::legend(&mut end, report);
    rest::physics(&mut end, report);
    rest::limits(&mut end, report, below.limits);
    transfers::transfers(&mut end, report, true);
    rest::short_notes(&mut end, report, below.notes);
    rest::note(&mut end, look);
    commands::commands(&mut end, report, look, below.commands);
    end
}

fn details(report: &Report, look: &Look, style: &Style) -> String {
    let mut lines = Lines::new(*style);
    summary::title(&mut lines, look);
    summary::header(&mut lines, report);
    summary::sources(&mut lines, report);
    summary::answer(&mut lines, report);
    lines.gap();
    summary::table(&mut lines, report, None);
    summary::sum(&mut lines, report);
    summary::laws(&mut lines, report);
    summary::legend(&mut lines, report);
    rest::physics(&mut lines, report);
    rest::limits(&mut lines, report, usize::MAX);
    detail::apps(&mut lines, report);
    rest::countries(&mut lines, report);
    world::world(&mut lines, report);
    paths::paths(&mut lines, report);
    transfers::transfers(&mut lines, report, false);
    rest::unattributed(&mut lines, report);
    sites::sites(&mut lines, report);
    rest::remainders(&mut lines, report);
    rest::notes(&mut lines, report);
    rest::note(&mut lines, look);
    lines.gap();
    commands::commands(&mut lines, report, look, 1);
    lines.finish()
}

#[cfg(test)]
mod tests;
