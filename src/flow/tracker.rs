//! Joins partials in capture order, closes the sessions that no later packet can join, and gives them out as flows.

use crate::capture::{Frame, FrameId, LinkType};
use crate::flow::answers::{Answers, Ends};
use crate::flow::clock::Clock;
use crate::flow::devices::Devices;
use crate::flow::fragments::{self, Fragments, Group};
use crate::flow::frames::{OtherFrames, Span};
use crate::flow::lifetime::{SLACK_NS, idle_ns};
use crate::flow::limit::{CannotMerge, KeptPart, SampleKey};
use crate::flow::moved::{self, Connections};
use crate::flow::openers::Openers;
use crate::flow::partial::Partial;
use crate::flow::record::Flow;
use crate::flow::session::observe::deliver;
use crate::flow::session::{NEVER, Session};
use crate::flow::shard::shard_of;
use crate::flow::shard::{Begun, Pieced, Shard};
use crate::flow::shed::Shed;
use crate::flow::summary::{Seen, Summary};
use crate::flow::table::Table;
use crate::name::EchKeys;
use crate::packet::protocol::UDP;
use crate::packet::{Dissected, FlowKey, Side, dissect_ip, expand};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use rayon::prelude::*;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// Flows are given out in the order of windows of this length of the capture's clock, and within a window by first
/// frame.
const WINDOW_NS: i64 = 60 * 1_000_000_000;

/// Useless answers are searched for when all answers take half as much again as was left the last time, and at least
/// this many bytes. They are also searched for before any answer is dropped for lack of memory.
const SWEEP_LEAST: u64 = 1 << 20;

/// Sessions are closed after this many were added: each closing has a fixed cost, which fewer do not justify.
const CLOSE_SESSIONS: usize = 4_096;
/// Sessions are closed after this much time of the capture's clock, however few were added.
const CLOSE_NS: i64 = 300 * 1_000_000_000;

/// Flows given out together: so few that they stay in the processor's first-level cache.
const FEW: usize = 16;

impl Flow {
    /// The window of the capture's clock in which the flow's idle time ran out. Flows are given out in this order.
    pub fn window(&self) -> i64 {
        over_ns(self.last_seen_ns, self.protocol).div_euclid(WINDOW_NS)
    }
}

/// How much may be kept of flows that are not over, in bytes as the tracker estimates them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenLimits {
    /// For sessions, with what is kept of their packets.
    pub sessions: u64,
    /// For answers of resolvers.
    pub answers: u64,
    /// For pieces of fragmented datagrams.
    pub fragments: u64,
}

/// Joins partials, and closes sessions.
#[derive(Clone)]
pub struct Tracker {
    state: Partial,
    /// The capture that was joined last, with its span and clock. Each capture has its own clock, because captures
    /// that were taken at the same time are read one after the other.
    capture: Option<(u32, Option<Span>, Clock)>,
    /// The frames of that capture joined last, as many as may stand close together: how many each partial had, and its earliest time.
    recent: VecDeque<(u64, i64)>,
    /// The span of the captures before it.
    earlier: Option<Span>,
    /// When answers take this many bytes, useless ones are searched for.
    sweep_at: u64,
    limits: Option<OpenLimits>,
    sample_key: SampleKey,
    /// Which sessions are kept, by the hashes of their keys.
    part: KeptPart,
    /// Sessions added since sessions were last closed.
    added: usize,
    /// What the clock showed when sessions were last closed.
    closed_ns: i64,
    devices: Devices,
    openers: Openers,
    connections: Connections,
    keys: Arc<EchKeys>,
    seen: Seen,
}

impl Tracker {
    /// A tracker for one analysis. All partials given to it must have been made with the same key. What exceeds the limits is
    /// dropped, see [`Shed`].
    pub fn new(sample_key: SampleKey, limits: Option<OpenLimits>) -> Self {
        let mut state = Partial::new(sample_key);
        state.fragments = Fragments::ordered(sample_key);
        Self {
            state,
            capture: None,
            recent: VecDeque::new(),
            earlier: None,
            sweep_at: SWEEP_LEAST,
            limits,
            sample_key,
            part: KeptPart::default(),
            added: 0,
            closed_ns: i64::MIN,
            devices: Devices::default(),
            openers: Openers::default(),
            connections: Connections::default(),
            keys: Arc::default(),
            seen: Seen::default(),
        }
    }

