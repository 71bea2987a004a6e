//! Turns Facebook's zero-round-trip protocol over TCP into the server name of its CHLO.
//!
//! The protocol is Google's QUIC Crypto over a stream: `1QTV0`, a length, and a tag table ("Building Zero protocol for fast,
//! secure mobile connections", Facebook engineering, 2017). The layout is the one seen on the wire.

use super::tag_table::TagTable;
use crate::name::findings::{Findings, Role};
use crate::name::reader::Reading;
use crate::name::source::NameSource;
use crate::name::wire::Wire;

/// The first byte of [`MAGIC`].
pub(crate) const FIRST_BYTES: &[u8] = &[MAGIC[0]];

/// Whether a segment may begin with a hello of either side.
pub(crate) fn starts(payload: &[u8]) -> bool {
    let magic = payload.get(..4).unwrap_or(payload);
    MAGIC.starts_with(magic) && payload.get(4).is_none_or(u8::is_ascii_digit) && known_tag(payload.get(9..)).is_some()
}

/// Reads the hello of a client or a server.
pub(crate) fn read(stream: &[u8]) -> Reading {
    if !starts(stream) {
        return Reading::No;
    }
    let mut wire = Wire::new(stream);
    let (Some(_), Some(length)) = (wire.take(5), wire.u32_le()) else { return Reading::NeedMore(None) };
    let Some(length) = usize::try_from(length).ok().filter(|length| (8..=LENGTH_LIMIT).contains(length)) else {
        return Reading::No;
    };
    let message = wire.take_at_most(length);
    let whole = message.len() == length;
    let mut findings = Findings::of(APPLICATION, None);
    match known_tag(Some(message)) {
        Some(Some(role)) => findings.role = Some(role),
        Some(None) => return Reading::NeedMore(None),
        None => return Reading::No,
    }
    if findings.role == Some(Role::Client) {
        match TagTable::read(message) {
            TagTable::Whole(Some(name)) => findings.push_name(NameSource::Fbzero, name),
            TagTable::Foreign => return Reading::No,
            TagTable::Cut | TagTable::Whole(None) => {}
        }
    }
    let findings = Box::new(findings);
    if whole { Reading::Done { findings, consumed: 9 + length } } else { Reading::NeedMore(Some(findings)) }
}

/// The role that a message's tag tells. `Some(None)` if the tag is not all there, `None` if the tag is unknown.
#[expect(clippy::option_option, reason = "unknown, undecided and decided are three answers")]
fn known_tag(message: Option<&[u8]>) -> Option<Option<Role>> {
    let tag = message.map_or(&[][..], |message| message.get(..4).unwrap_or(message));
    let client = b"CHLO".starts_with(tag);
    let server = SERVER_TAGS.iter().any(|known| known.starts_with(tag));
    match (client || server, tag.len()) {
        (false, _) => None,
        (true, 4) => Some(Some(if client { Role::Client } else { Role::Server })),
        (true, _) => Some(None),
    }
}

const APPLICATION: &str = "fbzero";
const MAGIC: &[u8] = b"1QTV";
/// The tags of a server's messages: rejection, new server configuration, server hello, and server hello without keys.
const SERVER_TAGS: [&[u8; 4]; 4] = [b"REJ\0", b"SCFG", b"SHLO", b"SNOM"];
/// Bytes that one message may have. Those seen have less than 1 KiB, and certificates in a rejection take a few.
const LENGTH_LIMIT: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::super::tag_table::tests::tags;
    use super::*;
    use proptest::prelude::*;

    fn hello() -> Vec<u8> {
        let message = tags(&[(b"SNI\0", b"Graph.example.com"), (b"NONC", &[9; 32]), (b"VERS", b"QTV0")]);
        let mut bytes = b"1QTV0".to_vec();
        bytes.extend((message.len() as u32).to_le_bytes());
        bytes.extend(message);
        bytes
    }

    #[test]
    fn reads_the_clients_hello() {
        let mut stream = hello();
        let consumed = stream.len();
        stream.push(0x30);
        let mut findings = Findings::of("fbzero", Some(Role::Client));
        findings.push_name(NameSource::Fbzero, "graph.example.com");
        assert_eq!(read(&stream), Reading::Done { findings: Box::new(findings), consumed });
    }

    #[test]
    fn a_cut_hello_asks_for_more() {
        let stream = hello();
        for length in 1..stream.len() {
            assert!(starts(&stream[..length]), "{length}");
            assert!(matches!(read(&stream[..length]), Reading::NeedMore(_)), "{length}");
        }
    }

    #[test]
    fn reads_the_servers_answer() {
        let stream = b"1QTV0\x08\0\0\0SNOM\x01\0\0\0";
        let findings = Findings::of("fbzero", Some(Role::Server));
        assert_eq!(read(stream), Reading::Done { findings: Box::new(findings), consumed: 17 });
    }

    #[test]
    fn other_payloads_do_not_start() {
        for payload in [&b"1QTX"[..], b"1QTVx", b"1QTV0\x08\0\0\0ABCD\0\0\0\0", b"1QTV0\x01\0\0\0CHLO", b"\x16\x03\x01"]
        {
            assert_eq!(read(payload), Reading::No, "{payload:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn survives_damage(at in 5_usize..60, bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut stream = hello();
            let end = stream.len().min(at + bytes.len());
            stream.splice(at.min(end)..end, bytes);
            read(&stream);
        }
    }
}
