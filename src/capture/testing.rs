//! Captures built for tests, and an observer that notes what it saw.

use super::frame::{ByteOrder, Frame};
use super::parallel::engine::read;
use super::parallel::options::{Progress, ReadOptions};
use super::parallel::outcome::{Outcome, Piece};
use super::source::Source;
use super::tally::Observe;

pub(super) use fixtures::Fields;
pub(super) use fixtures::pcap::{header as pcap_header, of as pcap_of, record as pcap_record};
pub(super) use fixtures::pcapng::{
    block, interface, packet as packet_block, packet_with as packet_block_with, section,
};

impl From<ByteOrder> for fixtures::Order {
    fn from(order: ByteOrder) -> Self {
        match order {
            ByteOrder::Little => Self::Little,
            ByteOrder::Big => Self::Big,
        }
    }
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