    /// The same, which opens encrypted hellos with these keys. All partials given to it must keep the first bytes of sessions, see
    /// [`Partial::keeping_first_bytes`].
    pub fn with_keys(self, keys: Arc<EchKeys>) -> Self {
        Self { keys, ..self }
    }

    /// Joins the partial of the frames that follow; `base` is the identity of its first frame. `right` is left empty,
    /// with its tables allocated. `close` is called when [`Self::close`] is due: before another capture, which has
    /// its own clock, and when there is enough to close or too much to keep. Fails, and changes nothing, where the partial
    /// has another key, or where what was read from elsewhere comes to more than sums may hold, see [`Partial::merge`].
    pub fn join(
        &mut self,
        right: &mut Partial,
        base: FrameId,
        close: &mut dyn FnMut(&mut Self),
    ) -> Result<(), CannotMerge> {
        self.state.check_merge(right)?;
        if self.capture.is_some_and(|(capture, ..)| capture != base.capture()) {
            // Connections go on over a clock that jumps only within a capture.
            self.recent.clear();
            close(self);
        }
        self.watch(base.capture(), right);
        self.absorb(right, base);
        if self.is_due() {
            close(self);
        }
        Ok(())
    }

    fn is_due(&self) -> bool {
        self.added >= CLOSE_SESSIONS
            || self.settled_ns().saturating_sub(self.closed_ns) >= CLOSE_NS
            || self.is_too_much()
    }

    /// Whether more is open than there is room for.
    fn is_too_much(&self) -> bool {
        self.limits.is_some_and(|limits| {
            self.weight() > limits.sessions
                || self.state.answers.weight() > limits.answers
                || self.state.fragments.weight() > limits.fragments
        })
    }

    /// Closes the sessions that no later packet can join. They are given to `sink` a few at a time, on rayon's
    /// threads; `sink` must empty the list. Within a capture, how often this is called changes only how much memory
    /// is used.
    pub fn close(&mut self, sink: impl Fn(&mut Vec<Flow>) + Sync) {
        self.close_at(self.settled_ns(), sink);
    }

    /// Closes the sessions that are over by the clock. This is for those who only count what is open.
    pub fn close_by_clock(&mut self, sink: impl Fn(&mut Vec<Flow>) + Sync) {
        self.close_at(self.clock_ns(), sink);
    }

    fn close_at(&mut self, clock_ns: i64, sink: impl Fn(&mut Vec<Flow>) + Sync) {
        self.close_before(clock_ns, sink);
        (self.added, self.closed_ns) = (0, clock_ns);
        self.forget(clock_ns.saturating_sub(HOLD_NS));
        if let Some(limits) = self.limits {
            self.shed(limits);
        }
    }

    /// Drops what exceeds the limits, and keeps more again where there is room.
    fn shed(&mut self, limits: OpenLimits) {
        self.state.answers.shed(limits.answers);
        self.state.fragments.shed(limits.fragments);
        while self.weight() > limits.sessions && !self.part.is_empty() {
            self.part.halve();
            let is_kept = keeps(self.part, self.sample_key);
            self.state.shards.par_iter_mut().for_each(|shard| shard.shed(is_kept));
        }
        if !self.part.is_all() && self.weight() < limits.sessions / 4 {
            self.part.double();
        }
    }

    /// Bytes that open sessions take, about.
    fn weight(&self) -> u64 {
        self.state.shards.iter().map(Shard::weight).sum()
    }

