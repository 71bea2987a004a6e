//! Turns STUN and TURN messages into their realm (RFC 8489 §5, §14.9; RFC 8656).

use crate::name::findings::{Findings, Role};
use crate::name::reader::{Datagram, Reading};
use crate::name::source::NameSource;
use crate::name::tls::dtls;
use crate::name::wire::{Wire, u16_at, u32_at};

/// The first byte of a datagram, which is the high byte of the type: two zero bits, then class and method. Methods that are not
/// registered are read too, since those of WhatsApp are 0800 to 0805.
pub(crate) static FIRST_BYTES: &[u8] = &high_bytes();

/// The first byte of a stream. Only registered methods are read, so that few segments are looked at.
pub(crate) static STREAM_FIRST_BYTES: &[u8] = &[0, 1];

const fn high_bytes() -> [u8; 0x40] {
    let mut bytes = [0; 0x40];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = at as u8;
        at += 1;
    }
    bytes
}

const HEADER_LENGTH: usize = 20;
const MAGIC_COOKIE: u32 = 0x2112_a442;

/// Length of the longest message over TCP that is waited for. Messages with certificates for OAuth tokens stay below 2 KiB.
const STREAM_LENGTH_LIMIT: usize = 4096;

/// Attributes that are looked at. Honest messages have about ten.
const ATTRIBUTE_LIMIT: usize = 64;

const REALM: u16 = 0x0014;
/// The attribute with the data that a relay passes on where there is no channel.
const DATA: u16 = 0x0013;
const PRIORITY: u16 = 0x0024;

/// Length of the message that begins here, if the header is one of STUN with its cookie.
fn message_length(bytes: &[u8]) -> Option<usize> {
    let length = usize::from(u16_at(bytes, 2)?);
    let is_stun = *bytes.first()? < 0x40 && u32_at(bytes, 4)? == MAGIC_COOKIE && length % 4 == 0;
    is_stun.then_some(HEADER_LENGTH + length)
}

/// Whether a datagram is a message.
pub(crate) fn starts_datagram(datagram: &Datagram<'_>) -> bool {
    datagram.payload.len() >= HEADER_LENGTH && message_length(datagram.payload).is_some()
}

/// Reads the last datagram.
pub(crate) fn read_datagrams(datagrams: &[Datagram<'_>]) -> Reading {
    let Some(datagram) = datagrams.last().filter(|datagram| starts_datagram(datagram)) else { return Reading::No };
    Reading::Done { findings: Box::new(findings(datagram.payload)), consumed: datagram.payload.len() }
}

/// Whether a segment begins with a message. A message that is cut within its header is not waited for: STUN over TCP is rare,
/// and much else begins with small numbers.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| STREAM_FIRST_BYTES.contains(first))
        && message_length(bytes).is_some_and(|length| length <= STREAM_LENGTH_LIMIT)
}

/// Reads one message.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    let Some(length) = message_length(bytes).filter(|_| starts_stream(bytes)) else { return Reading::No };
    let findings = Box::new(findings(bytes.get(..length).unwrap_or(bytes)));
    if length <= bytes.len() { Reading::Done { findings, consumed: length } } else { Reading::NeedMore(Some(findings)) }
}

/// What a message says, which may be cut short.
fn findings(message: &[u8]) -> Findings {
    let kind = u16_at(message, 0).unwrap_or_default();
    let mut findings = Findings::of("stun", None);
    let mut is_between_peers = false;
    let mut attributes = Wire::new(message.get(HEADER_LENGTH..).unwrap_or_default());
    for _ in 0..ATTRIBUTE_LIMIT {
        let (Some(attribute), Some(value)) = (attributes.u16(), attributes.vector_u16()) else { break };
        // Values are padded to four bytes.
        attributes.take(value.len().wrapping_neg() % 4);
        match attribute {
            REALM => {
                if let Some(realm) = realm(value) {
                    findings.push_name(NameSource::StunRealm, realm);
                }
            }
            DATA => add_relayed(value, &mut findings),
            PRIORITY => is_between_peers = true,
            _ => {}
        }
    }
    // The class is in two bits of the type (RFC 8489 §5). ICE asks in both directions, so it tells no roles.
    findings.role = match kind & 0x0110 {
        0x0000 if !is_between_peers => Some(Role::Client),
        0x0110 => Some(Role::Server),
        _ => None,
    };
    findings
}

/// Adds the names in a DTLS handshake with the peer behind a relay.
fn add_relayed(data: &[u8], findings: &mut Findings) {
    let datagram = Datagram { payload: data, source_port: 0, destination_port: 0 };
    if dtls::starts(&datagram)
        && let Reading::Done { findings: inner, .. } | Reading::NeedMore(Some(inner)) = dtls::read(&[datagram])
    {
        inner.names.into_iter().for_each(|found| findings.push_name(found.source, &found.name));
    }
}

/// The realm without its quotes, if it looks like a name.
fn realm(value: &[u8]) -> Option<&str> {
    let realm = std::str::from_utf8(value).ok()?.trim_end_matches('\0');
    let realm = realm.strip_prefix('"').and_then(|realm| realm.strip_suffix('"')).unwrap_or(realm);
    realm.bytes().all(|byte| byte > b' ' && byte != 0x7f).then_some(realm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An Allocate error response with a realm.
    fn sample() -> Vec<u8> {
        let mut bytes = b"\x01\x13\x00\x18\x21\x12\xa4\x42ABCDEFGHIJKL".to_vec();
        bytes.extend(b"\x00\x09\x00\x04\x00\x00\x04\x01\x00\x14\x00\x0b\"Turn.EX.y\"\x00");
        bytes[3] = (bytes.len() - HEADER_LENGTH) as u8;
        bytes
    }

    #[test]
    fn the_realm_is_found() {
        let sample = sample();
        let datagram = Datagram { payload: &sample, source_port: 3478, destination_port: 50_000 };
        assert!(starts_datagram(&datagram));
        let Reading::Done { findings, .. } = read_datagrams(&[datagram]) else { panic!("not done") };
        assert_eq!(findings.role, Some(Role::Server));
        assert_eq!(&*findings.names[0].name, "turn.ex.y");
        let Reading::Done { consumed, .. } = read_stream(&[&sample[..], b"next"].concat()) else { panic!("not done") };
        assert_eq!(consumed, sample.len());
    }

    #[test]
    fn cut_at_every_length_it_waits() {
        let sample = sample();
        for cut in 0..sample.len() {
            let expected = cut >= 8;
            assert_eq!(starts_stream(&sample[..cut]), expected);
            assert_eq!(matches!(read_stream(&sample[..cut]), Reading::NeedMore(_)), expected, "{cut}");
        }
    }

    #[test]
    fn connectivity_checks_say_nothing_of_roles() {
        let check = b"\x00\x01\x00\x08\x21\x12\xa4\x42ABCDEFGHIJKL\x00\x24\x00\x04\x00\x00\x00\x01";
        let Reading::Done { findings, .. } = read_stream(check) else { panic!("not done") };
        assert_eq!((findings.role, findings.names.len()), (None, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_attributes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let message = [b"\x00\x03\x00\x40\x21\x12\xa4\x42ABCDEFGHIJKL", &bytes[..]].concat();
            let _ = read_stream(&message);
        }
    }
}
