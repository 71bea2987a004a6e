//! The frames in which TURN's channels carry data between a relay and its client (RFC 8656 §12.4).

use crate::name::wire::u16_at;

const HEADER: usize = 4;
const HANDSHAKE: u8 = 0x16;

/// The channel number and the data of the frame that begins here, as far as they are there, and the length of the frame with
/// the padding that streams need.
pub(crate) fn frame(bytes: &[u8]) -> Option<(u16, &[u8], usize)> {
    let (channel, length) = (u16_at(bytes, 0)?, usize::from(u16_at(bytes, 2)?));
    let data = bytes.get(HEADER..)?;
    let whole = HEADER + length.next_multiple_of(4);
    matches!(channel, 0x4000..=0x4fff).then_some((channel, data.get(..length).unwrap_or(data), whole))
}

/// The data of a datagram that is a single frame, if the data begins a handshake of DTLS.
pub(super) fn handshake_in(payload: &[u8]) -> Option<&[u8]> {
    match payload {
        [0x40..=0x4f, _, _, _, HANDSHAKE, 0xfe, ..] => {
            let (_, data, whole) = frame(payload)?;
            // Padding is allowed in datagrams as well.
            (payload.len() <= whole).then_some(data)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn framed(data: &[u8]) -> Vec<u8> {
        let mut bytes = [&[0x40, 0][..], &(data.len() as u16).to_be_bytes(), data].concat();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn datagrams_are_seen_through() {
        let data = [22, 0xfe, 0xfd, 0, 0, 0, 0];
        assert_eq!(handshake_in(&framed(&data)), Some(&data[..]));
        assert_eq!(handshake_in(&framed(&data)[..10]), Some(&data[..6]));
        assert_eq!(handshake_in(&[framed(&data), vec![0; 4]].concat()), None);
        assert_eq!(handshake_in(b"@\0\0\x04\x17\xfe\xfd\0"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_frames_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = handshake_in(&[b"@\0\0\x40\x16\xfe\xfd\0\0\0\0\0", &bytes[..]].concat());
        }
    }
}
