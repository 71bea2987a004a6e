//! Turns SOCKS requests into the name behind the proxy: SOCKS 4 and 4a, and SOCKS 5 (RFC 1928) with its authentication (RFC
//! 1929).

use crate::name::findings::{Findings, Role};
use crate::name::host::is_ip_literal;
use crate::name::parsed::Parsed;
use crate::name::reader::Reading;
use crate::name::source::NameSource;
use crate::name::wire::Wire;

/// The first bytes of messages: the versions of the protocol and of its authentication.
pub(crate) static FIRST_BYTES: &[u8] = &[1, 4, 5];

/// Methods that a greeting may list. Nine are registered, and clients offer one to four.
const METHOD_LIMIT: u8 = 10;

/// Length of the longest user or domain in SOCKS 4, which ends with a zero byte.
const TEXT_LIMIT: usize = 255;

/// Whether a segment may begin with a greeting or a request.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    match *bytes {
        [5] => true,
        _ if answer(bytes).is_some() => true,
        [5, 1, 0, 1 | 3 | 4, ..] => true,
        [5, count @ 1..=METHOD_LIMIT, ref rest @ ..] => {
            let (methods, next) = rest.split_at_checked(count.into()).unwrap_or((&[], &[0]));
            // If anything follows the methods, it is a request, or the user's name and password.
            methods.iter().all(|&method| is_method(method)) && matches!(next, [] | [1 | 5, ..])
        }
        [4, 1 | 2, ref rest @ ..] => rest.len() >= 7 && is_target(rest),
        _ => false,
    }
}

/// Whether a method of authentication is registered or for private use (IANA, SOCKS Methods).
const fn is_method(method: u8) -> bool {
    matches!(method, 0..=9 | 0x80..=0xfe)
}

/// Whether these bytes can be the port and address of a SOCKS 4 request.
fn is_target(bytes: &[u8]) -> bool {
    matches!(*bytes, [a, b, c, _, _, last, ..] if (a, b) != (0, 0) && (c != 0 || last != 0))
}

/// The answer of a SOCKS 5 server, and its length: which method it chose, that the password is right, or that the connection
/// was made (RFC 1928 §3, §6). What the server behind it sends follows.
fn answer(bytes: &[u8]) -> Option<(Findings, usize)> {
    match *bytes {
        // Two bytes are too few to say that this is SOCKS, so they are only skipped.
        [5, 0 | 2 | 0xff] | [1, 0] => Some((Findings::default(), 2)),
        // DCE/RPC 5.0 begins with the same bytes, but continues with its mark for little-endian data.
        [5, 0, 0, _, 0x10, 0, 0, 0, ..] => None,
        [5, 0, 0, kind, ref rest @ ..] => {
            let length = match kind {
                1 => 4,
                3 => 1 + usize::from(*rest.first()?),
                4 => 16,
                _ => return None,
            };
            // A server that has made the connection says so by itself, or TLS follows at once.
            let after = rest.get(length + 2..)?;
            let is_alone = after.is_empty() || after.starts_with(&[0x16, 3]) || after.first()?.is_ascii_uppercase();
            is_alone.then(|| (Findings::of("socks", Some(Role::Server)), 4 + length + 2))
        }
        _ => None,
    }
}

