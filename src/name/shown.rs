//! How much of a datagram says who talks with whom, without what they say: the Initial packets of QUIC, whose keys anybody can derive,
//! the handshake of DTLS, requests and answers of STUN, the fixed header of RTP. A proof keeps so much.

use super::call::stun;
use super::exchange::{Part, datagram_part};
use super::quic::packet::shown as quic_shown;
use super::reader::Datagram;
use super::tls::dtls;

/// Header of a message of STUN (RFC 8489 §5), and the fixed header of RTP (RFC 3550 §5.1).
const STUN_HEADER: usize = 20;
const RTP_HEADER: usize = 12;

/// The bytes of a datagram that may be shown; none where it is of no protocol known here.
pub(crate) fn datagram_shown(datagram: &Datagram<'_>) -> Option<usize> {
    let payload = datagram.payload;
    let shown = match payload {
        [0..=3, ..] if stun::starts_datagram(datagram) => match datagram_part(datagram) {
            Some((Part::StunRequest | Part::StunAnswer, _)) => payload.len(),
            // Indications carry data of the application (RFC 8656 §11.5).
            _ => STUN_HEADER,
        },
        [20..=25, 0xfe, ..] => dtls_shown(payload),
        [0x40..=0x4f, ..] if dtls::starts(datagram) => 4 + dtls_shown(payload.get(4..).unwrap_or_default()),
        [0xc0..=0xff, ..] => quic_shown(payload)?,
        [0x80..=0xbf, ..] if matches!(datagram_part(datagram), Some((Part::Rtp, _))) => RTP_HEADER,
        _ => return None,
    };
    Some(shown.min(payload.len()))
}

/// The records of DTLS before the first of application data (RFC 6347 §4.1).
fn dtls_shown(payload: &[u8]) -> usize {
    const HEADER: usize = 13;
    let mut at = 0;
    while let Some([20..=22, 0xfe, _, _, _, _, _, _, _, _, _, high, low]) =
        payload.get(at..).and_then(|rest| rest.first_chunk::<HEADER>())
    {
        at += HEADER + usize::from(u16::from_be_bytes([*high, *low]));
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use fixtures::quic::Initial;
    use proptest::prelude::*;

    fn shown(payload: &[u8]) -> Option<usize> {
        datagram_shown(&Datagram { payload, source_port: 50_000, destination_port: 40_000 })
    }

    fn dtls_record(kind: u8, length: u8) -> Vec<u8> {
        let mut record = vec![kind, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, length];
        record.resize(13 + usize::from(length), 5);
        record
    }

    #[test]
    fn nothing_protected_is_shown() {
        let initial = Initial::first(b"12345678").seal(&[1; 40], 300);
        assert_eq!(shown(&initial), Some(initial.len()));
        // 0-RTT, and a short header, behind it.
        for behind in [&[0xd0, 0, 0, 0, 1, 0, 0, 4, 1, 2, 3, 4][..], &[0x40; 40]] {
            let kept = shown(&[&initial[..], behind].concat()).unwrap();
            assert!((initial.len()..=initial.len() + 8).contains(&kept), "{kept}");
        }
        assert_eq!(shown(&[0x40; 40]), None);
        let dtls = [dtls_record(22, 60), dtls_record(23, 60)].concat();
        assert_eq!(shown(&dtls), Some(73));
        assert_eq!(shown(&dtls[73..]), Some(0));
        let mut indication = vec![0, 0x16, 0, 8, 0x21, 0x12, 0xa4, 0x42];
        indication.resize(28, 1);
        assert_eq!(shown(&indication), Some(20));
        assert_eq!(shown(&[&[0x80, 96, 0, 1], &[1; 40][..]].concat()), Some(12));
    }

    proptest! {
        #[test]
        fn survives_anything(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(shown(&bytes).is_none_or(|shown| shown <= bytes.len()));
        }
    }
}
