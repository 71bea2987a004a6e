//! The values that side files hold as text: protocols, addresses, ports, times.

use std::net::IpAddr;

/// An IP protocol, by name or number.
pub(super) fn protocol(text: &str) -> Result<u8, String> {
    match text.to_ascii_lowercase().as_str() {
        "icmp" => Ok(1),
        "igmp" => Ok(2),
        "tcp" | "tcp6" => Ok(6),
        "udp" | "udp6" => Ok(17),
        "icmpv6" | "icmp6" => Ok(58),
        "sctp" => Ok(132),
        number => number.parse().map_err(|_| format!("`{}` is no protocol", shown(text))),
    }
}

/// An IP address, also in brackets or with a zone.
pub(super) fn address(text: &str) -> Result<IpAddr, String> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let bare = bare.split('%').next().unwrap_or(bare);
    bare.parse().map(|ip: IpAddr| ip.to_canonical()).map_err(|_| format!("`{}` is no IP address", shown(text)))
}

/// A port.
pub(super) fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("`{}` is no port", shown(text)))
}

/// A whole number; `what` is its name in the message.
pub(super) fn integer(text: &str, what: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("`{}` is no {what}", shown(text)))
}

/// Nanoseconds since 1970: RFC 3339, or a number since 1970 whose size tells its unit (to 11 digits seconds, with decimals
/// if need be; to 14 milliseconds; to 17 microseconds; else nanoseconds).
pub(super) fn time(text: &str) -> Result<i64, String> {
    let bad = || format!("`{}` is no time; write RFC 3339 or seconds since 1970", shown(text));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        let timestamp: jiff::Timestamp = text.parse().map_err(|_| bad())?;
        return i64::try_from(timestamp.as_nanosecond()).map_err(|_| bad());
    }
    let unit_digits = match whole.len() {
        0..=11 => 9,
        12..=14 => 6,
        15..=17 => 3,
        _ => 0,
    };
    let decimals: String = fraction.chars().chain(std::iter::repeat('0')).take(unit_digits).collect();
    format!("{whole}{decimals}").parse().map_err(|_| bad())
}

/// A bad value as an error may show it: short and without control characters.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let ns = 1_700_000_000_123_456_789;
        for (text, expected) in [
            ("2023-11-14T22:13:20.123456789Z", ns),
            ("2023-11-14T23:13:20.123456789+01:00", ns),
            ("1700000000.123456789", ns),
            ("1700000000123.456789", ns),
            ("1700000000123456", 1_700_000_000_123_456_000),
            ("1700000000123456789", ns),
            ("0", 0),
        ] {
            assert_eq!(time(text), Ok(expected), "{text}");
        }
        for text in ["", ".5", "-1", "99999999999999999999", "99999999999", "1e9", "2023-11-14"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
