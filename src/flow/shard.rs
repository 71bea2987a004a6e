//! One shard of the flow table: the sessions of the keys that hash to it.

use crate::capture::{Frame, FrameId};
use crate::flow::answers::Answers;
use crate::flow::devices::Sender;
use crate::flow::fragments;
use crate::flow::frames::OtherFrames;
use crate::flow::interner::Interner;
use crate::flow::lifetime::idle_ns;
use crate::flow::opening;
use crate::flow::opening::segments::Segment;
use crate::flow::session::details::Folded;
use crate::flow::session::observe::Payload;
use crate::flow::session::{NEVER, Session};
use crate::flow::shed::Shed;
use crate::flow::stamp::Stamp;
use crate::flow::table::Table;
use crate::name::{Datagram, quic_starts};
use crate::packet::protocol::SCTP;
use crate::packet::{FlowKey, Packet, Side, TcpSegment, Transmission, Transport};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// The sessions of one shard, and what was counted beside them.
#[derive(Clone, Debug, Default)]
pub(super) struct Shard {
    pub(super) table: Table,
    /// Sessions that consist only of reassembled datagrams. No later packet continues them.
    pieced: Table,
    /// Records that repeat an earlier packet, by their packet id.
    pub(super) repeated: OtherFrames,
    /// Sessions dropped for lack of memory.
    pub(super) shed: Shed,
    /// Whether the first bytes of sessions are kept, for encrypted hellos that keys open.
    pub(super) keeps_first_bytes: bool,
}

impl Shard {
    /// All sessions of the shard.
    pub(super) fn all(&self) -> impl Iterator<Item = &Session> {
        self.table.iter().chain(self.pieced.iter())
    }

    /// Brings the frames of all sessions up to date.
    pub(super) fn settle(&mut self) {
        self.table.settle();
    }

