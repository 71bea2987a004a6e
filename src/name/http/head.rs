//! Splits the head of an HTTP, SIP or RTSP message into its first line and its fields (RFC 9112 §2, RFC 3261 §7).
//!
//! The crate httparse reads heads that keep to the standard. Lines that it refuses, which are folded or have unusual names, are
//! found by a simple search.

use memchr::memmem::Finder;
use memchr::{memchr, memrchr};
use smallvec::SmallVec;
use std::sync::LazyLock;

/// Length of the longest head that is read. Servers refuse heads of more than 8 to 64 KiB.
pub(crate) const HEAD_LIMIT: usize = 64 * 1024;

/// Fields that are read of a head that keeps to the standard. Servers refuse more than about 100.
const FIELD_LIMIT: usize = 128;
/// The number of fields that most heads do not exceed. Room is made for so many first, since making room for all takes longer
/// than reading a few.
const FEW_FIELDS: usize = 24;
/// Lines that are looked at in a head that does not keep to the standard.
const LINE_LIMIT: usize = 1024;

/// How much of a head is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HeadState {
    /// The whole head is there. The number is its length with the empty line.
    Whole(usize),
    /// The end of the head has not come yet.
    NotYet,
    /// The head is longer than [`HEAD_LIMIT`].
    TooLong,
    /// The bytes are no head.
    NotText,
}

/// The head of a message, as far as it is there.
pub(crate) struct Head<'a> {
    /// The request line or status line, without its line end.
    pub(crate) first_line: &'a [u8],
    fields: SmallVec<[(&'a [u8], &'a [u8]); FEW_FIELDS]>,
}

impl<'a> Head<'a> {
    /// Reads the head as far as its lines are whole. It is an error if the first line is not.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<(Self, HeadState), HeadState> {
        let window = bytes.get(..HEAD_LIMIT).unwrap_or(bytes);
        let is_full = window.len() == HEAD_LIMIT;
        let Some(line_end) = memchr(b'\n', window) else {
            return Err(match window {
                _ if is_full || !is_text(without_return(window)) => HeadState::NotText,
                _ => HeadState::NotYet,
            });
        };
        let (line, rest) = window.split_at(line_end);
        let first_line = without_return(line);
        if !is_text(first_line) {
            return Err(HeadState::NotText);
        }
        let lines = rest.get(1..).unwrap_or_default();
        let state = match end_of(lines) {
            Some(end) => HeadState::Whole(line_end + 1 + end),
            None if is_full => HeadState::TooLong,
            None => HeadState::NotYet,
        };
        let lines = match state {
            HeadState::Whole(length) => window.get(line_end + 1..length).unwrap_or_default(),
            // The last line may continue in bytes that have not come yet.
            _ => lines.get(..memrchr(b'\n', lines).map_or(0, |end| end + 1)).unwrap_or_default(),
        };
        let mut head = Self { first_line, fields: SmallVec::new() };
        // A head without its end does not keep to the standard. So a head that comes in many segments is not read twice with
        // each of them.
        if !matches!(state, HeadState::Whole(_)) || !head.push_standard(lines) {
            head.push_lines(lines);
        }
        Ok((head, state))
    }

    /// Takes the fields if all of them keep to the standard. Returns whether they do.
    fn push_standard(&mut self, lines: &'a [u8]) -> bool {
        match self.push_at_most::<FEW_FIELDS>(lines) {
            Err(httparse::Error::TooManyHeaders) => self.push_at_most::<FIELD_LIMIT>(lines).unwrap_or(false),
            outcome => outcome.unwrap_or(false),
        }
    }

    /// Takes at most so many fields. Returns whether those were all.
    fn push_at_most<const LIMIT: usize>(&mut self, lines: &'a [u8]) -> Result<bool, httparse::Error> {
        let mut fields = [httparse::EMPTY_HEADER; LIMIT];
        let status = httparse::parse_headers(lines, &mut fields)?;
        if let httparse::Status::Complete((_, fields)) = status {
            self.fields.extend(fields.iter().map(|field| (field.name.as_bytes(), field.value.trim_ascii())));
        }
        Ok(status.is_complete())
    }

    /// Takes whatever looks like a field, line by line.
    fn push_lines(&mut self, lines: &'a [u8]) {
        let mut rest = lines;
        for _ in 0..LINE_LIMIT {
            if rest.is_empty() {
                break;
            }
            let (line, after) = rest.split_at(memchr(b'\n', rest).map_or(rest.len(), |end| end + 1));
            rest = after;
            if let Some(colon) = memchr(b':', line)
                && let Some((name, value)) = line.split_at_checked(colon)
            {
                // A folded line continues the value before it, which is not needed for the fields of interest (RFC 9112 §5.2).
                // If nothing of the value stands in the first line, the folded line holds it.
                let value = value.get(1..).unwrap_or_default().trim_ascii();
                if !name.starts_with(b" ") && !name.starts_with(b"\t") {
                    self.fields.push((name.trim_ascii(), value));
                    continue;
                }
            }
            if line.first().is_some_and(|&byte| byte == b' ' || byte == b'\t')
                && let Some((_, value)) = self.fields.last_mut().filter(|(_, value)| value.is_empty())
            {
                *value = line.trim_ascii();
            }
        }
    }

    /// The values of a field, in order. The name must be in lower case.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let name = name.as_bytes();
        self.fields.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|&(_, value)| value)
    }

    /// Length of the body, if the head says it.
    pub(crate) fn content_length(&self) -> Option<usize> {
        std::str::from_utf8(self.values("content-length").next()?).ok()?.parse().ok()
    }

    /// Whether the body comes in chunks.
    pub(crate) fn is_chunked(&self) -> bool {
        self.values("transfer-encoding").any(|value| value.eq_ignore_ascii_case(b"chunked"))
    }
}

