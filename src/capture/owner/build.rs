//! Builds the bytes of owner metadata for tests.

use crate::capture::frame::ByteOrder;
use fixtures::Fields;
use fixtures::ip::UDP;

pub(crate) use fixtures::pcapng::option;

/// A 16-bit field.
pub(crate) fn u16(order: ByteOrder, value: u16) -> Vec<u8> {
    Fields::new(order).u16(value).bytes
}

/// A 32-bit field.
pub(crate) fn u32(order: ByteOrder, value: u32) -> Vec<u8> {
    Fields::new(order).u32(value).bytes
}

/// A packet's comment option.
pub(crate) fn comment(text: &str) -> Vec<u8> {
    option(ByteOrder::Little, 1, text.as_bytes())
}

/// The options of a section header that names its writer.
pub(crate) fn written_by(order: ByteOrder, application: &str) -> Vec<u8> {
    option(order, 4, application.as_bytes())
}

/// An IPv4 packet with so many bytes of payload.
pub(crate) fn ipv4(source: [u8; 4], destination: [u8; 4], payload_length: u16) -> Vec<u8> {
    fixtures::ip::v4(source, destination, UDP, &vec![0x5a; payload_length.into()])
}

/// An IPv6 packet with so many bytes of payload.
pub(crate) fn ipv6(source: [u8; 16], destination: [u8; 16], payload_length: u16) -> Vec<u8> {
    fixtures::ip::v6(source, destination, UDP, &vec![0x5a; payload_length.into()])
}
