//! Turns the opening of RTMP (Adobe's specification 1.0 §5.2 to §5.4, §7.2.1.1) into the host of the URL that the client
//! wants to play from or publish to.

use crate::name::findings::{Findings, Role};
use crate::name::host::{authority_of_uri, host_of_authority, is_ip_literal};
use crate::name::parsed::Parsed;
use crate::name::reader::Reading;
use crate::name::source::NameSource;
use crate::name::wire::Wire;

/// The version that travels in the clear. The others are encrypted.
pub(crate) static FIRST_BYTES: &[u8] = &[3];

/// Length of each of the two messages that follow the version. The second repeats the peer's.
const HANDSHAKE: usize = 1_536;
const PREAMBLE: usize = 1 + 2 * HANDSHAKE;
/// Messages that are read after the handshake. The first one connects, or the second after a new chunk size.
const MESSAGE_LIMIT: usize = 4;
/// Length of the longest message that connects. Those seen have some hundred bytes.
const LENGTH_LIMIT: usize = 4_096;
const CHUNK_SIZE: usize = 128;
/// Properties that are looked at. About ten are defined.
const PROPERTY_LIMIT: usize = 32;

/// Whether a segment may begin with a handshake: a time, then zero or the version of the player.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    matches!(bytes, [3, _, _, _, _, 0, 0, 0, 0, rest @ ..] | [3, _, _, _, _, 9..=32 | 0x80, 0, _, 2, rest @ ..] if !rest.is_empty())
}

/// Reads the handshake and the message that connects.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    if !starts_stream(bytes) {
        return Reading::No;
    }
    let Some(rest) = bytes.get(PREAMBLE..) else { return Reading::NeedMore(None) };
    let mut chunk_size = CHUNK_SIZE;
    let mut wire = Wire::new(rest);
    for _ in 0..MESSAGE_LIMIT {
        let (kind, message) = match message(&mut wire, chunk_size) {
            Parsed::Whole(message) => message,
            Parsed::CutShort => return Reading::NeedMore(None),
            Parsed::Other => return Reading::No,
        };
        let done = |findings| Reading::Done { findings: Box::new(findings), consumed: bytes.len() - wire.rest().len() };
        match kind {
            // This message sets the chunk size.
            1 => {
                let size = message.first_chunk().map_or(0, |size| u32::from_be_bytes(*size) as usize);
                chunk_size = size.clamp(1, LENGTH_LIMIT);
            }
            // A server first says how much it accepts: window and bandwidth.
            2..=6 => return done(Findings::of(APPLICATION, Some(Role::Server))),
            // This is a command in either version of AMF. In the later version a byte comes before it.
            17 => return done(command(message.get(1..).unwrap_or_default())),
            20 => return done(command(&message)),
            _ => return Reading::No,
        }
    }
    Reading::No
}

/// Reads the next message, which is a header and then chunks with a byte between them: its kind and its content.
fn message(wire: &mut Wire<'_>, chunk_size: usize) -> Parsed<(u8, Vec<u8>)> {
    let Some(first) = wire.u8() else { return Parsed::CutShort };
    // The header is a whole one, and the chunk stream is in the same byte.
    if !(2..64).contains(&first) {
        return Parsed::Other;
    }
    let (Some(_time), Some(length), Some(kind), Some(_stream)) = (wire.u24(), wire.u24(), wire.u8(), wire.u32()) else {
        return Parsed::CutShort;
    };
    if length > LENGTH_LIMIT {
        return Parsed::Other;
    }
    let mut message = Vec::with_capacity(length);
    while message.len() < length {
        if !message.is_empty() {
            match wire.u8() {
                Some(byte) if byte == 0xc0 | first => {}
                Some(_) => return Parsed::Other,
                None => return Parsed::CutShort,
            }
        }
        let Some(chunk) = wire.take(chunk_size.min(length - message.len())) else { return Parsed::CutShort };
        message.extend_from_slice(chunk);
    }
    Parsed::Whole((kind, message))
}

/// What the first command of a client says.
fn command(bytes: &[u8]) -> Findings {
    let mut findings = Findings::of(APPLICATION, Some(Role::Client));
    if let Some(host) = connect_host(bytes) {
        findings.push_name(NameSource::Rtmp, host);
    }
    findings
}

