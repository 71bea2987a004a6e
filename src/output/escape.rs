//! Names from the wire to text that is safe to show: one function per place it is shown in.
//!
//! Control characters can drive a terminal, bidirectional overrides and invisible characters can make one name look like
//! another (Unicode TR 36 §3, "Trojan Source"). They become visible `\u{…}` escapes everywhere but in JSON, where they are
//! JSON's own escapes: a parser gets the name as it was.

use std::borrow::Cow;
use std::fmt::Write;
use unicode_width::UnicodeWidthChar;

/// Combining marks kept on one base character: more than any living script stacks, too few to smear over other lines.
const MARK_LIMIT: usize = 4;

/// A name with every character that does not show as itself turned into a visible escape.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut marks = MARK_LIMIT;
    for character in text.chars() {
        let width = character.width();
        let is_shown = match width {
            _ if is_deceptive(character) => false,
            None => false,
            Some(0) => {
                marks += 1;
                marks <= MARK_LIMIT
            }
            Some(_) => {
                marks = 0;
                true
            }
        };
        if is_shown {
            out.push(character);
        } else {
            marks = MARK_LIMIT;
            escape_into(&mut out, character);
        }
    }
    Cow::Owned(out)
}

/// A name for a terminal; with `is_ascii` everything outside ASCII is escaped too.
pub fn terminal(text: &str, is_ascii: bool) -> Cow<'_, str> {
    if !is_ascii || text.is_ascii() {
        return visible(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if (' '..='~').contains(&character) {
            out.push(character);
        } else {
            escape_into(&mut out, character);
        }
    }
    Cow::Owned(out)
}

/// Text or a quoted attribute value in HTML. Escapes both kinds of quotes, so it fits either.
pub fn html(text: &str) -> Cow<'_, str> {
    let text = visible(text);
    if !text.bytes().any(|byte| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'')) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

/// Text or a quoted attribute value in SVG (XML 1.0 §2.2 allows no control characters: [`visible`] has taken them out).
pub fn svg(text: &str) -> Cow<'_, str> {
    html(text)
}

/// JSON to stand inside a `<script>` element: nothing in it can end the element or open a comment.
pub fn json_in_html(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 64);
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            other => out.push(other),
        }
    }
    out
}

