//! Fragmented IP datagrams, put together in any order (RFC 791 §3.2, RFC 8200 §4.5).
//!
//! Where pieces overlap, the one captured first keeps its bytes, as RFC 5722 would have the datagram dropped and hosts
//! differ; the pieces are counted all the same. A fragment counts to its datagram's flow once the datagram is whole, and
//! to a flow without ports where it never becomes so.

use super::gather::Stamp;
use crate::capture::FrameId;
use crate::packet::{FlowKey, Packet, Side, TunnelPath};
use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// Pieces of one datagram after this much time belong to another (RFC 8200 §4.5: 60 seconds).
pub(super) const TIMEOUT_NS: i64 = 60 * 1_000_000_000;
/// Pieces kept of one datagram: 64 KiB in the smallest useful pieces. More are counted, not kept.
const PIECE_LIMIT: usize = 128;
/// Largest datagram payload (RFC 791: the total length has 16 bits).
const DATAGRAM_LIMIT: usize = 65_535;

/// Which datagram a piece belongs to: source and destination by side, protocol, identification.
type Key = (FlowKey, Side, u32);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Piece {
    offset: u32,
    has_more: bool,
    bytes: Box<[u8]>,
}

/// The pieces of one datagram.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Group {
    pub(super) key: FlowKey,
    pub(super) side: Side,
    pub(super) tunnel: TunnelPath,
    pub(super) first: Stamp,
    pub(super) last: Stamp,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pieces: Vec<Piece>,
}

impl Group {
    fn push(&mut self, piece: Piece) {
        if self.pieces.len() < PIECE_LIMIT {
            self.pieces.push(piece);
        }
    }

    /// The datagram's payload, once every byte of it is there.
    pub(super) fn whole(&self) -> Option<Vec<u8>> {
        let end = self.pieces.iter().filter(|p| !p.has_more).map(|p| p.offset as usize + p.bytes.len()).min()?;
        if end > DATAGRAM_LIMIT || !self.pieces.iter().any(|p| p.offset == 0) {
            return None;
        }
        let mut bytes = vec![0; end];
        let mut has = vec![false; end];
        for piece in &self.pieces {
            for (at, &byte) in (piece.offset as usize..end).zip(piece.bytes.iter()) {
                if !has[at] {
                    (bytes[at], has[at]) = (byte, true);
                }
            }
        }
        has.iter().all(|&has| has).then_some(bytes)
    }
}

/// Datagrams being put together.
#[derive(Clone, Debug, Default)]
pub(super) struct Fragments {
    groups: HashMap<Key, Vec<Group>, RandomState>,
}

impl Fragments {
    /// Takes in a piece.
    pub(super) fn observe(&mut self, packet: &Packet<'_>, stamp: Stamp) {
        let Some(fragment) = packet.fragment else { return };
        let groups = self.groups.entry((packet.key, packet.side, fragment.identification)).or_default();
        let piece = Piece { offset: fragment.offset, has_more: fragment.has_more, bytes: packet.payload.into() };
        match groups.last_mut().filter(|g| stamp.time_ns.saturating_sub(g.last.time_ns) <= TIMEOUT_NS) {
            Some(group) => {
                group.last = stamp;
                group.packets += 1;
                group.bytes += u64::from(packet.counted_length);
                group.push(piece);
            }
            None => groups.push(Group {
                key: packet.key,
                side: packet.side,
                tunnel: packet.tunnel,
                first: stamp,
                last: stamp,
                packets: 1,
                bytes: u64::from(packet.counted_length),
                pieces: vec![piece],
            }),
        }
    }

    /// Appends what followed.
    pub(super) fn merge(&mut self, right: Self) {
        for (key, theirs) in right.groups {
            let mine = self.groups.entry(key).or_default();
            for group in theirs {
                let fits = |left: &&mut Group| group.first.time_ns.saturating_sub(left.last.time_ns) <= TIMEOUT_NS;
                match mine.last_mut().filter(fits) {
                    Some(left) => {
                        left.last = group.last;
                        left.packets += group.packets;
                        left.bytes += group.bytes;
                        group.pieces.into_iter().for_each(|piece| left.push(piece));
                    }
                    None => mine.push(group),
                }
            }
        }
    }

    /// Takes out the datagrams whose pieces stopped coming before `clock_ns`, in order of their first pieces.
    pub(super) fn drain_before(&mut self, clock_ns: i64) -> Vec<Group> {
        let mut over = Vec::new();
        self.groups.retain(|_, groups| {
            let live = groups.iter().position(|g| clock_ns.saturating_sub(g.last.time_ns) <= TIMEOUT_NS);
            over.extend(groups.drain(..live.unwrap_or(groups.len())));
            !groups.is_empty()
        });
        over.sort_by_key(|group| (group.first.frame, group.side));
        over
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Shifts frame identities.
    pub(super) fn rebase(&mut self, base: FrameId) {
        for group in self.groups.values_mut().flatten() {
            group.first.rebase(base);
            group.last.rebase(base);
        }
    }
}
