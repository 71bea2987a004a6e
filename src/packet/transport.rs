//! Turns the transport header of a datagram into the packet: TCP (RFC 9293 §3.1), UDP (RFC 768), and the ports of SCTP (RFC
//! 9260 §3.1), DCCP (RFC 4340 §5.1) and UDP-Lite (RFC 3828 §3.1).

use super::ip::IpDatagram;
use super::protocol::{SCTP, TCP, UDP};
use super::span::Span;
use crate::packet::encapsulation::TunnelPath;
use crate::packet::key::FlowKey;
use crate::packet::segment::{TcpFlags, TcpSegment, Transport};
use crate::packet::view::Packet;
use etherparse::UdpHeaderSlice;

const DCCP: u8 = 33;
const UDP_LITE: u8 = 136;
/// Length of a TCP header without options.
pub(crate) const TCP_LEAST_LENGTH: usize = 20;
/// Length of a UDP header.
pub(crate) const UDP_LENGTH: usize = 8;

/// What a transport header says.
struct Opened<'a> {
    ports: (u16, u16),
    transport: Transport,
    payload: Span<'a>,
}

/// The packet in a datagram, with the transport header read as far as it was captured.
pub(crate) fn packet<'a>(datagram: &IpDatagram<'a>, tunnel: TunnelPath, counted_length: u32) -> Packet<'a> {
    let payload = datagram.payload;
    let opened = match datagram.protocol {
        _ if datagram.fragment.is_some() => None,
        TCP => tcp(payload),
        UDP => udp(payload).map(|(ports, payload)| Opened { ports, transport: Transport::Udp, payload }),
        UDP_LITE => udp_lite(payload),
        SCTP | DCCP => ports(payload).map(|ports| Opened { ports, transport: Transport::Other, payload }),
        _ => None,
    };
    let opened = opened.unwrap_or(Opened { ports: (0, 0), transport: Transport::Other, payload });
    let (key, side) = FlowKey::new(
        datagram.version,
        datagram.protocol,
        (datagram.source, opened.ports.0),
        (datagram.destination, opened.ports.1),
    );
    let payload_length = match datagram.fragment {
        Some(_) => 0,
        None => u32::try_from(opened.payload.wire_length()).unwrap_or(u32::MAX),
    };
    Packet {
        key,
        side,
        transport: opened.transport,
        payload: opened.payload.bytes(),
        payload_length,
        counted_length,
        fragment: datagram.fragment,
        hop_limit: datagram.hop_limit,
        identification: datagram.identification,
        tunnel,
    }
}

fn ports(payload: Span<'_>) -> Option<(u16, u16)> {
    Some((payload.u16(0).ok()?, payload.u16(2).ok()?))
}

fn tcp(payload: Span<'_>) -> Option<Opened<'_>> {
    // The options may be cut short, or longer than the segment. Everything that flows need comes before them.
    let fixed: [u8; TCP_LEAST_LENGTH] = payload.array(0).ok()?;
    let header_length = usize::from(fixed[12] >> 4) * 4;
    if header_length < TCP_LEAST_LENGTH {
        return None;
    }
    let [a, b, c, d, rest @ ..] = fixed;
    let [s0, s1, s2, s3, a0, a1, a2, a3, _, flags, ..] = rest;
    Some(Opened {
        ports: (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])),
        transport: Transport::Tcp(TcpSegment {
            sequence: u32::from_be_bytes([s0, s1, s2, s3]),
            acknowledgment: u32::from_be_bytes([a0, a1, a2, a3]),
            flags: TcpFlags(flags),
        }),
        payload: payload.after(header_length).unwrap_or(Span::new(&[], 0)),
    })
}

/// Ports and payload of a UDP datagram. The length field counts if it can be true; otherwise the IP length does (the field is 0
/// in jumbograms and offloaded segments).
pub(crate) fn udp(payload: Span<'_>) -> Option<((u16, u16), Span<'_>)> {
    let header = UdpHeaderSlice::from_slice(payload.bytes()).ok()?;
    let rest = payload.after(UDP_LENGTH).ok()?;
    let rest = match usize::from(header.length()).checked_sub(UDP_LENGTH) {
        Some(length) => rest.limited(length),
        None => rest,
    };
    Some(((header.source_port(), header.destination_port()), rest))
}

fn udp_lite(payload: Span<'_>) -> Option<Opened<'_>> {
    // The third field is the part that the checksum covers, and not a length.
    let rest = payload.after(UDP_LENGTH).ok()?;
    Some(Opened { ports: ports(payload)?, transport: Transport::Udp, payload: rest })
}