/// Reads everything up to the end of the request.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    if !starts_stream(bytes) {
        return Reading::No;
    }
    if let Some((findings, consumed)) = answer(bytes) {
        return Reading::Done { findings: Box::new(findings), consumed };
    }
    let mut findings = Box::new(Findings::of("socks", Some(Role::Client)));
    let mut rest = Wire::new(bytes);
    let request = match bytes.first() {
        Some(5) => version5(&mut rest),
        _ => version4(&mut rest),
    };
    match request {
        Parsed::Whole(target) => {
            if let Some(target) = target {
                let Some(name) = std::str::from_utf8(target).ok().filter(|name| is_host(name)) else {
                    return Reading::No;
                };
                if !is_ip_literal(name) {
                    findings.push_name(NameSource::Socks, name);
                }
            } else if bytes.first() == Some(&4) && !rest.rest().is_empty() {
                // So few bytes do not tell SOCKS 4, if others follow them at once.
                return Reading::No;
            }
            Reading::Done { findings, consumed: bytes.len() - rest.rest().len() }
        }
        // A greeting tells SOCKS 5 by itself. So few bytes do not tell SOCKS 4.
        Parsed::CutShort if bytes.len() >= 3 && bytes.first() == Some(&5) => Reading::NeedMore(Some(findings)),
        Parsed::CutShort => Reading::NeedMore(None),
        Parsed::Other => Reading::No,
    }
}

/// Whether a target is written as host names are. Other bytes are those of another protocol.
fn is_host(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':') || byte >= 0x80;
    !name.is_empty() && name.bytes().all(is_plain)
}

/// Reads greeting, password and request of SOCKS 5, and returns the target's name if it has one.
fn version5<'a>(rest: &mut Wire<'a>) -> Parsed<Option<&'a [u8]>> {
    // One method, and CONNECT to a type of address: these bytes make sense only as a request.
    if !matches!(rest.rest(), [5, 1, 0, 1 | 3 | 4, ..]) {
        let Some([_, count]) = rest.array() else { return Parsed::CutShort };
        if rest.take(count.into()).is_none() {
            return Parsed::CutShort;
        }
        if rest.rest().first() == Some(&1) {
            let Some(_) = rest.u8().and_then(|_| rest.vector_u8()).and_then(|_| rest.vector_u8()) else {
                return Parsed::CutShort;
            };
        }
    }
    let Some([version, command, reserved, kind]) = rest.array() else {
        return if rest.rest().first().is_none_or(|&version| version == 5) { Parsed::CutShort } else { Parsed::Other };
    };
    if version != 5 || !(1..=3).contains(&command) || reserved != 0 {
        return Parsed::Other;
    }
    let name = match kind {
        1 => rest.take(4).map(|_| None),
        3 => rest.vector_u8().map(Some),
        4 => rest.take(16).map(|_| None),
        _ => return Parsed::Other,
    };
    match (name, rest.u16()) {
        (Some(name), Some(_port)) => Parsed::Whole(name),
        _ => Parsed::CutShort,
    }
}

/// Reads a request of SOCKS 4. In SOCKS 4a, where the address is 0.0.0.x, a name follows the user.
fn version4<'a>(rest: &mut Wire<'a>) -> Parsed<Option<&'a [u8]>> {
    let Some([_version, _command, _, _, a, b, c, d]) = rest.array::<8>() else { return Parsed::CutShort };
    let has_name = [a, b, c] == [0, 0, 0] && d != 0;
    match text(rest) {
        Parsed::Whole(_user) if has_name => match text(rest) {
            Parsed::Whole(name) => Parsed::Whole(Some(name)),
            Parsed::CutShort => Parsed::CutShort,
            Parsed::Other => Parsed::Other,
        },
        Parsed::Whole(_user) => Parsed::Whole(None),
        Parsed::CutShort => Parsed::CutShort,
        Parsed::Other => Parsed::Other,
    }
}

