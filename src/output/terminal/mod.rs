//! A [`Report`] as text for a terminal: the answer first, each figure with its evidence near, readable without colour.

mod detail;
mod lines;
mod rest;
mod summary;

use crate::report::Report;
use lines::Lines;
pub use lines::Style;

/// Writes the whole answer. No line is wider than the style says (but see [`Style::WIDTH_MIN`]).
pub fn render(report: &Report, style: &Style) -> String {
    let mut lines = Lines::new(*style);
    summary::header(&mut lines, report);
    lines.gap();
    summary::table(&mut lines, report);
    detail::apps(&mut lines, report);
    rest::countries(&mut lines, report);
    rest::unattributed(&mut lines, report);
    rest::remainders(&mut lines, report);
    rest::notes(&mut lines, report);
    rest::next(&mut lines, report);
    lines.finish()
}

#[cfg(test)]
mod tests;
