//! Reads the handshake by which a client of Minecraft's Java edition opens a connection ("Java Edition protocol" of the
//! Minecraft Wiki): length, packet 0, version of the protocol, the server's name as the user gave it, port, and what the
//! client wants.

use crate::name::findings::{Findings, Role};
use crate::name::host::host;
use crate::name::reader::Reading;
use crate::name::source::NameSource;
use crate::name::wire::Wire;

/// The first byte is the length. A handshake with a name of one letter has 7 bytes; longer ones than 127 are rare.
pub(crate) static FIRST_BYTES: &[u8] = &{
    let mut bytes = [0; 0x80 - SHORTEST];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = (SHORTEST + at) as u8;
        at += 1;
    }
    bytes
};

const SHORTEST: usize = 7;

/// Whether a segment begins with a whole handshake. It is short, so it is not waited for.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    matches!(bytes, [_, 0, ..]) && handshake(bytes).is_some()
}

/// Reads the handshake.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    let Some((name, consumed)) = handshake(bytes) else { return Reading::No };
    let mut findings = Box::new(Findings::of("minecraft", Some(Role::Client)));
    findings.push_name(NameSource::AppHello, name);
    Reading::Done { findings, consumed }
}

/// The server's name, and the length of all.
fn handshake(bytes: &[u8]) -> Option<(&str, usize)> {
    let mut wire = Wire::new(bytes);
    let length = usize::from(wire.u8().filter(|length| (SHORTEST..0x80).contains(&usize::from(*length)))?);
    let mut wire = Wire::new(wire.take(length)?);
    // Versions have one to three bytes; snapshots of the game set a high bit, in a fifth.
    if wire.u8()? != 0 || !(0..5).any(|_| wire.u8().is_some_and(|byte| byte & 0x80 == 0)) {
        return None;
    }
    let text = usize::from(wire.u8()?);
    let text = wire.take(text)?;
    // Changed games add words behind a zero.
    let name = host(text.split(|&byte| byte == 0).next()?)?;
    let port = wire.u16()?;
    let is_whole = matches!(wire.rest(), [1..=3]);
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':'));
    (is_whole && is_name && port != 0).then_some((name, 1 + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str) -> Vec<u8> {
        let body = [&[0, 0xff, 0x05, name.len() as u8][..], name.as_bytes(), &[0x63, 0xdd, 2]].concat();
        [&[body.len() as u8][..], &body].concat()
    }

    #[test]
    fn the_name_is_found() {
        let handshake = [&sample("Play.example.org")[..], &[1, 0]].concat();
        assert!(starts_stream(&handshake));
        let Reading::Done { findings, consumed } = read_stream(&handshake) else { panic!("not read") };
        assert_eq!((&*findings.names[0].name, consumed), ("play.example.org", handshake.len() - 2));
        for cut in 0..handshake.len() - 2 {
            assert!(!starts_stream(&handshake[..cut]), "{cut}");
        }
        let modded = sample("play.example.org\0FML2\0");
        let Reading::Done { findings, .. } = read_stream(&modded) else { panic!("not read") };
        assert_eq!(&*findings.names[0].name, "play.example.org");
    }

    #[test]
    fn all_of_it_must_parse() {
        let whole = sample("play.example.org");
        let end = whole.len() - 1;
        for (at, byte) in [(0, 9), (1, 1), (4, 17), (5, b' '), (end, 4), (end, 0)] {
            let mut other = whole.clone();
            other[at] = byte;
            assert!(!starts_stream(&other), "{at}");
        }
    }
}