/// Reads printable bytes up to a zero byte.
fn text<'a>(rest: &mut Wire<'a>) -> Parsed<&'a [u8]> {
    let window = rest.rest();
    let window = window.get(..TEXT_LIMIT + 1).unwrap_or(window);
    match window.iter().position(|byte| !(b' '..=b'~').contains(byte)) {
        Some(end) if window.get(end) == Some(&0) => {
            let text = rest.take(end).unwrap_or_default();
            rest.u8();
            Parsed::Whole(text)
        }
        None if window.len() <= TEXT_LIMIT => Parsed::CutShort,
        _ => Parsed::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name_and_rest(bytes: &[u8]) -> (Option<String>, usize) {
        match read_stream(bytes) {
            Reading::Done { findings, consumed } => {
                (findings.names.first().map(|found| found.name.to_string()), bytes.len() - consumed)
            }
            other => panic!("{other:?}"),
        }
    }

    const CONVERSATIONS: &[&[u8]] = &[
        b"\x05\x01\x00\x05\x01\x00\x03\x09a.example\x01\xbb",
        b"\x05\x02\x00\x01\x05\x01\x00\x03\x09a.example\x01\xbb",
        b"\x05\x01\x02\x01\x02me\x03pwd\x05\x01\x00\x03\x09a.example\x01\xbb",
        b"\x05\x01\x00\x03\x09a.example\x01\xbb",
        b"\x04\x01\x01\xbb\x00\x00\x00\x01me\x00a.example\x00",
    ];

    #[test]
    fn requests_name_their_target() {
        for conversation in CONVERSATIONS {
            assert!(starts_stream(conversation));
            let with_hello = [conversation, &b"\x16\x03\x01"[..]].concat();
            assert_eq!(name_and_rest(&with_hello), (Some("a.example".into()), 3), "{conversation:?}");
        }
        assert_eq!(name_and_rest(b"\x05\x01\x00\x01\xc0\x00\x02\x01\x01\xbb"), (None, 0));
        assert_eq!(name_and_rest(b"\x04\x01\x00\x50\xc0\x00\x02\x01\x00"), (None, 0));
    }

    #[test]
    fn cut_at_every_length_it_waits() {
        for conversation in CONVERSATIONS {
            for cut in 3..conversation.len() {
                if starts_stream(&conversation[..cut]) {
                    assert!(
                        matches!(read_stream(&conversation[..cut]), Reading::NeedMore(_)),
                        "{conversation:?} {cut}"
                    );
                }
            }
        }
    }

    #[test]
    fn answers_are_passed_by() {
        assert_eq!(read_stream(b"\x05\x00"), Reading::Done { findings: Box::default(), consumed: 2 });
        let connected = b"\x05\x00\x00\x01\xc0\x00\x02\x01\x01\xbb\x16\x03";
        assert!(matches!(read_stream(connected), Reading::Done { consumed: 10, .. }));
        assert!(!starts_stream(b"\x05\x00\x00\x03\x10\x00\x00\x00\x48\x00\x00\x00\x01\x00\x00\x00"));
        for cut in 3..10 {
            assert!(!starts_stream(&connected[..cut]));
        }
    }

    #[test]
    fn binary_streams_are_refused() {
        // An answer or a request in the midst of which another protocol's bytes follow, and a target that is no host.
        assert!(!starts_stream(b"\x05\x00\x00\x01\xc0\x00\x02\x01\x01\xbb\x00\x07\x81"));
        assert_eq!(read_stream(b"\x04\x01\x00\x50\xc0\x00\x02\x01\x00\x07"), Reading::No);
        assert_eq!(read_stream(b"\x05\x01\x00\x03\x03a\x01b\x01\xbb"), Reading::No);
    }

    #[test]
    fn other_bytes_are_refused() {
        assert!(!starts_stream(b"\x05\x02\x00\x55\x05"));
        assert!(!starts_stream(b"\x05\x09"));
        assert!(!starts_stream(b"\x04\x01\x00\x00\xc0\x00\x02\x01\x00"));
        assert_eq!(read_stream(b"\x04\x01\x00\x50\xc0\x00\x02\x01\xff\x00"), Reading::No);
        assert_eq!(read_stream(b"\x05\x01\x00\x05\x07\x00\x03\x01"), Reading::No);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn random_bytes_are_survived(version in 1u8..6, bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let bytes = [&[version][..], &bytes].concat();
            if let Reading::Done { consumed, .. } = read_stream(&bytes) {
                prop_assert!(consumed <= bytes.len());
            }
        }
    }
}
