//! Packets and records for hostile captures: IPv4 without checksums, UDP, TCP, DNS answers, ClientHellos, pcap records.

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

pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const SYN: u8 = 0x02;
pub(super) const ACK: u8 = 0x10;
pub(super) const PUSH: u8 = 0x18;
/// In a fragment's flags: more follow (RFC 791 §3.1).
pub(super) const MORE: u16 = 0x2000;

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
    let length = packet.len() as u32;
    for field in [seconds, 0, length, length] {
        out.extend(field.to_le_bytes());
    }
    out.extend(packet);
}

/// An IPv4 packet.
pub(super) fn ip(from: u32, to: u32, protocol: u8, payload: &[u8]) -> Vec<u8> {
    fragment(from, to, protocol, (0, 0), payload)
}

/// An IPv4 packet with an identification, and flags with fragment offset.
pub(super) fn fragment(from: u32, to: u32, protocol: u8, place: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(20 + payload.len());
    packet.extend([0x45, 0]);
    packet.extend((20 + payload.len() as u16).to_be_bytes());
    packet.extend(place.0.to_be_bytes());
    packet.extend(place.1.to_be_bytes());
    packet.extend([64, protocol, 0, 0]);
    packet.extend(from.to_be_bytes());
    packet.extend(to.to_be_bytes());
    packet.extend(payload);
    packet
}

/// An IPv6 packet.
pub(super) fn ip6(from: [u8; 16], to: [u8; 16], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u16).to_be_bytes();
    [&[0x60, 0, 0, 0][..], &length, &[protocol, 64], &from, &to, payload].concat()
}

/// A UDP datagram.
pub(super) fn udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let length = (8 + payload.len() as u16).to_be_bytes();
    [&from.to_be_bytes()[..], &to.to_be_bytes(), &length, &[0, 0], payload].concat()
}

/// A TCP segment to port 443.
pub(super) fn tcp(from: u16, sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let head = [0x50, flags, 0xff, 0xff, 0, 0, 0, 0];
    let ports = [from.to_be_bytes(), 443_u16.to_be_bytes()].concat();
    [&ports[..], &sequence.to_be_bytes(), &1_u32.to_be_bytes(), &head, payload].concat()
}

/// A datagram of a client to port 443.
pub(super) fn datagram(from: u32, to: u32, source_port: u16, payload: &[u8]) -> Vec<u8> {
    ip(from, to, UDP, &udp(source_port, 443, payload))
}

/// A segment of a client to port 443 that opens a stream.
pub(super) fn opening(from: u32, to: u32, source_port: u16, payload: &[u8]) -> Vec<u8> {
    ip(from, to, TCP, &tcp(source_port, 1, PUSH, payload))
}

/// A name as DNS writes it (RFC 1035 §3.1).
fn labels(name: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len() + 2);
    for label in name.split('.') {
        bytes.push(label.len() as u8);
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

/// A resolver's answer: a question, and an address record for each address.
pub(super) fn answer(name: &str, addresses: impl ExactSizeIterator<Item = u32>) -> Vec<u8> {
    let count = (addresses.len() as u16).to_be_bytes();
    let mut message = [&[0, 7, 0x81, 0x80, 0, 1][..], &count, &[0; 4], &labels(name), &[0, 1, 0, 1]].concat();
    for address in addresses {
        message.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0x3c, 0, 4]);
        message.extend(address.to_be_bytes());
    }
    message
}

/// A packet of a resolver to a client.
pub(super) fn told(to: u32, message: &[u8]) -> Vec<u8> {
    ip(RESOLVER, to, UDP, &udp(53, 50_000, message))
}

/// A ClientHello with a server name (RFC 8446 §4.1.2, RFC 6066 §3).
pub(super) fn hello(name: &str) -> Vec<u8> {
    let sized = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    let list = sized(&[&[0][..], &sized(name.as_bytes())].concat());
    let extensions = sized(&[&[0, 0][..], &sized(&list)].concat());
    let body = [&[3, 3][..], &[b'r'; 32], &[0, 0, 2, 0x13, 1, 1, 0], &extensions].concat();
    let handshake = [&[1, 0][..], &sized(&body)].concat();
    [&[0x16, 3, 1][..], &sized(&handshake)].concat()
}
