//! Frames that Wi-Fi sends again because nobody acknowledged them: a sniffer often hears both.

use super::next::Next;
use super::span::Span;
use super::view::Packet;
use crate::capture::Frame;
use crate::packet::link_types;
use crate::packet::segment::Transport;

const WIFI: u16 = 105;
const RADIOTAP: u16 = 127;
/// A flag in the second byte of the frame control (IEEE 802.11-2020 §9.2.4.1.6).
const RETRY: u8 = 0x08;

/// One transmission of a data frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Transmission {
    /// The same for all transmissions of one frame, and hardly for another: made of the transmitter, the sequence control and what
    /// tells packets apart, since sequence numbers come again after 4,096 frames.
    pub(crate) id: u64,
    /// Whether the frame was sent before.
    pub(crate) is_retry: bool,
}

/// The transmission that brought a packet; `None` if it did not come by Wi-Fi.
pub(crate) fn transmission(frame: &Frame<'_>, packet: &Packet<'_>) -> Option<Transmission> {
    let wire_length = usize::try_from(frame.wire_length).unwrap_or(usize::MAX);
    let span = Span::new(frame.bytes, wire_length);
    let header = match frame.link_type.0 {
        WIFI => span,
        RADIOTAP => span.after(usize::from(span.u16_little(2).ok()?)).ok()?,
        // The header before it may hold a frame of Wi-Fi, as that of Linux.
        other => match link_types::read(other, span).ok()? {
            Next::Link(WIFI, inner) => inner,
            _ => return None,
        },
    };
    let transmitter = header.array::<6>(10).ok()?;
    let numbers = match packet.transport {
        Transport::Tcp(segment) => [segment.sequence, segment.acknowledgment],
        _ => [0; 2],
    };
    let words = [
        u64::from_be_bytes([
            transmitter[0],
            transmitter[1],
            transmitter[2],
            transmitter[3],
            transmitter[4],
            transmitter[5],
            0,
            0,
        ]) | u64::from(header.u16(22).ok()?),
        u64::from(packet.identification) << 32 | u64::from(packet.payload_length),
        u64::from(numbers[0]) << 32 | u64::from(numbers[1]),
    ];
    let id = words.iter().fold(0, |id: u64, word| mixed(id ^ word));
    Some(Transmission { id, is_retry: header.byte(1).ok()? & RETRY != 0 })
}

/// Spreads a word over all bits: the finaliser of `SplitMix64`.
const fn mixed(word: u64) -> u64 {
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{FrameId, LinkType};
    use crate::packet::{Dissected, dissect};

    fn seen(flags: u8, transmitter: u8, control: u8, payload: &[u8]) -> Option<Transmission> {
        let packet = fixtures::ip::v4([10, 0, 0, 1], [192, 0, 2, 1], 17, &fixtures::transport::udp((1, 2), payload));
        let header = [&[8, flags, 0, 0][..], &[1; 6], &[transmitter; 6], &[3; 6], &[control, 0]].concat();
        let bytes = [&header[..], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &packet].concat();
        let wire_length = bytes.len() as u32;
        let frame = Frame {
            id: FrameId::default(),
            time_ns: 0,
            link_type: LinkType(105),
            bytes: &bytes,
            wire_length,
            note: None,
        };
        let Dissected::Packet(packet) = dissect(&frame) else { panic!("no packet") };
        transmission(&frame, &packet)
    }

    #[test]
    fn transmissions_of_one_frame_are_alike() {
        let first = seen(1, 7, 16, &[1, 2, 3]).unwrap();
        assert_eq!(seen(9, 7, 16, &[1, 2, 3]), Some(Transmission { is_retry: true, ..first }));
        assert!(!first.is_retry);
        for other in [seen(1, 8, 16, &[1, 2, 3]), seen(1, 7, 32, &[1, 2, 3]), seen(1, 7, 16, &[1, 2])] {
            assert_ne!(other.unwrap().id, first.id);
        }
    }
}
