//! Values that rows have as text, because JSON has no type for them.

use serde_json::Value;
use std::io;

/// A time in nanoseconds since 1970, which the row has as RFC 3339 writes it.
pub(super) fn time_ns(value: &Value) -> Option<i64> {
    let time: jiff::Timestamp = value.as_str()?.parse().ok()?;
    i64::try_from(time.as_nanosecond()).ok()
}

/// Bytes, which the row has as hexadecimal digits.
pub(super) fn bytes(value: &Value) -> Option<Vec<u8>> {
    let (pairs, []) = value.as_str()?.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// The error of a field that is not what its column holds.
pub(super) fn wrong(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the field {name} is not what its column holds"))
}
