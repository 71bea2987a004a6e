//! A session: what is known of one conversation between two idle gaps. Small, since a capture holds millions.

use super::cold::Cold;
use super::partial::OtherFrames;
use super::record::{Counters, Rtt, RttSource};
use super::table::Place;
use crate::capture::FrameId;
use crate::packet::{FlowKey, Side, TcpSegment, TunnelPath};

/// No packet of that side was seen.
pub(super) const NEVER: i64 = i64::MIN;

/// One session of a flow key. All fields are sums, minima, maxima or *first by frame*, so that sessions join.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) key: FlowKey,
    /// What few sessions have, or have for a short while.
    cold: Option<Box<Cold>>,
    /// The frames in `cold` count from here. So a session joins without a look at its box, which would have to be waited for.
    cold_base: FrameId,

    pub(super) counters: [Counters; 2],
    /// Time of the last packet in record order.
    pub(super) last_ns: i64,
    /// A side's payload still goes to the stream reader: it may start the stream or continue an opening.
    pub(super) is_watched: [bool; 2],
    /// Nothing before the first frame can belong to this session.
    pub(super) is_anchored: bool,
    /// Packets may be kept for a possible predecessor.
    is_holding: bool,
    /// The side that sent the first frame.
    pub(super) opener: Side,

    pub(super) handshake: Handshake,
    /// Time of each side's first packet in record order, or [`NEVER`].
    pub(super) first_ns: [i64; 2],

    pub(super) first: FrameId,
    /// Latest time of a piece of a datagram that came in pieces, or [`NEVER`].
    pub(super) folded_ns: i64,
    /// What lay around the first packet.
    pub(super) tunnel: TunnelPath,
    /// Bytes that `cold` takes with what is kept of packets, about; 0 where nothing is.
    kept_weight: u32,
    /// Where it stands among the others; of no meaning elsewhere.
    pub(super) place: Place,
}

/// TCP's three-way handshake as far as seen (RFC 9293 §3.5). Times are [`NEVER`] where there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Handshake {
    /// Time of the last SYN before the first answer.
    pub(super) syn_ns: i64,
    /// Time of the first answer: a SYN-ACK, or a reset that acknowledges something.
    pub(super) answer_ns: i64,
    /// Time of the first acknowledgment without SYN or reset.
    pub(super) ack_ns: i64,
    /// Initial sequence number of the opener, from the last SYN or SYN-ACK.
    pub(super) isn: Option<u32>,
    /// Sequence number where the session's very first packet is a SYN.
    pub(super) opening_syn: Option<u32>,
    /// What the first answer acknowledges.
    pub(super) answer_acknowledgment: u32,
    /// Who opened, from the first SYN or SYN-ACK.
    pub(super) client: Option<Side>,
    /// Who sent the first answer.
    pub(super) answerer: Option<Side>,
    /// The first answer is a reset.
    pub(super) is_reset: bool,
    /// SYNs before the first answer, counted to 255.
    pub(super) syn_count: u8,
}

impl Default for Handshake {
    fn default() -> Self {
        Self {
            syn_ns: NEVER,
            answer_ns: NEVER,
            ack_ns: NEVER,
            isn: None,
            opening_syn: None,
            answer_acknowledgment: 0,
            client: None,
            answerer: None,
            is_reset: false,
            syn_count: 0,
        }
    }
}

impl Handshake {
    /// Takes in a segment with the SYN or the RST flag.
    #[cold]
    pub(super) fn observe(&mut self, segment: &TcpSegment, side: Side, time_ns: i64) {
        let (is_syn, is_ack) = (segment.flags.is_syn(), segment.flags.is_ack());
        if is_syn && !is_ack {
            self.isn = Some(segment.sequence);
            self.client.get_or_insert(side);
            if self.answer_ns == NEVER {
                self.syn_ns = time_ns;
                self.syn_count = self.syn_count.saturating_add(1);
            }
        }
        if is_syn && is_ack {
            self.isn = Some(segment.acknowledgment.wrapping_sub(1));
            self.client.get_or_insert(side.opposite());
        }
        if is_ack && self.answer_ns == NEVER {
            self.answer_ns = time_ns;
            self.answer_acknowledgment = segment.acknowledgment;
            self.answerer = Some(side);
            self.is_reset = !is_syn;
        }
    }

