//! The general path: reads any link layer, any encapsulation and IP, down to the innermost packet.

use super::ip::{self, IpDatagram};
use super::link_sender::LinkSender;
use super::next::Next;
use super::pseudo_header::exported::{LINK_TYPE as EXPORTED_PDU, read_addressed};
use super::reach::{reach_ip, reach_ip_from};
use super::span::Span;
use crate::capture::Frame;
use crate::packet::encapsulation::TunnelPath;
use crate::packet::key::{FlowKey, Side};
use crate::packet::not_ip::NotIp;
use crate::packet::protocol;
use crate::packet::segment::{TcpFlags, TcpSegment, Transport};
use crate::packet::transport;
use crate::packet::tunnel::open::open;
use crate::packet::view::{Dissected, Packet};

/// Reads a frame of any kind: says what [`dissect`](super::dissect()) says, on the path that can read all frames.
#[inline(never)]
pub(crate) fn dissect<'a>(frame: &Frame<'a>) -> Dissected<'a> {
    let wire_length = usize::try_from(frame.wire_length).unwrap_or(usize::MAX);
    let mut path = TunnelPath::NONE;
    let reached = reach_ip(Next::Link(frame.link_type.0, Span::new(frame.bytes, wire_length)), &mut path);
    match reached.and_then(ip::read) {
        Ok(datagram) => innermost(datagram, path, frame.wire_length),
        Err(why) if frame.link_type.0 == EXPORTED_PDU => exported(frame).unwrap_or(Dissected::NotIp(why)),
        Err(why) => Dissected::NotIp(why),
    }
}

/// The datagram of which [`dissect`] makes the packet.
pub(crate) fn datagram<'a>(frame: &Frame<'a>) -> Option<IpDatagram<'a>> {
    let wire_length = usize::try_from(frame.wire_length).unwrap_or(usize::MAX);
    let mut path = TunnelPath::NONE;
    let reached = reach_ip(Next::Link(frame.link_type.0, Span::new(frame.bytes, wire_length)), &mut path);
    Some(inner_datagram(reached.and_then(ip::read).ok()?, path, &mut LinkSender::default()).0)
}

/// Who sent the packet that [`dissect`] makes, as far as the innermost link layer says.
pub(crate) fn link_sender(frame: &Frame<'_>) -> LinkSender {
    let wire_length = usize::try_from(frame.wire_length).unwrap_or(usize::MAX);
    let (mut path, mut sender) = (TunnelPath::NONE, LinkSender::default());
    let next = Next::Link(frame.link_type.0, Span::new(frame.bytes, wire_length));
    let Ok(datagram) = reach_ip_from(next, &mut path, &mut sender).and_then(ip::read) else { return sender };
    inner_datagram(datagram, path, &mut sender);
    sender
}

/// Reads an exported PDU of a layer above IP. Nothing is known of a TCP header, so each PDU counts as the beginning of a
/// message.
fn exported<'a>(frame: &Frame<'a>) -> Option<Dissected<'a>> {
    /// The flags of a segment that was pushed.
    const PUSHED: TcpFlags = TcpFlags(0x18);
    let addressed = read_addressed(Span::new(frame.bytes, usize::try_from(frame.wire_length).ok()?))?;
    let (key, side) = FlowKey::new(addressed.version, addressed.protocol, addressed.source, addressed.destination);
    let transport = match addressed.protocol {
        protocol::TCP => Transport::Tcp(TcpSegment { flags: PUSHED, ..TcpSegment::default() }),
        protocol::UDP => Transport::Udp,
        _ => Transport::Other,
    };
    Some(Dissected::Packet(Packet {
        key,
        side,
        transport,
        payload: addressed.data.bytes(),
        payload_length: u32::try_from(addressed.data.wire_length()).unwrap_or(u32::MAX),
        counted_length: frame.wire_length,
        fragment: None,
        hop_limit: 0,
        identification: 0,
        tunnel: TunnelPath::NONE,
    }))
}

/// Reads the payload of a fragmented datagram that was put together. `key` is the key of its fragments, with the protocol of
/// the first; `tunnel` is the path around the first; `counted_length` is the sum of their counted lengths. The result may be a
/// packet inside a tunnel.
pub fn dissect_ip<'a>(
    key: &FlowKey,
    side: Side,
    tunnel: TunnelPath,
    payload: &'a [u8],
    counted_length: u32,
) -> Dissected<'a> {
    if !matches!(key.version(), 4 | 6) {
        return Dissected::NotIp(NotIp::Malformed);
    }
    let datagram = IpDatagram {
        version: key.version(),
        protocol: key.protocol(),
        source: key.address_bytes(side),
        destination: key.address_bytes(side.opposite()),
        // Only the pieces had one.
        hop_limit: 0,
        identification: 0,
        payload: Span::new(payload, payload.len()),
        fragment: None,
    };
    let mut datagram = if key.version() == 6 { ip::past_extensions(datagram) } else { datagram };
    // What was put together cannot be a fragment again, since RFC 8200 allows one fragment header.
    datagram.fragment = None;
    innermost(datagram, tunnel, counted_length)
}

