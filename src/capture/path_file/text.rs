//! The bytes of a text as text, and the tokens that texts of paths have in common.

use std::borrow::Cow;
use std::net::IpAddr;

/// The text, whatever a Windows console made of it: UTF-16 with a mark, UTF-8 with one, or bytes of some code page, of which only
/// ASCII matters.
pub(super) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = rest.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
        char::decode_utf16(units).map(|one| one.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes).into(),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes).into(),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => String::from_utf8_lossy(rest),
    }
}

/// An address, without a zone (RFC 4007 §11).
pub(super) fn address(token: &str) -> Option<IpAddr> {
    token.split('%').next()?.parse().ok()
}

/// An address between two signs: `(192.0.2.1)`, `[192.0.2.1]`, with what follows the second.
pub(super) fn enclosed(token: &str, [open, close]: [char; 2]) -> Option<IpAddr> {
    address(token.strip_prefix(open)?.split(close).next()?)
}

/// The distance at the start of a line of a hop, and the rest of the line.
pub(super) fn numbered(line: &str) -> Option<(u64, &str)> {
    let line = line.trim_start();
    let (number, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let is_number = !number.is_empty() && number.len() <= 9 && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Some((number.parse().ok()?, rest)))?
}
