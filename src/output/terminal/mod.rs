//! A [`Report`] as text for a terminal: the answer first, each figure with its evidence near, readable without colour.

mod detail;
mod rest;
mod sheet;
mod summary;

use crate::report::Report;
use sheet::Sheet;
pub use sheet::Style;

/// Writes the whole answer. No line is wider than the style says (but see [`Style::WIDTH_MIN`]).
pub fn render(report: &Report, style: &Style) -> String {
    let mut sheet = Sheet::new(*style);
    summary::header(&mut sheet, report);
    sheet.gap();
    summary::table(&mut sheet, report);
    detail::apps(&mut sheet, report);
    rest::countries(&mut sheet, report);
    rest::unattributed(&mut sheet, report);
    rest::remainders(&mut sheet, report);
    rest::notes(&mut sheet, report);
    rest::next(&mut sheet, report);
    sheet.finish()
}

#[cfg(test)]
mod tests;
