//! Tells by the first bytes of a payload whether it asks for an answer, or is one, by which a round trip to the other end can be
//! measured: hellos of TLS, MMTLS, WhatsApp and Facebook's zero protocol, banners of SSH, QUIC's Initial packets, hellos of DTLS, and
//! the transactions of STUN (RFC 8489 §5).
//!
//! Each payload is judged by itself, so that the answer does not depend on what was seen before.

use super::call::stun;
use super::quic::{fbzero, initial};
use super::reader::Datagram;
use super::tls::{dtls, stream as tls};
use super::wire::u32_at;
use serde::{Deserialize, Serialize};

/// What a payload is in an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) enum Part {
    /// Anything else.
    #[default]
    Other,
    /// The beginning of a hello that only the server itself can answer, and to which it says nothing before.
    Hello,
    /// The banner of SSH, which both sides send without waiting for the other's.
    Banner,
    /// A datagram with an Initial packet of QUIC.
    QuicInitial,
    /// A datagram that begins with another packet with a long header.
    QuicLong,
    /// A request of STUN.
    StunRequest,
    /// An answer of STUN, good or bad.
    StunAnswer,
    /// A ClientHello of DTLS.
    DtlsHello,
    /// Another message of a DTLS handshake.
    DtlsAnswer,
    /// What looks like a packet of RTP (RFC 3550 §5.1).
    Rtp,
}

/// What the payload of a segment is.
pub(crate) fn stream_part(payload: &[u8]) -> Part {
    match payload {
        [b'S', ..] if payload.starts_with(b"SSH-") => Part::Banner,
        [0x16 | 0x19, 0xf1, 3 | 4, ..] => Part::Hello,
        // The letters and a version of two small numbers, or a routing block before them.
        [b'W', b'A', 1..=9, 0..=9, ..] | [b'E', b'D', 0, 1, ..] => Part::Hello,
        [0x16 | 0x80..=0x83, ..] if tls::starts_client(payload) => Part::Hello,
        [b'1', b'Q', b'T', b'V', ..] if fbzero::starts(payload) => Part::Hello,
        _ => Part::Other,
    }
}

/// What a datagram is, and the number by which an answer names its request: of STUN the transaction, of RTP source and sequence
/// number. `None` for all that no round trip is measured with.
#[inline]
pub(crate) fn datagram_part(datagram: &Datagram<'_>) -> Option<(Part, [u32; 3])> {
    // Those of QUIC after its handshake, which are most, end here.
    match datagram.payload {
        [0..=3 | 0x16 | 0x80..=0xff, ..] | [0x40..=0x4f, _, _, _, 0x16, ..] => slowly(datagram),
        _ => None,
    }
}

/// Ports of protocols that are often answered on the way.
const DNS: u16 = 53;
const NTP: u16 = 123;
/// Length of the fixed header of RTP.
const RTP_LENGTH: usize = 12;
/// The first port that is not a system port: RTP is on none of these.
const LEAST_RTP_PORT: u16 = 1024;

