//! Lines of styled pieces of text, measured in terminal columns, that never grow wider than the terminal.

use crate::output::escape;
use anstyle::{AnsiColor, Style as Ansi};
use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How the answer is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// Columns of the terminal; at least [`Style::WIDTH_MIN`] are used.
    pub width: usize,
    /// Write ANSI escapes.
    pub color: bool,
    /// Write ASCII only.
    pub ascii: bool,
    /// Write all details, not the first screen only.
    pub details: bool,
}

impl Style {
    /// The narrowest layout: below it nothing useful can stand beside anything else.
    pub const WIDTH_MIN: usize = 40;
    /// The widest layout: longer lines are hard to read.
    pub const WIDTH_MAX: usize = 200;

    /// The columns that are used.
    pub(super) fn columns(&self) -> usize {
        self.width.clamp(Self::WIDTH_MIN, Self::WIDTH_MAX)
    }
}

impl Default for Style {
    fn default() -> Self {
        Self { width: 80, color: false, ascii: false, details: false }
    }
}

/// What a piece of text means; the only place that knows colours is [`Ink::ansi`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ink {
    Plain,
    /// Headings, names of apps.
    Bold,
    /// Evidence.
    Dim,
    /// The one accent: what the reader came for.
    Accent,
    /// Doubt and contradiction.
    Warn,
}

impl Ink {
    fn ansi(self) -> Ansi {
        match self {
            Self::Plain => Ansi::new(),
            Self::Bold => Ansi::new().bold(),
            Self::Dim => Ansi::new().dimmed(),
            Self::Accent => Ansi::new().fg_color(Some(AnsiColor::Cyan.into())),
            Self::Warn => Ansi::new().fg_color(Some(AnsiColor::Yellow.into())),
        }
    }
}

/// One line in the making.
#[derive(Default)]
pub(super) struct Line {
    pieces: Vec<(Ink, String)>,
    width: usize,
}

impl Line {
    /// Columns so far.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Appends text, which must be escaped.
    pub(super) fn put(&mut self, ink: Ink, text: impl Into<String>) -> &mut Self {
        let text = text.into();
        self.width += text.width();
        self.pieces.push((ink, text));
        self
    }

    /// Appends spaces up to a column.
    pub(super) fn to(&mut self, column: usize) -> &mut Self {
        let gap = column.saturating_sub(self.width);
        if gap > 0 {
            self.put(Ink::Plain, " ".repeat(gap));
        }
        self
    }

    /// Appends text so that it ends at a column.
    pub(super) fn right(&mut self, ink: Ink, text: &str, column: usize) -> &mut Self {
        self.to(column.saturating_sub(text.width())).put(ink, text)
    }
}

/// The lines written so far.
pub(super) struct Lines {
    style: Style,
    out: String,
}

impl Lines {
    pub(super) fn new(style: Style) -> Self {
        Self { style, out: String::new() }
    }

    /// Columns there are.
    pub(super) fn columns(&self) -> usize {
        self.style.columns()
    }

    /// Whether only ASCII may be written.
    pub(super) fn is_ascii(&self) -> bool {
        self.style.ascii
    }

