//! Turns the frames of a QUIC Initial packet into pieces of its CRYPTO stream (RFC 9000 §12.4 and §19).

use crate::name::reassembly::Reassembly;
use crate::name::wire::Wire;

/// Adds the CRYPTO frames of a packet to the stream, up to the first frame that may not be in an Initial packet.
pub(super) fn gather_crypto(frames: &[u8], stream: &mut Reassembly) {
    let mut wire = Wire::new(frames);
    while !wire.is_empty() {
        if frame(&mut wire, stream).is_none() {
            return;
        }
    }
}

/// Reads one frame. Each takes a byte at least, so the length of the packet bounds their number.
fn frame(wire: &mut Wire<'_>, stream: &mut Reassembly) -> Option<()> {
    match wire.u8()? {
        PADDING => {
            wire.take(padding(wire.rest()))?;
        }
        PING => {}
        kind @ (ACK | ACK_ECN) => {
            wire.varint()?;
            wire.varint()?;
            let ranges = wire.varint()?;
            wire.varint()?;
            for _ in 0..ranges {
                wire.varint()?;
                wire.varint()?;
            }
            for _ in 0..if kind == ACK_ECN { 3 } else { 0 } {
                wire.varint()?;
            }
        }
        CRYPTO | CRYPTO_OF_GOOGLE => {
            let offset = wire.varint()?;
            let length = usize::try_from(wire.varint()?).ok()?;
            stream.insert(offset, wire.take(length)?);
        }
        kind @ (CLOSE | CLOSE_BY_APPLICATION) => {
            wire.varint()?;
            if kind == CLOSE {
                wire.varint()?;
            }
            let reason = usize::try_from(wire.varint()?).ok()?;
            wire.take(reason)?;
        }
        _ => return None,
    }
    Some(())
}

/// The number of padding bytes at the start. Most of an Initial packet is padding, so eight bytes are compared at a time.
fn padding(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks::<8>();
    let whole = 8 * words.iter().take_while(|word| **word == [PADDING; 8]).count();
    whole + bytes.iter().skip(whole).take_while(|byte| **byte == PADDING).count()
}

const PADDING: u8 = 0x00;
const PING: u8 = 0x01;
const ACK: u8 = 0x02;
const ACK_ECN: u8 = 0x03;
const CRYPTO: u8 = 0x06;
/// CRYPTO in Q050, T050 and T051. The standard gives this number to a STREAM frame.
const CRYPTO_OF_GOOGLE: u8 = 0x08;
const CLOSE: u8 = 0x1c;
const CLOSE_BY_APPLICATION: u8 = 0x1d;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FRAMES: [u8; 45] = [
        0, 0, 1, // PADDING, PING
        6, 2, 3, b'c', b'd', b'e', // CRYPTO
        2, 5, 0x40, 1, 1, 0, 2, 3, // ACK with a range
        3, 5, 0, 0, 0, 1, 2, 3, // ACK with ECN counts
        0x1c, 0x41, 0, 6, 2, b'n', b'o', // CONNECTION_CLOSE
        0x1d, 1, 1, b'x', // the application's
        8, 0, 3, b'a', b'b', b'c', 1, 0, 0,
    ];

    #[test]
    fn passes_over_everything_but_crypto() {
        let mut stream = Reassembly::default();
        gather_crypto(&FRAMES, &mut stream);
        assert_eq!(stream.prefix(), b"abcde");
    }

    #[test]
    fn cut_or_foreign_frames_end_the_reading() {
        for length in 0..FRAMES.len() {
            let mut stream = Reassembly::default();
            gather_crypto(&FRAMES[..length], &mut stream);
            assert_eq!(stream.prefix() == b"abcde", length >= FRAMES.len() - 3);
        }
        let mut stream = Reassembly::default();
        gather_crypto(&[0x1e, 6, 0, 1, b'x'], &mut stream);
        assert_eq!(stream.prefix(), b"");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn padding_ends_at_the_first_other_byte(length in 0_usize..40, rest in prop::collection::vec(any::<u8>(), 0..20)) {
            let bytes = [&vec![PADDING; length][..], &rest].concat();
            let expected = bytes.iter().position(|byte| *byte != PADDING).unwrap_or(bytes.len());
            prop_assert_eq!(padding(&bytes), expected);
        }

        #[test]
        fn survives_anything(bytes in prop::collection::vec(0_u8..0x40, 0..200)) {
            gather_crypto(&bytes, &mut Reassembly::default());
        }
    }
}
