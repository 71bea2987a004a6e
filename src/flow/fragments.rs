//! Fragmented IP datagrams, put together in any order (RFC 791 §3.2, RFC 8200 §4.5).
//!
//! Where pieces overlap, the one captured first keeps its bytes, as RFC 5722 would have the datagram dropped and hosts
//! differ; the pieces are counted all the same. A fragment counts to its datagram's flow once the datagram is whole, and
//! to a flow without ports where it never becomes so.
//!
//! Pieces are kept one by one until nothing more can belong to their datagram, since what came before decides which of
//! them open a new one.

use super::gather::Stamp;
use crate::capture::FrameId;
use crate::packet::{FlowKey, Packet, Side, TunnelPath};
use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// Pieces that come this long after a datagram's first belong to another (RFC 8200 §4.5: 60 seconds).
pub(super) const TIMEOUT_NS: i64 = 60 * 1_000_000_000;
/// Pieces whose bytes are kept of one datagram: 64 KiB in the smallest useful pieces. A piece is counted, not kept, where
/// this many of the same identification came within the time-out before it.
const PIECE_LIMIT: usize = 128;
/// Largest datagram payload (RFC 791: the total length has 16 bits).
const DATAGRAM_LIMIT: usize = 65_535;

/// Which datagram a piece belongs to: source and destination by side, protocol, identification.
type Key = (FlowKey, Side, u32);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Piece {
    stamp: Stamp,
    tunnel: TunnelPath,
    /// Frame length on the wire.
    length: u32,
    offset: u32,
    has_more: bool,
    bytes: Box<[u8]>,
}

/// The pieces of one datagram, of which no more can come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Group {
    pub(super) key: FlowKey,
    pub(super) side: Side,
    pub(super) tunnel: TunnelPath,
    pub(super) first: Stamp,
    /// Latest time of a piece.
    pub(super) last_ns: i64,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pieces: Vec<Piece>,
}

impl Group {
    fn new(&(key, side, _): &Key, pieces: Vec<Piece>) -> Option<Self> {
        Some(Self {
            key,
            side,
            tunnel: pieces.first()?.tunnel,
            first: pieces.first()?.stamp,
            last_ns: pieces.iter().map(|piece| piece.stamp.time_ns).max()?,
            packets: pieces.len() as u64,
            bytes: pieces.iter().map(|piece| u64::from(piece.length)).sum(),
            pieces,
        })
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
    /// In record order.
    pieces: HashMap<Key, Vec<Piece>, RandomState>,
}

/// Appends a piece to those of its identification.
fn push(pieces: &mut Vec<Piece>, mut piece: Piece) {
    let is_within = |earlier: &Piece| piece.stamp.time_ns.saturating_sub(earlier.stamp.time_ns) <= TIMEOUT_NS;
    if pieces.len().checked_sub(PIECE_LIMIT).and_then(|at| pieces.get(at)).is_some_and(is_within) {
        (piece.bytes, piece.has_more) = (Box::default(), true);
    }
    pieces.push(piece);
}

/// How many pieces, from the first on, are of its datagram.
fn datagram_length(pieces: &[Piece]) -> usize {
    let Some(first) = pieces.first() else { return 0 };
    let is_within = |piece: &&Piece| piece.stamp.time_ns.saturating_sub(first.stamp.time_ns) <= TIMEOUT_NS;
    pieces.iter().take_while(is_within).count()
}

impl Fragments {
    /// Takes in a piece.
    pub(super) fn observe(&mut self, packet: &Packet<'_>, stamp: Stamp) {
        let Some(fragment) = packet.fragment else { return };
        let piece = Piece {
            stamp,
            tunnel: packet.tunnel,
            length: packet.counted_length,
            offset: fragment.offset,
            has_more: fragment.has_more,
            bytes: packet.payload.into(),
        };
        push(self.pieces.entry((packet.key, packet.side, fragment.identification)).or_default(), piece);
    }

    /// Appends what followed.
    pub(super) fn merge(&mut self, right: Self) {
        for (key, theirs) in right.pieces {
            let mine = self.pieces.entry(key).or_default();
            theirs.into_iter().for_each(|piece| push(mine, piece));
        }
    }

    /// Takes out the datagrams that nothing after `clock_ns` can be a piece of, in order of their first pieces. One that
    /// must wait lets those after it wait too, so that the order is the same however often this is called.
    pub(super) fn drain_before(&mut self, clock_ns: i64) -> Vec<Group> {
        let mut waiting: Option<FrameId> = None;
        for pieces in self.pieces.values() {
            let mut rest = pieces.as_slice();
            while let Some(first) = rest.first() {
                if clock_ns.saturating_sub(first.stamp.time_ns) <= TIMEOUT_NS {
                    waiting = Some(waiting.map_or(first.stamp.frame, |frame| frame.min(first.stamp.frame)));
                    break;
                }
                rest = &rest[datagram_length(rest)..];
            }
        }
        let mut over = Vec::new();
        self.pieces.retain(|key, pieces| {
            while pieces.first().is_some_and(|first| waiting.is_none_or(|frame| first.stamp.frame < frame)) {
                let later = pieces.split_off(datagram_length(pieces));
                over.extend(Group::new(key, std::mem::replace(pieces, later)));
            }
            !pieces.is_empty()
        });
        over.sort_by_key(|group| group.first.frame);
        over
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Shifts frame identities.
    pub(super) fn rebase(&mut self, base: FrameId) {
        self.pieces.values_mut().flatten().for_each(|piece| piece.stamp.rebase(base));
    }
}
