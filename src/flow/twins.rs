//! Packets that stand twice in a capture: a mirror port that copies both directions, a bridge and its ports, several interfaces.
//!
//! The rule is local, so that it does not depend on how the capture is cut: each packet has a place by its fingerprint, and repeats
//! another if the last packet in its place has the same fingerprint and came just before. They are told in a note and counted as
//! captured, since other tools count frames.

use crate::flow::frames::OtherFrames;
use crate::packet::{Packet, Transport};
use crate::stored::AMOUNT_LIMIT;
use serde::{Deserialize, Serialize};

/// Places. Between a packet and its copy lie few others, so that seldom one of them takes the place.
const PLACES: usize = 128;
/// How far apart a packet and its copy are, in ns. Senders wait longer before they repeat anything (RFC 6298 §2.4, RFC 8985 §7.2).
const APART_NS: i64 = 1_000_000;
/// The same where the packet has a number of its own (identification of IPv4), which a repetition by the sender would not have.
const APART_NUMBERED_NS: i64 = 20_000_000;
/// Set in the fingerprints of packets that have a number.
const IS_NUMBERED: u64 = 1;
/// Bytes of a datagram that must be there to tell it from others, and are part of its fingerprint.
const DATAGRAM_BYTES: usize = 16;

/// A packet in its place. A fingerprint of 0 stands for none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Placed {
    print: u64,
    time_ns: i64,
}

impl Placed {
    fn is_repeated_by(self, next: Self) -> bool {
        let apart_ns = if next.print & IS_NUMBERED != 0 { APART_NUMBERED_NS } else { APART_NS };
        self.print == next.print && next.time_ns.abs_diff(self.time_ns) <= apart_ns.unsigned_abs()
    }
}

/// The packets of some frames that stand twice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::flow) struct Twins {
    /// The first in each place, with its length, and the last.
    first: Vec<(Placed, u32)>,
    last: Vec<Placed>,
    /// Packets that repeat another.
    repeated: OtherFrames,
}

impl Default for Twins {
    fn default() -> Self {
        let repeated = OtherFrames::default();
        Self { first: vec![Default::default(); PLACES], last: vec![Placed::default(); PLACES], repeated }
    }
}

/// What tells a packet from all others that are sent at the time; 0 where nothing does. Time to live and tags are no part of it: a
/// router may stand between the places where a packet was seen.
#[inline(always)]
fn fingerprint(packet: &Packet<'_>) -> u64 {
    let (own, is_numbered) = match packet.transport {
        Transport::Tcp(segment) => {
            // Of segments that take no sequence numbers, a sender may send several that are alike.
            let takes_numbers = packet.payload_length > 0 || segment.flags.0 & 0x07 != 0;
            if packet.identification == 0 && !takes_numbers {
                return 0;
            }
            (u64::from(segment.sequence) << 32 | u64::from(segment.acknowledgment), packet.identification != 0)
        }
        Transport::Udp => match packet.payload.first_chunk::<DATAGRAM_BYTES>() {
            Some(bytes) => {
                let word = u128::from_be_bytes(*bytes);
                ((word >> 64) as u64 ^ (word as u64).rotate_left(23), packet.identification != 0)
            }
            None => return 0,
        },
        Transport::Other => return 0,
    };
    /// Odd, its bits without a pattern (that of the finaliser of `MurmurHash3`).
    const FACTOR: u64 = 0xff51_afd7_ed55_8ccd;
    let sizes = u64::from(packet.identification) << 32 | u64::from(packet.payload_length);
    let ends = packet.key.spread() ^ packet.side as u64;
    ((own ^ sizes.rotate_left(17) ^ ends).wrapping_mul(FACTOR) & !IS_NUMBERED) | u64::from(is_numbered)
}

impl Twins {
    /// Adds the next packet.
    #[inline(always)]
    pub(in crate::flow) fn observe(&mut self, packet: &Packet<'_>, time_ns: i64) {
        let print = fingerprint(packet);
        if print <= IS_NUMBERED {
            return;
        }
        let place = (print >> 57) as usize;
        let Some(last) = self.last.get_mut(place) else { return };
        let next = Placed { print, time_ns };
        if last.is_repeated_by(next) {
            self.repeated.add(OtherFrames { frames: 1, bytes: u64::from(packet.counted_length) });
        } else if last.print == 0 {
            self.first[place] = (next, packet.counted_length);
        }
        *last = next;
    }

