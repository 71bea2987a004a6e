//! One shard of the flow table: the sessions of the keys that hash to it, found by key.

use super::answers::Answers;
use super::cold::{Cold, Folded, HEAD_DATAGRAMS};
use super::datagram::DatagramOpening;
use super::fragments;
use super::gather::{Segment, Stamp};
use super::partial::OtherFrames;
use super::record::Head;
use super::session::{NEVER, Session};
use super::stream;
use crate::capture::Frame;
use crate::name::Reading;
use crate::name::table::{DATAGRAM_READERS, Datagram, SECOND_CHOICES, datagram_candidates};
use crate::packet::{FlowKey, Packet, Side, TcpSegment, Transport};
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use std::hash::BuildHasher;
use std::sync::Arc;

/// IP protocol number of TCP (IANA).
pub(super) const TCP: u8 = 6;
/// A TCP session ends when it is silent for longer than this (RFC 5382 would allow two hours; real NATs and Zeek five minutes).
const TCP_IDLE_NS: i64 = 300 * 1_000_000_000;
/// Any other session (RFC 4787 asks for at least two minutes).
const OTHER_IDLE_NS: i64 = 120 * 1_000_000_000;

/// How long a session of this protocol may be silent.
pub(super) const fn idle_ns(protocol: u8) -> i64 {
    if protocol == TCP { TCP_IDLE_NS } else { OTHER_IDLE_NS }
}

/// Names seen in this partial, so that equal names share memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Interner(hashbrown::HashSet<Arc<str>, RandomState>);

impl Interner {
    /// Distinct names kept: beyond that (a hostile capture) names are simply not shared.
    const LIMIT: usize = 1 << 16;

    /// The shared copy of a name.
    pub(super) fn intern(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return known.clone();
        }
        let new: Arc<str> = name.into();
        if self.0.len() < Self::LIMIT {
            self.0.insert(new.clone());
        }
        new
    }
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Shard {
    /// Positions in `sessions` of each key's latest session.
    index: HashTable<u32>,
    /// In order of their first frames.
    pub(super) sessions: Vec<Session>,
    /// Positions of the first session of keys that have more than one, for `prepend`.
    earlier: HashMap<FlowKey, u32, RandomState>,
    /// Sessions of nothing but datagrams that came in pieces: no later packet continues them.
    pieced: HashMap<FlowKey, Vec<Session>, RandomState>,
    /// Records that repeat a packet, by their packet id.
    pub(super) repeated: OtherFrames,
}

impl Shard {
    /// All sessions.
    pub(super) fn all(&self) -> impl Iterator<Item = &Session> {
        self.sessions.iter().chain(self.pieced.values().flatten())
    }

    /// The latest session of this key.
    #[inline]
    fn find(&self, hash: u64, key: &FlowKey) -> Option<usize> {
        let sessions = &self.sessions;
        self.index.find(hash, |&at| sessions[at as usize].key == *key).map(|&at| at as usize)
    }

    /// Appends a session and makes it its key's latest.
    fn push(&mut self, hash: u64, session: Session, hasher: &RandomState) -> usize {
        let at = self.sessions.len();
        let key = session.key;
        self.sessions.push(session);
        let sessions = &self.sessions;
        match self.index.find_mut(hash, |&old| sessions[old as usize].key == key) {
            Some(slot) => {
                self.earlier.entry(key).or_insert(*slot);
                *slot = at as u32;
            }
            None => {
                self.index.insert_unique(hash, at as u32, |&at| hasher.hash_one(sessions[at as usize].key));
            }
        }
        at
    }