    /// Advances the clock by the frames of `right`.
    fn watch(&mut self, capture: u32, right: &Partial) {
        let (span, mut clock) = match self.capture {
            Some((current, span, clock)) if current == capture => (span, clock),
            _ => {
                self.earlier = self.span();
                (None, Clock::default())
            }
        };
        clock.merge(&right.clock);
        self.capture = Some((capture, Span::merge(span, right.span), clock));
        if let Some(span) = right.span {
            self.recent.push_back((right.clock.frames(), span.earliest_ns));
        }
        let mut frames: u64 = self.recent.iter().map(|(frames, _)| frames).sum();
        while let Some((first, _)) = self.recent.front().filter(|(first, _)| frames - first > FrameId::SOON) {
            frames -= first;
            self.recent.pop_front();
        }
    }

    /// The span of all frames. If one capture begins before another ends, that does not count as a step back.
    fn span(&self) -> Option<Span> {
        let (Some(a), Some(b)) = (self.earlier, self.capture.and_then(|(_, span, _)| span)) else {
            return self.earlier.or(self.capture.and_then(|(_, span, _)| span));
        };
        Some(Span {
            earliest_ns: a.earliest_ns.min(b.earliest_ns),
            latest_ns: a.latest_ns.max(b.latest_ns),
            first_ns: a.first_ns,
            last_ns: b.last_ns,
            step_forward_ns: a.step_forward_ns.max(b.step_forward_ns),
            step_back_ns: a.step_back_ns.max(b.step_back_ns),
        })
    }

    /// The time before which no more packets are expected.
    fn clock_ns(&self) -> i64 {
        self.capture.map_or(i64::MIN, |(_, _, clock)| clock.now_ns()).saturating_sub(SLACK_NS)
    }

    /// The time before which there is nothing that a later packet could go on with. It is the clock as it was when the last frames
    /// began that may stand close together, for where it jumps, connections go on after few frames ([`Position`]). Where memory is
    /// short it is the clock itself.
    ///
    /// [`Position`]: crate::flow::session::position::Position
    fn settled_ns(&self) -> i64 {
        let clock_ns = self.clock_ns();
        let earliest_ns = self.recent.iter().map(|(_, earliest_ns)| earliest_ns.saturating_sub(SLACK_NS)).min();
        if self.is_too_much() {
            clock_ns
        } else {
            earliest_ns.map_or(clock_ns, |earliest_ns| earliest_ns.min(clock_ns))
        }
    }

    /// The first window, see [`Flow::window`], of which more flows may be given out.
    pub fn complete_window(&self) -> i64 {
        self.closed_ns.div_euclid(WINDOW_NS)
    }

    /// Closes all sessions, when no more frames follow.
    pub fn finish(mut self, sink: impl Fn(&mut Vec<Flow>) + Sync) -> Summary {
        self.close_before(i64::MAX, sink);
        let (answers, fragments) = (self.state.answers.shed, self.state.fragments.shed);
        let mut shed = Shed { answers, fragments, ..Shed::default() };
        self.state.shards.iter().for_each(|shard| shed.merge(shard.shed));
        Summary {
            span: self.span(),
            others: self.state.others,
            dropped: self.state.dropped,
            repeated: self.state.shards.iter().fold(OtherFrames::default(), |mut sum, shard| {
                sum.add(shard.repeated);
                sum
            }),
            skipped: self.state.skipped,
            hops: self.state.hops,
            shed,
            doubled: self.seen.doubled,
            keys: self.keys.counts(),
            hellos: self.seen.hellos,
            twins: self.state.twins.repeated(),
            has_both_sides_of_a_tunnel: self.seen.inside_bytes > 0 && self.seen.outside_bytes >= self.seen.inside_bytes,
        }
    }

    /// How many sessions are open.
    pub fn open_sessions(&self) -> usize {
        self.state.shards.iter().map(|shard| shard.all().count()).sum()
    }

    /// Forgets the answers that no flow can need any more, if enough have accumulated.
    fn forget(&mut self, clock_ns: i64) {
        let limit = self.limits.map_or(u64::MAX, |limits| limits.answers);
        if self.state.answers.weight() < self.sweep_at.min(limit) {
            return;
        }
        let mut open: HashMap<Ends, Vec<FrameId>, RandomState> = HashMap::default();
        for session in self.state.shards.iter().flat_map(Shard::all) {
            if session.began_ns() < clock_ns || session.folded_ns != NEVER {
                let (low, high) = (session.key.address(Side::Low), session.key.address(Side::High));
                for ends in [Ends::new(low, high), Ends::new(high, low)] {
                    open.entry(ends).or_default().push(session.began_frame());
                }
            }
        }
        open.values_mut().for_each(|frames| frames.sort_unstable());
        self.state.answers.forget_before(clock_ns, |ends| open.get(ends).map_or(&[], Vec::as_slice));
        let left = self.state.answers.weight();
        self.sweep_at = SWEEP_LEAST.max(left + left / 2);
    }

