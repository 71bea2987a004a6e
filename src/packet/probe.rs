//! What tells packets that measure a path: the mark of one that was sent, and the same mark in what a router sends back when the
//! hop limit of a packet runs out. That is the time-exceeded message of ICMP (RFC 792) and ICMPv6 (RFC 4443 §3.3), which quotes the
//! IP header and at least eight bytes of what follows it.

use super::protocol::{ICMP, ICMPV6, TCP, UDP};
use super::segment::Transport;
use super::view::Packet;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Types of messages: time exceeded (with code 0: in transit) and echo request, of ICMP and ICMPv6.
const TIME_EXCEEDED: u8 = 11;
const TIME_EXCEEDED_V6: u8 = 3;
const ECHO_REQUEST: u8 = 8;
const ECHO_REQUEST_V6: u8 = 128;
/// Bytes of an ICMP message before the quoted packet.
const ICMP_HEADER: usize = 8;
const IPV6_HEADER: usize = 40;
const UDP_HEADER: u32 = 8;

/// What a quoted packet and the packet that was sent have in common, however little is quoted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct ProbeMark {
    /// IP protocol number.
    pub protocol: u8,
    /// Identification of an IPv4 datagram; 0 in IPv6.
    pub identification: u16,
    /// Ports; 0 in ICMP.
    pub ports: (u16, u16),
    /// Length of a UDP payload, sequence number of a TCP segment, identifier and sequence number of an ICMP echo.
    pub number: u32,
}

/// The quoted packet of a time-exceeded message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Expired {
    /// Who sent the packet.
    pub(crate) source: IpAddr,
    /// Where it was to go.
    pub(crate) destination: IpAddr,
    /// Its mark.
    pub(crate) mark: ProbeMark,
}

/// The mark of a packet, if it is of a kind that measures paths.
pub(crate) fn probe(packet: &Packet<'_>) -> Option<ProbeMark> {
    let protocol = packet.key.protocol();
    let number = match (protocol, packet.transport) {
        (TCP, Transport::Tcp(segment)) => segment.sequence,
        (UDP, Transport::Udp) => packet.payload_length,
        (ICMP | ICMPV6, Transport::Other) => echo(protocol, packet.payload)?,
        _ => return None,
    };
    let ports = (packet.key.port(packet.side), packet.key.port(packet.side.opposite()));
    Some(ProbeMark { protocol, identification: packet.identification, ports, number })
}

/// The packet that a time-exceeded message quotes, if this is one and quotes enough.
#[cold]
pub(crate) fn expired(packet: &Packet<'_>) -> Option<Expired> {
    let kind = match packet.key.protocol() {
        ICMP => TIME_EXCEEDED,
        ICMPV6 => TIME_EXCEEDED_V6,
        _ => return None,
    };
    if packet.transport != Transport::Other || packet.payload.first_chunk::<2>()? != &[kind, 0] {
        return None;
    }
    let quoted = packet.payload.get(ICMP_HEADER..)?;
    if kind == TIME_EXCEEDED { quoted_v4(quoted) } else { quoted_v6(quoted) }
}

fn quoted_v4(bytes: &[u8]) -> Option<Expired> {
    let header = bytes.first_chunk::<20>()?;
    let length = usize::from(header[0] & 0x0f) * 4;
    // A piece other than the first begins with no transport header.
    let is_later_piece = u16::from_be_bytes([header[6], header[7]]) & 0x1fff != 0;
    if header[0] >> 4 != 4 || length < header.len() || is_later_piece {
        return None;
    }
    let mark = mark(header[9], u16::from_be_bytes([header[4], header[5]]), bytes.get(length..)?)?;
    let source = Ipv4Addr::new(header[12], header[13], header[14], header[15]);
    let destination = Ipv4Addr::new(header[16], header[17], header[18], header[19]);
    Some(Expired { source: source.into(), destination: destination.into(), mark })
}

fn quoted_v6(bytes: &[u8]) -> Option<Expired> {
    let header = bytes.first_chunk::<IPV6_HEADER>()?;
    if header[0] >> 4 != 6 {
        return None;
    }
    let mark = mark(header[6], 0, bytes.get(IPV6_HEADER..)?)?;
    let address = |at: usize| Some(Ipv6Addr::from(*header.get(at..)?.first_chunk::<16>()?));
    Some(Expired { source: address(8)?.into(), destination: address(24)?.into(), mark })
}

/// The mark of a packet by its first eight bytes after the IP header.
fn mark(protocol: u8, identification: u16, transport: &[u8]) -> Option<ProbeMark> {
    let &[a, b, c, d, e, f, g, h] = transport.first_chunk::<8>()?;
    let both = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    let (ports, number) = match protocol {
        TCP => (both, u32::from_be_bytes([e, f, g, h])),
        UDP => (both, u32::from(u16::from_be_bytes([e, f])).checked_sub(UDP_HEADER)?),
        ICMP | ICMPV6 => ((0, 0), echo(protocol, transport)?),
        _ => return None,
    };
    Some(ProbeMark { protocol, identification, ports, number })
}