/// Whether a head that lacked its end after so many bytes lacks it with these.
pub(crate) fn lacks_end(bytes: &[u8], before: usize) -> bool {
    /// Length of a line end and the empty line after it, without the last byte.
    const PART: usize = 3;
    bytes.len() < HEAD_LIMIT && end_of(bytes.get(before.saturating_sub(PART)..).unwrap_or_default()).is_none()
}

/// Length of the fields with their empty line.
fn end_of(lines: &[u8]) -> Option<usize> {
    if lines.starts_with(b"\r\n") {
        return Some(2);
    }
    if lines.starts_with(b"\n") {
        return Some(1);
    }
    // Lines may end in a line feed alone (RFC 9112 §2.2). The common form is searched first, and then what comes before it is
    // searched for the other.
    static PROPER: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\r\n\r\n"));
    static BARE: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\n\n"));
    let proper = PROPER.find(lines).map(|at| at + 4);
    let bare = BARE.find(lines.get(..proper.unwrap_or(lines.len())).unwrap_or_default()).map(|at| at + 2);
    bare.or(proper)
}

/// A line without the carriage returns at its end. Some clients send two.
fn without_return(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|&byte| byte != b'\r').map_or(0, |last| last + 1);
    line.get(..end).unwrap_or(line)
}

/// Whether a first line has no control characters. This rules out binary data at once.
fn is_text(line: &[u8]) -> bool {
    line.iter().all(|&byte| byte >= 0x20 && byte != 0x7f || byte == b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_behind_any_number_of_others() {
        for count in [0, 1, FEW_FIELDS - 1, FEW_FIELDS, FIELD_LIMIT - 1, FIELD_LIMIT, LINE_LIMIT - 1] {
            let others: String = (0..count).map(|at| format!("X-{at}: {at}\r\n")).collect();
            let text = format!("GET / HTTP/1.1\r\n{others}Host: last.example\r\n\r\n");
            let (head, state) = Head::parse(text.as_bytes()).ok().unwrap();
            assert_eq!(state, HeadState::Whole(text.len()), "{count}");
            assert_eq!(head.fields.len(), count + 1, "{count}");
            assert!(head.values("host").eq([b"last.example"]), "{count}");
        }
    }
}
