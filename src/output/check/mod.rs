//! A policy that was held against a report, to what people and programs read. One file per format.

mod github;
mod json;
mod junit;
mod sarif;
mod shown;

pub use github::{guarded, write as write_github};
pub use shown::Shown;

use std::io::{self, Write};

/// A format in addition to the terminal's.
pub struct Format {
    /// The name of the option.
    pub name: &'static str,
    /// Writes it.
    pub write: fn(&Shown<'_>, &mut dyn Write) -> io::Result<()>,
    /// Whether a file that begins with these bytes was written in this format by this program.
    pub is_own: fn(&[u8]) -> bool,
}

/// All formats, sorted by name.
pub const FORMATS: [Format; 3] = [
    Format { name: "json", write: json::write, is_own: json::is_own },
    Format { name: "junit", write: junit::write, is_own: junit::is_own },
    Format { name: "sarif", write: sarif::write, is_own: sarif::is_own },
];

#[cfg(test)]
mod tests;
