//! Packets and records for hostile captures: UDP, TCP, DNS answers, ClientHellos, pcap records.

use fixtures::{dns, ip as packet, pcap, tls, transport};
use std::net::Ipv4Addr;

pub(super) use fixtures::ip::{MORE, TCP, UDP, v6 as ip6};
pub(super) use fixtures::transport::{ACK, PUSH_ACK, SYN};

/// Seconds since 1970 of the first packet: 2023-11-14.
pub(super) const START: u32 = 1_700_000_000;
/// 192.168.1.2.
pub(super) const CLIENT: u32 = 0xc0a8_0102;
/// 57.144.1.1, an operator's.
pub(super) const SERVER: u32 = 0x3990_0101;
/// 8.8.8.8.
pub(super) const RESOLVER: u32 = 0x0808_0808;
/// The first of as many clients as there are numbers: 10.0.0.0.
pub(super) const CLIENTS: u32 = 0x0a00_0000;
/// The first of many servers: 57.144.0.0.
pub(super) const SERVERS: u32 = 0x3990_0000;

/// One of many clients.
pub(super) fn client(number: u64) -> u32 {
    CLIENTS.wrapping_add(number as u32)
}

/// A number that looks like no other near it, and is the same each time.
pub(super) fn scramble(number: u64) -> u32 {
    (number as u32).wrapping_mul(2_654_435_761)
}

/// An address somewhere on the public Internet.
pub(super) fn public(number: u64) -> u32 {
    let scrambled = scramble(number);
    let first = match 1 + (scrambled >> 24) % 200 {
        10 | 100 | 127 | 169 | 172 | 192 | 198 => 8,
        first => first,
    };
    first << 24 | (scrambled & 0x00ff_ffff)
}

/// A port of a client.
pub(super) fn port(number: u64) -> u16 {
    1_024 + (number % 60_000) as u16
}

/// A time at which all flows of twenty thousand packets before are over, again and again: floods that close.
pub(super) fn closing(number: u64) -> u32 {
    START + (number / 20_000 * 200) as u32
}

/// A pcap record.
pub(super) fn record(out: &mut Vec<u8>, seconds: u32, packet: &[u8]) {
    out.extend(pcap::whole(u64::from(seconds) * 1_000_000, packet));
}

/// An IPv4 packet.
pub(super) fn ip(from: u32, to: u32, protocol: u8, payload: &[u8]) -> Vec<u8> {
    fragment(from, to, protocol, payload, (0, 0))
}

/// An IPv4 packet with an identification, and flags with fragment offset.
pub(super) fn fragment(from: u32, to: u32, protocol: u8, payload: &[u8], place: (u16, u16)) -> Vec<u8> {
    packet::v4_fragment(from.to_be_bytes(), to.to_be_bytes(), protocol, payload, place)
}

/// A UDP datagram.
pub(super) fn udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    transport::udp((from, to), payload)
}

/// A TCP segment to port 443.
pub(super) fn tcp(from: u16, sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    transport::tcp((from, 443), sequence, 1, flags, payload)
}

/// A datagram of a client to port 443.
pub(super) fn datagram(from: u32, to: u32, source_port: u16, payload: &[u8]) -> Vec<u8> {
    ip(from, to, UDP, &udp(source_port, 443, payload))
}

/// A segment of a client to port 443 that opens a stream.
pub(super) fn opening(from: u32, to: u32, source_port: u16, payload: &[u8]) -> Vec<u8> {
    ip(from, to, TCP, &tcp(source_port, 1, PUSH_ACK, payload))
}

/// A resolver's answer: a question, and an address record for each address.
pub(super) fn answer(name: &str, addresses: impl Iterator<Item = u32>) -> Vec<u8> {
    dns::addresses(name, addresses.map(Ipv4Addr::from))
}

/// A packet of a resolver to a client.
pub(super) fn told(to: u32, message: &[u8]) -> Vec<u8> {
    ip(RESOLVER, to, UDP, &udp(53, 50_000, message))
}

/// A ClientHello with a server name.
pub(super) fn hello(name: &str) -> Vec<u8> {
    tls::record(&tls::hello_with(&[tls::server_name(name)]))
}