    fn absorb(&mut self, right: &mut Partial, base: FrameId) {
        right.rebase_rest(base);
        self.added += right.shards.iter().map(|shard| shard.table.count()).sum::<usize>();
        let sample_key = self.sample_key;
        let is_kept = keeps(self.part, sample_key);
        self.state.answers.merge(&mut right.answers);
        let late: Vec<(Answers, (Devices, Openers), Vec<moved::Event>)> = self
            .state
            .shards
            .par_iter_mut()
            .zip(right.shards.par_iter_mut())
            .map(|(mine, theirs)| {
                let (late, interner) = (RefCell::new(Answers::new(sample_key)), RefCell::default());
                let events = RefCell::new(Vec::new());
                let file = |table: &mut Table, at: usize| {
                    let over_ns = kept_until_ns(table.at(at));
                    table.file(at, over_ns);
                    table.weigh(at);
                };
                let joined = |table: &mut Table, at: usize| {
                    deliver(table.at(at), &mut late.borrow_mut(), &mut interner.borrow_mut());
                    moved::Event::gather(table, at, base, false, &mut events.borrow_mut());
                    file(table, at);
                };
                let (mut devices, mut openers) = (Devices::default(), Openers::default());
                let added = |table: &mut Table, at: usize| {
                    let session = table.at(at);
                    session.anchor();
                    deliver(session, &mut late.borrow_mut(), &mut interner.borrow_mut());
                    devices.learn(session.sender, session.first, session.key.address(session.opener));
                    if session.handshake.opening_syn.is_some() {
                        let (client, server) = (session.opener, session.opener.opposite());
                        let [client, server] =
                            [client, server].map(|side| (session.key.address(side), session.key.port(side)));
                        openers.learn(client.0, server, session.first);
                    }
                    moved::Event::gather(table, at, base, true, &mut events.borrow_mut());
                    file(table, at);
                };
                mine.append(theirs, base, is_kept, joined, added);
                (late.into_inner(), (devices, openers), events.into_inner())
            })
            .collect();
        let mut events = Vec::new();
        for (mut late, (devices, openers), mut more) in late {
            self.state.answers.merge(&mut late);
            self.devices.merge(devices);
            self.openers.merge(openers);
            events.append(&mut more);
        }
        self.connections.follow(&mut self.state.shards[..], events);
        self.state.merge_counts(right);
    }

    fn close_before(&mut self, clock_ns: i64, sink: impl Fn(&mut Vec<Flow>) + Sync) {
        if !self.state.fragments.is_empty() {
            let mut begun = Begun::default();
            for group in self.state.fragments.drain_before(clock_ns) {
                self.fold(group, &mut begun);
            }
        }
        let (answers, seen) = (&self.state.answers, Mutex::new(&mut self.seen));
        let known = (&self.devices, &self.openers);
        let keys = &*self.keys;
        // Each shard is a task of its own; if several formed one task, a thread might still have much to do when the
        // others are done.
        self.state.shards.par_iter_mut().with_max_len(1).for_each(|shard| {
            let mut few = Vec::with_capacity(FEW);
            let mut owner_packets = 0;
            let mut mine = Seen::default();
            shard.drain(clock_ns, kept_until_ns, |session| {
                session.resolve(answers, known, keys, &mut few).into_iter().for_each(|one| mine.hellos.count(one));
                few.last().into_iter().for_each(|flow| mine.add(flow));
                owner_packets += few.last().and_then(|flow| flow.owner.as_ref()).map_or(0, |owner| owner.left_out);
                if few.len() == FEW {
                    sink(&mut few);
                }
            });
            shard.shed.owner_packets += owner_packets;
            if let Ok(mut all) = seen.lock() {
                all.merge(mine);
            }
            if !few.is_empty() {
                sink(&mut few);
            }
        });
    }

