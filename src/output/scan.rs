//! The search of a finished output for what was taken out of it.
//!
//! Redaction works on the data; this is the proof that no output took a value from somewhere else. A value counts as found where no
//! letter, digit or underscore of ASCII stands beside it, so that `10.0.0.1` is not found in `10.0.0.12`. Which values are searched for says
//! [`Removed::searched`]. Each is searched for in every spelling that an output may give it.

use super::escape::{html, json_ascii, json_visible, visible};
use super::own_words;
use crate::redact::{Removed, What};
use aho_corasick::AhoCorasick;
use memchr::memmem;
use std::io::{self, Write};

/// Searches outputs. The empty one finds nothing.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    searcher: Option<AhoCorasick>,
    /// What each pattern is.
    kinds: Vec<What>,
}

impl Scan {
    /// The search for everything that was taken out.
    pub fn new(removed: &Removed) -> Self {
        let spelt =
            removed.searched().flat_map(|(value, what)| forms(value, what).into_iter().map(move |one| (one, what)));
        let (patterns, kinds): (Vec<String>, Vec<What>) = spelt.unzip();
        // Building fails only beyond some thousand million patterns. Then nothing passes.
        Self { searcher: AhoCorasick::new(&patterns).ok(), kinds }
    }

    /// The kind of the first value that is still in an output.
    pub fn find(&self, output: &[u8]) -> Option<What> {
        let first = self.kinds.first()?;
        let Some(searcher) = &self.searcher else { return Some(*first) };
        let found =
            searcher.find_overlapping_iter(output).find(|found| is_apart(output, found.start(), found.end()))?;
        self.kinds.get(found.pattern().as_usize()).or(Some(first)).copied()
    }

    /// The search of bytes that are no text, such as a capture: for names, addresses and files, also where letters stand beside them, and for
    /// names as DNS writes them. What owners are called is not searched for: it stands in fields of its own.
    pub fn bytes(removed: &Removed) -> Self {
        let is_meant = |(value, what): &(&str, What)| {
            let is_kind = !matches!(what, What::Owner | What::Command | What::Time | What::Place);
            is_kind && value.len() >= LEAST_BYTES && !removed.is_part_of_given(value)
        };
        let both = |(value, what): (&str, What)| {
            let labels =
                value.split('.').flat_map(|label| std::iter::once(label.len().min(63) as u8).chain(label.bytes()));
            [(value.as_bytes().to_vec(), what), (labels.collect(), what)]
        };
        let (patterns, kinds): (Vec<Vec<u8>>, Vec<What>) = removed.searched().filter(is_meant).flat_map(both).unzip();
        Self { searcher: AhoCorasick::builder().ascii_case_insensitive(true).build(&patterns).ok(), kinds }
    }

    /// The kind of the first value that is anywhere in these bytes.
    pub fn find_in_bytes(&self, bytes: &[u8]) -> Option<What> {
        let first = self.kinds.first()?;
        let Some(searcher) = &self.searcher else { return Some(*first) };
        let found = searcher.find(bytes)?;
        self.kinds.get(found.pattern().as_usize()).or(Some(first)).copied()
    }

    /// Lets `fill` write an output, and passes it on if nothing is left in it that was to be taken out.
    pub fn guard(&self, out: &mut dyn Write, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        if self.kinds.is_empty() {
            return fill(out);
        }
        let mut output = Vec::new();
        fill(&mut output)?;
        match self.find(&output) {
            Some(what) => Err(refused(what)),
            None => out.write_all(&output),
        }
    }
}

/// The kind of the first value that is still in a short text, such as one record of many.
pub(in crate::output) fn is_left(text: &[u8], removed: &Removed) -> Option<What> {
    let is_in = |value: &str, what: What| {
        let found =
            |spelt: &String| memmem::find_iter(text, spelt).any(|start| is_apart(text, start, start + spelt.len()));
        forms(value, what).iter().any(found)
    };
    removed.searched().find(|(value, what)| is_in(value, *what)).map(|(_, what)| what)
}

/// A shorter value stands in any bytes.
const LEAST_BYTES: usize = 6;

/// Why an output is not written.
fn refused(what: What) -> io::Error {
    let (one, _) = what.words();
    io::Error::other(format!(
        "a {one} that --redact takes out is still in it; this is a bug of whither, unless the text of a policy or an argument holds it"
    ))
}

/// Whether a place in an output is not part of a longer word.
fn is_apart(output: &[u8], start: usize, end: usize) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let before = start.checked_sub(1).and_then(|at| output.get(at));
    !is_word(before) && !is_word(output.get(end))
}