    /// Counts a packet.
    #[inline]
    pub(super) fn observe(
        &mut self,
        hash: u64,
        packet: &Packet<'_>,
        frame: &Frame<'_>,
        hasher: &RandomState,
        context: (&mut Answers, &mut Interner),
    ) {
        let segment = match &packet.transport {
            Transport::Tcp(segment) => Some(segment),
            _ => None,
        };
        let syn = segment.filter(|s| s.flags.is_syn() && !s.flags.is_ack()).map(|s| s.sequence);
        let at = match self.find(hash, &packet.key) {
            Some(at) if self.sessions[at].is_continued_by(frame.time_ns, syn, idle_ns(packet.key.protocol)) => at,
            known => {
                let is_anchored = known.is_some() || segment.is_some_and(|s| s.flags.is_syn());
                let mut session = Session::begin(packet.key, packet.side, frame.id, frame.time_ns, is_anchored);
                session.handshake.opening_syn = syn;
                session.tunnel = packet.tunnel;
                self.push(hash, session, hasher)
            }
        };
        let session = &mut self.sessions[at];
        let side = packet.side as usize;
        let (bytes, payload) = (u64::from(packet.counted_length), u64::from(packet.payload_length));
        let mut is_repeat = false;
        if let Some(note) = frame.note {
            if let Some(owner) = &note.owner {
                session.cold_mut().vote(owner, note.direction, frame.id);
            }
            if let Some(id) = note.packet_id {
                is_repeat = session.cold_mut().repeats.observe(id, packet.side, bytes, payload);
            }
        }
        if !is_repeat {
            let counters = &mut session.counters[side];
            counters.packets += 1;
            counters.bytes += bytes;
            counters.payload += payload;
        } else {
            self.repeated.add(OtherFrames { frames: 1, bytes });
        }
        if session.first_ns[side] == NEVER {
            session.first_ns[side] = frame.time_ns;
        }
        session.last_ns = frame.time_ns;
        match segment {
            Some(segment) => {
                if segment.flags.is_syn() || segment.flags.is_rst() {
                    session.observe_handshake(segment, packet.side, frame, context.1);
                } else if session.handshake.ack_ns == NEVER && segment.flags.is_ack() {
                    session.handshake.ack_ns = frame.time_ns;
                }
                if !packet.payload.is_empty() && (session.is_watched[side] || stream::may_start(packet.payload)) {
                    session.observe_segment(segment, packet, frame, context);
                }
            }
            None if packet.transport == Transport::Udp && !packet.payload.is_empty() => {
                session.observe_datagram(packet, frame, context, false);
            }
            None => {}
        }
    }

    /// Puts the sessions of what came before in front: those that go on here join, the others stay as they are. The index
    /// is stale afterwards: [`Self::reindex`] or [`Self::drain`] must follow. Costs what the left side holds, since that
    /// is usually little.
    pub(super) fn prepend(&mut self, left: Self, hasher: &RandomState, mut joined: impl FnMut(&mut Session)) {
        let mut front = left.sessions;
        self.repeated.add(left.repeated);
        // Only a key's latest session can go on: earlier ones are followed by it.
        let mut latest: HashMap<FlowKey, usize, RandomState> =
            HashMap::with_capacity_and_hasher(front.len(), hasher.clone());
        for (at, session) in front.iter().enumerate() {
            latest.insert(session.key, at);
        }
        let mut candidates: Vec<(usize, usize)> = Vec::new();
        if self.earlier.is_empty() {
            let found = latest.iter().filter_map(|(key, &at)| Some((self.find(hasher.hash_one(key), key)?, at)));
            candidates.extend(found);
        } else {
            let positions = self.sessions.iter().enumerate();
            candidates.extend(positions.filter_map(|(there, session)| Some((there, *latest.get(&session.key)?))));
        }
        candidates.sort_unstable();
        let mut has_ended = vec![false; front.len()];
        let mut is_taken = vec![false; self.sessions.len()];
        for (there, at) in candidates {
            let theirs = &mut self.sessions[there];
            let (syn, idle) = (theirs.handshake.opening_syn, idle_ns(theirs.key.protocol));
            if has_ended[at] || !front[at].is_continued_by(theirs.began_ns(), syn, idle) {
                has_ended[at] = true;
                continue;
            }
            let empty = Session::begin(theirs.key, theirs.opener, theirs.first, theirs.last_ns, false);
            self.repeated.add(front[at].merge(std::mem::replace(theirs, empty)));
            is_taken[there] = true;
            joined(&mut front[at]);
        }
        let mut is_taken = is_taken.into_iter();
        self.sessions.retain(|_| !is_taken.next().unwrap_or(false));
        front.append(&mut self.sessions);
        self.sessions = front;
        // Datagrams are put together only on the left, by the tracker.
        self.pieced = left.pieced;
    }

