//! From payload and endpoints to UDP, TCP, IP and Ethernet, with valid checksums.

use fixtures::ip::{TCP, addresses};
use fixtures::{ethernet as link, transport};
use std::net::{IpAddr, SocketAddr};

pub(super) use fixtures::ip::{between as ip, fragments};
pub(super) use fixtures::transport::{ACK, FIN_ACK, PUSH_ACK, SYN, udp_packet as udp};

/// A socket address from its text.
pub(super) fn at(text: &str) -> SocketAddr {
    text.parse().expect("addresses of samples are valid")
}

pub(super) fn tcp(from: SocketAddr, to: SocketAddr, numbers: (u32, u32), flags: u8, payload: &[u8]) -> Vec<u8> {
    // A SYN says its MSS, permits SACK and scales its window (RFC 9293 §3.2, RFC 2018, RFC 7323).
    let options: &[u8] = if flags & SYN != 0 { &[2, 4, 5, 0x78, 1, 1, 4, 2, 1, 3, 3, 8] } else { &[] };
    let segment = transport::tcp_with((from.port(), to.port()), numbers.0, numbers.1, flags, options, payload);
    ip(from.ip(), to.ip(), TCP, &transport::summed(from.ip(), to.ip(), TCP, segment))
}

const PHONE_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x23];
const ROUTER_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x01];

/// An Ethernet frame; who sends is told by the packet's source: private addresses are the phone's side.
pub(super) fn ethernet(packet: &[u8]) -> Vec<u8> {
    ethernet_with(packet, &[])
}

/// An Ethernet frame with tags between addresses and type.
pub(super) fn ethernet_with(packet: &[u8], tags: &[u8]) -> Vec<u8> {
    link::frame_with(macs(packet), tags, packet)
}

/// Destination and source of a frame around this packet.
pub(super) fn macs(packet: &[u8]) -> [u8; 12] {
    let is_phone = match addresses(packet).0 {
        IpAddr::V4(address) => address.is_private() && address.octets()[3] != 1,
        IpAddr::V6(address) => address.segments()[..2] == [0x2001, 0xb011] || address.is_unicast_link_local(),
    };
    let (to, from) = if is_phone { (ROUTER_MAC, PHONE_MAC) } else { (PHONE_MAC, ROUTER_MAC) };
    std::array::from_fn(|at| if at < 6 { to[at] } else { from[at - 6] })
}
