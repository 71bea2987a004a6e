//! Recognises binary protocols by their first message: PostgreSQL, MySQL, TDS, RDP, LDAP, MQTT, OpenVPN. TLS may follow it.
//! Only the login to a directory (LDAP) names its server.

use crate::name::findings::{Findings, Role};
use crate::name::reader::Reading;
use crate::name::windows::security_token;
use crate::name::wire::{u16_at, u32_at};

/// The first bytes of the messages below. For MySQL the first byte is a length: 32 for a request, and those in
/// [`GREETING_LENGTHS`] for a greeting.
pub(crate) static FIRST_BYTES: &[u8] = &first_bytes();

/// Lengths of MySQL's greeting: 46 bytes and the version, with or without 22 bytes for the method of authentication.
const GREETING_LENGTHS: std::ops::Range<u8> = 0x31..0x80;

const fn first_bytes() -> [u8; 6 + 0x4f] {
    let mut bytes = [0; 6 + 0x4f];
    let fixed = [0x00, 0x03, 0x10, 0x12, 0x20, 0x30];
    let mut place = 0;
    while place < bytes.len() {
        bytes[place] =
            if place < fixed.len() { fixed[place] } else { GREETING_LENGTHS.start + (place - fixed.len()) as u8 };
        place += 1;
    }
    bytes
}

/// A message that was recognised.
struct Preamble {
    application: &'static str,
    role: Role,
    length: usize,
    /// Whether all of the message is read, since it may tell a name.
    is_telling: bool,
}

/// Bytes of a login to a directory that are waited for. Logins with large tickets stay below.
const LOGIN_LIMIT: usize = 20 * 1024;

const fn client(application: &'static str, length: usize) -> Option<Preamble> {
    Some(Preamble { application, role: Role::Client, length, is_telling: false })
}

const fn server(application: &'static str, length: usize) -> Option<Preamble> {
    Some(Preamble { application, role: Role::Server, length, is_telling: false })
}

/// Whether a segment begins with one of the messages.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    recognise(bytes).is_some()
}

/// Reads the first message.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    match recognise(bytes) {
        Some(Preamble { application, role, length, is_telling }) => {
            let mut findings = Box::new(Findings::of(application, Some(role)));
            if is_telling {
                security_token::add_names(bytes.get(..length).unwrap_or(bytes), &mut findings);
                if bytes.len() < length && length <= LOGIN_LIMIT {
                    return Reading::NeedMore(Some(findings));
                }
            }
            Reading::Done { findings, consumed: length.min(bytes.len()) }
        }
        None => Reading::No,
    }
}

fn recognise(bytes: &[u8]) -> Option<Preamble> {
    match *bytes.first()? {
        0x00 => postgresql(bytes),
        0x03 => rdp(bytes),
        0x10 => mqtt(bytes),
        0x12 => tds(bytes),
        0x20 => mysql(bytes),
        0x30 => ldap(bytes),
        length if GREETING_LENGTHS.contains(&length) => mysql(bytes),
        _ => None,
    }
}

/// SSLRequest, GSSENCRequest, or a start-up message of protocol 3 (PostgreSQL, "Message Formats").
fn postgresql(bytes: &[u8]) -> Option<Preamble> {
    let length = u32_at(bytes, 0)? as usize;
    match (length, u32_at(bytes, 4)?) {
        (8, 80_877_103 | 80_877_104) => client("postgresql", 8),
        (9..=10_000, 0x0003_0000..=0x0003_0002) if bytes.get(8).is_some_and(u8::is_ascii_lowercase) => {
            client("postgresql", length)
        }
        _ => None,
    }
}

/// An X.224 connection request or confirmation in TPKT (MS-RDPBCGR §2.2.1.1). TLS follows it.
fn rdp(bytes: &[u8]) -> Option<Preamble> {
    let [3, 0, _, _, header_length, code, ..] = *bytes else { return None };
    let length = usize::from(u16_at(bytes, 2)?);
    if length != 5 + usize::from(header_length) {
        return None;
    }
    match code {
        0xe0 => client("rdp", length),
        0xd0 => server("rdp", length),
        _ => None,
    }
}

/// CONNECT of MQTT (MQTT 3.1.1 §3.1).
fn mqtt(bytes: &[u8]) -> Option<Preamble> {
    let size_length = bytes.iter().skip(1).take(4).position(|byte| byte & 0x80 == 0)? + 1;
    let rest = bytes.get(1 + size_length..)?;
    (rest.starts_with(b"\x00\x04MQTT") || rest.starts_with(b"\x00\x06MQIsdp")).then(|| client("mqtt", bytes.len()))?
}

/// A pre-login message (MS-TDS §2.2.6.5). TLS travels in more such messages, so only the header is consumed where TLS begins.
fn tds(bytes: &[u8]) -> Option<Preamble> {
    let [0x12, 0 | 1, _, _, 0, 0, _, 0, first, second, ..] = *bytes else { return None };
    let length = usize::from(u16_at(bytes, 2)?);
    match (first, second) {
        (0x16, 3) => client("tds", 8),
        (0, 0) if length >= bytes.len() => client("tds", length),
        _ => None,
    }
}