    /// A string from the wire or a file, safe to show.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        escape::terminal(text, self.style.ascii)
    }

    /// How many lines there are.
    pub(super) fn count(&self) -> usize {
        self.out.bytes().filter(|byte| *byte == b'\n').count()
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.out.push('\n');
    }

    /// Writes a line; what would stand beyond the last column is cut with an ellipsis.
    pub(super) fn line(&mut self, line: &Line) {
        let columns = self.columns();
        let is_cut = line.width > columns;
        let mut left = if is_cut { columns - 1 } else { columns };
        let last = line.pieces.iter().rposition(|(_, text)| !text.trim_end().is_empty()).map_or(0, |last| last + 1);
        for (position, (ink, text)) in line.pieces.iter().enumerate().take(last) {
            let mut text = Cow::Borrowed(text.as_str());
            let width = text.width();
            if width > left {
                text = Cow::Owned(head(&text, left).to_owned());
            }
            if position + 1 == last && !is_cut {
                text = Cow::Owned(text.trim_end().to_owned());
            }
            self.write(*ink, &text);
            left = left.saturating_sub(width);
            if left == 0 && is_cut {
                break;
            }
        }
        if is_cut {
            self.write(Ink::Dim, "…");
        }
        self.out.push('\n');
    }

    /// Writes pieces with a separator between them, going on in the next line, from `indent` on, where they do not fit.
    pub(super) fn pieces(&mut self, mut line: Line, indent: usize, separator: &str, pieces: Vec<(Ink, String)>) {
        let columns = self.columns();
        let mut is_first = true;
        for (ink, text) in pieces {
            let separator_width = if is_first { 0 } else { separator.width() };
            if !is_first && line.width() + separator_width + text.width() > columns {
                self.line(&line);
                line = Line::default();
                line.to(indent);
                // A dot between pieces goes without saying at the start of a line, a plus does not.
                if separator.trim() == "+" {
                    line.put(Ink::Dim, "+ ");
                }
            } else if !is_first {
                line.put(Ink::Dim, separator);
            }
            let room = columns.saturating_sub(line.width());
            line.put(ink, if text.width() > room { cut(&text, room) } else { text });
            is_first = false;
        }
        self.line(&line);
    }

    /// The text as written.
    pub(super) fn finish(self) -> String {
        self.out
    }

    fn write(&mut self, ink: Ink, text: &str) {
        if text.is_empty() {
            return;
        }
        let is_inked = self.style.color && ink != Ink::Plain;
        let ansi = ink.ansi();
        if is_inked {
            self.out.push_str(&ansi.render().to_string());
        }
        if self.style.ascii && !text.is_ascii() {
            text.chars().for_each(|character| push_ascii(&mut self.out, character));
        } else {
            self.out.push_str(text);
        }
        if is_inked {
            self.out.push_str(&ansi.render_reset().to_string());
        }
    }
}

/// Our own signs in ASCII, each as wide as what it stands for.
fn push_ascii(out: &mut String, character: char) {
    match character {
        '↑' => out.push('^'),
        '↓' => out.push('v'),
        '·' => out.push('.'),
        '–' | '─' => out.push('-'),
        '…' => out.push('~'),
        '≤' => out.push('<'),
        '█' => out.push('#'),
        '▒' => out.push('='),
        '░' => out.push(':'),
        character if character.is_ascii() => out.push(character),
        other => (0..other.width().unwrap_or(0)).for_each(|_| out.push('?')),
    }
}

/// The longest start of a text that is at most so wide.
fn head(text: &str, width: usize) -> &str {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        used += character.width().unwrap_or(0);
        if used > width {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// A text in at most `width` columns: its end gives way to an ellipsis.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = head(text, width.saturating_sub(1)).trim_end().to_owned();
    kept.push('…');
    kept
}

/// A host name in at most `width` columns: labels give way from the left, since the right ones say whose it is.
pub(super) fn cut_name(name: &str, width: usize) -> String {
    if name.width() <= width {
        return name.to_owned();
    }
    let room = width.saturating_sub(1);
    // From the longest tail that starts at a label to the shortest.
    let tail = name.match_indices('.').filter_map(|(at, _)| name.get(at..)).find(|tail| tail.width() <= room);
    match tail {
        Some(tail) if tail.len() > 1 => format!("…{tail}"),
        _ => cut(name, width),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_left_labels_first() {
        assert_eq!(cut_name("long.weixin.qq.com", 40), "long.weixin.qq.com");
        assert_eq!(cut_name("long.weixin.qq.com", 17), "….weixin.qq.com");
        assert_eq!(cut_name("averyveryverylongname", 8), "averyve…");
        assert_eq!(cut("Shenzhen Tencent Computer", 10), "Shenzhen…");
        assert_eq!(cut("例例例例", 5), "例例…");
    }

    #[test]
    fn lines_are_cut_at_the_last_column() {
        let mut lines = Lines::new(Style { width: 40, ..Style::default() });
        let mut line = Line::default();
        line.put(Ink::Bold, "x".repeat(30)).put(Ink::Plain, "例".repeat(10));
        lines.line(&line);
        let text = lines.finish();
        assert_eq!(text, format!("{}{}…\n", "x".repeat(30), "例".repeat(4)));
    }

    #[test]
    fn ascii_keeps_widths() {
        let mut lines = Lines::new(Style { ascii: true, ..Style::default() });
        let mut line = Line::default();
        line.put(Ink::Plain, "3 MB ↑ · São 例…");
        lines.line(&line);
        assert_eq!(lines.finish(), "3 MB ^ . S?o ??~\n");
    }
}
