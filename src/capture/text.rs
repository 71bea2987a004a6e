//! From the text fields of owner metadata to short strings.

use std::borrow::Cow;

/// Bytes kept of a name or a package: file systems and package indexes have no longer ones. An owner is kept, compared and
/// shown often, so that long ones would cost a hostile capture's reader memory and time.
const MAX_NAME: usize = 256;
/// Bytes kept of a path: longer than any real program's.
const MAX_PATH: usize = 1024;

/// The name in a field: up to the first NUL (old Darwin writers count a terminating NUL as content), a UTF-8 sequence that
/// the field's end cuts dropped, other bad bytes replaced. `None` where nothing is left.
pub(super) fn field(bytes: &[u8]) -> Option<Box<str>> {
    cut(&decoded(bytes), MAX_NAME)
}

/// The same for a field that holds a path.
pub(super) fn path_field(bytes: &[u8]) -> Option<Box<str>> {
    cut(&decoded(bytes), MAX_PATH)
}

/// A name without the space around it, cut to [`MAX_NAME`]; `None` where nothing is left.
pub(super) fn name(text: &str) -> Option<Box<str>> {
    cut(text, MAX_NAME)
}

/// The same for a path, cut to [`MAX_PATH`].
pub(super) fn path(text: &str) -> Option<Box<str>> {
    cut(text, MAX_PATH)
}

fn cut(text: &str, most: usize) -> Option<Box<str>> {
    let text = text.trim();
    let text = text.get(..text.floor_char_boundary(most))?.trim_end();
    (!text.is_empty()).then(|| text.into())
}

fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    // Four times as much as is kept leaves room for the space around it.
    let bytes = bytes.get(..bytes.len().min(MAX_PATH * 4)).unwrap_or(bytes);
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default())
        }
        _ => String::from_utf8_lossy(bytes),
    }
}

/// The last component of a path in any system's notation.
pub(super) fn base_name(path: &str) -> Option<Box<str>> {
    path.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).and_then(name)
}

/// A comment as text; comments are UTF-8 by the standard, and one that is not is no format of ours.
pub(super) fn comment(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().map(|text| text.trim_end_matches('\0').trim())
}

/// Whether the bytes begin with a lower-case word, whatever their own case.
pub(super) fn starts_with(bytes: &[u8], word: &str) -> bool {
    bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
}

/// Digits at the start of a text and what follows; `None` where there are none or the number passes 64 bits.
pub(super) fn leading_number(text: &str) -> Option<(i64, &str)> {
    let sign = usize::from(text.starts_with('-'));
    let digits = text.bytes().skip(sign).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(sign + digits)?;
    Some((number.parse().ok()?, rest))
}

/// A text that is a number and nothing else.
pub(super) fn number(text: &str) -> Option<i64> {
    match leading_number(text)? {
        (number, "") => Some(number),
        _ => None,
    }
}

/// A process id as tools write it: -1, also as an unsigned number, stands for none.
pub(super) fn process_id(number: i64) -> Option<i64> {
    (0..i64::from(u32::MAX)).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_end_at_nul_and_at_a_cut_sequence() {
        assert_eq!(field(b"en0\0junk").as_deref(), Some("en0"));
        assert_eq!(field("微信".as_bytes().get(..5).unwrap()).as_deref(), Some("微"));
        assert_eq!(field(b"a\xff\xfeb").as_deref(), Some("a\u{fffd}\u{fffd}b"));
        assert_eq!(field(b"\0abc"), None);
    }

    #[test]
    fn names_and_paths_are_bounded_in_bytes_and_cut_between_characters() {
        assert_eq!(field(&[b'x'; 9000]).unwrap().len(), MAX_NAME);
        assert_eq!(path_field(&[b'x'; 9000]).unwrap().len(), MAX_PATH);
        assert_eq!(name(&"\u{fffd}".repeat(9000)).unwrap().len(), MAX_NAME - 1);
        assert_eq!(path(&format!(" {} ", "/a".repeat(9000))).unwrap().len(), MAX_PATH);
        assert_eq!(name(" \u{a0} "), None);
    }

    #[test]
    fn numbers_and_paths() {
        assert_eq!(leading_number("-1,x"), Some((-1, ",x")));
        assert_eq!((leading_number("x"), leading_number("-"), leading_number("")), (None, None, None));
        assert_eq!((number("12"), number("12 "), number("99999999999999999999")), (Some(12), None, None));
        assert_eq!((process_id(-1), process_id(0), process_id(4_294_967_295)), (None, Some(0), None));
        assert_eq!(base_name("/usr/bin/curl").as_deref(), Some("curl"));
        assert_eq!(base_name(r"C:\a\b.exe").as_deref(), Some("b.exe"));
        assert_eq!(base_name("//"), None);
    }
}