/// Identifier and sequence number of an echo request (RFC 792, RFC 4443 §4.1).
fn echo(protocol: u8, message: &[u8]) -> Option<u32> {
    let &[kind, _, _, _, a, b, c, d] = message.first_chunk::<8>()?;
    let request = if protocol == ICMP { ECHO_REQUEST } else { ECHO_REQUEST_V6 };
    (kind == request).then(|| u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Frame, FrameId, LinkType};
    use crate::packet::{Dissected, dissect};
    use etherparse::PacketBuilder;

    fn with<T>(bytes: &[u8], look: impl Fn(&Packet<'_>) -> T) -> T {
        let wire_length = bytes.len() as u32;
        let (id, link_type) = (FrameId::default(), LinkType::RAW);
        match dissect(&Frame { id, time_ns: 0, link_type, bytes, wire_length, note: None }) {
            Dissected::Packet(packet) => look(&packet),
            Dissected::NotIp(why) => panic!("not IP: {why:?}"),
        }
    }

    /// Probes of each kind.
    fn probes() -> Vec<Vec<u8>> {
        let v4 = || PacketBuilder::ipv4([192, 168, 1, 2], [93, 184, 216, 34], 3);
        let v6 = || PacketBuilder::ipv6([0x20; 16], [0x2a; 16], 3);
        let mut probes = vec![Vec::new(); 6];
        v4().udp(40_000, 33_434).write(&mut probes[0], &[7; 32]).unwrap();
        v4().tcp(40_000, 443, 77_777, 1_024).syn().write(&mut probes[1], &[]).unwrap();
        v4().icmpv4_echo_request(9, 12).write(&mut probes[2], &[7; 32]).unwrap();
        v6().udp(40_000, 33_434).write(&mut probes[3], &[7; 32]).unwrap();
        v6().tcp(40_000, 443, 77_777, 1_024).syn().write(&mut probes[4], &[]).unwrap();
        v6().icmpv6_echo_request(9, 12).write(&mut probes[5], &[7; 32]).unwrap();
        probes
    }

    /// What a router says of a probe, with this much of what follows the IP header.
    fn answer(probe: &[u8], quoted: usize) -> Vec<u8> {
        let (is_v4, header) = if probe[0] >> 4 == 4 { (true, 20) } else { (false, 40) };
        let quote = &probe[..(header + quoted).min(probe.len())];
        let mut bytes = Vec::new();
        if is_v4 {
            let message = [&[TIME_EXCEEDED, 0, 0, 0, 0, 0, 0, 0][..], quote].concat();
            let step = PacketBuilder::ipv4([10, 9, 8, 7], [192, 168, 1, 2], 250);
            step.write(&mut bytes, etherparse::IpNumber::ICMP, &message).unwrap();
        } else {
            let message = [&[TIME_EXCEEDED_V6, 0, 0, 0, 0, 0, 0, 0][..], quote].concat();
            let step = PacketBuilder::ipv6([0x30; 16], [0x20; 16], 250);
            step.write(&mut bytes, etherparse::IpNumber::IPV6_ICMP, &message).unwrap();
        }
        bytes
    }

    #[test]
    fn what_is_quoted_has_the_mark_of_what_was_sent() {
        for sent in probes() {
            let (mark, hop_limit) = with(&sent, |packet| (probe(packet).unwrap(), packet.hop_limit));
            assert_eq!(hop_limit, 3);
            assert!(with(&sent, expired_here).is_none(), "a probe is no answer");
            for quoted in [8, 28] {
                let back = answer(&sent, quoted);
                let found = with(&back, expired_here).unwrap();
                assert_eq!((found.mark, found.source.is_ipv4()), (mark, sent[0] >> 4 == 4));
                assert!(with(&back, probe).is_none(), "an answer is no probe");
            }
        }
    }

    fn expired_here(packet: &Packet<'_>) -> Option<Expired> {
        expired(packet)
    }

    /// Cut short anywhere, changed anywhere: nothing or something, never a panic.
    #[test]
    fn what_quotes_too_little_says_nothing() {
        for sent in probes() {
            for quoted in 0..8 {
                assert!(with(&answer(&sent, quoted), expired_here).is_none(), "{quoted}");
            }
            let whole = answer(&sent, 8);
            for at in 0..whole.len() {
                for value in [0, 1, 0x0f, 0x45, 0xff] {
                    let mut changed = whole.clone();
                    changed[at] = value;
                    let (id, link_type, wire_length) = (FrameId::default(), LinkType::RAW, changed.len() as u32);
                    let frame = Frame { id, time_ns: 0, link_type, bytes: &changed, wire_length, note: None };
                    if let Dissected::Packet(packet) = dissect(&frame) {
                        let _ = (expired(&packet), probe(&packet));
                    }
                }
            }
        }
    }
}
