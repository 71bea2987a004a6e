//! The short path, for the most common kind of packet: Ethernet with at most one VLAN tag, or raw IP; IPv4 without options, or
//! IPv6 with few extension headers; a whole TCP or UDP header, or a protocol whose header is not read; and lengths that agree.
//! Everything else is left to `general`, which gives the same answer for these.

use super::protocol::{TCP, UDP};
use super::transport::{TCP_LEAST_LENGTH, UDP_LENGTH};
use crate::capture::{Frame, LinkType};
use crate::packet::encapsulation::{Encapsulation, TunnelPath};
use crate::packet::key::{FlowKey, Side};
use crate::packet::segment::{TcpFlags, TcpSegment, Transport};
use crate::packet::span::Span;
use crate::packet::tunnel::{ports, teredo};
use crate::packet::view::Packet;

const ETHERNET_LENGTH: usize = 14;
const VLAN_LENGTH: usize = 4;
const IPV4_LENGTH: usize = 20;
const IPV6_LENGTH: usize = 40;
/// Protocol numbers of the extension headers that are skipped here (IANA).
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const AUTHENTICATION: u8 = 51;
const DESTINATION_OPTIONS: u8 = 60;
/// Extension headers that are skipped. The general path skips more.
const EXTENSION_LIMIT: usize = 4;
/// EtherTypes, as they stand in the frame.
const IPV4: [u8; 2] = [0x08, 0x00];
const IPV6: [u8; 2] = [0x86, 0xdd];
const VLAN: [u8; 2] = [0x81, 0x00];

/// The packet of a plain frame; `None` if anything about the frame is unusual. Then the general path tells what the frame holds.
// It is always inlined, so that the packet is written once, where the caller wants it.
#[inline(always)]
pub(crate) fn read<'a>(frame: &Frame<'a>) -> Option<Packet<'a>> {
    let wire_length = (frame.wire_length as usize).max(frame.bytes.len());
    let (offset, version) = match frame.link_type {
        LinkType::ETHERNET => {
            let header = frame.bytes.first_chunk::<{ ETHERNET_LENGTH + VLAN_LENGTH }>()?;
            match [header[12], header[13]] {
                IPV4 => (ETHERNET_LENGTH, 4),
                IPV6 => (ETHERNET_LENGTH, 6),
                VLAN => match [header[16], header[17]] {
                    IPV4 => (ETHERNET_LENGTH + VLAN_LENGTH, 4),
                    IPV6 => (ETHERNET_LENGTH + VLAN_LENGTH, 6),
                    _ => return None,
                },
                _ => return None,
            }
        }
        LinkType::RAW => (0, frame.bytes.first()? >> 4),
        _ => return None,
    };
    let bytes = frame.bytes.get(offset..)?;
    let wire_length = wire_length - offset;
    match version {
        4 => read_v4(bytes, wire_length, frame.wire_length),
        6 => read_v6(bytes, wire_length, frame.wire_length),
        _ => None,
    }
}

#[inline(always)]
fn read_v4(bytes: &[u8], wire_length: usize, counted_length: u32) -> Option<Packet<'_>> {
    let (header, rest) = bytes.split_first_chunk::<IPV4_LENGTH>()?;
    let total_length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let is_fragment = u16::from_be_bytes([header[6], header[7]]) & 0x3fff != 0;
    if header[0] != 0x45 || is_fragment || total_length > wire_length {
        return None;
    }
    let source = [header[12], header[13], header[14], header[15]];
    let destination = [header[16], header[17], header[18], header[19]];
    let segment = Segment::read(header[9], rest, total_length.checked_sub(IPV4_LENGTH)?)?;
    let key = FlowKey::plain_v4(header[9], (source, segment.ports.0), (destination, segment.ports.1));
    let identification = u16::from_be_bytes([header[4], header[5]]);
    Some(Packet { identification, hop_limit: header[8], ..segment.packet(key, counted_length) })
}