    /// Rebuilds the look-up tables after sessions moved.
    pub(super) fn reindex(&mut self, hasher: &RandomState) {
        self.index.clear();
        self.earlier.clear();
        let sessions = &self.sessions;
        for (at, session) in sessions.iter().enumerate() {
            let hash = hasher.hash_one(session.key);
            match self.index.find_mut(hash, |&old| sessions[old as usize].key == session.key) {
                Some(slot) => {
                    self.earlier.entry(session.key).or_insert(*slot);
                    *slot = at as u32;
                }
                None => {
                    self.index.insert_unique(hash, at as u32, |&at| hasher.hash_one(sessions[at as usize].key));
                }
            }
        }
    }

    /// Counts a datagram that arrived in pieces: to the session of its key that was alive then, or began before any piece
    /// could still have come, else to one of its own. Must come in order of the first pieces, at a time when no packet can
    /// follow that would change the choice; then it is the same for every cut.
    pub(super) fn fold(
        &mut self,
        hash: u64,
        packet: &Packet<'_>,
        frame: &Frame<'_>,
        (packets, last_ns): (u64, i64),
        context: (&mut Answers, &mut Interner),
    ) {
        let idle = idle_ns(packet.key.protocol);
        let latest = self.find(hash, &packet.key);
        let (mut before, mut after) = (None, None);
        let mut place = |at: usize, session: &Session| {
            let slot = if session.first < frame.id { &mut before } else { &mut after };
            if session.first < frame.id || slot.is_none() {
                *slot = Some(at);
            }
        };
        if self.earlier.contains_key(&packet.key) {
            let same = self.sessions.iter().enumerate().filter(|(_, session)| session.key == packet.key);
            same.for_each(|(at, session)| place(at, session));
        } else if let Some(at) = latest {
            place(at, &self.sessions[at]);
        }
        let before = before.filter(|&at| frame.time_ns.saturating_sub(self.sessions[at].last_ns) <= idle);
        let after =
            after.filter(|&at| self.sessions[at].began_ns().saturating_sub(frame.time_ns) <= fragments::TIMEOUT_NS);
        let session = match before.or(after) {
            Some(at) => &mut self.sessions[at],
            None => {
                let pieced = self.pieced.entry(packet.key).or_default();
                if pieced.last().is_none_or(|last| frame.time_ns.saturating_sub(last.last_ns) > idle) {
                    let session = Session::begin(packet.key, packet.side, frame.id, frame.time_ns, true);
                    pieced.push(Session { tunnel: packet.tunnel, ..session });
                }
                let Some(session) = pieced.last_mut() else { return };
                session.last_ns = session.last_ns.max(last_ns);
                let first_ns = &mut session.first_ns[packet.side as usize];
                *first_ns = if *first_ns == NEVER { frame.time_ns } else { *first_ns };
                session
            }
        };
        let stamp = Stamp { frame: frame.id, time_ns: frame.time_ns };
        let new = || {
            Box::new(Folded { first: stamp, side: packet.side, tunnel: packet.tunnel, last_ns, datagrams: Vec::new() })
        };
        let folded = session.cold_mut().folded.get_or_insert_with(new);
        folded.last_ns = folded.last_ns.max(last_ns);
        let counters = &mut session.counters[packet.side as usize];
        counters.packets += packets;
        counters.bytes += u64::from(packet.counted_length);
        counters.payload += u64::from(packet.payload_length);
        if packet.transport == Transport::Udp && !packet.payload.is_empty() {
            session.observe_datagram(packet, frame, context, true);
        }
    }

    /// Hands the sessions that `is_over` says no later packet can join to `take`, which takes them all.
    pub(super) fn drain(
        &mut self,
        hasher: &RandomState,
        is_over: impl Fn(&Session) -> bool,
        take: impl FnOnce(&mut dyn Iterator<Item = Session>),
    ) {
        let mut pieced = Vec::new();
        self.pieced.retain(|_, sessions| {
            pieced.extend(sessions.extract_if(.., |session| is_over(session)));
            !sessions.is_empty()
        });
        take(&mut self.sessions.extract_if(.., |session| is_over(session)).chain(pieced));
        self.reindex(hasher);
    }
}

impl Session {
    fn observe_handshake(&mut self, segment: &TcpSegment, side: Side, frame: &Frame<'_>, interner: &mut Interner) {
        self.handshake.observe(segment, side, frame.time_ns);
        if segment.flags.is_syn()
            && let Some(cold) = &mut self.cold
        {
            cold.finish_openings(&mut |name| interner.intern(name));
            self.refresh_watch();
        }
    }

