//! From a [`Report`] to what people and programs read. One file per format, one row in [`FORMATS`].
//!
//! Everything that came from the wire is escaped for the place it is written to ([`escape`]).

pub mod apps;
pub mod bench;
mod csv;
#[cfg(test)]
mod demo;
pub mod escape;
pub mod flows;
mod geojson;
mod html;
mod json;
pub mod lookup;
mod map;
mod palette;
mod projection;
mod svg;
pub mod terminal;
pub mod units;
mod words;

use crate::report::Report;
use std::io::{self, Write};

/// A format that a report can be written in, beside the terminal's.
pub struct Format {
    /// The name of the option and the usual extension.
    pub name: &'static str,
    /// What it is, for the help text.
    pub about: &'static str,
    /// Writes it.
    pub write: fn(&Report, &mut dyn Write) -> io::Result<()>,
}

/// All formats, sorted by name.
pub const FORMATS: &[Format] = &[
    Format { name: "csv", about: "a table with one row per app and destination", write: csv::write },
    Format { name: "geojson", about: "lines and points for a geographic information system", write: geojson::write },
    Format { name: "html", about: "a map in one page that opens from disk", write: html::write },
    Format { name: "json", about: "the whole report, for programs", write: json::write },
    Format { name: "svg", about: "the map as a picture", write: svg::write },
];

/// The format with this name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

pub use json::write_compact as write_json_compact;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_found_by_name() {
        assert!(FORMATS.is_sorted_by_key(|format| format.name));
        assert!(format("json").is_some() && format("png").is_none());
    }
}