/// Opens encapsulations until there is none left, or one does not hold what it should, or the path is full.
fn innermost(datagram: IpDatagram<'_>, path: TunnelPath, counted_length: u32) -> Dissected<'_> {
    let (datagram, path) = inner_datagram(datagram, path, &mut LinkSender::default());
    Dissected::Packet(transport::packet(&datagram, path, counted_length))
}

fn inner_datagram<'a>(
    mut datagram: IpDatagram<'a>,
    mut path: TunnelPath,
    sender: &mut LinkSender,
) -> (IpDatagram<'a>, TunnelPath) {
    for _ in 0..TunnelPath::LIMIT {
        match open(&datagram, path, sender) {
            Some((inner_path, inner)) => (path, datagram) = (inner_path, inner),
            None => break,
        }
    }
    (datagram, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{FrameId, LinkType};
    use crate::packet::encapsulation::Encapsulation;
    use crate::packet::view::Fragment;
    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    fn raw(bytes: &[u8]) -> Frame<'_> {
        let wire_length = u32::try_from(bytes.len()).expect("small");
        Frame { id: FrameId::default(), time_ns: 0, link_type: LinkType::RAW, bytes, wire_length, note: None }
    }

    fn packet<'a>(frame: &Frame<'a>) -> Packet<'a> {
        match dissect(frame) {
            Dissected::Packet(packet) => packet,
            Dissected::NotIp(why) => panic!("not IP: {why:?}"),
        }
    }

    fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let step = PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).udp(source, destination);
        step.write(&mut bytes, payload).expect("small");
        bytes
    }

    /// An IPv4 packet with these payload bytes.
    fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(20 + payload.len()).expect("small").to_be_bytes();
        let header = [0x45, 0, length[0], length[1], 0, 7, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
        [&header[..], payload].concat()
    }

    fn ipv6(next_header: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).expect("small").to_be_bytes();
        let mut header = [0; 40];
        header[0] = 0x60;
        header[4..6].copy_from_slice(&length);
        header[6] = next_header;
        header[23] = 1;
        header[39] = 2;
        [&header[..], payload].concat()
    }

    fn ethernet(ip: &[u8]) -> Vec<u8> {
        let ether_type: &[u8] = if ip[0] >> 4 == 4 { &[8, 0] } else { &[0x86, 0xdd] };
        [&[2; 12], ether_type, ip].concat()
    }

    fn path(packet: &Packet<'_>) -> Vec<Encapsulation> {
        packet.tunnel.iter().collect()
    }

    /// Each way to carry the inner packet, by its name.
    fn tunnels(inner: &[u8]) -> Vec<(Encapsulation, Vec<u8>)> {
        let with = |header: &[u8], inner: &[u8]| [header, inner].concat();
        let frame = ethernet(inner);
        let wifi = [&[8, 1][..], &[0; 22], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], inner].concat();
        let gtp_length = u16::try_from(inner.len()).expect("small").to_be_bytes();
        vec![
            (Encapsulation::IpInIp, ipv4(4, inner)),
            (Encapsulation::IpInIp, ipv6(4, inner)),
            (Encapsulation::Gre, ipv4(47, &with(&[0, 0, 8, 0], inner))),
            (Encapsulation::Gre, udp(9, 4754, &with(&[0, 0, 8, 0], inner))),
            (Encapsulation::Erspan, ipv4(47, &with(&[0, 0, 0x88, 0xbe], &frame))),
            (Encapsulation::EtherIp, ipv4(97, &with(&[0x30, 0], &frame))),
            (
                Encapsulation::Ah,
                ipv4(51, &with(&[6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9], &[])),
            ),
            (Encapsulation::L2tp, ipv4(115, &with(&[0, 0, 0, 1], &frame))),
            (Encapsulation::L2tp, udp(1701, 1701, &with(&[0, 2, 0, 1, 0, 1, 0xff, 3, 0, 0x21], inner))),
            (Encapsulation::Other, ipv4(137, &with(&[0, 1, 1, 64], inner))),
            (Encapsulation::Other, ipv4(143, &frame)),
            (Encapsulation::Other, udp(9, 6635, &with(&[0, 1, 1, 64], inner))),
            (Encapsulation::Nsh, ipv4(145, &with(&[0, 2, 1, 1, 0, 0, 1, 255], inner))),
            (Encapsulation::Vxlan, udp(9, 4789, &with(&[8, 0, 0, 0, 0, 0, 1, 0], &frame))),
            (Encapsulation::Vxlan, udp(4789, 9, &with(&[8, 0, 0, 0, 0, 0, 1, 0], &frame))),
            (Encapsulation::Vxlan, udp(9, 4790, &with(&[0x0c, 0, 0, 1, 0, 0, 1, 0], inner))),
            (Encapsulation::Geneve, udp(9, 6081, &with(&[0, 0, 8, 0, 0, 0, 1, 0], inner))),
            (Encapsulation::Gtp, udp(2152, 2152, &with(&[0x30, 255, gtp_length[0], gtp_length[1], 0, 0, 0, 1], inner))),
            (Encapsulation::Teredo, udp(9, 3544, &ipv6(59, &[]))),
            (Encapsulation::Lisp, udp(9, 4341, &with(&[0; 8], inner))),
            (Encapsulation::Ayiya, udp(9, 5072, &with(&[0, 0, 1, 4, 0, 0, 0, 0, 0], inner))),
            (Encapsulation::Capwap, udp(9, 5247, &with(&[0, 0x10, 3, 0, 0, 0, 0, 0], &wifi))),
            (Encapsulation::Tzsp, udp(9, 37008, &with(&[1, 0, 0, 1, 1], &frame))),
        ]
    }

    #[test]
    fn every_tunnel_is_opened_or_left_alone() {
        let inner = ipv4(17, &[0, 53, 0, 54, 0, 10, 0, 0, 7, 8]);
        for (encapsulation, bytes) in tunnels(&inner) {
            let whole = packet(&raw(&bytes));
            assert_eq!(path(&whole), [encapsulation], "{bytes:02x?}");
            assert_eq!(whole.counted_length as usize, bytes.len());
            if whole.key.protocol() == 17 {
                assert_eq!((whole.transport, whole.payload, whole.payload_length), (Transport::Udp, &[7, 8][..], 2));
                assert_eq!((whole.key.port(whole.side), whole.key.port(whole.side.opposite())), (53, 54));
            }
            for length in 0..bytes.len() {
                let mut cut = raw(&bytes[..length]);
                let _ = dissect(&cut);
                cut.wire_length = whole.counted_length;
                let outer_header = if bytes[0] >> 4 == 4 { 20 } else { 40 };
                match dissect(&cut) {
                    Dissected::Packet(packet) => assert!(length >= outer_header && path(&packet).len() <= 1),
                    Dissected::NotIp(why) => assert!(why == NotIp::CutShort && length < outer_header),
                }
            }
        }
    }

    #[test]
    fn a_wrong_inner_header_leaves_the_outer_packet() {
        let mut inner = ipv4(17, &[0, 53, 0, 54, 0, 10, 0, 0, 7, 8]);
        inner[3] += 1;
        for (encapsulation, bytes) in tunnels(&inner) {
            if !matches!(encapsulation, Encapsulation::Ah | Encapsulation::Teredo) {
                assert_eq!(path(&packet(&raw(&bytes))), [], "{encapsulation:?}");
            }
        }
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let mut bytes = ipv4(17, &[0, 53, 0, 54, 0, 8, 0, 0]);
        for _ in 0..40 {
            bytes = ipv4(4, &bytes);
        }
        let packet = packet(&raw(&bytes));
        assert_eq!(path(&packet), [Encapsulation::IpInIp; TunnelPath::LIMIT]);
        assert_eq!(packet.key.protocol(), 4);
    }

    #[test]
    fn fragments_keep_what_they_need_to_be_joined() {
        let mut bytes = ipv4(17, &[1; 16]);
        bytes[6] = 0x20;
        bytes[7] = 2;
        let piece = packet(&raw(&bytes));
        assert_eq!(piece.fragment, Some(Fragment { identification: 7, offset: 16, has_more: true }));
        assert_eq!((piece.transport, piece.payload, piece.payload_length), (Transport::Other, &[1; 16][..], 0));
        assert_eq!((piece.key.protocol(), piece.key.port(piece.side)), (17, 0));
        let bytes = ipv6(0, &[44, 0, 1, 4, 0, 0, 0, 0, 17, 0, 0, 9, 0, 0, 1, 0, 7, 7]);
        let piece = packet(&raw(&bytes));
        assert_eq!(piece.fragment, Some(Fragment { identification: 256, offset: 8, has_more: true }));
        assert_eq!((piece.key.protocol(), piece.payload), (17, &[7, 7][..]));
    }

    #[test]
    fn an_atomic_fragment_is_whole() {
        let bytes = ipv6(44, &[17, 0, 0, 0, 0, 0, 1, 0, 0, 53, 0, 54, 0, 9, 0, 0, 7]);
        let whole = packet(&raw(&bytes));
        assert_eq!((whole.fragment, whole.transport, whole.payload), (None, Transport::Udp, &[7][..]));
    }

    #[test]
    fn a_joined_datagram_is_opened() {
        let inner = ipv4(17, &[0, 53, 0, 54, 0, 10, 0, 0, 7, 8]);
        let outer = udp(9, 4789, &[&[8, 0, 0, 0, 0, 0, 1, 0][..], &ethernet(&inner)].concat());
        let mut first = outer.clone();
        first[6] = 0x20;
        let piece = packet(&raw(&first));
        let joined = dissect_ip(&piece.key, piece.side, piece.tunnel, &outer[20..], 999);
        let Dissected::Packet(joined) = joined else { panic!("{joined:?}") };
        assert_eq!((joined.payload, joined.counted_length), (&[7, 8][..], 999));
        assert_eq!(path(&joined), [Encapsulation::Vxlan]);
        assert_eq!(joined.key, packet(&raw(&outer)).key);
    }

    #[test]
    fn lengths_left_to_the_network_card_are_those_of_the_frame() {
        let mut bytes = ipv4(6, &[0x50; 60]);
        bytes[2..4].fill(0);
        let packet_v4 = packet(&raw(&bytes));
        assert_eq!((packet_v4.payload.len(), packet_v4.payload_length), (40, 40));
        let mut bytes = ipv6(6, &[0x50; 60]);
        bytes[4..6].fill(0);
        assert_eq!(packet(&raw(&bytes)).payload_length, 40);
        // A jumbogram says its length in an option.
        let mut bytes = ipv6(0, &[17, 0, 0xc2, 4, 0, 0, 0, 17, 0, 53, 0, 54, 0, 0, 0, 0, 7, 8]);
        bytes[4..6].fill(0);
        assert_eq!(packet(&raw(&bytes)).payload, [7]);
    }

    #[test]
    fn ports_are_read_where_there_are_some() {
        for (protocol, transport) in [(33, Transport::Other), (132, Transport::Other), (136, Transport::Udp)] {
            let bytes = ipv4(protocol, &[0, 53, 0, 54, 0, 0, 0, 0, 7, 8]);
            let packet = packet(&raw(&bytes));
            assert_eq!((packet.transport, packet.key.port(packet.side)), (transport, 53));
        }
        let icmp = ipv4(1, &[3, 1, 0, 0, 0, 0, 0, 0, 0x45, 0, 0, 20]);
        let packet = packet(&raw(&icmp));
        assert_eq!((packet.transport, packet.key.port(packet.side), packet.payload_length), (Transport::Other, 0, 12));
    }

    #[test]
    fn tcp_options_may_be_cut_off() {
        let mut segment = [0; 40];
        segment[..4].copy_from_slice(&[0, 80, 1, 187]);
        segment[12] = 8 << 4;
        segment[13] = 0x18;
        let bytes = ipv4(6, &segment);
        let mut frame = raw(&bytes[..44]);
        frame.wire_length = 60;
        let packet = packet(&frame);
        assert!(matches!(packet.transport, Transport::Tcp(segment) if segment.flags.is_ack()));
        assert_eq!((packet.payload, packet.payload_length), (&[][..], 8));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn nothing_panics(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..200),
            is_v4: bool, protocol: u8, port in 0_usize..16, missing in 0_u32..200, key_protocol: u8,
        ) {
            let ports = [1701_u16, 2152, 3544, 4341, 4754, 4789, 4790, 5072, 5247, 6081, 6635, 8472, 12222, 12223, 37008, 443];
            if let Some(first) = bytes.first_mut() {
                *first = if is_v4 { 0x45 } else { 0x60 };
            }
            let (protocol_at, port_at) = if is_v4 { (9, 22) } else { (6, 42) };
            if let Some(at) = bytes.get_mut(protocol_at) {
                *at = if protocol & 1 == 0 { 17 } else { protocol };
            }
            if let Some(at) = bytes.get_mut(port_at..port_at + 2) {
                at.copy_from_slice(&ports[port].to_be_bytes());
            }
            let mut frame = raw(&bytes);
            frame.wire_length += missing;
            if let Dissected::Packet(packet) = dissect(&frame) {
                prop_assert!(packet.payload.len() <= bytes.len());
                prop_assert!(packet.payload_length <= frame.wire_length);
                prop_assert_eq!(packet.counted_length, frame.wire_length);
            }
            let (version, zero) = (if is_v4 { 4 } else { 6 }, ([0; 16], 0));
            let (key, side) = FlowKey::new(version, key_protocol, zero, zero);
            let _ = dissect_ip(&key, side, TunnelPath::NONE, &bytes, 0);
        }
    }
}
