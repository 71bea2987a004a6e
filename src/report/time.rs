//! Times as text.

/// A time, in ns since 1970 UTC, as RFC 3339 text in UTC.
pub fn rfc3339(ns: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(ns)).map(|time| time.to_string()).unwrap_or_default()
}
