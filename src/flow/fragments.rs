//! Reassembly of fragmented IP datagrams, whose pieces may come in any order (RFC 791 §3.2, RFC 8200 §4.5).
//!
//! Where pieces overlap, the bytes of the one captured first are used. RFC 5722 would drop such a datagram, and hosts
//! differ; here the pieces are counted in any case. A fragment counts to the flow of its datagram if the datagram
//! becomes whole, and otherwise to a flow without ports.
//!
//! Pieces are kept separately until nothing more can belong to their datagram, because the pieces that came before
//! decide which of them begin a new one.

use crate::capture::FrameId;
use crate::flow::frames::OtherFrames;
use crate::flow::limit::{KeptPart, SampleKey};
use crate::flow::stamp::Stamp;
use crate::packet::{FlowKey, Packet, Side, TunnelPath};
use crate::stored::{Sorted, sorted_map};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Pieces that come later than this after the first piece of a datagram belong to another datagram (RFC 8200 §4.5: 60
/// seconds).
pub(super) const TIMEOUT_NS: i64 = 60 * 1_000_000_000;
/// Pieces of one datagram whose bytes are kept: 64 KiB in the smallest useful pieces. A piece is only counted if this
/// many of the same identification came within the time-out before it.
const PIECE_LIMIT: usize = 128;
/// Largest datagram payload (RFC 791: the total length has 16 bits).
const DATAGRAM_LIMIT: usize = 65_535;

/// Identifies the datagram that a piece belongs to: source, destination and protocol (flow key and side), and the
/// identification field.
type Key = (FlowKey, Side, u32);

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Piece {
    stamp: Stamp,
    tunnel: TunnelPath,
    /// Frame length on the wire.
    length: u32,
    offset: u32,
    has_more: bool,
    bytes: Box<[u8]>,
}

/// The pieces of one datagram, once no more of them can come.
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

    /// The payload of the datagram; none if a byte of it is missing.
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

/// Pieces as they were written, with those let go of.
#[derive(Deserialize)]
pub(super) struct WrittenFragments(
    #[serde(with = "sorted_map")] HashMap<Key, VecDeque<Piece>, RandomState>,
    OtherFrames,
);

/// All datagrams that are not yet complete.
#[derive(Clone, Debug, Default)]
pub(super) struct Fragments {
    /// The pieces of each identification, in record order.
    pieces: HashMap<Key, VecDeque<Piece>, RandomState>,
    /// The first datagram of each identification, by the frame of its first piece. It is kept only where datagrams
    /// are taken out: in the tracker.
    order: BTreeMap<FrameId, Key>,
    is_ordered: bool,
    /// Datagrams whose first piece is later than the capture's clock, by that time. They wait here so that a record
    /// with a wrong time does not delay the others, and are looked at again when the clock comes near.
    ahead: BTreeMap<(i64, FrameId), Key>,
    sample_key: SampleKey,
    /// Which datagrams are kept, by their hashes.
    part: KeptPart,
    /// Bytes that pieces take, about.
    weight: u64,
    /// Pieces dropped for lack of memory.
    pub(super) shed: OtherFrames,
}

/// Bytes that an identification takes beside its pieces, about.
const KEY_WEIGHT: u64 = 320;

impl Piece {
    /// Bytes of memory it takes, about.
    fn weight(&self) -> u64 {
        /// Bytes that the allocator adds to a small block.
        const BLOCK: usize = 24;
        (size_of::<Self>() + BLOCK + self.bytes.len()) as u64
    }

    fn counted(&self) -> OtherFrames {
        OtherFrames { frames: 1, bytes: u64::from(self.length) }
    }
}

/// Appends a piece to those of its identification. Returns the bytes that it takes, about.
fn push(pieces: &mut VecDeque<Piece>, mut piece: Piece) -> u64 {
    let earlier = pieces.len().checked_sub(PIECE_LIMIT).and_then(|at| pieces.get(at));
    if earlier.is_some_and(|earlier| is_within(earlier, &piece)) {
        (piece.bytes, piece.has_more) = (Box::default(), true);
    }
    let weight = piece.weight();
    pieces.push_back(piece);
    weight
}

/// Whether two pieces of one identification may be of one datagram.
fn is_within(one: &Piece, other: &Piece) -> bool {
    one.stamp.time_ns.abs_diff(other.stamp.time_ns) <= TIMEOUT_NS.unsigned_abs()
}

/// How many pieces belong to the datagram of the first one.
fn datagram_length(pieces: &VecDeque<Piece>) -> usize {
    let Some(first) = pieces.front() else { return 0 };
    pieces.iter().take_while(|piece| is_within(first, piece)).count()
}

/// The keyed hash by which is chosen which datagrams are kept.
fn sample_hash(sample_key: &SampleKey, (key, side, identification): &Key) -> u64 {
    let mut bytes = [0; FlowKey::BYTES + 5];
    bytes[..FlowKey::BYTES].copy_from_slice(&key.to_bytes());
    bytes[FlowKey::BYTES] = *side as u8;
    bytes[FlowKey::BYTES + 1..].copy_from_slice(&identification.to_be_bytes());
    sample_key.hash(&bytes)
}

impl Fragments {
    /// An empty store. When memory is short, this key decides which datagrams are kept.
    pub(super) fn new(sample_key: SampleKey) -> Self {
        Self { sample_key, ..Self::default() }
    }

    /// An empty store from which datagrams can be taken out, see [`Self::drain_before`].
    pub(super) fn ordered(sample_key: SampleKey) -> Self {
        Self { is_ordered: true, ..Self::new(sample_key) }
    }

    /// What of them is written.
    pub(super) fn written(&self) -> impl Serialize + '_ {
        (Sorted(&self.pieces), self.shed)
    }

    /// Those that were written; none where an identification has no pieces, which is never written.
    pub(super) fn restored(sample_key: SampleKey, WrittenFragments(written, shed): WrittenFragments) -> Option<Self> {
        let mut fragments = Self { shed, ..Self::new(sample_key) };
        for (key, pieces) in written {
            pieces.front()?;
            fragments.push(key, pieces.into_iter());
        }
        Some(fragments)
    }

    /// What merging adds up.
    pub(super) fn amounts(&self) -> impl Iterator<Item = u64> {
        let lengths = self.pieces.values().flatten().map(|piece| u64::from(piece.length));
        lengths.chain([self.shed.frames, self.shed.bytes])
    }

    /// Adds a piece.
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
        self.push((packet.key, packet.side, fragment.identification), std::iter::once(piece));
    }

    fn push(&mut self, key: Key, pieces: impl Iterator<Item = Piece>) {
        if !self.part.holds(|| sample_hash(&self.sample_key, &key)) {
            pieces.for_each(|piece| self.shed.add(piece.counted()));
            return;
        }
        let known = self.pieces.entry(key).or_insert_with(|| VecDeque::with_capacity(1));
        let is_new = known.is_empty();
        let added: u64 = pieces.map(|piece| push(known, piece)).sum();
        self.weight += added;
        if let (true, Some(first)) = (is_new, known.front()) {
            self.weight += KEY_WEIGHT;
            if self.is_ordered {
                self.order.insert(first.stamp.frame, key);
            }
        }
    }

    /// Appends the pieces of the frames that follow. `right` is left empty.
    pub(super) fn merge(&mut self, right: &mut Self) {
        self.shed.add(std::mem::take(&mut right.shed));
        right.weight = 0;
        for (key, theirs) in right.pieces.drain() {
            self.push(key, theirs.into_iter());
        }
    }

    /// Takes out the datagrams of which no piece can come after `clock_ns`, in the order of their first pieces. It
    /// stops at the first that must still wait, so that the order is the same however often this is called.
    pub(super) fn drain_before(&mut self, clock_ns: i64) -> Vec<Group> {
        while let Some(entry) = self.ahead.first_entry()
            && entry.key().0.saturating_sub(clock_ns) <= TIMEOUT_NS
        {
            let ((_, frame), key) = entry.remove_entry();
            self.order.insert(frame, key);
        }
        let mut over = Vec::new();
        while let Some(entry) = self.order.first_entry() {
            let (frame, key) = (*entry.key(), *entry.get());
            let Some(pieces) = self.pieces.get_mut(&key) else {
                entry.remove();
                continue;
            };
            let Some(first_ns) = pieces.front().map(|first| first.stamp.time_ns) else {
                entry.remove();
                continue;
            };
            if first_ns.saturating_sub(clock_ns) > TIMEOUT_NS {
                entry.remove();
                self.ahead.insert((first_ns, frame), key);
                continue;
            }
            // At the end of time nothing waits any more, whatever time a piece has.
            if clock_ns != i64::MAX && clock_ns.saturating_sub(first_ns) <= TIMEOUT_NS {
                break;
            }
            entry.remove();
            let length = datagram_length(pieces);
            let datagram: Vec<Piece> = pieces.drain(..length).collect();
            self.weight -= datagram.iter().map(Piece::weight).sum::<u64>();
            over.extend(Group::new(&key, datagram));
            match pieces.front() {
                Some(next) => _ = self.order.insert(next.stamp.frame, key),
                None => {
                    self.pieces.remove(&key);
                    self.weight -= KEY_WEIGHT;
                }
            }
        }
        over
    }

    /// Bytes that pieces take, about.
    pub(super) fn weight(&self) -> u64 {
        self.weight
    }

    /// If all pieces take more than `limit` bytes, drops some datagrams, chosen by a hash of what identifies them. If
    /// they take far less, more datagrams are kept from then on.
    pub(super) fn shed(&mut self, limit: u64) {
        while self.weight > limit && !self.part.is_empty() {
            self.part.halve();
            let Self { pieces, part, sample_key, weight, shed, .. } = self;
            pieces.retain(|key, pieces| {
                let is_kept = part.holds(|| sample_hash(sample_key, key));
                if !is_kept {
                    *weight -= KEY_WEIGHT + pieces.iter().map(Piece::weight).sum::<u64>();
                    pieces.iter().for_each(|piece| shed.add(piece.counted()));
                }
                is_kept
            });
            self.order.retain(|_, key| self.pieces.contains_key(key));
            self.ahead.retain(|_, key| self.pieces.contains_key(key));
        }
        if !self.part.is_all() && self.weight < limit / 4 {
            self.part.double();
        }
    }

    /// Whether there are no pieces.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Adds `base` to all frame identities.
    pub(super) fn rebase(&mut self, base: FrameId) {
        self.pieces.values_mut().flatten().for_each(|piece| piece.stamp.rebase(base));
    }
}
