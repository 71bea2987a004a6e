//! The short path: Ethernet (with at most one VLAN tag) or raw IP, IPv4 without options or IPv6 without extension headers,
//! whole TCP or UDP headers, lengths that agree. Most packets of most captures are of this kind; all else is left to
//! `general`, which gives the same answer for these.

use super::transport::{TCP, TCP_LEAST_LENGTH, UDP, UDP_LENGTH};
use super::{FlowKey, Packet, Side, TcpFlags, TcpSegment, Transport, TunnelPath, tunnel};
use crate::capture::{Frame, LinkType};

const ETHERNET_LENGTH: usize = 14;
const VLAN_LENGTH: usize = 4;
const IPV4_LENGTH: usize = 20;
const IPV6_LENGTH: usize = 40;
/// EtherTypes as they stand in the frame.
const IPV4: [u8; 2] = [0x08, 0x00];
const IPV6: [u8; 2] = [0x86, 0xdd];
const VLAN: [u8; 2] = [0x81, 0x00];

/// The packet of a plain frame, or none where there is anything unusual about it.
#[inline]
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
    Some(segment.packet(key, counted_length))
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
    let segment = Segment::read(header[6], rest, payload_length)?;
    let key = FlowKey::new(6, header[6], (source, segment.ports.0), (destination, segment.ports.1), TunnelPath::NONE);
    Some(segment.packet(key, counted_length))
}

/// A TCP segment or UDP datagram.
struct Segment<'a> {
    ports: (u16, u16),
    transport: Transport,
    payload: &'a [u8],
    payload_length: u32,
}

impl<'a> Segment<'a> {
    /// `length` is that of the IP payload on the wire, `rest` what was captured from there on, padding included.
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
                if is_length_odd || tunnel::is_tunnel_port(ports.0) || tunnel::is_tunnel_port(ports.1) {
                    return None;
                }
                (ports, Transport::Udp, UDP_LENGTH)
            }
            _ => return None,
        };
        // Also holds where the header is longer than the payload: that is for the general path to judge.
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
        }
    }
}

#[inline(always)]
const fn ports(a: u8, b: u8, c: u8, d: u8) -> (u16, u16) {
    (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
}
