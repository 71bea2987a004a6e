//! From a comparison of two reports ([`Diff`]) to what people and programs read. The terminal's form is
//! [`crate::output::terminal::render_diff`].

mod html;
mod json;

use crate::report::diff::Diff;
use std::io::{self, Write};

/// A format that a comparison can be written in, in addition to the terminal's.
pub struct Format {
    /// The name of the option and the usual extension.
    pub name: &'static str,
    /// What it is, for the help text.
    pub about: &'static str,
    /// Writes it.
    pub write: fn(&Diff, &mut dyn Write) -> io::Result<()>,
    /// Whether a file that begins with these bytes was written in this format by this program.
    pub is_own: fn(&[u8]) -> bool,
}

/// All formats, sorted by name.
pub const FORMATS: &[Format] = &[
    Format {
        name: "html",
        about: "a table in one page that opens from disk",
        write: html::write,
        is_own: html::is_own,
    },
    Format { name: "json", about: "the whole comparison, for programs", write: json::write, is_own: json::is_own },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{self, example};
    use crate::report::diff::compare;

    #[test]
    fn each_format_knows_its_own_files_and_no_others() {
        let report = example::report();
        let diff = compare(("a", &report), ("b", &report), String::new());
        assert!(FORMATS.is_sorted_by_key(|format| format.name));
        for format in FORMATS {
            let mut bytes = Vec::new();
            (format.write)(&diff, &mut bytes).unwrap();
            let knows = |other: &&Format| (other.is_own)(&bytes);
            assert_eq!(FORMATS.iter().filter(knows).map(|f| f.name).collect::<Vec<_>>(), [format.name]);
            assert!(output::FORMATS.iter().all(|other| !(other.is_own)(&bytes)), "{}", format.name);
        }
        for format in output::FORMATS {
            let mut bytes = Vec::new();
            (format.write)(&report, &output::Look::default(), &mut bytes).unwrap();
            assert!(FORMATS.iter().all(|other| !(other.is_own)(&bytes)), "{}", format.name);
        }
    }
}
