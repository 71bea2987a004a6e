//! A comparison as JSON, field for field. Strings are as they were on the wire; JSON escapes what it must.

use crate::output::escape::json_visible;
use crate::report::diff::Diff;
use std::io::{self, Write};

/// Writes it as indented JSON with a final line feed.
pub(super) fn write(diff: &Diff, out: &mut dyn Write) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(diff)?;
    text.push('\n');
    out.write_all(json_visible(&text).as_bytes())
}

/// Whether a comparison of this program begins so.
pub(super) fn is_own(head: &[u8]) -> bool {
    /// More than the first keys take up.
    const START: usize = 256;
    let start: Vec<u8> = head.iter().take(START).filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
    let Some(version) = start.strip_prefix(b"{\"diff\":") else { return false };
    let digits = version.iter().take_while(|byte| byte.is_ascii_digit()).count();
    version.get(digits..).is_some_and(|rest| rest.starts_with(b",\"generator\":{\"name\":\"whither\","))
}
