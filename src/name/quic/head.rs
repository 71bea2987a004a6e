//! The beginning of an Initial packet, from which its number can be told, and which packet of the client it acknowledges.
//!
//! Both need the destination connection id of the client's first Initial, which is in another packet (RFC 9001 §5.2). So a few bytes of
//! each are kept until the session is over. They are read without the tag at the packet's end: a round trip is measured with them, and
//! nothing is told of what they hold.

use super::ids::ConnectionId;
use super::keys::{CLIENT, Parts, SERVER};
use super::packet::{ID_LIMIT, long_headers};
use super::versions::{Kind, Protection, is_known, protections};
use crate::name::wire::Wire;
use crate::stored::small;
use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use serde::{Deserialize, Serialize};

/// Where the sample for header protection begins, from the packet number on (RFC 9001 §5.4.2).
const SAMPLE_AT: usize = 4;
/// Length of a block of AES.
const BLOCK: usize = 16;
/// Bits that are 0 under header protection (RFC 9000 §17.2).
const RESERVED: u8 = 0x0c;

const PADDING: u8 = 0x00;
const PING: u8 = 0x01;
const ACK: u8 = 0x02;
const ACK_ECN: u8 = 0x03;

/// The beginning of an Initial packet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct InitialHead {
    version: u32,
    #[serde(with = "small")]
    destination: ConnectionId,
    /// The first byte, protected.
    first: u8,
    /// From the packet number on, protected.
    bytes: Vec<u8>,
}

impl InitialHead {
    /// Bytes kept from the packet number on: the number, and the first frames. An acknowledgement is the first thing that servers say.
    pub(crate) const KEPT: usize = 40;

    /// That of a datagram which begins with a whole Initial packet of a known version.
    pub(crate) fn of(datagram: &[u8]) -> Option<Self> {
        let header = long_headers(datagram).next()?;
        let packet = header.packet.filter(|_| header.kind == Kind::Initial && is_known(header.version))?;
        let bytes = packet.get(header.number_at..)?;
        let bytes = bytes.get(..bytes.len().min(Self::KEPT))?.to_vec();
        let destination = ConnectionId::from_slice(header.destination);
        (bytes.len() >= SAMPLE_AT + BLOCK).then_some(Self {
            version: header.version,
            destination,
            first: *packet.first()?,
            bytes,
        })
    }

    /// Whether packets can have given it.
    pub(crate) fn is_sound(&self) -> bool {
        is_known(self.version)
            && self.destination.len() <= ID_LIMIT
            && (SAMPLE_AT + BLOCK..=Self::KEPT).contains(&self.bytes.len())
    }

    /// The packet number, if this is a packet of the client whose first Initial that one is.
    pub(crate) fn number(&self, first: &Self) -> Option<u32> {
        let keys = Parts::derive(&first.destination, self.protection()?, CLIENT);
        self.bare(&keys).map(|(number, _)| number)
    }

    /// The largest packet number that it acknowledges, if it is a packet of the server to the client whose first Initial that one is,
    /// and says so before anything else.
    pub(crate) fn acknowledged(&self, first: &Self) -> Option<u32> {
        let keys = Parts::derive(&first.destination, self.protection()?, SERVER);
        let (number, length) = self.bare(&keys)?;
        let frames = self.frames(&keys, number, length);
        let mut wire = Wire::new(&frames);
        loop {
            match wire.u8()? {
                PADDING | PING => {}
                ACK | ACK_ECN => return u32::try_from(wire.varint()?).ok(),
                _ => return None,
            }
        }
    }