    /// Counts the fragments of a datagram to the session that the datagram belongs to.
    fn fold(&mut self, group: Group, begun: &mut Begun) {
        let whole = group.whole();
        let bytes = u32::try_from(group.bytes).unwrap_or(u32::MAX);
        let mut packet =
            match whole.as_deref().map(|payload| dissect_ip(&group.key, group.side, group.tunnel, payload, bytes)) {
                Some(Dissected::Packet(packet)) if packet.fragment.is_none() => packet,
                _ => crate::packet::Packet {
                    key: group.key,
                    side: group.side,
                    transport: crate::packet::Transport::Other,
                    payload: &[],
                    payload_length: 0,
                    counted_length: bytes,
                    fragment: None,
                    hop_limit: 0,
                    identification: 0,
                    tunnel: group.tunnel,
                },
            };
        packet.counted_length = bytes;
        let mut buffer = Vec::new();
        packet = expand(&packet, &mut buffer).unwrap_or(packet);
        let note = None;
        let frame = Frame {
            id: group.first.frame,
            time_ns: group.first.time_ns,
            link_type: LinkType::RAW,
            bytes: &[],
            wire_length: bytes,
            note,
        };
        let context = (&mut self.state.answers, &mut self.state.interner);
        let pieced = Pieced { packet: &packet, frame: &frame, packets: group.packets, last_ns: group.last_ns };
        self.state.shards[shard_of(&packet.key)].fold(pieced, begun, kept_until_ns, context);
    }
}

/// How much longer than its idle time a session is kept: it must be there for a datagram whose pieces still arrive.
const HOLD_NS: i64 = 2 * fragments::TIMEOUT_NS;

// Sessions must be there for the connections that go on elsewhere.
const _: () = assert!(moved::PAUSE_NS <= idle_ns(UDP) + HOLD_NS);

/// A test whether the sessions of a key are kept.
fn keeps(part: KeptPart, sample_key: SampleKey) -> impl Fn(&FlowKey) -> bool + Copy + Sync {
    move |key| part.holds(|| sample_key.hash(&key.to_bytes()))
}

/// Until when a session is kept. No packet after that time can join it.
fn kept_until_ns(session: &Session) -> i64 {
    over_ns(session.end_ns(), session.key.protocol())
}

