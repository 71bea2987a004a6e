//! From the program's coloured terminal output to `docs/terminal.svg`.
//!
//! The output is real: the program is run on a sample. Of ECMA-48's select graphic rendition (8.3.117) the codes that the
//! program writes are known; other escapes are an error, so that the picture never silently differs from the terminal.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// Columns of the pictured terminal: a README is shown about this wide.
const COLUMNS: usize = 100;
/// Lines pictured at most: the first screen answers the question, the rest is the same in detail.
const LINES: usize = 44;
/// Size of a character cell and of the margin, in pixels.
const CELL_WIDTH: f64 = 8.4;
const CELL_HEIGHT: f64 = 19.0;
const MARGIN: f64 = 16.0;

/// How a piece of text looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Look {
    is_bold: bool,
    is_dim: bool,
    /// ANSI colour 30 to 37, where one is set.
    color: Option<u8>,
}

/// Text of one look and the column it begins in.
type Piece = (usize, Look, String);

impl Look {
    fn classes(self) -> String {
        let color = self.color.map(|code| format!("c{code}"));
        let words = [self.is_bold.then(|| "b".to_owned()), self.is_dim.then(|| "d".to_owned()), color];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// Runs the program and draws what it says.
pub(super) fn picture(arguments: &[&str], bin: &Path) -> Result<String, Box<dyn Error>> {
    let output = Command::new(bin)
        .args(arguments)
        .args(["--color", "always", "--quiet"])
        .env("COLUMNS", COLUMNS.to_string())
        .env("LC_ALL", "C.UTF-8")
        .output()?;
    if !output.status.success() {
        return Err(format!("whither {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)).into());
    }
    drawn(&format!("$ whither {}\n{}", arguments.join(" "), String::from_utf8(output.stdout)?))
}

fn drawn(text: &str) -> Result<String, Box<dyn Error>> {
    let mut lines: Vec<&str> = text.trim_end().lines().collect();
    if lines.len() > LINES {
        lines.truncate(LINES);
        lines.push("\u{1b}[2m…\u{1b}[0m");
    }
    let width = 2.0 * MARGIN + COLUMNS as f64 * CELL_WIDTH;
    let height = 2.0 * MARGIN + lines.len() as f64 * CELL_HEIGHT;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-label=\"whither map in a terminal\">\n<style>\n\
         rect{{fill:#fff}}text{{font:14px ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1c1c1c;\
         white-space:pre}}.b{{font-weight:700}}.d{{fill:#6a6a6a}}.c31{{fill:#b3261e}}.c32{{fill:#1a7f37}}\
         .c33{{fill:#8a5a00}}.c34{{fill:#0a58ca}}.c35{{fill:#8250df}}.c36{{fill:#00697a}}\n\
         @media(prefers-color-scheme:dark){{rect{{fill:#14161a}}text{{fill:#e4e4e4}}.d{{fill:#9a9a9a}}.c31{{fill:#ff8a80}}\
         .c32{{fill:#7ee787}}.c33{{fill:#e3b341}}.c34{{fill:#79b8ff}}.c35{{fill:#d2a8ff}}.c36{{fill:#4fd1e0}}}}\n\
         </style>\n<rect width=\"100%\" height=\"100%\" rx=\"8\"/>\n"
    );
    for (row, line) in lines.iter().enumerate() {
        let y = MARGIN + (row as f64 + 0.75) * CELL_HEIGHT;
        // Each piece stands at its own column, so that a viewer with another font keeps the columns apart.
        for (column, look, piece) in pieces(line)? {
            let x = MARGIN + column as f64 * CELL_WIDTH;
            let length = piece.chars().count() as f64 * CELL_WIDTH;
            let class = look.classes();
            let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
            writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\"{class}>{}</text>",
                escaped(&piece)
            )?;
        }
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// The words of a line with their columns: pieces of one look, cut where two spaces stand.
fn pieces(line: &str) -> Result<Vec<Piece>, Box<dyn Error>> {
    let mut out = Vec::new();
    let mut look = Look::default();
    let mut column = 0;
    for (position, part) in line.split("\u{1b}[").enumerate() {
        let text = match position {
            0 => part,
            _ => {
                let (codes, text) = part.split_once('m').ok_or("an escape that is no colour")?;
                look = after(look, codes)?;
                text
            }
        };
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let spaces = rest.len() - rest.trim_start_matches(' ').len();
            at += spaces;
            column += spaces;
            let rest = &text[at..];
            let piece = &rest[..rest.find("  ").unwrap_or(rest.len())];
            if !piece.is_empty() {
                out.push((column, look, piece.to_owned()));
            }
            at += piece.len();
            column += piece.chars().count();
        }
    }
    Ok(out)
}

/// The look after these codes.
fn after(mut look: Look, codes: &str) -> Result<Look, Box<dyn Error>> {
    for code in codes.split(';') {
        match code {
            "" | "0" => look = Look::default(),
            "1" => look.is_bold = true,
            "2" => look.is_dim = true,
            "22" => (look.is_bold, look.is_dim) = (false, false),
            "39" => look.color = None,
            _ => match code.parse() {
                Ok(color @ 30..=37) => look.color = Some(color),
                _ => return Err(format!("colour code {code} has no look here").into()),
            },
        }
    }
    Ok(look)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_keep_their_columns_and_looks() {
        let accent = Look { color: Some(36), ..Look::default() };
        let bold = Look { is_bold: true, ..Look::default() };
        let found = pieces("\u{1b}[1mAPP\u{1b}[0m  3.1 MB   \u{1b}[36mHong Kong\u{1b}[0m 71 %").unwrap();
        let expected = [
            (0, bold, "APP"),
            (5, Look::default(), "3.1 MB"),
            (14, accent, "Hong Kong"),
            (24, Look::default(), "71 %"),
        ];
        assert_eq!(found, expected.map(|(column, look, text)| (column, look, text.to_owned())));
        assert!(pieces("\u{1b}[2K").is_err() && pieces("\u{1b}[48m").is_err());
    }

    #[test]
    fn picture_is_escaped() {
        assert!(drawn("a < b & c").unwrap().contains(">a &lt; b &amp; c</text>"));
    }
}
