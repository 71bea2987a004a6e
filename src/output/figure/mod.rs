//! A [`Report`] as a figure for print: one map, or one per app on one scale. Title, map, what has no country, a key, the apps, and a
//! caption with dates, doubt and sources. SVG 1.1, attributes only, text as text; `docs/figure.md` says what is drawn how.

mod amounts;
mod bands;
mod caption;
mod drawing;
mod keys;
mod labels;
mod land;
mod measure;
mod multiples;
mod parts;
mod single;
mod view;

use super::look::Look;
use crate::report::Report;
use drawing::MARK;
pub(super) use drawing::mark;
use std::io::{self, Write};

/// Whether a picture of this program begins so.
pub fn is_own(head: &[u8]) -> bool {
    head.starts_with(b"<svg ") && super::generator::contains(head, &format!("{MARK}whither "))
}

/// Writes the figure.
pub(super) fn write(report: &Report, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(draw(report, look).as_bytes())
}

/// The figure as SVG.
pub(super) fn draw(report: &Report, look: &Look) -> String {
    if look.small_multiples { multiples::draw(report, look) } else { single::draw(report, look) }
}

#[cfg(test)]
mod tests;
