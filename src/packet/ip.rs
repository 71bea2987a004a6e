//! Reads an IPv4 (RFC 791) or IPv6 (RFC 8200) header into a datagram: addresses, protocol, payload, fragment.
//!
//! The reader counts as packets what tshark does. A total length that is too long is clipped to the frame. A total length of 0,
//! which the network card fills in later (segmentation offload), means everything that was captured.

use super::span::Span;
use crate::packet::not_ip::NotIp;
use crate::packet::view::Fragment;
use etherparse::{
    IpAuthHeaderSlice, IpNumber, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice,
    ip_number,
};

/// Extension headers that are followed in one IPv6 packet. A packet of 1500 bytes cannot hold more of 8 bytes each, so only
/// jumbo frames made for this purpose end early.
const EXTENSION_LIMIT: usize = 192;
/// Length of payload up to which an Ethernet frame is padded (IEEE 802.3 §4.2.3.3).
const ETHERNET_LEAST_PAYLOAD: usize = 46;
const IPV4_LEAST_HEADER: usize = 20;
const IPV6_HEADER_LENGTH: usize = 40;
/// The Jumbo Payload option of a hop-by-hop header (RFC 2675 §2).
const OPTION_JUMBO: u8 = 0xc2;

/// One IP packet, or a piece of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct IpDatagram<'a> {
    /// IP version: 4 or 6.
    pub(crate) version: u8,
    /// Protocol number after all extension headers that were understood.
    pub(crate) protocol: u8,
    /// Source address. An IPv4 address takes the first four bytes.
    pub(crate) source: [u8; 16],
    /// Destination address, in the same form.
    pub(crate) destination: [u8; 16],
    /// Time to live or hop limit, as it arrived.
    pub(crate) hop_limit: u8,
    /// Identification of an IPv4 datagram; 0 in IPv6.
    pub(crate) identification: u16,
    /// What follows the headers, without padding.
    pub(crate) payload: Span<'a>,
    /// The fragment that this is; `None` if the datagram is whole.
    pub(crate) fragment: Option<Fragment>,
}

