//! From payload and endpoints to UDP, TCP, IP and Ethernet, with valid checksums.

use std::net::{IpAddr, SocketAddr};

pub(super) const SYN: u8 = 0x02;
pub(super) const ACK: u8 = 0x10;
pub(super) const PUSH_ACK: u8 = 0x18;
pub(super) const FIN_ACK: u8 = 0x11;

pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;

/// A socket address from its text.
pub(super) fn at(text: &str) -> SocketAddr {
    text.parse().expect("addresses of samples are valid")
}

pub(super) fn udp(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    ip(from.ip(), to.ip(), UDP, &udp_segment(from, to, payload))
}

/// The datagram with its checksum, for who cuts it into fragments.
pub(super) fn udp_segment(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let length = 8 + payload.len() as u16;
    let mut segment = [from.port().to_be_bytes(), to.port().to_be_bytes(), length.to_be_bytes(), [0; 2]].concat();
    segment.extend(payload);
    summed(from.ip(), to.ip(), UDP, segment, 6)
}

pub(super) fn tcp(from: SocketAddr, to: SocketAddr, numbers: (u32, u32), flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut segment = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    segment.extend(numbers.0.to_be_bytes());
    segment.extend(numbers.1.to_be_bytes());
    // A SYN says its MSS, permits SACK and scales its window (RFC 9293 §3.2, RFC 2018, RFC 7323).
    let options: &[u8] = if flags & SYN != 0 { &[2, 4, 5, 0x78, 1, 1, 4, 2, 1, 3, 3, 8] } else { &[] };
    segment.extend([(5 + options.len() as u8 / 4) << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend(options);
    segment.extend(payload);
    ip(from.ip(), to.ip(), TCP, &summed(from.ip(), to.ip(), TCP, segment, 16))
}

fn summed(from: IpAddr, to: IpAddr, protocol: u8, mut segment: Vec<u8>, checksum_at: usize) -> Vec<u8> {
    let pseudo = [&octets(from)[..], &octets(to), &[0, protocol], &(segment.len() as u16).to_be_bytes(), &segment];
    let sum = checksum(&pseudo.concat());
    segment[checksum_at..checksum_at + 2].copy_from_slice(&sum.to_be_bytes());
    segment
}

/// An IP packet, version as the addresses'.
pub(super) fn ip(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u16;
    if from.is_ipv4() {
        return ipv4(from, to, protocol, payload, (0, 0x4000));
    }
    let header = [&[0x60, 0, 0, 0], &length.to_be_bytes()[..], &[protocol, 64], &octets(from), &octets(to)];
    [&header.concat(), payload].concat()
}

/// An IPv4 packet with an identification, and flags with fragment offset (RFC 791 §3.1).
pub(super) fn ipv4(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8], fragment: (u16, u16)) -> Vec<u8> {
    let mut header = vec![0x45, 0];
    header.extend((20 + payload.len() as u16).to_be_bytes());
    header.extend(fragment.0.to_be_bytes());
    header.extend(fragment.1.to_be_bytes());
    header.extend([64, protocol, 0, 0]);
    header.extend(octets(from));
    header.extend(octets(to));
    let sum = checksum(&header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    [header.as_slice(), payload].concat()
}

/// A packet's payload cut into fragments of at most this many bytes (a multiple of 8), in order.
pub(super) fn fragments(packet: &[u8], size: usize) -> Vec<Vec<u8>> {
    let is_v4 = packet[0] >> 4 == 4;
    let header_bytes = if is_v4 { 20 } else { 40 };
    let (from, to) = addresses(packet);
    let protocol = packet[if is_v4 { 9 } else { 6 }];
    let payload = &packet[header_bytes..];
    let cut = |(index, part): (usize, &[u8])| {
        let has_more = (index + 1) * size < payload.len();
        if is_v4 {
            let field = (index * size / 8) as u16 | u16::from(has_more) << 13;
            return ipv4(from, to, protocol, part, (0x1f2e, field));
        }
        // The fragment header (RFC 8200 §4.5).
        let mut body = vec![protocol, 0];
        body.extend(((index * size) as u16 | u16::from(has_more)).to_be_bytes());
        body.extend([0x0a, 0x0b, 0x0c, 0x0d]);
        body.extend(part);
        ip(from, to, 44, &body)
    };
    payload.chunks(size).enumerate().map(cut).collect()
}

/// Source and destination of an IP packet.
pub(super) fn addresses(packet: &[u8]) -> (IpAddr, IpAddr) {
    let four = |at: usize| <[u8; 4]>::try_from(&packet[at..at + 4]).map(IpAddr::from).expect("four bytes");
    let sixteen = |at: usize| <[u8; 16]>::try_from(&packet[at..at + 16]).map(IpAddr::from).expect("sixteen bytes");
    if packet[0] >> 4 == 4 { (four(12), four(16)) } else { (sixteen(8), sixteen(24)) }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// The Internet checksum (RFC 1071).
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 =
        bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

const PHONE_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x23];
const ROUTER_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x01];

/// An Ethernet frame; who sends is told by the packet's source: private addresses are the phone's side.
pub(super) fn ethernet(packet: &[u8]) -> Vec<u8> {
    ethernet_with(packet, &[])
}

/// An Ethernet frame with tags between addresses and type.
pub(super) fn ethernet_with(packet: &[u8], tags: &[u8]) -> Vec<u8> {
    let kind: [u8; 2] = if packet[0] >> 4 == 6 { [0x86, 0xdd] } else { [0x08, 0x00] };
    [&macs(packet)[..], tags, &kind, packet].concat()
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
