//! From a [`Report`] to what people and programs read. One file per format, one row in [`FORMATS`].
//!
//! Everything that came from the wire is escaped for the place it is written to ([`escape`]).

#[doc(hidden)]
pub mod apps;
#[doc(hidden)]
pub mod bench;
#[doc(hidden)]
pub mod check;
#[cfg(any(feature = "columns", feature = "parquet"))]
mod columns;
mod csv;
pub mod diff;
mod dot;
pub mod escape;
#[cfg(test)]
mod example;
mod figure;
pub mod flows;
mod generator;
mod geojson;
mod html;
mod json;
mod kepler;
mod links;
mod look;
#[doc(hidden)]
pub mod lookup;
mod mermaid;
mod own_words;
mod palette;
#[cfg(feature = "parquet")]
mod parquet;
#[doc(hidden)]
pub mod pcapng;
#[cfg(feature = "png")]
mod png;
mod projection;
#[doc(hidden)]
pub mod scan;
#[doc(hidden)]
pub mod suggest;
pub mod terminal;
#[doc(hidden)]
pub mod units;
mod words;

use crate::report::Report;
use std::io::{self, Write};

/// A format that a report can be written in, in addition to the terminal's.
pub struct Format {
    /// The name of the option and the usual extension.
    pub name: &'static str,
    /// What it is, for the help text.
    pub about: &'static str,
    /// Writes it.
    pub write: fn(&Report, &Look, &mut dyn Write) -> io::Result<()>,
    /// Whether a file that begins with these bytes ([`HEAD_BYTES`] of them, if it has as many) was written in this format by
    /// this program, in any version: such a file may be replaced without asking.
    pub is_own: fn(&[u8]) -> bool,
}

/// How much of a file tells whether this program wrote it.
pub const HEAD_BYTES: usize = 4 << 10;

/// All formats, sorted by name.
pub const FORMATS: &[Format] = &[
    Format {
        name: "csv",
        about: "a table with one row per app and destination",
        write: |report, _, out| csv::write(report, out),
        is_own: csv::is_own,
    },
    Format {
        name: "dot",
        about: "a graph of apps, operators and countries for Graphviz",
        write: |report, _, out| dot::write(report, out),
        is_own: dot::is_own,
    },
    Format {
        name: "geojson",
        about: "lines and points for a geographic information system",
        write: |report, _, out| geojson::write(report, out),
        is_own: geojson::is_own,
    },
    Format { name: "html", about: "a map in one page that opens from disk", write: html::write, is_own: html::is_own },
    Format {
        name: "json",
        about: "the whole report, for programs",
        write: |report, _, out| json::write(report, out),
        is_own: json::is_own,
    },
    Format {
        name: "kepler",
        about: "a table of arcs for kepler.gl",
        write: |report, _, out| kepler::write(report, out),
        is_own: kepler::is_own,
    },
    Format {
        name: "mermaid",
        about: "a flowchart of apps, operators and countries in Mermaid's language",
        write: |report, _, out| mermaid::write(report, out),
        is_own: mermaid::is_own,
    },
    // A Parquet file says at its end what made it, so that none is known by its beginning.
    #[cfg(feature = "parquet")]
    Format {
        name: "parquet",
        about: "GeoParquet with one row per app and destination; replaced only with --force",
        write: |report, _, out| parquet::write(report, out),
        is_own: |_| false,
    },
    #[cfg(feature = "png")]
    Format { name: "png", about: "the figure as a picture", write: png::write, is_own: png::is_own },
    Format { name: "svg", about: "the map as a figure for print", write: figure::write, is_own: figure::is_own },
];

/// The format with this name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

pub use figure::is_own as is_own_svg;
pub use json::write_compact as write_json_compact;
pub use look::Look;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_found_by_name() {
        assert!(FORMATS.is_sorted_by_key(|format| format.name));
        assert!(format("json").is_some() && format("gif").is_none());
    }

    #[test]
    fn each_format_knows_its_own_files_and_no_others() {
        let report = example::report();
        for format in FORMATS.iter().filter(|format| format.name != "parquet") {
            let mut bytes = Vec::new();
            (format.write)(&report, &Look::default(), &mut bytes).unwrap();
            bytes.truncate(HEAD_BYTES);
            let knows = |other: &&Format| (other.is_own)(&bytes);
            assert_eq!(FORMATS.iter().filter(knows).map(|f| f.name).collect::<Vec<_>>(), [format.name]);
            bytes[..2].fill(b'x');
            assert!(!(format.is_own)(&bytes) && !(format.is_own)(b""), "{}", format.name);
        }
        let others = [
            &b"<!doctype html>\n<html><title>whither</title>"[..],
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><!-- made by hand, not by whither -->",
            b"{\"schema\": 1, \"generator\": {\"name\": \"other\"}}",
            b"{\"type\":\"FeatureCollection\",\"features\":[]}",
            b"app,country\nx,y\n",
        ];
        assert!(others.iter().all(|other| FORMATS.iter().all(|format| !(format.is_own)(other))));
    }
}