    #[cold]
    fn observe_segment(
        &mut self,
        segment: &TcpSegment,
        packet: &Packet<'_>,
        frame: &Frame<'_>,
        (answers, interner): (&mut Answers, &mut Interner),
    ) {
        let is_anchored = self.is_anchored;
        let stamp = Stamp { frame: frame.id, time_ns: frame.time_ns };
        let key = self.key;
        let cold = self.cold_mut();
        // A certificate would add nothing to a server name.
        let ignored = if cold.has_server_name() { SECOND_CHOICES } else { 0 };
        let completed = cold.streams[packet.side as usize].observe(
            stamp,
            segment.sequence,
            packet.payload_length,
            packet.payload,
            is_anchored,
            ignored,
        );
        for (stamp, findings) in completed {
            cold.absorb(findings, stamp, packet.side, &mut |name| interner.intern(name));
        }
        deliver(&key, cold, answers, interner);
        self.is_watched[packet.side as usize] =
            self.cold.as_ref().is_none_or(|cold| cold.streams[packet.side as usize].is_watching(is_anchored));
    }

    fn observe_datagram(
        &mut self,
        packet: &Packet<'_>,
        frame: &Frame<'_>,
        (answers, interner): (&mut Answers, &mut Interner),
        is_folded: bool,
    ) {
        let key = self.key;
        let datagram = Datagram {
            payload: packet.payload,
            source_port: key.port(packet.side),
            destination_port: key.port(packet.side.opposite()),
        };
        let stamp = Stamp { frame: frame.id, time_ns: frame.time_ns };
        let mut rows = datagram_candidates(&datagram);
        while rows != 0 {
            let at = rows.trailing_zeros() as usize;
            rows &= rows - 1;
            let reader = &DATAGRAM_READERS[at];
            if !(reader.starts)(&datagram) {
                continue;
            }
            let is_anchored = self.is_anchored || is_folded;
            if reader.gathers {
                let cold = self.cold_mut();
                let openings = match &mut cold.folded {
                    Some(folded) if is_folded => &mut folded.datagrams,
                    _ => &mut cold.datagrams,
                };
                let opening = match openings.iter_mut().position(|opening| opening.reader == at) {
                    Some(known) => &mut openings[known],
                    None => {
                        openings.push(DatagramOpening::new(at, [key.port(Side::Low), key.port(Side::High)]));
                        let last = openings.len() - 1;
                        &mut openings[last]
                    }
                };
                opening.observe(stamp, packet.side, packet.payload, is_anchored);
                self.keep_head(packet, stamp);
                return;
            }
            let findings = match (reader.read)(&[datagram]) {
                Reading::No | Reading::NeedMore(None) => continue,
                Reading::NeedMore(Some(findings)) | Reading::Done { findings, .. } => findings,
            };
            let cold = self.cold_mut();
            cold.absorb(*findings, stamp, packet.side, &mut |name| interner.intern(name));
            deliver(&key, cold, answers, interner);
            if reader.shows_app {
                self.keep_head(packet, stamp);
            }
            return;
        }
        self.keep_head(packet, stamp);
    }

    /// Keeps what wire signatures look at.
    fn keep_head(&mut self, packet: &Packet<'_>, stamp: Stamp) {
        let side = packet.side as usize;
        let known = self.cold.as_ref().map_or(&[][..], |cold| &cold.heads[side]);
        // The first by frame: what came in pieces comes late.
        let at = known.partition_point(|kept| kept.stamp < stamp);
        if at < HEAD_DATAGRAMS {
            let kept = if at == 0 { &packet.payload[..packet.payload.len().min(Head::LIMIT)] } else { &[] };
            let segment = Segment { stamp, sequence: 0, length: packet.payload_length, bytes: kept.into() };
            let heads = &mut self.cold_mut().heads[side];
            heads.insert(at, segment);
            heads.truncate(HEAD_DATAGRAMS);
        }
    }
}

/// Hands a session's answers to the answer table.
pub(super) fn deliver(key: &FlowKey, cold: &mut Cold, answers: &mut Answers, interner: &mut Interner) {
    for delivery in cold.outbox.drain(..) {
        answers.deliver(key.address(delivery.to), delivery, &mut |name| interner.intern(name));
    }
}