    /// Counts a packet, given the slot of its key's latest session where that is known already. Returns the slot of the session
    /// that it belongs to.
    #[inline(always)]
    pub(super) fn observe(
        &mut self,
        known: Option<usize>,
        packet: Packet<'_>,
        (frame, sent): (Frame<'_>, Option<Transmission>),
        context: (&mut Answers, &mut Interner),
    ) -> usize {
        let segment = match packet.transport {
            Transport::Tcp(segment) => Some(segment),
            _ => None,
        };
        let syn = segment.filter(|s| s.flags.is_syn() && !s.flags.is_ack()).map(|s| s.sequence);
        let at = match known {
            Some(at) if self.table.at(at).is_continued_by(frame.time_ns, syn, idle_ns(packet.key.protocol())) => at,
            Some(at) if segment.is_some_and(|segment| self.goes_on(at, &frame, &segment, packet.side)) => at,
            _ => {
                // Before an answer to a SYN there may be one with data.
                let is_anchored = known.is_some() || syn.is_some();
                let first = Stamp { frame: frame.id, time_ns: frame.time_ns };
                let at = self.begin(known, packet.key, packet.side, first, is_anchored);
                let session = self.table.at(at);
                session.handshake.opening_syn = syn;
                session.tunnel = packet.tunnel;
                session.sender = Sender::of(&frame, packet.tunnel);
                at
            }
        };
        let session = self.table.at(at);
        let side = packet.side as usize;
        let (bytes, payload) = (u64::from(packet.counted_length), u64::from(packet.payload_length));
        let mut is_repeat = false;
        if let Some(note) = frame.note {
            is_repeat = session.observe_note(note, frame.id, packet.side, (bytes, payload));
        }
        if let Some(sent) = sent {
            is_repeat |= session.observe_transmission(sent, packet.side, (bytes, payload));
        }
        let counters = &mut session.counters[side];
        if !is_repeat {
            counters.packets += 1;
            counters.bytes += bytes;
            counters.payload += payload;
        } else {
            self.repeated.add(OtherFrames { frames: 1, bytes });
        }
        // The count is tested first, since it is in the processor's cache already.
        if counters.packets <= 1 && session.first_ns[side] == NEVER {
            session.first_ns[side] = frame.time_ns;
        }
        session.last_ns = frame.time_ns;
        session.position.pass(frame.id);
        let stamp = Stamp { frame: frame.id, time_ns: frame.time_ns };
        match segment {
            Some(segment) => {
                session.position.observe(&segment, packet.side, packet.payload_length);
                if segment.flags.is_syn() || segment.flags.is_rst() {
                    let TcpSegment { sequence, acknowledgment, flags } = segment;
                    session.observe_handshake(sequence, acknowledgment, flags, packet.side, frame.time_ns, context.1);
                } else if session.handshake.ack_ns == NEVER && segment.flags.is_ack() {
                    session.handshake.ack_ns = frame.time_ns;
                }
                if session.is_beginning() {
                    let bytes = Payload { bytes: packet.payload, length: packet.payload_length };
                    // A copy, so that the frame itself need not be in memory for the packets that follow.
                    session.observe_first(segment, packet.side, bytes, &{ frame });
                }
                if self.keeps_first_bytes && !packet.payload.is_empty() {
                    let bytes = Payload { bytes: packet.payload, length: packet.payload_length };
                    let sequence = segment.sequence.wrapping_add(segment.flags.is_syn().into());
                    session.keep_first_bytes(sequence, packet.side, bytes, stamp);
                }
                if !packet.payload.is_empty() && (session.is_watched[side] || opening::may_start(packet.payload)) {
                    let bytes = Payload { bytes: packet.payload, length: packet.payload_length };
                    // A SYN takes one number, and data may follow it in the same segment (RFC 9293 §3.4, RFC 7413).
                    let sequence = segment.sequence.wrapping_add(segment.flags.is_syn().into());
                    session.observe_segment(sequence, packet.side, bytes, stamp, context);
                }
            }
            None if packet.transport == Transport::Udp && !packet.payload.is_empty() => {
                if session.is_beginning() {
                    session.observe_first_datagram(packet.side, packet.payload, frame.time_ns);
                }
                let bytes = Payload { bytes: packet.payload, length: packet.payload_length };
                if self.keeps_first_bytes && may_hold_hello(packet.payload) {
                    session.keep_first_bytes(0, packet.side, bytes, stamp);
                }
                session.observe_datagram(packet.side, bytes, stamp, context, false);
            }
            None if packet.key.protocol() == SCTP => {
                session.observe_user_messages(packet.side, packet.payload, stamp, context);
            }
            None => session.observe_message(&packet),
        }
        at
    }

    /// Whether a segment goes on with the session in this slot although that is over by the clock.
    #[cold]
    fn goes_on(&mut self, at: usize, frame: &Frame<'_>, segment: &TcpSegment, side: Side) -> bool {
        self.table.at(at).goes_on(&Stamp { frame: frame.id, time_ns: frame.time_ns }, segment, side)
    }

    /// Begins a session.
    #[cold]
    #[inline(never)]
    fn begin(&mut self, before: Option<usize>, key: FlowKey, side: Side, first: Stamp, is_anchored: bool) -> usize {
        let hash = self.table.hash(&key);
        self.table.push(hash, before, || Session::begin(key, side, first.frame, first.time_ns, is_anchored))
    }

    /// Appends the sessions of the frames that follow, whose identities count from `base`. A session that continues
    /// one of these is merged into it, and `joined` is called with its slot. Any other is added if its key is to be
    /// kept, and `added` is called with its slot.
    pub(super) fn append(
        &mut self,
        right: &mut Self,
        base: FrameId,
        is_kept: impl Fn(&FlowKey) -> bool,
        mut joined: impl FnMut(&mut Table, usize),
        mut added: impl FnMut(&mut Table, usize),
    ) {
        self.repeated.add(std::mem::take(&mut right.repeated));
        for mut session in right.table.drain() {
            let hash = self.table.hash(&session.key);
            let (began_ns, syn) = (session.began_ns(), session.handshake.opening_syn);
            let latest = self.table.find(hash, &session.key);
            let idle_ns = idle_ns(session.key.protocol());
            match latest {
                Some(at)
                    if self.table.at(at).is_continued_by(began_ns, syn, idle_ns)
                        || self.table.at(at).goes_on_as(&session, base) =>
                {
                    session.rebase(base);
                    self.repeated.add(self.table.at(at).merge(session));
                    joined(&mut self.table, at);
                }
                _ if !is_kept(&session.key) => self.shed.add(&session),
                _ => {
                    let at = self.table.push(hash, latest, || session);
                    self.table.at(at).rebase(base);
                    added(&mut self.table, at);
                }
            }
        }
        // `right.pieced` is empty: only the tracker, on the left, reassembles datagrams.
    }

    /// Counts a reassembled datagram. It is counted to the session of its key that was open then; else to the next
    /// session of its key, if that began while pieces could still come; else to a session in `pieced`. Datagrams must
    /// come in the order of their first pieces, when no packet can follow that would change the choice, so that the
    /// choice is the same for every cut. `begun` is shared by all datagrams that are counted together; `end_ns` tells
    /// until when a session is kept.
    pub(super) fn fold(
        &mut self,
        Pieced { packet, frame, packets, last_ns }: Pieced<'_>,
        begun: &mut Begun,
        end_ns: impl Fn(&Session) -> i64,
        context: (&mut Answers, &mut Interner),
    ) {
        let idle = idle_ns(packet.key.protocol());
        let (before, after) = begun.around(&self.table, &packet.key, frame.id);
        let session = |at: &usize| self.table.get(*at);
        let before = before
            .filter(|at| session(at).is_some_and(|session| frame.time_ns.saturating_sub(session.last_ns) <= idle));
        let after = after.filter(|at| {
            session(at).is_some_and(|session| session.began_ns().saturating_sub(frame.time_ns) <= fragments::TIMEOUT_NS)
        });
        let (table, at) = match before.or(after) {
            Some(at) => (&mut self.table, at),
            None => {
                let hash = self.pieced.hash(&packet.key);
                let last = self.pieced.find(hash, &packet.key);
                let is_alive = |at: &usize| {
                    let last = self.pieced.get(*at);
                    last.is_some_and(|last| frame.time_ns.saturating_sub(last.last_ns) <= idle)
                };
                let at = last.filter(is_alive).unwrap_or_else(|| {
                    self.pieced.push(hash, last, || {
                        let mut session = Session::begin(packet.key, packet.side, frame.id, frame.time_ns, true);
                        session.tunnel = packet.tunnel;
                        session
                    })
                });
                let session = self.pieced.at(at);
                session.last_ns = session.last_ns.max(last_ns);
                let first_ns = &mut session.first_ns[packet.side as usize];
                *first_ns = if *first_ns == NEVER { frame.time_ns } else { *first_ns };
                (&mut self.pieced, at)
            }
        };
        let session = table.at(at);
        let stamp = Stamp { frame: frame.id, time_ns: frame.time_ns };
        let new = || {
            let Packet { side, tunnel, .. } = *packet;
            Box::new(Folded { first: stamp, side, tunnel, datagrams: Vec::new(), segments: Default::default() })
        };
        let folded = session.details_mut().rare_mut().folded.get_or_insert_with(new);
        if let Transport::Tcp(TcpSegment { sequence, flags, .. }) = packet.transport
            && !packet.payload.is_empty()
        {
            let sequence = sequence.wrapping_add(flags.is_syn().into());
            folded.keep(packet.side, Segment { stamp, sequence, length: packet.payload_length, bytes: packet.payload });
        }
        session.folded_ns = session.folded_ns.max(last_ns);
        let counters = &mut session.counters[packet.side as usize];
        counters.packets += packets;
        counters.bytes += u64::from(packet.counted_length);
        counters.payload += u64::from(packet.payload_length);
        if packet.transport == Transport::Udp && !packet.payload.is_empty() {
            let bytes = Payload { bytes: packet.payload, length: packet.payload_length };
            session.observe_datagram(packet.side, bytes, stamp, context, true);
        }
        session.observe_message(packet);
        session.note_kept();
        let end_ns = end_ns(session);
        table.file(at, end_ns);
        table.weigh(at);
    }

    /// Bytes of memory that the sessions take, about.
    pub(super) fn weight(&self) -> u64 {
        self.table.weight() + self.pieced.weight()
    }

    /// Drops the sessions whose keys are not to be kept.
    pub(super) fn shed(&mut self, is_kept: impl Fn(&FlowKey) -> bool) {
        let shed = &mut self.shed;
        for table in [&mut self.table, &mut self.pieced] {
            table.retain(|session| is_kept(&session.key), |session| shed.add(session));
        }
    }

    /// Takes out the sessions that no later packet can join when the clock shows `clock_ns`, which is later than
    /// their `end_ns`. `take` is called with each of them first.
    pub(super) fn drain(
        &mut self,
        clock_ns: i64,
        end_ns: impl Fn(&Session) -> i64,
        mut take: impl FnMut(&mut Session),
    ) {
        self.pieced.take_over(clock_ns, &end_ns, &mut take);
        self.table.take_over(clock_ns, end_ns, take);
    }
}

/// Whether a datagram may hold a hello of QUIC, or a part of one.
fn may_hold_hello(payload: &[u8]) -> bool {
    quic_starts(&Datagram { payload, source_port: 0, destination_port: 0 })
}

/// A datagram that was reassembled from pieces.
pub(super) struct Pieced<'a> {
    pub(super) packet: &'a Packet<'a>,
    /// The frame of the first piece.
    pub(super) frame: &'a Frame<'a>,
    /// How many pieces there were.
    pub(super) packets: u64,
    /// Latest time of a piece.
    pub(super) last_ns: i64,
}