    /// Appends the packets of the frames that follow, and empties `right`.
    pub(in crate::flow) fn merge(&mut self, right: &mut Self) {
        self.repeated.add(std::mem::take(&mut right.repeated));
        for place in 0..PLACES {
            let (first, length) = std::mem::take(&mut right.first[place]);
            let last = std::mem::take(&mut right.last[place]);
            if first.print == 0 {
                continue;
            }
            if self.last[place].is_repeated_by(first) {
                self.repeated.add(OtherFrames { frames: 1, bytes: u64::from(length) });
            } else if self.last[place].print == 0 {
                self.first[place] = (first, length);
            }
            self.last[place] = last;
        }
    }

    /// Packets that repeat another.
    pub(in crate::flow) fn repeated(&self) -> OtherFrames {
        self.repeated
    }

    /// Whether packets can have made it.
    pub(in crate::flow) fn is_sound(&self) -> bool {
        let are_both = |((first, _), last): (&(Placed, u32), &Placed)| (first.print == 0) == (last.print == 0);
        [self.first.len(), self.last.len()] == [PLACES; 2]
            && self.first.iter().zip(&self.last).all(are_both)
            && self.repeated.frames.max(self.repeated.bytes) <= AMOUNT_LIMIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Frame, FrameId, LinkType};
    use crate::packet::{Dissected, dissect};
    use fixtures::ip::{v4_fragment, v6};
    use fixtures::transport::{tcp, udp};
    use proptest::prelude::*;

    fn observe(twins: &mut Twins, bytes: &[u8], time_ns: i64) {
        let wire_length = bytes.len() as u32;
        let frame = Frame { id: FrameId::default(), time_ns, link_type: LinkType::RAW, bytes, wire_length, note: None };
        let Dissected::Packet(packet) = dissect(&frame) else { panic!("no packet") };
        twins.observe(&packet, time_ns);
    }

    fn counted(packets: &[(&[u8], i64)]) -> u64 {
        let mut twins = Twins::default();
        packets.iter().for_each(|(bytes, time_ns)| observe(&mut twins, bytes, *time_ns));
        twins.repeated().frames
    }

    fn datagram(identification: u16, payload: &[u8]) -> Vec<u8> {
        v4_fragment([10, 0, 0, 1], [192, 0, 2, 1], 17, &udp((1, 2), payload), (identification, 0))
    }

    #[test]
    fn a_copy_is_told_from_what_is_sent_again() {
        let numbered = datagram(7, &[9; 20]);
        let mut hop = numbered.clone();
        hop[8] -= 1;
        assert_eq!(counted(&[(&numbered, 0), (&numbered, 900_000), (&hop, 9_000_000)]), 2, "also behind a router");
        assert_eq!(counted(&[(&numbered, 0), (&datagram(8, &[9; 20]), 10)]), 0, "sent again by the sender");
        let bare = datagram(0, &[9; 20]);
        assert_eq!((counted(&[(&bare, 0), (&bare, 10)]), counted(&[(&bare, 0), (&bare, 2_000_000)])), (1, 0));
        let short = datagram(0, &[9; 3]);
        assert_eq!(counted(&[(&short, 0), (&short, 10)]), 0, "too little to tell it by");
        let acknowledgment = v6([1; 16], [2; 16], 6, &tcp((1, 2), 5, 6, 0x10, &[]));
        assert_eq!(counted(&[(&acknowledgment, 0), (&acknowledgment, 10)]), 0, "duplicate acknowledgments are alike");
        let data = v6([1; 16], [2; 16], 6, &tcp((1, 2), 5, 6, 0x18, &[7]));
        assert_eq!(counted(&[(&data, 0), (&data, 10)]), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn cuts_change_nothing(
            steps in prop::collection::vec((0_u16..9, 0_u8..3, 0_i64..3_000_000), 0..200),
            cuts in (0_usize..200, 0_usize..200),
        ) {
            let mut time_ns = 0;
            let packets: Vec<(Vec<u8>, i64)> = steps.iter().map(|&(identification, byte, pause)| {
                time_ns += pause;
                (datagram(identification, &[byte; 16]), time_ns)
            }).collect();
            let of = |packets: &[(Vec<u8>, i64)]| {
                let mut twins = Twins::default();
                packets.iter().for_each(|(bytes, time_ns)| observe(&mut twins, bytes, *time_ns));
                twins
            };
            let mut cuts = [cuts.0.min(packets.len()), cuts.1.min(packets.len())];
            cuts.sort_unstable();
            let mut parts = [of(&packets[..cuts[0]]), of(&packets[cuts[0]..cuts[1]]), of(&packets[cuts[1]..])];
            let whole = of(&packets);
            let [a, b, c] = &mut parts;
            a.merge(b);
            a.merge(c);
            prop_assert_eq!(&*a, &whole);
            prop_assert!(a.is_sound() && *b == Twins::default());
        }
    }
}
