//! Blocks of pcapng (draft-ietf-opsawg-pcapng), little-endian, packets at the time of the start unless said otherwise.

use super::wire::{CLIENT, SERVER, START, datagram};

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
/// The process event block of Darwin's tcpdump.
const PROCESS: u32 = 0x8000_0001;
/// A custom block that may be copied.
pub(super) const CUSTOM: u32 = 0xbad;
/// Link type of packets without a link: raw IP.
pub(super) const RAW_IP: u16 = 101;
/// Option of a comment.
pub(super) const COMMENT: u16 = 1;
/// Darwin's option of a packet: which process block names the owner.
pub(super) const BY_INDEX: u16 = 0x8001;
/// No more options.
pub(super) const END: [u8; 4] = [0; 4];

/// Little-endian fields one after the other.
pub(super) fn fields(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

pub(super) fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

pub(super) fn block(kind: u32, body: Vec<u8>) -> Vec<u8> {
    let body = padded(body);
    let length = body.len() as u32 + 12;
    [fields(&[kind, length]), body, fields(&[length])].concat()
}

/// An option of a block.
pub(super) fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let head = [code.to_le_bytes(), (value.len() as u16).to_le_bytes()].concat();
    padded([&head[..], value].concat())
}

/// The beginning of a section, without an interface.
pub(super) fn bare_section() -> Vec<u8> {
    block(SECTION, fields(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX]))
}

pub(super) fn interface(link_type: u16, options: &[u8]) -> Vec<u8> {
    block(INTERFACE, [&fields(&[u32::from(link_type), 1 << 18])[..], options].concat())
}

/// The beginning of a section with one interface.
pub(super) fn section(link_type: u16) -> Vec<u8> {
    [bare_section(), interface(link_type, &[])].concat()
}

/// A packet at a time in seconds since 1970.
pub(super) fn packet_at(seconds: u32, bytes: &[u8], options: &[u8]) -> Vec<u8> {
    let micros = u64::from(seconds) * 1_000_000;
    let length = bytes.len() as u32;
    let head = fields(&[0, (micros >> 32) as u32, micros as u32, length, length]);
    block(PACKET, [&head[..], &padded(bytes.to_vec()), options].concat())
}

/// A packet.
pub(super) fn packet(bytes: &[u8], options: &[u8]) -> Vec<u8> {
    packet_at(START, bytes, options)
}

/// A block that names a process.
pub(super) fn process(id: u32, name: &[u8]) -> Vec<u8> {
    block(PROCESS, [&id.to_le_bytes()[..], &option(2, name), &END].concat())
}

/// A block that says no more of a process than its number.
pub(super) fn nameless(id: u32) -> Vec<u8> {
    block(PROCESS, id.to_le_bytes().to_vec())
}

/// Options of a packet: its owner is in this process block of the section.
pub(super) fn by_index(index: u32) -> Vec<u8> {
    [option(BY_INDEX, &index.to_le_bytes()), END.to_vec()].concat()
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