/// The sessions of each key by the frames in which they began, valid as long as no session begins or ends. They are
/// looked up once for all datagrams of the key that are counted together, however many sessions there are.
#[derive(Debug, Default)]
pub(super) struct Begun(HashMap<FlowKey, Vec<(FrameId, usize)>, RandomState>);

impl Begun {
    /// The slots of the last session of a key that began before a frame, and of the first that began after it.
    fn around(&mut self, table: &Table, key: &FlowKey, frame: FrameId) -> (Option<usize>, Option<usize>) {
        let begun = match self.0.entry(*key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let mut begun: Vec<_> =
                    table.of_key(table.hash(key), key).map(|(at, session)| (session.first, at)).collect();
                begun.reverse();
                new.insert(begun)
            }
        };
        let after = begun.partition_point(|&(first, _)| first < frame);
        let slot = |at: Option<usize>| at.and_then(|at| begun.get(at)).map(|&(_, slot)| slot);
        (slot(after.checked_sub(1)), slot(Some(after)))
    }
}

/// Number of shards of the flow table. Shards are merged and resolved in parallel.
pub(super) const SHARDS: usize = 16;

/// The shard that a key belongs to: the same in every partial, so that shards merge with shards. Whoever writes a capture can have
/// all of it in one shard, which takes them the work of several processors and no more: tables hash by keys of their own. To be
/// changed only with the form in which partials are written, since the order of what is written follows from it.
#[inline(always)]
pub(super) fn shard_of(key: &FlowKey) -> usize {
    (key.spread() >> 60) as usize % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(client_port: u16, server: u8) -> FlowKey {
        let address = |bytes: [u8; 4]| {
            let mut wide = [0; 16];
            wide[..4].copy_from_slice(&bytes);
            wide
        };
        FlowKey::new(4, 6, (address([10, 0, 0, 1]), client_port), (address([198, 51, 100, server]), 443)).0
    }

    #[test]
    fn shards_are_always_the_same_and_have_as_much_to_do() {
        assert_eq!(shard_of(&key(1_000, 7)), 12);
        let mut counts = [0; SHARDS];
        for port in 40_000..44_000 {
            (0..4).for_each(|server| counts[shard_of(&key(port, server))] += 1);
        }
        assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
    }
}