/// JSON whose C1 controls and bidirectional controls are JSON escapes: to a parser the same strings, and harmless to a terminal.
pub fn json_visible(json: &str) -> Cow<'_, str> {
    let is_hidden = |character: char| matches!(character, '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    // Most records are in ASCII, and those have at most DEL to hide.
    if json.bytes().all(|byte| byte < 0x7f) || !json.contains(is_hidden) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 64);
    for character in json.chars() {
        if is_hidden(character) {
            // Writing to a String cannot fail. All of them are one unit of UTF-16.
            let _ = write!(out, "\\u{:04x}", u32::from(character));
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// JSON in ASCII only: what is not, and DEL, becomes a JSON escape, so that no later escape breaks the JSON.
pub fn json_ascii(json: &str) -> Cow<'_, str> {
    if json.bytes().all(|byte| byte < 0x7f) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 64);
    for character in json.chars() {
        if character < '\u{7f}' {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    Cow::Owned(out)
}

/// Appends a text cell of a CSV file (RFC 4180), guarded against being read as a formula.
///
/// Spreadsheets evaluate cells that begin with `=`, `+`, `-` or `@` (full-width forms too): such a cell gets a leading
/// apostrophe. Numbers are not written through this function and keep their sign.
pub fn csv_into(out: &mut Vec<u8>, text: &str) {
    let text = visible(text);
    let first = text.trim_start().chars().next();
    let is_formula = matches!(first, Some('=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}'));
    let needs_quotes = is_formula
        || text.bytes().any(|byte| matches!(byte, b',' | b';' | b'"'))
        || text.starts_with(' ')
        || text.ends_with(' ');
    if !needs_quotes {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    if is_formula {
        out.push(b'\'');
    }
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Bytes as hexadecimal digits, two for each.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An argument as a POSIX shell takes it, for command lines that are printed to be repeated.
pub fn shell(argument: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+,=".contains(&byte);
    if !argument.is_empty() && argument.bytes().all(is_plain) {
        return Cow::Borrowed(argument);
    }
    Cow::Owned(format!("'{}'", argument.replace('\'', "'\\''")))
}

/// The words of a command line that [`shell`] wrote, with spaces between them.
pub fn shell_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut is_quoted = false;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\'' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            ' ' if !is_quoted => words.extend(word.take()),
            '\\' if !is_quoted => word.get_or_insert_default().extend(characters.next()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

fn escape_into(out: &mut String, character: char) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
}

/// Characters with a width that still do not show as themselves, and invisible ones that are not combining marks.
fn is_deceptive(character: char) -> bool {
    matches!(character,
        '\u{00}'..='\u{1f}' | '\u{7f}'..='\u{9f}'   // C0 and C1 controls
        | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' // spaces that pass for one
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}'
        | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' // private use
        | '\u{fdd0}'..='\u{fdef}')
        || u32::from(character) & 0xfffe == 0xfffe // noncharacters
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_are_what_a_shell_was_given(words in prop::collection::vec("[ -~é]{0,6}", 0..5)) {
            let line = words.iter().map(|word| shell(word)).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(shell_words(&line), words);
        }
    }

    #[test]
    fn plain_names_pass_unchanged() {
        for name in ["long.weixin.qq.com", "例え.jp", "müller.de", "हिन्दी", "a-b_c.example"] {
            assert_eq!(visible(name), name);
        }
    }

    #[test]
    fn hostile_characters_become_visible() {
        assert_eq!(visible("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(visible("paypal\u{202e}moc"), "paypal\\u{202e}moc");
        assert_eq!(visible("a\u{200b}b\u{feff}"), "a\\u{200b}b\\u{feff}");
        assert_eq!(visible("\u{fffd}\u{e000}"), "\\u{fffd}\\u{e000}");
        assert_eq!(visible("\u{301}a"), "\\u{301}a", "a mark without a base");
        assert_eq!(visible("e\u{301}\u{301}\u{301}\u{301}\u{301}"), "e\u{301}\u{301}\u{301}\u{301}\\u{301}");
        assert_eq!(terminal("例.jp", true), "\\u{4f8b}.jp");
    }

    #[test]
    fn each_context_is_closed() {
        assert_eq!(html("<a href='x' title=\"y\">&"), "&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;");
        assert_eq!(json_in_html("\"</script><!--\""), "\"\\u003c/script\\u003e\\u003c!--\"");
        assert_eq!(shell("it's.pcap"), "'it'\\''s.pcap'");
        assert_eq!(shell("a.pcap"), "a.pcap");
    }

    fn csv(text: &str) -> String {
        let mut out = Vec::new();
        csv_into(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn csv_cells_are_quoted_and_never_formulas() {
        assert_eq!(csv("plain"), "plain");
        assert_eq!(csv("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(csv("=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\"");
        assert_eq!(csv("@sum"), "\"'@sum\"");
        assert_eq!(csv("a\r\nb"), "a\\u{d}\\u{a}b");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn nothing_invisible_survives(text in any::<String>()) {
            for escaped in [visible(&text), terminal(&text, true)] {
                prop_assert!(!escaped.chars().any(|character| character.is_control() || is_deceptive(character)));
                prop_assert_eq!(visible(&escaped).into_owned(), escaped.into_owned(), "escaping is idempotent");
            }
            prop_assert!(terminal(&text, true).is_ascii());
        }

        #[test]
        fn html_holds_no_markup(text in any::<String>()) {
            let escaped = html(&text);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
            let json = json_in_html(&serde_json::to_string(&text).unwrap());
            prop_assert!(!json.contains(['<', '>', '&']));
            prop_assert_eq!(&serde_json::from_str::<String>(&json).unwrap(), &text);
            let json = serde_json::to_string(&text).unwrap();
            let ascii = json_ascii(&json);
            prop_assert!(visible(&ascii) == ascii);
            prop_assert_eq!(&serde_json::from_str::<String>(&ascii).unwrap(), &text);
        }

        #[test]
        fn json_hides_no_control_and_means_the_same(text in any::<String>()) {
            let text = format!("{text}\u{202e}\u{85}");
            let json = serde_json::to_string(&text).unwrap();
            let shown = json_visible(&json);
            let is_hidden = shown.chars().any(|character| character.is_control() || character == '\u{202e}');
            prop_assert!(!is_hidden);
            prop_assert_eq!(&serde_json::from_str::<String>(&shown).unwrap(), &text);
        }

        #[test]
        fn csv_cell_stays_one_cell(text in any::<String>()) {
            let cell = csv(&text);
            prop_assert!(!cell.contains(['\n', '\r']));
            if let Some(inner) = cell.strip_prefix('"') {
                let inner = inner.strip_suffix('"').unwrap();
                prop_assert!(!inner.replace("\"\"", "").contains('"'));
                prop_assert!(!inner.trim_start().starts_with(['=', '+', '-', '@']));
            } else {
                prop_assert!(!cell.contains([',', '"']));
                prop_assert!(!cell.starts_with(['=', '+', '-', '@']));
            }
        }
    }
}