#[inline(always)]
fn read_v6(bytes: &[u8], wire_length: usize, counted_length: u32) -> Option<Packet<'_>> {
    let (header, rest) = bytes.split_first_chunk::<IPV6_LENGTH>()?;
    let payload_length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    if header[0] >> 4 != 6 || payload_length == 0 || payload_length + IPV6_LENGTH > wire_length {
        return None;
    }
    let source = *header.get(8..)?.first_chunk::<16>()?;
    let destination = *header.get(24..)?.first_chunk::<16>()?;
    let mut inside = Inside { protocol: header[6], rest, length: payload_length, tunnel: TunnelPath::NONE };
    if !matches!(inside.protocol, TCP | UDP) {
        inside.go_past_extensions()?;
    }
    let segment = Segment::read(inside.protocol, inside.rest, inside.length)?;
    let key = FlowKey::new(6, inside.protocol, (source, segment.ports.0), (destination, segment.ports.1));
    Some(Packet { tunnel: inside.tunnel, hop_limit: header[7], ..segment.packet(key, counted_length) })
}

/// What follows an IPv6 header.
struct Inside<'a> {
    protocol: u8,
    rest: &'a [u8],
    /// Length on the wire.
    length: usize,
    tunnel: TunnelPath,
}

impl Inside<'_> {
    /// Skips extension headers that are wholly in the capture (RFC 8200 §4, RFC 4302 §2). Fragments and long chains are left to
    /// the general path.
    #[inline(always)]
    fn go_past_extensions(&mut self) -> Option<()> {
        for _ in 0..EXTENSION_LIMIT {
            let [next, units] = *self.rest.first_chunk::<2>()?;
            let length = match self.protocol {
                HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS => (usize::from(units) + 1) * 8,
                AUTHENTICATION if units > 0 => {
                    self.tunnel = self.tunnel.entered(Encapsulation::Ah)?;
                    (usize::from(units) + 2) * 4
                }
                _ => return Some(()),
            };
            self.rest = self.rest.get(length..)?;
            self.length = self.length.checked_sub(length)?;
            self.protocol = next;
        }
        None
    }
}

/// A TCP segment or UDP datagram.
struct Segment<'a> {
    ports: (u16, u16),
    transport: Transport,
    payload: &'a [u8],
    payload_length: u32,
}

impl<'a> Segment<'a> {
    /// Reads a transport header. `length` is the length of the IP payload on the wire; `rest` is what was captured of it, with
    /// padding.
    #[inline(always)]
    fn read(protocol: u8, rest: &'a [u8], length: usize) -> Option<Self> {
        let (ports, transport, header_length) = match protocol {
            TCP => {
                let header = rest.first_chunk::<TCP_LEAST_LENGTH>()?;
                let header_length = usize::from(header[12] >> 4) * 4;
                if header_length < TCP_LEAST_LENGTH {
                    return None;
                }
                let segment = TcpSegment {
                    sequence: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
                    acknowledgment: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
                    flags: TcpFlags(header[13]),
                };
                (ports(header[0], header[1], header[2], header[3]), Transport::Tcp(segment), header_length)
            }
            UDP => {
                let header = rest.first_chunk::<UDP_LENGTH>()?;
                let ports = ports(header[0], header[1], header[2], header[3]);
                let is_length_odd = usize::from(u16::from_be_bytes([header[4], header[5]])) != length;
                if is_length_odd || ports::is_tunnel_port(ports.0) || ports::is_tunnel_port(ports.1) {
                    return None;
                }
                let data_length = length.checked_sub(UDP_LENGTH)?;
                let data = rest.get(UDP_LENGTH..length).or(rest.get(UDP_LENGTH..))?;
                if teredo::is_anywhere(Span::new(data, data_length)) {
                    return None;
                }
                (ports, Transport::Udp, UDP_LENGTH)
            }
            // The headers of these protocols are not read, and they are no tunnels: ICMP, IGMP, ESP, ICMPv6, OSPF, PIM (IANA).
            1 | 2 | 50 | 58 | 89 | 103 => ((0, 0), Transport::Other, 0),
            _ => return None,
        };
        // This is also the case if the header is longer than the payload, which the general path judges.
        let payload_length = length.checked_sub(header_length)?;
        let payload = rest.get(header_length..)?;
        let payload = payload.get(..payload_length).unwrap_or(payload);
        Some(Self { ports, transport, payload, payload_length: payload_length as u32 })
    }