/// A value as it is searched for. An owner that is called like a word of the outputs is searched for where owners stand: as the whole value
/// of a field of JSON, and as the first of a line of CSV.
fn forms(value: &str, what: What) -> Vec<String> {
    const FIELDS: [&str; 5] = ["id", "name", "app", "app_name", "package"];
    if what != What::Owner || !own_words::has(value) {
        return spellings(value);
    }
    let fields =
        FIELDS.iter().flat_map(|field| [format!("\"{field}\":\"{value}\""), format!("\"{field}\": \"{value}\"")]);
    fields.chain([format!("\n{value},{value},")]).collect()
}

/// A value as outputs may write it.
fn spellings(value: &str) -> Vec<String> {
    // Most values are addresses and names, which every output writes as they are.
    if value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
        return vec![value.to_owned()];
    }
    let json = serde_json::to_string(value).unwrap_or_default();
    let json = json.trim_matches('"');
    let percent = |text: &str| {
        let one = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        };
        text.bytes().map(one).collect::<String>()
    };
    let mut all = vec![
        value.to_owned(),
        visible(value).into_owned(),
        html(value).into_owned(),
        json.to_owned(),
        json_visible(json).into_owned(),
        json_ascii(json).into_owned(),
        value.replace('"', "\"\""),
        percent(value),
    ];
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(values: &[&str]) -> Scan {
        let mut removed = Removed::default();
        values.iter().for_each(|value| removed.remove(What::Name, value));
        Scan::new(&removed)
    }

    #[test]
    fn values_are_found_as_whole_words_in_every_spelling() {
        let scan = scan(&["10.0.0.1", "o'hara-pc", "/home/a b/x.pcap", "10.0.0"]);
        for output in [
            "10.0.0.1",
            "[10.0.0.1]:443",
            "x 10.0.0.1",
            "\"o'hara-pc.lan\"",
            "o&#39;hara-pc",
            "/home/a%20b/x.pcap",
            "at 10.0.0.1/24",
        ] {
            assert_eq!(scan.find(output.as_bytes()), Some(What::Name), "{output}");
        }
        for output in ["110.0.0.12", "x10.0.0", "10.0.0_", "o-hara-pc", ""] {
            assert_eq!(scan.find(output.as_bytes()), None, "{output}");
        }
        assert_eq!(Scan::default().find(b"10.0.0.1"), None);
    }

    #[test]
    fn an_owner_called_like_a_word_of_the_report_is_searched_for_where_owners_stand() {
        let mut removed = Removed::default();
        removed.remove(What::Owner, "tcp-handshake");
        removed.remove(What::Owner, "my-secret-app");
        let scan = Scan::new(&removed);
        for output in ["{\"source\":\"tcp-handshake\"}", "41.2 ms tcp-handshake", "a,tcp-handshake,b"] {
            assert_eq!(scan.find(output.as_bytes()), None, "{output}");
            assert_eq!(is_left(output.as_bytes(), &removed), None, "{output}");
        }
        for output in [
            "{\"id\":\"tcp-handshake\"}",
            "{\"name\": \"tcp-handshake\"}",
            "\ntcp-handshake,tcp-handshake,",
            "by my-secret-app",
        ] {
            assert_eq!(scan.find(output.as_bytes()), Some(What::Owner), "{output}");
            assert_eq!(is_left(output.as_bytes(), &removed), Some(What::Owner), "{output}");
        }
    }

    #[test]
    fn bytes_are_searched_in_the_forms_of_packets() {
        let mut removed = Removed::default();
        removed.remove(What::Name, "alices-pc.lan");
        removed.replace(What::Name, "dyndns.org", "");
        removed.keep("xxxxx.dyndns.org");
        removed.remove(What::Owner, "handshake of mine");
        let scan = Scan::bytes(&removed);
        for bytes in [&b"0alices-PC.lan0"[..], b"\x09alices-pc\x03lan\0"] {
            assert_eq!(scan.find_in_bytes(bytes), Some(What::Name));
        }
        assert_eq!(scan.find_in_bytes(b"dyndns.org handshake of mine"), None);
    }

    #[test]
    fn nothing_is_passed_on_in_which_something_is_left() {
        let mut out = Vec::new();
        let scan = scan(&["alices-phone"]);
        let error = scan.guard(&mut out, |out| out.write_all(b"to alices-phone")).unwrap_err();
        assert!(out.is_empty() && error.to_string().starts_with("a host name that --redact takes out is still in it"));
        scan.guard(&mut out, |out| out.write_all(b"clean")).unwrap();
        assert_eq!(out, b"clean");
    }
}
