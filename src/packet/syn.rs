//! What a segment with the SYN flag says beside its numbers: hop limit and options (RFC 9293 §3.1, RFC 7323).
//!
//! It is read from the frame a second time, so that all other packets need not carry it.

use super::general;
use super::protocol::TCP;
use super::transport::TCP_LEAST_LENGTH;
use crate::capture::{Frame, LinkType};
use smallvec::SmallVec;

/// Kinds of options that are not followed by a length (IANA).
const END: u8 = 0;
const NO_OPERATION: u8 = 1;
const WINDOW_SCALE: u8 = 3;
const TIMESTAMPS: u8 = 8;
/// Length of an Ethernet header, and of an IPv4 header without options.
const ETHERNET_LENGTH: usize = 14;
const IPV4_LENGTH: usize = 20;
/// Bytes of options that fit into a TCP header, and so the most options there can be.
const OPTIONS_LENGTH: usize = 40;

/// Hop limit and options of a segment, as far as they were captured.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Syn {
    /// Time to live or hop limit, as it arrived.
    pub(crate) hop_limit: u8,
    /// Kinds of the options, in order, with those that pad.
    pub(crate) option_kinds: SmallVec<[u8; 16]>,
    /// Shift of the window scale option.
    pub(crate) window_scale: Option<u8>,
    /// TSval and TSecr of the timestamps option.
    pub(crate) timestamps: Option<(u32, u32)>,
}

impl Syn {
    /// Most kinds that can be listed.
    pub(crate) const KIND_LIMIT: usize = OPTIONS_LENGTH;

    fn of(hop_limit: u8, segment: &[u8]) -> Option<Self> {
        let header_length = usize::from(segment.get(12)? >> 4) * 4;
        let end = segment.len().min(header_length);
        let mut syn = Self { hop_limit, ..Self::default() };
        syn.read_options(segment.get(TCP_LEAST_LENGTH..end).unwrap_or_default());
        Some(syn)
    }

    /// Reads options up to the first that cannot be one. Each takes a byte at least.
    fn read_options(&mut self, mut options: &[u8]) {
        while let [kind, rest @ ..] = options {
            match (*kind, rest) {
                (END, _) => return,
                (NO_OPERATION, _) => options = rest,
                (_, [length, ..]) => {
                    let Some((option, after)) = options.split_at_checked(usize::from(*length)) else { return };
                    match (*kind, option) {
                        (_, [] | [_]) => return,
                        (WINDOW_SCALE, [_, _, shift]) => self.window_scale = Some(*shift),
                        (TIMESTAMPS, [_, _, a, b, c, d, e, f, g, h]) => {
                            self.timestamps =
                                Some((u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h])));
                        }
                        _ => {}
                    }
                    options = after;
                }
                (_, []) => return,
            }
            self.option_kinds.push(*kind);
        }
    }
}

/// Reads the segment in a frame that is known to hold one.
pub(crate) fn read(frame: &Frame<'_>) -> Option<Syn> {
    if let Some((hop_limit, segment)) = plain(frame) {
        return Syn::of(hop_limit, segment);
    }
    let datagram = general::datagram(frame).filter(|datagram| datagram.protocol == TCP)?;
    Syn::of(datagram.hop_limit, datagram.payload.bytes())
}

/// The hop limit and the segment of a frame of the most common kind: IPv4 without options directly in Ethernet, or raw.
fn plain<'a>(frame: &Frame<'a>) -> Option<(u8, &'a [u8])> {
    let packet = match frame.link_type {
        LinkType::ETHERNET if frame.bytes.get(12..14)? == [8, 0] => frame.bytes.get(ETHERNET_LENGTH..)?,
        LinkType::RAW => frame.bytes,
        _ => return None,
    };
    let (header, segment) = packet.split_first_chunk::<IPV4_LENGTH>()?;
    (header[0] == 0x45 && header[9] == TCP).then_some((header[8], segment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::FrameId;
    use fixtures::transport::{SYN, tcp_with};
    use fixtures::{ethernet, ip};
    use proptest::prelude::*;

    /// As Linux sends it: MSS, SACK permitted, timestamps, padding, window scale.
    const OPTIONS: [u8; 20] = [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 1, 0, 1, 3, 3, 7];

    fn expected() -> Syn {
        Syn {
            hop_limit: 64,
            option_kinds: SmallVec::from_slice(&[2, 4, 8, 1, 3]),
            window_scale: Some(7),
            timestamps: Some((7, 256)),
        }
    }

    fn syn(options: &[u8]) -> Vec<u8> {
        tcp_with((50_000, 443), 1, 0, SYN, options, &[])
    }

    fn read_as(link_type: LinkType, bytes: &[u8], missing: u32) -> Option<Syn> {
        let wire_length = bytes.len() as u32 + missing;
        read(&Frame { id: FrameId::default(), time_ns: 0, link_type, bytes, wire_length, note: None })
    }

    #[test]
    fn read_in_every_frame_that_can_hold_it() {
        let segment = syn(&OPTIONS);
        let v4 = ip::v4([10, 0, 0, 1], [192, 0, 2, 1], ip::TCP, &segment);
        let v6 = ip::v6([1; 16], [2; 16], ip::TCP, &segment);
        let tunnel = ip::v4([10, 0, 0, 1], [192, 0, 2, 9], 4, &v4);
        let tagged = ethernet::frame_with([2; 12], &[0x81, 0, 0, 1], &v4);
        for (link_type, bytes) in [
            (LinkType::RAW, v4.clone()),
            (LinkType::RAW, v6),
            (LinkType::RAW, tunnel),
            (LinkType::ETHERNET, ethernet::frame(&v4)),
            (LinkType::ETHERNET, tagged),
        ] {
            assert_eq!(read_as(link_type, &bytes, 0), Some(expected()), "{bytes:02x?}");
        }
        let [first_hop, second_hop] = [64, 51].map(|hops| {
            let mut bytes = v4.clone();
            bytes[8] = hops;
            read_as(LinkType::RAW, &bytes, 0).map(|syn| syn.hop_limit)
        });
        assert_eq!((first_hop, second_hop), (Some(64), Some(51)));
    }

    #[test]
    fn options_that_are_cut_off_are_left_out() {
        let whole = ip::v4([10, 0, 0, 1], [192, 0, 2, 1], ip::TCP, &syn(&OPTIONS));
        for length in 0..whole.len() {
            let read = read_as(LinkType::RAW, &whole[..length], (whole.len() - length) as u32);
            assert_eq!(read.is_some(), length >= 33, "{length}");
            let kinds = read.unwrap_or_default().option_kinds;
            assert!(expected().option_kinds.starts_with(&kinds) && kinds.len() < 5, "{length}");
        }
    }

    #[test]
    fn wrong_lengths_end_the_list() {
        for options in [[3, 1, 2, 2], [3, 0, 2, 2], [8, 40, 0, 0], [0, 1, 1, 1]] {
            let bytes = ip::v4([10, 0, 0, 1], [192, 0, 2, 1], ip::TCP, &syn(&options));
            assert_eq!(read_as(LinkType::RAW, &bytes, 0), Some(Syn { hop_limit: 64, ..Syn::default() }));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_options_panic(options in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut syn = Syn::default();
            syn.read_options(&options);
            prop_assert!(syn.option_kinds.len() <= Syn::KIND_LIMIT);
        }
    }
}