/// Reads the IP header at the start of `span`. The first four bits say which version it is.
pub(crate) fn read(span: Span<'_>) -> Result<IpDatagram<'_>, NotIp> {
    match span.byte(0)? >> 4 {
        4 => read_v4(span),
        6 => read_v6(span),
        _ => Err(NotIp::Malformed),
    }
}

/// Whether an IP packet starts here that a guessed tunnel may hold: its lengths agree with its surroundings, or else its checksum or
/// its transport header shows that it is one. A mirror may keep only the first bytes of each packet, and a network card that
/// cuts segments fills in the length later, inside a tunnel as well as outside.
pub(crate) fn fits(span: Span<'_>) -> bool {
    lengths_fit(span) || is_sound(span)
}

/// Whether an IP header starts here whose lengths agree with its surroundings.
fn lengths_fit(span: Span<'_>) -> bool {
    let check = || {
        Ok::<bool, NotIp>(match span.byte(0)? {
            first @ 0x45..=0x4f => {
                let total_length = usize::from(span.u16(2)?);
                total_length >= usize::from(first & 0x0f) * 4 && total_length <= span.wire_length()
            }
            0x60..=0x6f => {
                let (payload_length, next_header) = (usize::from(span.u16(4)?), span.byte(6)?);
                let is_length_known = payload_length > 0
                    || matches!(next_header, 59)
                    || next_header == ip_number::IPV6_HEADER_HOP_BY_HOP.0;
                is_length_known && IPV6_HEADER_LENGTH + payload_length <= span.wire_length()
            }
            _ => false,
        })
    };
    check().unwrap_or(false)
}

/// Whether an IP header starts here that is longer than what is there, or that leaves its length to the network card, and all else
/// of it is right.
fn is_sound(span: Span<'_>) -> bool {
    let check = || {
        Ok::<bool, NotIp>(match span.byte(0)? {
            first @ 0x45..=0x4f => {
                let (header_length, length) = (usize::from(first & 0x0f) * 4, usize::from(span.u16(2)?));
                let rest = span.after(header_length)?;
                let is_whole = span.u16(6)? & 0x3fff == 0;
                let header = span.bytes().get(..header_length).unwrap_or_default();
                (length == 0 || length > span.wire_length())
                    && span.byte(8)? > 0
                    && (is_sum_right(header)
                        || (is_whole && is_transport(span.byte(9)?, rest, length.checked_sub(header_length))))
            }
            0x60..=0x6f => {
                let length = usize::from(span.u16(4)?);
                let rest = span.after(IPV6_HEADER_LENGTH)?;
                (length == 0 || length > rest.wire_length())
                    && span.byte(7)? > 0
                    && is_transport(span.byte(6)?, rest, Some(length).filter(|&length| length > 0))
            }
            _ => false,
        })
    };
    check().unwrap_or(false)
}

/// Whether the checksum of an IPv4 header is right (RFC 1071): the sum of its words is all ones.
fn is_sum_right(header: &[u8]) -> bool {
    let words = header.as_chunks::<2>().0.iter().map(|word| u32::from(u16::from_be_bytes(*word)));
    let sum: u32 = words.sum();
    header.len() >= IPV4_LEAST_HEADER && (sum & 0xffff) + (sum >> 16) == 0xffff
}

/// Whether a header of TCP or UDP starts here that fits a payload of this length, if that is known.
fn is_transport(protocol: u8, rest: Span<'_>, length: Option<usize>) -> bool {
    let check = || {
        let are_ports = rest.u16(0)? != 0 && rest.u16(2)? != 0;
        Ok::<bool, NotIp>(match IpNumber(protocol) {
            ip_number::TCP => {
                let (offset, flags) = (rest.byte(12)?, rest.byte(13)?);
                let header_length = usize::from(offset >> 4) * 4;
                // Three bits are reserved (RFC 9293 §3.1), and no segment opens and ends a connection.
                are_ports
                    && header_length >= 20
                    && offset & 0x0e == 0
                    && flags & 3 != 3
                    && length.is_none_or(|length| length >= header_length)
            }
            ip_number::UDP => {
                let said = usize::from(rest.u16(4)?);
                are_ports && length.map_or(said == 0 || said >= 8, |length| said == length)
            }
            _ => false,
        })
    };
    check().unwrap_or(false)
}

/// Whether a packet that [`fits`] also ends where its surroundings do. This is for tunnels that have little else to be
/// recognised by.
pub(crate) fn fills(span: Span<'_>) -> bool {
    let length = match span.byte(0) {
        Ok(0x60..=0x6f) => span.u16(4).map(|length| IPV6_HEADER_LENGTH + usize::from(length)),
        _ => span.u16(2).map(usize::from),
    };
    lengths_fit(span) && length == Ok(span.wire_length())
}

fn read_v4(span: Span<'_>) -> Result<IpDatagram<'_>, NotIp> {
    let header_length = usize::from(span.byte(0)? & 0x0f) * 4;
    if header_length < IPV4_LEAST_HEADER {
        return Err(NotIp::Malformed);
    }
    let header = Ipv4HeaderSlice::from_slice(span.bytes()).map_err(|_| span.missing(header_length))?;
    let total_length = match usize::from(header.total_len()) {
        0 => span.wire_length(),
        length if length < header_length => return Err(NotIp::Malformed),
        length => length,
    };
    let fragment = header.is_fragmenting_payload().then(|| Fragment {
        identification: u32::from(header.identification()),
        offset: u32::from(header.fragments_offset().value()) * 8,
        has_more: header.more_fragments(),
    });
    Ok(IpDatagram {
        version: 4,
        protocol: header.protocol().0,
        source: widened(header.source()),
        destination: widened(header.destination()),
        hop_limit: header.ttl(),
        identification: header.identification(),
        payload: span.limited(total_length).after(header_length)?,
        fragment,
    })
}

fn widened([a, b, c, d]: [u8; 4]) -> [u8; 16] {
    [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}

fn read_v6(span: Span<'_>) -> Result<IpDatagram<'_>, NotIp> {
    let header = Ipv6HeaderSlice::from_slice(span.bytes()).map_err(|_| span.missing(IPV6_HEADER_LENGTH))?;
    let rest = span.after(IPV6_HEADER_LENGTH)?;
    let next_header = header.next_header().0;
    let payload = match usize::from(header.payload_length()) {
        0 => match jumbo_length(next_header, rest) {
            Some(length) => rest.limited(length),
            // Segmentation offload leaves a 0 too, and far more bytes follow than padding could be.
            None if span.wire_length() > ETHERNET_LEAST_PAYLOAD && next_header != ip_number::IPV6_NO_NEXT_HEADER.0 => {
                rest
            }
            None => rest.limited(0),
        },
        length => rest.limited(length),
    };
    let datagram = IpDatagram {
        version: 6,
        protocol: next_header,
        source: header.source(),
        destination: header.destination(),
        hop_limit: header.hop_limit(),
        identification: 0,
        payload,
        fragment: None,
    };
    Ok(past_extensions(datagram))
}

/// The payload length in the Jumbo Payload option of a hop-by-hop header (RFC 2675). The option is read only if it comes first,
/// as its alignment makes it do.
fn jumbo_length(next_header: u8, rest: Span<'_>) -> Option<usize> {
    let [_, _, option, length] = rest.array::<4>(0).ok()?;
    let is_jumbo = next_header == ip_number::IPV6_HEADER_HOP_BY_HOP.0 && option == OPTION_JUMBO && length == 4;
    is_jumbo.then(|| rest.u32(4).ok()).flatten().and_then(|length| usize::try_from(length).ok())
}

/// Skips the IPv6 extension headers before the transport (RFC 8200 §4), up to a fragment header or to an Authentication Header,
/// which is opened as a tunnel. A header that is cut short ends the walk, and then counts as the protocol.
pub(crate) fn past_extensions(mut datagram: IpDatagram<'_>) -> IpDatagram<'_> {
    for _ in 0..EXTENSION_LIMIT {
        let is_stepped = match IpNumber(datagram.protocol) {
            ip_number::IPV6_HEADER_HOP_BY_HOP | ip_number::IPV6_ROUTE_HEADER | ip_number::IPV6_DESTINATION_OPTIONS => {
                step_raw(&mut datagram)
            }
            // These headers carry a message of their own, and nothing follows them as a rule.
            ip_number::MOBILITY_HEADER | ip_number::HIP | ip_number::SHIM6 => {
                datagram.payload.byte(0) != Ok(ip_number::IPV6_NO_NEXT_HEADER.0) && step_raw(&mut datagram)
            }
            ip_number::IPV6_FRAGMENTATION_HEADER => step_fragment(&mut datagram),
            _ => false,
        };
        if !is_stepped || datagram.fragment.is_some() {
            break;
        }
    }
    datagram
}

fn step_raw(datagram: &mut IpDatagram<'_>) -> bool {
    let Ok(header) = Ipv6RawExtHeaderSlice::from_slice(datagram.payload.bytes()) else { return false };
    step(datagram, header.next_header().0, header.slice().len())
}

fn step_fragment(datagram: &mut IpDatagram<'_>) -> bool {
    let Ok(header) = Ipv6FragmentHeaderSlice::from_slice(datagram.payload.bytes()) else { return false };
    // An atomic fragment (RFC 6946) is a whole datagram.
    let fragment = header.is_fragmenting_payload().then(|| Fragment {
        identification: header.identification(),
        offset: u32::from(header.fragment_offset().value()) * 8,
        has_more: header.more_fragments(),
    });
    let is_stepped = step(datagram, header.next_header().0, header.slice().len());
    datagram.fragment = fragment;
    is_stepped
}

fn step(datagram: &mut IpDatagram<'_>, protocol: u8, length: usize) -> bool {
    match datagram.payload.after(length) {
        Ok(payload) => {
            datagram.payload = payload;
            datagram.protocol = protocol;
            true
        }
        Err(_) => false,
    }
}

/// The datagram that an Authentication Header (RFC 4302 §2) protects.
pub(crate) fn past_authentication<'a>(datagram: &IpDatagram<'a>) -> Option<IpDatagram<'a>> {
    let header = IpAuthHeaderSlice::from_slice(datagram.payload.bytes()).ok()?;
    let mut inner = *datagram;
    step(&mut inner, header.next_header().0, header.slice().len()).then_some(())?;
    Some(if inner.version == 6 { past_extensions(inner) } else { inner })
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: [u8; 24] = [0x45, 0, 0, 23, 0, 7, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 1, 2, 3, 4];

    fn v6(next_header: u8, payload: &[u8]) -> Vec<u8> {
        fixtures::ip::v6([0x20; 16], [0x21; 16], next_header, payload)
    }

    #[test]
    fn padding_is_no_payload() {
        let datagram = read(Span::new(&V4, 24)).expect("valid");
        assert_eq!(datagram.payload, Span::new(&[1, 2, 3], 3));
        assert_eq!((datagram.version, datagram.protocol, datagram.fragment), (4, 17, None));
        assert_eq!(datagram.destination, widened([192, 0, 2, 2]));
    }

    #[test]
    fn cut_short_and_malformed_are_told_apart() {
        let whole = v6(17, &[1, 2, 3]);
        for length in 0..40 {
            assert_eq!(read(Span::new(&whole[..length], 43)), Err(NotIp::CutShort));
            if length < 20 {
                assert_eq!(read(Span::new(&V4[..length], 24)), Err(NotIp::CutShort));
                assert_eq!(read(Span::new(&V4[..length], length)), Err(NotIp::Malformed));
            }
        }
        for (at, value) in [(0, 0x44), (0, 0x55), (3, 19)] {
            let mut wrong = V4;
            wrong[at] = value;
            assert_eq!(read(Span::new(&wrong, 24)), Err(NotIp::Malformed));
        }
    }

    #[test]
    fn extension_headers_are_passed_over() {
        let payload = [60, 0, 1, 4, 0, 0, 0, 0, 43, 0, 1, 4, 0, 0, 0, 0, 17, 0, 4, 0, 0, 0, 0, 0, 9];
        let bytes = v6(0, &payload);
        let datagram = read(Span::new(&bytes, bytes.len())).expect("valid");
        assert_eq!((datagram.protocol, datagram.payload.bytes()), (17, &[9][..]));
        // If the capture is cut within the second header, that header is the protocol.
        let datagram = read(Span::new(&bytes[..40 + 12], bytes.len())).expect("valid");
        assert_eq!(datagram.protocol, 60);
        // A header with a message of its own, after which nothing follows.
        let bytes = v6(135, &[59, 0, 1, 4, 0, 0, 0, 0]);
        assert_eq!(read(Span::new(&bytes, bytes.len())).map(|datagram| datagram.protocol), Ok(135));
    }

    #[test]
    fn a_chain_of_extension_headers_ends() {
        let bytes = v6(60, &[]);
        let mut bytes = [&bytes[..40], &[60, 0, 1, 4, 0, 0, 0, 0].repeat(EXTENSION_LIMIT + 1)].concat();
        let length = u16::try_from(bytes.len() - 40).expect("small");
        bytes[4..6].copy_from_slice(&length.to_be_bytes());
        let datagram = read(Span::new(&bytes, bytes.len())).expect("valid");
        assert_eq!((datagram.protocol, datagram.payload.wire_length()), (60, 8));
    }

    #[test]
    fn what_was_cropped_or_left_to_the_card_is_told_by_the_rest_of_its_header() {
        let addresses = ([10, 0, 0, 1], [192, 0, 2, 1]);
        let segment = fixtures::transport::tcp((50_000, 443), 1, 1, 0x18, &[7; 400]);
        let v4 = fixtures::ip::v4(addresses.0, addresses.1, 6, &segment);
        let v6 = v6(6, &segment);
        let datagram =
            fixtures::ip::v4(addresses.0, addresses.1, 17, &fixtures::transport::udp((50_000, 443), &[7; 400]));
        for whole in [&v4, &v6, &datagram] {
            assert!(fits(Span::new(&whole[..90], 90)), "cropped");
        }
        for (mut whole, at) in [(v4.clone(), 2), (v6.clone(), 4)] {
            whole[at..at + 2].fill(0);
            assert!(fits(Span::new(&whole, whole.len())), "left to the card");
        }
        let mut wrong = v4.clone();
        (wrong[10], wrong[32]) = (wrong[10] ^ 1, 0x10);
        assert!(!fits(Span::new(&wrong[..90], 90)), "neither its checksum nor its transport is right");
        let mut unsummed = v4;
        unsummed[10..12].fill(0);
        assert!(fits(Span::new(&unsummed[..90], 90)), "the card fills in the checksum too");
        let mut other = v6;
        other[6] = 58;
        assert!(!fits(Span::new(&other[..90], 90)));
    }

    #[test]
    fn lengths_must_fit_in_a_guess() {
        assert!(fits(Span::new(&V4, 24)) && fits(Span::new(&V4[..10], 23)));
        assert!(!fits(Span::new(&V4[..22], 22)) && !fits(Span::new(&[0x45], 24)));
        assert!(fills(Span::new(&V4[..23], 23)) && !fills(Span::new(&V4, 24)));
        assert!(fills(Span::new(&v6(17, &[1]), 41)) && !fills(Span::new(&v6(17, &[1]), 42)));
        assert!(fits(Span::new(&v6(59, &[]), 40)) && !fits(Span::new(&v6(17, &[]), 40)));
        assert!(fits(Span::new(&v6(17, &[1]), 41)) && !fits(Span::new(&v6(17, &[1])[..40], 40)));
    }
}
