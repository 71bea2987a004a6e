//! Splits the head of an HTTP, SIP or RTSP message into its first line and its fields (RFC 9112 §2, RFC 3261 §7).
//!
//! httparse reads what keeps to the standard; lines it refuses (folded, or with odd names) are found by a plain scan.

use memchr::memmem::Finder;
use memchr::{memchr, memrchr};
use smallvec::SmallVec;
use std::sync::LazyLock;

/// Longest head that is read. Servers refuse more than 8 to 64 KiB.
pub(crate) const HEAD_LIMIT: usize = 64 * 1024;

/// Fields read by the standard; servers refuse more than about 100.
const FIELD_LIMIT: usize = 128;
/// Fields that most heads have at most: room for them is made first, since making it takes longer than reading few.
const FEW_FIELDS: usize = 24;
/// Fields looked at where there are more.
const LINE_LIMIT: usize = 1024;

/// How far the head goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HeadState {
    /// It is all here, so many bytes with the empty line.
    Whole(usize),
    /// Its end is not here yet.
    NotYet,
    /// Its end is further than [`HEAD_LIMIT`].
    TooLong,
    /// It is none.
    NotText,
}

/// A message's head, as far as it is here.
pub(crate) struct Head<'a> {
    /// The request or status line without its end.
    pub(crate) first_line: &'a [u8],
    fields: SmallVec<[(&'a [u8], &'a [u8]); FEW_FIELDS]>,
}

impl<'a> Head<'a> {
    /// Reads the head as far as its lines are whole; an error before the first line is whole.
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
            // The last line may go on in bytes not here.
            _ => lines.get(..memrchr(b'\n', lines).map_or(0, |end| end + 1)).unwrap_or_default(),
        };
        let mut head = Self { first_line, fields: SmallVec::new() };
        // Without its end no head keeps to the standard: a head that comes in many segments is not read twice with each.
        if !matches!(state, HeadState::Whole(_)) || !head.push_standard(lines) {
            head.push_lines(lines);
        }
        Ok((head, state))
    }

    /// Takes the fields if they all keep to the standard.
    fn push_standard(&mut self, lines: &'a [u8]) -> bool {
        match self.push_at_most::<FEW_FIELDS>(lines) {
            Err(httparse::Error::TooManyHeaders) => self.push_at_most::<FIELD_LIMIT>(lines).unwrap_or(false),
            outcome => outcome.unwrap_or(false),
        }
    }

    /// Takes so many fields at most; whether that was all.
    fn push_at_most<const LIMIT: usize>(&mut self, lines: &'a [u8]) -> Result<bool, httparse::Error> {
        let mut fields = [httparse::EMPTY_HEADER; LIMIT];
        let status = httparse::parse_headers(lines, &mut fields)?;
        if let httparse::Status::Complete((_, fields)) = status {
            self.fields.extend(fields.iter().map(|field| (field.name.as_bytes(), field.value.trim_ascii())));
        }
        Ok(status.is_complete())
    }

    /// Takes what looks like a field, line by line.
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
                // A folded line continues the value before it, which no field of interest has need for (RFC 9112 §5.2).
                // Where the value itself was folded away, the line after holds it.
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

    /// The values of a field, in order. `name` in lower case.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let name = name.as_bytes();
        self.fields.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|&(_, value)| value)
    }

    /// Length of the body, where the head says it.
    pub(crate) fn content_length(&self) -> Option<usize> {
        std::str::from_utf8(self.values("content-length").next()?).ok()?.parse().ok()
    }

    /// Whether the body comes in chunks.
    pub(crate) fn is_chunked(&self) -> bool {
        self.values("transfer-encoding").any(|value| value.eq_ignore_ascii_case(b"chunked"))
    }
}

/// Whether a head that lacked its end with so many bytes lacks it with these.
pub(crate) fn lacks_end(bytes: &[u8], before: usize) -> bool {
    /// The empty line and the line end before it, without the last byte.
    const PART: usize = 3;
    bytes.len() < HEAD_LIMIT && end_of(bytes.get(before.saturating_sub(PART)..).unwrap_or_default()).is_none()
}

/// Where the fields end, with their empty line.
fn end_of(lines: &[u8]) -> Option<usize> {
    if lines.starts_with(b"\r\n") {
        return Some(2);
    }
    if lines.starts_with(b"\n") {
        return Some(1);
    }
    // Lines may end in a bare line feed (RFC 9112 §2.2). The common form is looked for first, and what precedes it is
    // then searched for the other.
    static PROPER: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\r\n\r\n"));
    static BARE: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\n\n"));
    let proper = PROPER.find(lines).map(|at| at + 4);
    let bare = BARE.find(lines.get(..proper.unwrap_or(lines.len())).unwrap_or_default()).map(|at| at + 2);
    bare.or(proper)
}

/// A line without the carriage returns of its end: some clients send two.
fn without_return(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|&byte| byte != b'\r').map_or(0, |last| last + 1);
    line.get(..end).unwrap_or(line)
}

/// Whether a first line holds no control characters: binary data is ruled out at once.
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