    #[inline(always)]
    fn packet(self, (key, side): (FlowKey, Side), counted_length: u32) -> Packet<'a> {
        Packet {
            key,
            side,
            transport: self.transport,
            payload: self.payload,
            payload_length: self.payload_length,
            counted_length,
            fragment: None,
            hop_limit: 0,
            identification: 0,
            tunnel: TunnelPath::NONE,
        }
    }
}

#[inline(always)]
const fn ports(a: u8, b: u8, c: u8, d: u8) -> (u16, u16) {
    (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::FrameId;
    use crate::packet::general;
    use crate::packet::view::Dissected;
    use etherparse::{LaxSlicedPacket, PacketBuilder, TransportSlice, VlanId};
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    struct Shape {
        is_raw: bool,
        has_tag: bool,
        is_v6: bool,
        is_udp: bool,
        addresses: ([u8; 16], [u8; 16]),
        ports: (u16, u16),
        numbers: (u32, u32),
        payload: Vec<u8>,
        padding: usize,
    }

    fn port() -> impl Strategy<Value = u16> {
        prop_oneof![any::<u16>(), Just(4789), Just(2152), Just(3544), Just(443)]
    }

    fn shape() -> impl Strategy<Value = Shape> {
        let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
        let payload = proptest::collection::vec(any::<u8>(), 0..120);
        (flags, any::<([u8; 16], [u8; 16])>(), (port(), port()), any::<(u32, u32)>(), payload, 0_usize..20).prop_map(
            |((is_raw, has_tag, is_v6, is_udp), addresses, ports, numbers, payload, padding)| Shape {
                is_raw,
                has_tag,
                is_v6,
                is_udp,
                addresses,
                ports,
                numbers,
                payload,
                padding,
            },
        )
    }

    fn v4(address: [u8; 16]) -> [u8; 4] {
        [address[0], address[1], address[2], address[3]]
    }

    /// The frame of a shape, and where its link layer ends.
    fn frame(shape: &Shape) -> (LinkType, Vec<u8>) {
        let (source, destination) = shape.addresses;
        let ethernet = || PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
        let tag = || ethernet().single_vlan(VlanId::try_new(7).expect("small"));
        let step = match (shape.is_raw, shape.has_tag, shape.is_v6) {
            (true, _, false) => PacketBuilder::ipv4(v4(source), v4(destination), 64),
            (true, _, true) => PacketBuilder::ipv6(source, destination, 64),
            (false, false, false) => ethernet().ipv4(v4(source), v4(destination), 64),
            (false, false, true) => ethernet().ipv6(source, destination, 64),
            (false, true, false) => tag().ipv4(v4(source), v4(destination), 64),
            (false, true, true) => tag().ipv6(source, destination, 64),
        };
        let mut bytes = Vec::new();
        if shape.is_udp {
            step.udp(shape.ports.0, shape.ports.1).write(&mut bytes, &shape.payload).expect("small");
        } else {
            let step = step.tcp(shape.ports.0, shape.ports.1, shape.numbers.0, 512).ack(shape.numbers.1);
            step.write(&mut bytes, &shape.payload).expect("small");
        }
        bytes.resize(bytes.len() + shape.padding, 0);
        (if shape.is_raw { LinkType::RAW } else { LinkType::ETHERNET }, bytes)
    }

    fn record(link_type: LinkType, bytes: &[u8], wire_length: usize) -> Frame<'_> {
        let wire_length = u32::try_from(wire_length).expect("small");
        Frame { id: FrameId::default(), time_ns: 0, link_type, bytes, wire_length, note: None }
    }

    /// The short path says nothing, or what the general path says.
    fn check(frame: &Frame<'_>) -> Result<(), TestCaseError> {
        if let Some(packet) = read(frame) {
            prop_assert_eq!(Dissected::Packet(packet), general::dissect(frame));
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn whole_packets_are_plain(shape in shape()) {
            let (link_type, bytes) = frame(&shape);
            let frame = record(link_type, &bytes, bytes.len());
            check(&frame)?;
            let is_tunnel = shape.is_udp && (ports::is_tunnel_port(shape.ports.0) || ports::is_tunnel_port(shape.ports.1));
            let packet = read(&frame);
            prop_assert_eq!(packet.is_some(), !is_tunnel);
            let Some(packet) = packet else { return Ok(()) };
            // And what etherparse says.
            let sliced = if shape.is_raw {
                LaxSlicedPacket::from_ip(&bytes).expect("valid")
            } else {
                LaxSlicedPacket::from_ethernet(&bytes).expect("valid")
            };
            let (ports, transport, payload) = match sliced.transport.expect("valid") {
                TransportSlice::Tcp(tcp) => {
                    let flags = TcpFlags(tcp.slice()[13]);
                    let segment = TcpSegment { sequence: tcp.sequence_number(), acknowledgment: tcp.acknowledgment_number(), flags };
                    ((tcp.source_port(), tcp.destination_port()), Transport::Tcp(segment), tcp.payload())
                }
                TransportSlice::Udp(udp) => ((udp.source_port(), udp.destination_port()), Transport::Udp, udp.payload()),
                other => return Err(TestCaseError::fail(format!("{other:?}"))),
            };
            prop_assert_eq!((packet.key.port(packet.side), packet.key.port(packet.side.opposite())), ports);
            prop_assert_eq!((packet.transport, packet.payload), (transport, payload));
            prop_assert_eq!(packet.payload_length as usize, payload.len());
        }

        #[test]
        fn cut_packets_read_the_same(shape in shape(), missing in 0_usize..40) {
            let (link_type, bytes) = frame(&shape);
            for length in 0..bytes.len() {
                check(&record(link_type, &bytes[..length], bytes.len()))?;
                check(&record(link_type, &bytes[..length], length))?;
            }
            check(&record(link_type, &bytes, bytes.len() + missing))?;
            check(&record(link_type, &bytes, bytes.len() / 2))?;
        }

        #[test]
        fn extension_headers_read_the_same(
            chain in proptest::collection::vec((proptest::sample::select(vec![0_u8, 43, 44, 51, 59, 60, 135]), 0_u8..4, any::<[u8; 38]>()), 0..6),
            last in proptest::sample::select(vec![6_u8, 17, 58, 59, 1, 41, 47]),
            payload in proptest::collection::vec(any::<u8>(), 0..60),
            cut in 0_usize..400,
        ) {
            let mut body = Vec::new();
            for (at, (protocol, units, filler)) in chain.iter().enumerate() {
                let next = chain.get(at + 1).map_or(last, |following| following.0);
                let length = if *protocol == AUTHENTICATION { (usize::from(*units) + 2) * 4 } else { (usize::from(*units) + 1) * 8 };
                body.extend([next, *units]);
                body.extend(filler.iter().take(length - 2));
            }
            body.extend(&payload);
            let first = chain.first().map_or(last, |first| first.0);
            let mut bytes = vec![0x60, 0, 0, 0, 0, body.len() as u8, first, 64];
            bytes.extend([0x20; 16]);
            bytes.extend([0x21; 16]);
            bytes.extend(&body);
            check(&record(LinkType::RAW, &bytes, bytes.len()))?;
            check(&record(LinkType::RAW, &bytes[..cut.min(bytes.len())], bytes.len()))?;
        }

        #[test]
        fn changed_packets_read_the_same(shape in shape(), changes in proptest::collection::vec((0_usize..64, any::<u8>()), 1..4), length in 0_usize..200) {
            let (link_type, mut bytes) = frame(&shape);
            for (at, value) in changes {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            check(&record(link_type, &bytes, bytes.len()))?;
            check(&record(link_type, &bytes[..length.min(bytes.len())], bytes.len()))?;
        }
    }
}
