//! Blocks of pcapng (draft-ietf-opsawg-pcapng), little-endian, packets at the time of the start unless said otherwise.

use super::wire::{CLIENT, SERVER, START, datagram};
use fixtures::pcapng::{self, SNAP_LENGTH};
use fixtures::{Fields, Order, owner};

pub(super) use fixtures::owner::DARWIN_PROCESS_INDEX as BY_INDEX;
pub(super) use fixtures::pcap::RAW as RAW_IP;
pub(super) use fixtures::pcapng::{COMMENT, CUSTOM, END, head as section};

/// Little-endian fields one after the other.
pub(super) fn fields(values: &[u32]) -> Vec<u8> {
    Fields::little().u32s(values).bytes
}

pub(super) fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    pcapng::block(Order::Little, kind, body)
}

/// An option of a block.
pub(super) fn option(code: u16, value: &[u8]) -> Vec<u8> {
    pcapng::option(Order::Little, code, value)
}

/// The beginning of a section, without an interface.
pub(super) fn bare_section() -> Vec<u8> {
    pcapng::section(Order::Little)
}

pub(super) fn interface(link_type: u16, options: &[u8]) -> Vec<u8> {
    pcapng::interface(Order::Little, link_type, SNAP_LENGTH, options)
}

/// A packet at a time in seconds since 1970.
pub(super) fn packet_at(seconds: u32, bytes: &[u8], options: &[u8]) -> Vec<u8> {
    let micros = u64::from(seconds) * 1_000_000;
    pcapng::packet_with(Order::Little, 0, micros, bytes.len() as u32, bytes, options)
}

/// A packet.
pub(super) fn packet(bytes: &[u8], options: &[u8]) -> Vec<u8> {
    packet_at(START, bytes, options)
}

/// A block that names a process.
pub(super) fn process(id: u32, name: &[u8]) -> Vec<u8> {
    owner::darwin_process(Order::Little, id, name)
}

/// A block that says no more of a process than its number.
pub(super) fn nameless(id: u32) -> Vec<u8> {
    block(owner::DARWIN_PROCESS, &id.to_le_bytes())
}

/// Options of a packet: its owner is in this process block of the section.
pub(super) fn by_index(index: u32) -> Vec<u8> {
    [owner::darwin_index(Order::Little, index), END.to_vec()].concat()
}

/// Options of a packet: a comment.
pub(super) fn comment(text: &str) -> Vec<u8> {
    [option(COMMENT, text.as_bytes()), END.to_vec()].concat()
}

/// A small packet, the same each time.
pub(super) fn one() -> Vec<u8> {
    datagram(CLIENT, SERVER, 5_000, b"xxxx")
}

/// A small packet of a client of its own.
pub(super) fn small(number: u64) -> Vec<u8> {
    datagram(super::wire::client(number), SERVER, 5_000, b"xxxx")
}