    /// Appends what followed.
    fn merge(&mut self, right: &Self) {
        self.isn = right.isn.or(self.isn);
        self.client = self.client.or(right.client);
        if self.ack_ns == NEVER {
            self.ack_ns = right.ack_ns;
        }
        if self.answer_ns == NEVER {
            if right.syn_ns != NEVER {
                self.syn_ns = right.syn_ns;
            }
            self.syn_count = self.syn_count.saturating_add(right.syn_count);
            self.answer_ns = right.answer_ns;
            self.answer_acknowledgment = right.answer_acknowledgment;
            self.answerer = right.answerer;
            self.is_reset = right.is_reset;
        }
    }

    /// The time from the last SYN before the answer to that answer; from the SYN to the opener's own acknowledgment where
    /// `is_one_way`: nothing of the other side was captured.
    pub(super) fn rtt(&self, is_one_way: bool) -> Option<Rtt> {
        let client = self.client.filter(|_| self.syn_ns != NEVER)?;
        let between = |end_ns: i64| u64::try_from(end_ns.checked_sub(self.syn_ns)?).ok();
        if self.answer_ns != NEVER {
            let answers_syn = self.isn.is_some_and(|isn| self.answer_acknowledgment == isn.wrapping_add(1));
            if self.answerer == Some(client) || (self.is_reset && !answers_syn) {
                return None;
            }
            let source = match (self.is_reset, self.syn_count) {
                (true, _) => RttSource::TcpReset,
                (false, 1) => RttSource::TcpHandshake,
                (false, _) => RttSource::TcpHandshakeRepeated,
            };
            return Some(Rtt { ns: between(self.answer_ns)?, source });
        }
        let ns = (is_one_way && self.ack_ns != NEVER).then(|| between(self.ack_ns)).flatten()?;
        Some(Rtt { ns, source: RttSource::TcpOneWay })
    }
}

impl Session {
    /// A session that begins with this frame, before anything of it is counted.
    #[inline(always)]
    pub(super) fn begin(key: FlowKey, side: Side, frame: FrameId, time_ns: i64, is_anchored: bool) -> Self {
        Self {
            key,
            tunnel: TunnelPath::NONE,
            opener: side,
            handshake: Handshake::default(),
            first: frame,
            first_ns: [NEVER; 2],
            last_ns: time_ns,
            folded_ns: NEVER,
            counters: [Counters::default(); 2],
            cold: None,
            cold_base: FrameId::new(0, 0),
            kept_weight: 0,
            is_holding: false,
            is_watched: [true; 2],
            is_anchored,
            place: Place::default(),
        }
    }

    /// Whether no session is here: see [`Self::vacate`].
    pub(super) fn is_vacant(&self) -> bool {
        self.first == FrameId::MAX
    }

    /// No session is here any more, and so it stands nowhere among the others.
    pub(super) fn vacate(&mut self) {
        self.first = FrameId::MAX;
        self.cold = None;
        self.place = Place::default();
    }

    /// Bytes of memory it takes, about.
    pub(super) fn weight(&self) -> usize {
        /// A box with a few names and heads.
        const BOX: usize = size_of::<Cold>() + 3 * Cold::ITEM;
        // The slot, and its part of the tables that find it.
        2 * size_of::<Self>() + self.cold.as_ref().map_or(0, |_| BOX.max(self.kept_weight as usize))
    }

    /// The box for what is rare.
    pub(super) fn cold_mut(&mut self) -> &mut Cold {
        self.settle_base();
        let has_syn = self.handshake.isn.is_some();
        self.cold.get_or_insert_with(|| Cold::new(has_syn))
    }

    /// What is in the box, if there is one.
    pub(super) fn known_cold_mut(&mut self) -> Option<&mut Cold> {
        self.settle_base();
        self.cold.as_deref_mut()
    }

    /// Takes what is in the box.
    pub(super) fn take_cold(&mut self) -> Option<Box<Cold>> {
        self.settle_base();
        self.cold.take()
    }

    /// Whether a packet of this frame and side is among those that wire signatures look at.
    pub(super) fn wants_head(&mut self, frame: FrameId, side: usize) -> bool {
        self.settle_base();
        self.cold.as_ref().is_none_or(|cold| cold.heads[side].wants(frame))
    }

    /// Takes note of packets that were put into the box or taken out, or of much else.
    pub(super) fn note_kept(&mut self) {
        self.is_holding = true;
        self.kept_weight = self.cold.as_ref().map_or(0, |cold| u32::try_from(cold.weight()).unwrap_or(u32::MAX));
    }

