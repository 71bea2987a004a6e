//! Captures built for tests, and an observer that notes what it saw.

use super::frame::{ByteOrder, Frame};
use super::parallel::engine::read;
use super::parallel::options::{Progress, ReadOptions};
use super::parallel::outcome::{Outcome, Piece};
use super::source::Source;
use super::tally::Observe;

/// Numbers in a byte order.
pub(super) struct Fields {
    order: ByteOrder,
    pub(super) bytes: Vec<u8>,
}

impl Fields {
    pub(super) fn new(order: ByteOrder) -> Self {
        Self { order, bytes: Vec::new() }
    }
    pub(super) fn u16(mut self, value: u16) -> Self {
        match self.order {
            ByteOrder::Little => self.bytes.extend(value.to_le_bytes()),
            ByteOrder::Big => self.bytes.extend(value.to_be_bytes()),
        }
        self
    }
    pub(super) fn u32(mut self, value: u32) -> Self {
        match self.order {
            ByteOrder::Little => self.bytes.extend(value.to_le_bytes()),
            ByteOrder::Big => self.bytes.extend(value.to_be_bytes()),
        }
        self
    }
    pub(super) fn bytes(mut self, value: &[u8]) -> Self {
        self.bytes.extend(value);
        self
    }
}

/// A classic file header.
pub(super) fn pcap_header(order: ByteOrder, magic: u32, version: (u16, u16), network: u32) -> Vec<u8> {
    Fields::new(order).u32(magic).u16(version.0).u16(version.1).u32(0).u32(0).u32(65_535).u32(network).bytes
}

/// A classic record; `lengths` are the two length fields as written.
pub(super) fn pcap_record(order: ByteOrder, time: (u32, u32), lengths: (u32, u32), packet: &[u8]) -> Vec<u8> {
    Fields::new(order).u32(time.0).u32(time.1).u32(lengths.0).u32(lengths.1).bytes(packet).bytes
}

/// A little-endian microsecond capture of these packets, one second apart.
pub(super) fn pcap_of(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = pcap_header(ByteOrder::Little, 0xa1b2_c3d4, (2, 4), 1);
    for (index, packet) in packets.iter().enumerate() {
        let length = packet.len() as u32;
        file.extend(pcap_record(ByteOrder::Little, (1_600_000_000 + index as u32, 7), (length, length), packet));
    }
    file
}

/// A block with both lengths.
pub(super) fn block(order: ByteOrder, block_type: u32, body: &[u8]) -> Vec<u8> {
    let padding = body.len().next_multiple_of(4) - body.len();
    let length = (body.len() + padding + 12) as u32;
    let fields = Fields::new(order).u32(block_type).u32(length).bytes(body);
    fields.bytes(&[0; 3][..padding]).u32(length).bytes
}

pub(super) fn section(order: ByteOrder) -> Vec<u8> {
    block(order, 0x0a0d_0d0a, &Fields::new(order).u32(0x1a2b_3c4d).u16(1).u16(0).bytes(&[0xff; 8]).bytes)
}

/// An interface with options as bytes.
pub(super) fn interface(order: ByteOrder, link_type: u16, snap_length: u32, options: &[u8]) -> Vec<u8> {
    block(order, 1, &Fields::new(order).u16(link_type).u16(0).u32(snap_length).bytes(options).bytes)
}

pub(super) fn packet_block(order: ByteOrder, interface: u32, ticks: u64, original: u32, packet: &[u8]) -> Vec<u8> {
    packet_block_with(order, interface, ticks, original, packet, &[])
}

pub(super) fn packet_block_with(
    order: ByteOrder,
    interface: u32,
    ticks: u64,
    original: u32,
    packet: &[u8],
    options: &[u8],
) -> Vec<u8> {
    let padding = packet.len().next_multiple_of(4) - packet.len();
    let fields = Fields::new(order).u32(interface).u32((ticks >> 32) as u32).u32(ticks as u32);
    let fields = fields.u32(packet.len() as u32).u32(original).bytes(packet).bytes(&[0; 3][..padding]);
    block(order, 6, &fields.bytes(options).bytes)
}

/// A frame as seen: number, time, link type, bytes and length on the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Seen {
    pub(super) id: super::FrameId,
    pub(super) time_ns: i64,
    pub(super) link_type: u16,
    pub(super) bytes: Vec<u8>,
    pub(super) wire_length: u32,
    pub(super) note: Option<super::FrameNote>,
}

/// Notes every frame.
#[derive(Default)]
pub(super) struct Log(pub(super) Vec<Seen>);

impl Observe for Log {
    fn observe(&mut self, frame: Frame<'_>) {
        self.0.push(Seen {
            id: frame.id,
            time_ns: frame.time_ns,
            link_type: frame.link_type.0,
            bytes: frame.bytes.to_vec(),
            wire_length: frame.wire_length,
            note: frame.note.cloned(),
        });
    }
}

/// Reads sources in a pool of its own; every frame with its final identity.
pub(super) fn read_all(sources: Vec<Source>, range_bytes: Option<u64>, threads: usize) -> (Vec<Seen>, Vec<Outcome>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let mut seen = Vec::new();
    let mut join = |piece: Piece<Log>| {
        for mut frame in piece.partial.0 {
            frame.id = frame.id.rebased(piece.base);
            seen.push(frame);
        }
    };
    let options = ReadOptions { range_bytes, ..ReadOptions::default() };
    let outcomes = pool.install(|| read(sources, &options, &Progress::default(), &Log::default, &mut join));
    (seen, outcomes)
}

/// Reads one capture from memory on one thread.
pub(super) fn read_one(bytes: Vec<u8>) -> (Vec<Seen>, Outcome) {
    let source = Source::memory("test", bytes).unwrap();
    let (seen, mut outcomes) = read_all(vec![source], None, 1);
    (seen, outcomes.remove(0))
}
