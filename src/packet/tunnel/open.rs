//! Opens a tunnel: the datagram inside another one, if there is a whole inner IP header.
//!
//! A port or protocol number is only a guess. It counts if the tunnel's own header is well-formed and leads to an IP header
//! whose lengths fit. Otherwise the outer datagram is the packet.

use super::enter::enter_from;
use super::ports::{is_tunnel_port, row_of};
use super::{ether_ip, gre, l2tp, teredo};
use crate::packet::encapsulation::{Encapsulation, TunnelPath};
use crate::packet::ip::{self, IpDatagram};
use crate::packet::link_sender::LinkSender;
use crate::packet::next::Next;
use crate::packet::protocol::UDP;
use crate::packet::span::Span;
use crate::packet::transport;

/// The datagram inside this one, and the path to it. `sender` becomes who sent it, as far as a link layer inside says.
pub(crate) fn open<'a>(
    datagram: &IpDatagram<'a>,
    path: TunnelPath,
    sender: &mut LinkSender,
) -> Option<(TunnelPath, IpDatagram<'a>)> {
    if datagram.fragment.is_some() {
        return None;
    }
    let payload = datagram.payload;
    let (encapsulation, next) = match datagram.protocol {
        UDP => return open_udp(payload, path, sender),
        4 | 41 => (Encapsulation::IpInIp, Next::Ip(payload)),
        47 => gre::read(payload).ok()?,
        51 => return Some((path.entered(Encapsulation::Ah)?, ip::past_authentication(datagram)?)),
        97 => (Encapsulation::EtherIp, ether_ip::read(payload).ok()?),
        115 => (Encapsulation::L2tp, l2tp::read_ip(payload).ok()?),
        137 => (Encapsulation::Other, Next::Mpls(payload)),
        // Segment routing (RFC 8986 §4.9) and OAM put Ethernet directly into IP.
        143 => (Encapsulation::Other, Next::Ethernet(payload)),
        // Reading the NSH header enters it in the path.
        145 => return enter_from(path, Next::Nsh(payload), sender),
        _ => return None,
    };
    enter_from(path.entered(encapsulation)?, next, sender)
}

fn open_udp<'a>(payload: Span<'a>, path: TunnelPath, sender: &mut LinkSender) -> Option<(TunnelPath, IpDatagram<'a>)> {
    let ((source, destination), data) = transport::udp(payload)?;
    if !is_tunnel_port(source) && !is_tunnel_port(destination) {
        let next = if teredo::is_anywhere(data) { teredo::read(data).ok()? } else { return None };
        return enter_from(path.entered(Encapsulation::Teredo)?, next, sender);
    }
    [destination, source].into_iter().filter_map(row_of).find_map(|(_, encapsulation, read)| {
        let next = read(data).ok()?;
        enter_from(path.entered(*encapsulation)?, next, sender)
    })
}
