//! Builds the bytes of owner metadata for tests.

use crate::capture::frame::ByteOrder;

/// A 16-bit field.
pub(crate) fn u16(order: ByteOrder, value: u16) -> [u8; 2] {
    order.u16(value.to_ne_bytes()).to_ne_bytes()
}

/// A 32-bit field.
pub(crate) fn u32(order: ByteOrder, value: u32) -> [u8; 4] {
    order.u32(value.to_ne_bytes()).to_ne_bytes()
}

/// A pcapng option, padded.
pub(crate) fn option(order: ByteOrder, code: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = [u16(order, code), u16(order, u16::try_from(value.len()).unwrap())].concat();
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A packet's comment option.
pub(crate) fn comment(text: &str) -> Vec<u8> {
    option(ByteOrder::Little, 1, text.as_bytes())
}

/// The options of a section header that names its writer.
pub(crate) fn written_by(order: ByteOrder, application: &str) -> Vec<u8> {
    option(order, 4, application.as_bytes())
}

/// An IPv4 packet with a valid header checksum.
pub(crate) fn ipv4(source: [u8; 4], destination: [u8; 4], payload_length: u16) -> Vec<u8> {
    let mut bytes = vec![0x45, 0];
    bytes.extend((20 + payload_length).to_be_bytes());
    bytes.extend([0, 1, 0, 0, 64, 17, 0, 0]);
    bytes.extend(source);
    bytes.extend(destination);
    let sum: u32 = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    bytes[10..12].copy_from_slice(&sum.to_be_bytes());
    bytes.resize(usize::from(20 + payload_length), 0x5a);
    bytes
}

/// An IPv6 packet.
pub(crate) fn ipv6(source: [u8; 16], destination: [u8; 16], payload_length: u16) -> Vec<u8> {
    let mut bytes = vec![0x60, 0, 0, 0];
    bytes.extend(payload_length.to_be_bytes());
    bytes.extend([17, 64]);
    bytes.extend(source);
    bytes.extend(destination);
    bytes.resize(usize::from(40 + payload_length), 0x5a);
    bytes
}
