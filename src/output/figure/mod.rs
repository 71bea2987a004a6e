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
mod single;
mod view;

use super::Look;
use crate::report::Report;
use std::io::{self, Write};

/// Width of the picture.
const WIDTH: f64 = 1200.0;
/// Between its edge and everything in it.
const MARGIN: f64 = 30.0;

/// How a picture says what made it.
const MARK: &str = "<!-- Generator: ";

/// What made a picture, as a comment for its beginning.
pub(super) fn mark() -> String {
    format!("{MARK}{} -->", super::generator::GENERATOR)
}

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