/// A bind, search or extended request of LDAP, or its answer (RFC 4511 §4): a SEQUENCE, a message number, and the operation.
fn ldap(bytes: &[u8]) -> Option<Preamble> {
    let (length, header) = match *bytes.get(1)? {
        length @ ..=0x7f => (usize::from(length), 2),
        0x81 => (usize::from(*bytes.get(2)?), 3),
        0x82 => (usize::from(u16_at(bytes, 2)?), 4),
        // Windows always writes the length in four bytes.
        0x84 => (u32_at(bytes, 2)? as usize, 6),
        _ => return None,
    };
    let number_length = match *bytes.get(header..header + 2)? {
        [2, length @ 1..=4] => usize::from(length),
        _ => return None,
    };
    let end = header + length;
    let operation = *bytes.get(header + 2 + number_length)?;
    if length > 0x00ff_ffff || number_length + 4 > length {
        return None;
    }
    match operation {
        // The requests that open a conversation are bind, search, and extended ones, such as StartTLS.
        0x60 => Some(Preamble { is_telling: true, ..client("ldap", end)? }),
        0x61 => Some(Preamble { is_telling: true, ..server("ldap", end)? }),
        0x63 | 0x77 => client("ldap", end),
        0x64 | 0x65 | 0x78 => server("ldap", end),
        _ => None,
    }
}

/// The greeting of a MySQL server (protocol 10), or the client's SSLRequest (MySQL, "Connection Phase").
fn mysql(bytes: &[u8]) -> Option<Preamble> {
    let [a, b, c, number, ..] = *bytes else { return None };
    let length = 4 + usize::from(a) + (usize::from(b) << 8) + (usize::from(c) << 16);
    match number {
        0 if *bytes.get(4)? == 10 && length == bytes.len() => {
            let version = bytes.get(5..)?;
            let end = version.iter().take(64).position(|&byte| byte == 0)?;
            let is_text = version.get(..end)?.iter().all(u8::is_ascii_graphic);
            (end >= 3 && is_text).then(|| server("mysql", length))?
        }
        // A request has 32 bytes of capabilities, with CLIENT_SSL (0x0800) and 23 zero bytes.
        1 if length == 36 && bytes.get(5)? & 0x08 != 0 && bytes.get(13..32)?.iter().all(|&byte| byte == 0) => {
            client("mysql", length)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Option<(&'static str, Role, usize)> {
        match read_stream(bytes) {
            Reading::Done { findings, consumed } => Some((findings.application?.0, findings.role?, consumed)),
            _ => None,
        }
    }

    #[test]
    fn first_messages_are_told() {
        let cases: &[(&[u8], _)] = &[
            (b"\0\0\0\x08\x04\xd2\x16\x2f\x16\x03", Some(("postgresql", Role::Client, 8))),
            (b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0\x16", Some(("rdp", Role::Client, 19))),
            (b"\x03\0\0\x0b\x06\xd0\0\0\x12\x34\0", Some(("rdp", Role::Server, 11))),
            (b"\x10\x0f\0\x04MQTT\x04\x02\0\x3c\0\x03abc", Some(("mqtt", Role::Client, 17))),
            (b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0", Some(("ldap", Role::Client, 14))),
            (b"\x0b\0\0\x00\x0a8.0.36\0\x01\0\0", None),
            (b"\x4a\0\0\x00\x0a8.0.36\0", None),
            (b"\x12\x01\0\x0c\0\0\x01\0\x16\x03\x01\0", Some(("tds", Role::Client, 8))),
        ];
        for (bytes, expected) in cases {
            assert_eq!(read(bytes), *expected, "{bytes:?}");
            for cut in 0..bytes.len() {
                let _ = read(&bytes[..cut]);
            }
        }
    }

    #[test]
    fn a_mysql_greeting_and_its_request_for_tls_are_told() {
        let mut greeting = b"\x4a\0\0\x00\x0a8.0.36\0".to_vec();
        greeting.resize(4 + 0x4a, 1);
        assert_eq!(read(&greeting), Some(("mysql", Role::Server, 78)));
        let mut request = b"\x20\0\0\x01\x85\xae\xff\x19\0\0\0\x01\xff".to_vec();
        request.resize(36, 0);
        request.extend(b"\x16\x03\x01");
        assert_eq!(read(&request), Some(("mysql", Role::Client, 36)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn random_bytes_are_survived(first in 0..FIRST_BYTES.len(), bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let bytes = [&FIRST_BYTES[first..=first], &bytes].concat();
            if let Reading::Done { consumed, .. } = read_stream(&bytes) {
                prop_assert!(consumed <= bytes.len());
            }
        }
    }
}