#[inline(never)]
fn slowly(datagram: &Datagram<'_>) -> Option<(Part, [u32; 3])> {
    let ports = [datagram.source_port, datagram.destination_port];
    if ports.iter().any(|port| matches!(*port, DNS | NTP)) {
        return None;
    }
    let payload = datagram.payload;
    let nameless = |part: Part| Some((part, [0; 3]));
    match payload {
        [first @ 0..=3, second, ..] if stun::starts_datagram(datagram) => {
            let part = match u16::from_be_bytes([*first, *second]) & 0x0110 {
                0 => Part::StunRequest,
                0x0100 | 0x0110 => Part::StunAnswer,
                // Indications are not answered.
                _ => return nameless(Part::Other),
            };
            Some((part, [u32_at(payload, 8)?, u32_at(payload, 12)?, u32_at(payload, 16)?]))
        }
        [0x16 | 0x40..=0x4f, ..] if dtls::starts(datagram) => {
            nameless(if dtls::starts_client(datagram) { Part::DtlsHello } else { Part::DtlsAnswer })
        }
        [0xc0..=0xff, ..] if initial::starts(datagram) => nameless(Part::QuicInitial),
        [0xc0..=0xff, ..] => nameless(Part::QuicLong),
        [0x80..=0xbf, _, high, low, ..] if payload.len() >= RTP_LENGTH && *ports.iter().min()? >= LEAST_RTP_PORT => {
            Some((Part::Rtp, [u32_at(payload, 8)?, u32::from(u16::from_be_bytes([*high, *low])), 0]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fixtures::quic::{Initial, crypto};
    use fixtures::tls;
    use proptest::prelude::*;

    fn part(payload: &[u8], port: u16) -> Option<(Part, [u32; 3])> {
        datagram_part(&Datagram { payload, source_port: 50_000, destination_port: port })
    }

    #[test]
    fn hellos_are_known_by_their_first_bytes() {
        for hello in [
            &tls::hello("www.example.com", 0)[..],
            &[0x16, 0xf1, 4, 0, 20, 0, 0, 0, 16],
            &[0x19, 0xf1, 3],
            b"WA\x06\x05",
            b"ED\0\x01\0\0\x04",
        ] {
            assert_eq!(stream_part(hello), Part::Hello, "{hello:02x?}");
        }
        assert_eq!(stream_part(b"SSH-2.0-OpenSSH_9.9\r\n"), Part::Banner);
        for other in [&b"GET / HTTP/1.1\r\n"[..], &[0x16, 3, 3, 0, 90, 2, 0, 0, 70, 3, 3], &[0x17, 3, 3], b"WAIT", b"S"]
        {
            assert_eq!(stream_part(other), Part::Other, "{other:02x?}");
        }
    }

    #[test]
    fn datagrams_are_requests_and_answers() {
        let initial = Initial::first(&[7; 8]).seal(&crypto(0, b"\x01\0\0\0"), 1_200);
        assert_eq!(part(&initial, 443), Some((Part::QuicInitial, [0; 3])));
        assert_eq!(part(&[0xe0, 0, 0, 0, 1, 0, 0, 0], 443), Some((Part::QuicLong, [0; 3])));
        assert_eq!(part(&[0x40; 40], 443), None);
        let stun = |kind: u16| [&kind.to_be_bytes()[..], &[0, 0, 0x21, 0x12, 0xa4, 0x42], b"abcdefghijkl"].concat();
        let id = [0x6162_6364, 0x6566_6768, 0x696a_6b6c];
        assert_eq!(part(&stun(1), 3478), Some((Part::StunRequest, id)));
        assert_eq!(part(&stun(0x0101), 3478), Some((Part::StunAnswer, id)));
        assert_eq!(part(&stun(0x0111), 3478), Some((Part::StunAnswer, id)));
        assert_eq!(part(&stun(0x0011), 3478), Some((Part::Other, [0; 3])));
        let mut dtls = [0; 30];
        dtls[..3].copy_from_slice(&[0x16, 0xfe, 0xfd]);
        for (kind, expected) in [(1, Part::DtlsHello), (2, Part::DtlsAnswer), (3, Part::DtlsAnswer)] {
            dtls[13] = kind;
            assert_eq!(part(&dtls, 5000), Some((expected, [0; 3])));
        }
        let rtp = [0x80, 96, 1, 2, 0, 0, 0, 0, 0, 0, 0, 9];
        assert_eq!(part(&rtp, 5004), Some((Part::Rtp, [9, 0x0102, 0])));
        assert_eq!(part(&rtp[..11], 5004), None);
    }

    #[test]
    fn what_is_answered_on_the_way_is_no_exchange() {
        let stun = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        assert!(part(&stun, 3478).is_some());
        for port in [53, 123] {
            assert_eq!(part(&stun, port), None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn survives_anything(first: u8, bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let payload = [&[first][..], &bytes].concat();
            let _ = (stream_part(&payload), part(&payload, 443));
        }
    }
}