/// The same for a session of this IP protocol whose last packet came at `end_ns`.
fn over_ns(end_ns: i64, protocol: u8) -> i64 {
    end_ns.saturating_add(idle_ns(protocol) + HOLD_NS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fixtures::ip::{UDP, v4};
    use fixtures::{dns, transport};
    use std::collections::BTreeMap;

    /// Packets of the flows kept, by port, and what was dropped. Every packet is a flow of its own, and they come in
    /// parts of a hundred.
    fn track(limit_bytes: Option<u64>) -> (BTreeMap<u16, u64>, Shed) {
        let sample_key = SampleKey::default();
        let limits = limit_bytes.map(|sessions| OpenLimits { sessions, answers: sessions, fragments: sessions });
        let mut tracker = Tracker::new(sample_key, limits);
        let kept = Mutex::new(BTreeMap::new());
        let sink = |closed: &mut Vec<Flow>| {
            let mut kept = kept.lock().unwrap();
            for flow in closed.drain(..) {
                *kept.entry(flow.client_port.unwrap_or(0)).or_insert(0) += flow.up.packets;
            }
        };
        for part in 0..40_u16 {
            let mut partial = Partial::new(sample_key);
            for at in 0..100 {
                let datagram = transport::udp((1_024 + 100 * part + at, 9), b"hello");
                let bytes = v4([10, 0, 0, 1], [198, 51, 100, 7], UDP, &datagram);
                partial.observe(Frame {
                    id: FrameId::new(0, u64::from(at)),
                    time_ns: i64::from(part) * 1_000_000,
                    link_type: LinkType::RAW,
                    bytes: &bytes,
                    wire_length: bytes.len() as u32,
                    note: None,
                });
            }
            tracker.join(&mut partial, FrameId::new(0, u64::from(part) * 100), &mut |_| ()).unwrap();
            tracker.close(sink);
        }
        let shed = tracker.finish(sink).shed;
        (kept.into_inner().unwrap(), shed)
    }

    /// Answers of one time come first, then as many when the first are useless: both together are too many.
    #[test]
    fn what_is_of_no_use_goes_before_what_is() {
        const HOURS_NS: i64 = 4 * 3_600 * 1_000_000_000;
        let sample_key = SampleKey::default();
        let limits = OpenLimits { sessions: u64::MAX, answers: 4_500 * 350, fragments: u64::MAX };
        let mut tracker = Tracker::new(sample_key, Some(limits));
        for (part, time_ns) in [(0, 0), (1, HOURS_NS)] {
            let mut partial = Partial::new(sample_key);
            for at in 0..3_000_u16 {
                let [high, low] = at.to_be_bytes();
                let answer = dns::addresses("a.example", [[198, 18 + part, high, low]]);
                let bytes = v4([192, 0, 2, 53], [10, 0, 0, 1], UDP, &transport::udp((53, 40_000), &answer));
                partial.observe(Frame {
                    id: FrameId::new(0, u64::from(at)),
                    time_ns,
                    link_type: LinkType::RAW,
                    bytes: &bytes,
                    wire_length: bytes.len() as u32,
                    note: None,
                });
            }
            tracker.join(&mut partial, FrameId::new(0, u64::from(part) * 3_000), &mut |_| ()).unwrap();
            tracker.close(Vec::clear);
            assert!((3_000 * 300..3_000 * 400).contains(&tracker.state.answers.weight()));
        }
        assert_eq!(tracker.finish(Vec::clear).shed, Shed::default());
    }

    #[test]
    fn what_does_not_fit_is_let_go_of_by_its_key_and_counted() {
        let (all, nothing) = track(None);
        assert_eq!((all.len(), nothing), (4_000, Shed::default()));
        assert_eq!(track(Some(1 << 30)), (all.clone(), nothing));
        let (kept, shed) = track(Some(400_000));
        assert_eq!(kept.values().sum::<u64>() + shed.frames.frames, 4_000);
        assert_eq!(shed.frames.frames, shed.sessions);
        assert!((50..2_000).contains(&kept.len()), "{}", kept.len());
        assert!(kept.iter().all(|(port, packets)| all.get(port) == Some(packets)), "kept whole");
        assert_eq!((kept, shed), track(Some(400_000)), "whatever the hasher of the tables");
        let (few, _) = track(Some(100_000));
        assert!(few.len() < 1_000);
    }

    /// A record whose time is later than a clock can show: its fragment waited past the end of the capture.
    #[test]
    fn a_fragment_of_the_last_moment_of_time_is_counted() {
        let sample_key = SampleKey::default();
        let mut tracker = Tracker::new(sample_key, None);
        let mut partial = Partial::new(sample_key);
        let mut bytes = Vec::new();
        etherparse::PacketBuilder::ipv4([10, 0, 0, 1], [198, 51, 100, 7], 64)
            .udp(5_000, 9)
            .write(&mut bytes, b"hello")
            .unwrap();
        // More fragments follow; the header's checksum is not looked at.
        bytes[6] = 0x20;
        partial.observe(Frame {
            id: FrameId::new(0, 0),
            time_ns: i64::MAX,
            link_type: LinkType::RAW,
            bytes: &bytes,
            wire_length: bytes.len() as u32,
            note: None,
        });
        tracker.join(&mut partial, FrameId::new(0, 0), &mut |_| ()).unwrap();
        let packets = Mutex::new(0);
        tracker.finish(|flows: &mut Vec<Flow>| {
            *packets.lock().unwrap() += flows.drain(..).map(|flow| flow.up.packets + flow.down.packets).sum::<u64>();
        });
        assert_eq!(packets.into_inner().unwrap(), 1);
    }
}