    fn protection(&self) -> Option<&'static Protection> {
        protections(self.version).first()
    }

    /// The packet number and its length. The first packets of a connection have small numbers, so the truncated number is the whole.
    fn bare(&self, keys: &Parts) -> Option<(u32, usize)> {
        let sample: [u8; BLOCK] = self.bytes.get(SAMPLE_AT..SAMPLE_AT + BLOCK)?.try_into().ok()?;
        let [first_mask, number_mask @ ..] = encrypted(&keys.header, sample);
        let first = self.first ^ (first_mask & 0x0f);
        let length = usize::from(first & 0x03) + 1;
        let masked = self.bytes.iter().take(length).zip(number_mask);
        let number = masked.fold(0, |number, (byte, mask)| number << 8 | u32::from(byte ^ mask));
        (first & RESERVED == 0).then_some((number, length))
    }

    /// The first frames: AES-GCM is counter mode, in which the first block of a message has the counter 2 (NIST SP 800-38D §7.1).
    fn frames(&self, keys: &Parts, number: u32, number_length: usize) -> Vec<u8> {
        let mut block = [0; BLOCK];
        let (nonce, counter) = block.split_at_mut(keys.iv.len());
        nonce.copy_from_slice(&keys.iv);
        for (place, byte) in nonce.iter_mut().rev().zip(number.to_be_bytes().into_iter().rev()) {
            *place ^= byte;
        }
        counter.copy_from_slice(&1_u32.to_be_bytes());
        let protected = self.bytes.get(number_length..).unwrap_or_default();
        let mut frames = Vec::with_capacity(protected.len());
        for part in protected.chunks(BLOCK) {
            if let Some(last) = block.last_mut() {
                *last += 1;
            }
            frames.extend(part.iter().zip(encrypted(&keys.key, block)).map(|(byte, key)| byte ^ key));
        }
        frames
    }
}

fn encrypted(key: &[u8; BLOCK], block: [u8; BLOCK]) -> [u8; BLOCK] {
    let mut block = block.into();
    Aes128::new(key.into()).encrypt_block(&mut block);
    block.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fixtures::hex;
    use fixtures::quic::{DRAFT_29, Initial, V1, V2, crypto};
    use proptest::prelude::*;

    const ID: [u8; 8] = [7; 8];

    fn head(datagram: &[u8]) -> InitialHead {
        let head = InitialHead::of(datagram).expect("an Initial");
        assert!(head.is_sound());
        head
    }

    #[test]
    fn numbers_and_acknowledgements_are_told() {
        for version in [V1, V2, DRAFT_29] {
            for (number, number_length) in [(0, 1), (1, 2), (513, 2), (70_000, 4)] {
                let packet = Initial { version, number, number_length, ..Initial::first(&ID) };
                let first = head(&Initial { version, ..Initial::first(&ID) }.seal(&crypto(0, b"hello"), 1200));
                assert_eq!(head(&packet.seal(&crypto(0, b"hello"), 1200)).number(&first), Some(number));
                for frames in [&[0, 1, 0, 2, 0x42, 1, 0, 0, 0][..], &[3, 0x42, 1, 0, 0, 0, 0, 0, 0]] {
                    let answer = Initial { destination: &[], ..packet };
                    assert_eq!(head(&answer.seal_answer(frames, 1200)).acknowledged(&first), Some(513), "{frames:?}");
                }
            }
        }
    }

    /// RFC 9001 §A.3: the server's Initial, which acknowledges packet 0 of the client.
    #[test]
    fn the_sample_of_the_standard_is_read() {
        let answer = hex(concat!(
            "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4c",
            "f73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7a",
            "af2f58891850abbdca3d20398c276456cbc42158407dd074ee"
        ));
        let first = Initial::first(&[0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08]).seal(&crypto(0, b"hello"), 1200);
        assert_eq!(head(&answer).acknowledged(&head(&first)), Some(0));
    }

    #[test]
    fn other_keys_and_other_frames_acknowledge_nothing() {
        let first = head(&Initial::first(&ID).seal(&crypto(0, b"hello"), 1200));
        let other = head(&Initial::first(&[9; 8]).seal(&crypto(0, b"hello"), 1200));
        let answer = |frames: &[u8]| head(&Initial { number: 3, ..Initial::first(&ID) }.seal_answer(frames, 1200));
        assert_eq!(answer(&[2, 5, 0, 0, 0]).acknowledged(&first), Some(5));
        assert_ne!(answer(&[2, 5, 0, 0, 0]).acknowledged(&other), Some(5));
        assert_eq!(answer(&crypto(0, b"hello")).acknowledged(&first), None);
        assert_eq!(answer(&[0; 60]).acknowledged(&first), None, "what is said after so much padding is not kept");
        assert_eq!(InitialHead::of(&[0x40; 60]), None);
        let whole = Initial::first(&ID).seal(&[2, 5, 0, 0, 0], 100);
        (0..whole.len()).for_each(|length| assert_eq!(InitialHead::of(&whole[..length]), None));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn survives_anything(first in any::<u8>(), bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let datagram = [&[first | 0xc0, 0, 0, 0, 1, 0, 0, 0, 40][..], &bytes].concat();
            if let Some(head) = InitialHead::of(&datagram) {
                prop_assert!(head.is_sound());
                head.number(&head);
                head.acknowledged(&head);
            }
        }
    }
}