    fn settle_base(&mut self) {
        if self.cold_base == FrameId::new(0, 0) {
            return;
        }
        let base = std::mem::take(&mut self.cold_base);
        if let Some(cold) = &mut self.cold {
            cold.rebase(base);
        }
    }

    /// Whether a session whose first packet came `first_ns`, possibly a SYN with `isn`, continues this one: the local rule
    /// that holds for neighbours in record order whatever the cut.
    #[inline]
    pub(super) fn is_continued_by(&self, first_ns: i64, syn: Option<u32>, idle_ns: i64) -> bool {
        first_ns <= self.last_ns.saturating_add(idle_ns) && syn.is_none_or(|isn| self.handshake.isn == Some(isn))
    }

    /// Time of the first packet in record order.
    pub(super) fn began_ns(&self) -> i64 {
        self.first_ns[self.opener as usize]
    }

    /// The first frame, or the first piece of a datagram that came in pieces where that came before.
    pub(super) fn began_frame(&self) -> FrameId {
        let folded = || self.cold.as_ref()?.rare()?.folded.as_ref().map(|folded| folded.first.frame);
        let folded = (self.folded_ns != NEVER).then(folded).flatten();
        folded.map_or(self.first, |frame| frame.min(self.first))
    }

    /// Time of the last packet, or of the last piece of a datagram that came in pieces: these do not make a session longer
    /// for what follows, since they are known to belong to it only later.
    pub(super) fn end_ns(&self) -> i64 {
        self.last_ns.max(self.folded_ns)
    }

    /// Appends the session that continues this one; what of it turns out to repeat this one's last packets.
    pub(super) fn merge(&mut self, mut right: Self) -> OtherFrames {
        let excess = match right.known_cold_mut() {
            Some(cold) if cold.rare().is_some_and(|rare| !rare.repeats.is_empty()) => {
                let theirs = std::mem::take(&mut cold.rare_mut().repeats);
                self.cold_mut().rare_mut().repeats.merge(theirs)
            }
            _ => Default::default(),
        };
        if right.cold.is_some() || self.cold.is_some() {
            let is_anchored = self.is_anchored;
            let theirs = right.cold.unwrap_or_else(|| Cold::new(right.handshake.isn.is_some()));
            // Before the handshakes join: what this side has not gathered it has not, whatever SYN follows.
            self.cold_mut().merge(*theirs, is_anchored);
            if is_anchored {
                self.cold_mut().supersede();
            }
            self.note_kept();
        }
        for side in [Side::Low, Side::High] {
            let (mine, theirs) = (&mut self.counters[side as usize], &right.counters[side as usize]);
            mine.packets += theirs.packets;
            mine.bytes += theirs.bytes;
            mine.payload += theirs.payload;
            if self.first_ns[side as usize] == NEVER {
                self.first_ns[side as usize] = right.first_ns[side as usize];
            }
        }
        self.handshake.merge(&right.handshake);
        self.last_ns = right.last_ns;
        let mut repeated = OtherFrames::default();
        for (mine, excess) in self.counters.iter_mut().zip(excess) {
            mine.packets -= excess.packets;
            mine.bytes -= excess.bytes;
            mine.payload -= excess.payload;
            repeated.add(OtherFrames { frames: excess.packets, bytes: excess.bytes });
        }
        self.refresh_watch();
        repeated
    }

    /// Recomputes whether payload must go to the stream reader.
    pub(super) fn refresh_watch(&mut self) {
        for side in 0..2 {
            self.is_watched[side] = match &self.cold {
                Some(cold) => cold.streams[side].is_watching(self.is_anchored),
                None => true,
            };
        }
    }

    /// The session is now known to begin with its first frame: what was kept for a possible predecessor goes.
    pub(super) fn anchor(&mut self) {
        if !self.is_anchored {
            self.is_anchored = true;
            if self.is_holding {
                if let Some(cold) = &mut self.cold {
                    cold.anchor();
                }
                self.note_kept();
                self.refresh_watch();
            }
        }
    }

    /// Shifts frame identities once the range's place in the capture is known.
    pub(super) fn rebase(&mut self, base: FrameId) {
        self.first = self.first.rebased(base);
        if self.cold.is_some() {
            self.cold_base = self.cold_base.rebased(base);
        }
    }
}