/// The host of `tcUrl` in the object that `connect` carries.
fn connect_host(bytes: &[u8]) -> Option<&str> {
    const NUMBER: u8 = 0;
    const BOOLEAN: u8 = 1;
    const STRING: u8 = 2;
    const OBJECT: u8 = 3;
    const NULL: u8 = 5;
    const UNDEFINED: u8 = 6;
    let mut wire = Wire::new(bytes);
    if wire.u8()? != STRING || wire.vector_u16()? != b"connect" || wire.u8()? != NUMBER {
        return None;
    }
    wire.take(8)?;
    if wire.u8()? != OBJECT {
        return None;
    }
    for _ in 0..PROPERTY_LIMIT {
        let key = wire.vector_u16()?;
        match wire.u8()? {
            NUMBER => drop(wire.take(8)?),
            BOOLEAN => drop(wire.u8()?),
            STRING => {
                let value = wire.vector_u16()?;
                if key == b"tcUrl" {
                    return host_of_authority(authority_of_uri(value)?).filter(|host| !is_ip_literal(host));
                }
            }
            NULL | UNDEFINED => {}
            _ => return None,
        }
    }
    None
}

const APPLICATION: &str = "rtmp";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Vec<u8> {
        [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
    }

    fn chunks(kind: u8, message: &[u8], size: usize) -> Vec<u8> {
        let length = &(message.len() as u32).to_be_bytes()[1..];
        let mut bytes = [&[3, 0, 0, 0][..], length, &[kind, 0, 0, 0, 0]].concat();
        for (at, chunk) in message.chunks(size).enumerate() {
            bytes.extend((at > 0).then_some(0xc3));
            bytes.extend(chunk);
        }
        bytes
    }

    fn opening(first: &[u8]) -> Vec<u8> {
        let mut bytes = vec![3, 1, 2, 3, 4, 0, 0, 0, 0];
        bytes.resize(PREAMBLE, 7);
        let command = [
            &[2][..],
            &text("connect"),
            &[0; 9],
            &[3],
            &text("app"),
            &[2],
            &text(&"live".repeat(40)),
            &text("fpad"),
            &[1, 0],
            &text("tcUrl"),
            &[2],
            &text("rtmp://Live.example:1935/live"),
            &[0, 0, 9],
        ]
        .concat();
        let size = if first.is_empty() { CHUNK_SIZE } else { LENGTH_LIMIT };
        [&bytes[..], first, &chunks(20, &command, size)].concat()
    }

    #[test]
    fn the_host_of_the_url_is_found() {
        for first in [vec![], chunks(1, &60_000_u32.to_be_bytes(), 128)] {
            let bytes = opening(&first);
            assert!(starts_stream(&bytes));
            let Reading::Done { findings, consumed } = read_stream(&bytes) else { panic!("not done") };
            assert_eq!((&*findings.names[0].name, findings.role), ("live.example", Some(Role::Client)));
            assert_eq!(consumed, bytes.len());
            for cut in (10..bytes.len()).step_by(7) {
                assert_eq!(read_stream(&bytes[..cut]), Reading::NeedMore(None), "{cut}");
            }
        }
    }

    #[test]
    fn servers_and_others_are_told() {
        let mut bytes = opening(&[]);
        bytes.truncate(PREAMBLE);
        bytes.extend([2, 0, 0, 0, 0, 0, 4, 5, 0, 0, 0, 0, 0, 38, 37, 160]);
        let Reading::Done { findings, .. } = read_stream(&bytes) else { panic!("not done") };
        assert_eq!((findings.role, findings.names.len()), (Some(Role::Server), 0));
        bytes.truncate(PREAMBLE);
        bytes.extend([0xff; 20]);
        assert_eq!(read_stream(&bytes), Reading::No);
        assert!(!starts_stream(b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_commands_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let start = [&[2][..], &text("connect"), &[0; 9], &[3]].concat();
            let _ = connect_host(&[start, bytes.clone()].concat());
            let mut stream = opening(&[])[..PREAMBLE].to_vec();
            stream.extend(bytes);
            let _ = read_stream(&stream);
        }
    }
}
