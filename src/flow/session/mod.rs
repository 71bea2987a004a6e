//! A session: what is known of one conversation between two idle periods. It is kept small, because a capture holds
//! millions.

mod asked;
mod chosen_ids;
pub(in crate::flow) mod details;
mod first;
pub(in crate::flow) mod first_bytes;
pub(in crate::flow) mod handshake;
mod heads;
mod hellos;
pub(in crate::flow) mod messages;
pub(in crate::flow) mod observe;
pub(in crate::flow) mod opened;
pub(in crate::flow) mod position;
mod repeats;
mod resolve;
pub(in crate::flow) mod said;
mod votes;

pub(in crate::flow) use handshake::NEVER;

use crate::capture::FrameId;
use crate::flow::devices::Sender;
use crate::flow::frames::OtherFrames;
use crate::flow::links::Links;
use crate::flow::record::{Counters, Name};
use crate::flow::round_trips::FirstPackets;
use crate::flow::stamp::Stamp;
use crate::packet::protocol::TCP;
use crate::packet::{FlowKey, Side, TcpSegment, TunnelPath};
use details::Details;
use handshake::Handshake;
use messages::Messages;
use position::Position;
use serde::{Deserialize, Serialize};

/// One session of a flow key. All fields are sums, minima, maxima or *first by frame*, so that sessions merge.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::flow) struct Session {
    pub(in crate::flow) key: FlowKey,
    /// The parts that few sessions have, or have only for a short while.
    details: Option<Box<Details>>,
    /// The first packets, for round trips.
    first_packets: Option<Box<FirstPackets>>,
    /// What is still to be added to the frame identities in `details`. So the details need not be read when the
    /// session is only moved to the tracker.
    #[serde(skip)]
    details_base: FrameId,

    pub(in crate::flow) counters: [Counters; 2],
    /// Time of the last packet in record order.
    pub(in crate::flow) last_ns: i64,
    /// Whether each side's payload still goes to the stream reader, because it may start the stream or continue an
    /// opening.
    #[serde(skip)]
    pub(in crate::flow) is_watched: [bool; 2],
    /// Whether the session is known to begin with its first frame.
    pub(in crate::flow) is_anchored: bool,
    /// Whether packets may be kept that a possible predecessor would need.
    is_holding: bool,
    /// How many of the first packets are kept, so that later packets need not look for them.
    #[serde(skip)]
    first_count: u8,
    /// The side that sent the first frame.
    pub(in crate::flow) opener: Side,

    pub(in crate::flow) handshake: Handshake,
    /// Where the streams of a TCP connection stand.
    pub(in crate::flow) position: Position,
    /// Time of each side's first packet in record order, or [`NEVER`].
    pub(in crate::flow) first_ns: [i64; 2],

    pub(in crate::flow) first: FrameId,
    /// Latest time of a piece of a reassembled datagram, or [`NEVER`].
    #[serde(skip, default = "never")]
    pub(in crate::flow) folded_ns: i64,
    /// Who sent the first packet, by its link layer.
    pub(in crate::flow) sender: Sender,
    /// The encapsulations around the first packet.
    pub(in crate::flow) tunnel: TunnelPath,
    /// The kinds of ICMP messages.
    pub(in crate::flow) messages: Messages,
    /// Bytes that `details` takes with the packets kept in it, about, when last measured; 0 if nothing is kept.
    #[serde(skip)]
    kept_weight: u32,
    /// Its links in a table; they have no meaning outside it.
    #[serde(skip)]
    pub(in crate::flow) links: Links,
}

/// For a session that is read: datagrams in pieces are not put together before that.
const fn never() -> i64 {
    NEVER
}

impl Session {
    /// A session that begins with this frame, of which nothing is counted yet.
    #[inline(always)]
    pub(in crate::flow) fn begin(key: FlowKey, side: Side, frame: FrameId, time_ns: i64, is_anchored: bool) -> Self {
        Self {
            key,
            sender: Sender::default(),
            tunnel: TunnelPath::NONE,
            messages: Messages::None,
            opener: side,
            handshake: Handshake::default(),
            position: Position::default(),
            first: frame,
            first_ns: [NEVER; 2],
            last_ns: time_ns,
            folded_ns: NEVER,
            counters: [Counters::default(); 2],
            details: None,
            first_packets: None,
            first_count: 0,
            details_base: FrameId::new(0, 0),
            kept_weight: 0,
            is_holding: false,
            is_watched: [true; 2],
            is_anchored,
            links: Links::default(),
        }
    }

    /// Makes anew what is not written, and checks what was read: says what of it no packets can have made.
    pub(in crate::flow) fn restore(&mut self) -> Result<(), &'static str> {
        if self.began_ns() == NEVER {
            return Err("times of a session");
        }
        if let Some(details) = &mut self.details {
            details.restore(&self.counters)?;
        }
        if let Some(first) = &self.first_packets {
            if !first.is_sound() {
                return Err("first packets of a session");
            }
            self.first_count = first.count();
        }
        if self.is_holding {
            self.note_kept();
        }
        self.refresh_watch();
        Ok(())
    }

    /// What merging adds up.
    pub(in crate::flow) fn amounts(&self) -> impl Iterator<Item = u64> {
        let votes = self.details.as_ref().map_or(0, |details| details.votes());
        let counters = self.counters.iter().flat_map(|counters| [counters.packets, counters.bytes, counters.payload]);
        counters.chain([votes])
    }

    /// Whether this slot holds no session, see [`Self::vacate`].
    pub(in crate::flow) fn is_vacant(&self) -> bool {
        self.first == FrameId::MAX
    }

    /// Marks this slot as holding no session, and resets its links.
    pub(in crate::flow) fn vacate(&mut self) {
        self.first = FrameId::MAX;
        self.details = None;
        self.first_packets = None;
        self.links = Links::default();
    }

    /// Bytes of memory it takes, about.
    pub(in crate::flow) fn weight(&self) -> usize {
        /// Details with a few names and heads.
        const BOX: usize = size_of::<Details>() + 3 * Details::ITEM;
        // Twice the size: the slot, and its share of the tables by which it is found.
        2 * size_of::<Self>()
            + self.details.as_ref().map_or(0, |_| BOX.max(self.kept_weight as usize))
            + FirstPackets::weight(self.first_count, self.key.protocol() == TCP)
    }

    /// The details, which are created if there are none yet.
    pub(in crate::flow) fn details_mut(&mut self) -> &mut Details {
        self.settle_base();
        let has_syn = self.handshake.syn.is_some();
        self.details.get_or_insert_with(|| Details::new(has_syn))
    }

    /// The details, if there are any.
    pub(in crate::flow) fn known_details_mut(&mut self) -> Option<&mut Details> {
        self.settle_base();
        self.details.as_deref_mut()
    }

    /// Takes out the details.
    pub(in crate::flow) fn take_details(&mut self) -> Option<Box<Details>> {
        self.settle_base();
        self.details.take()
    }

    /// The first datagram of a side: its frame, and as much of its payload as is kept. The frames in the details must be up to date.
    pub(in crate::flow) fn first_datagram(&self, side: Side) -> Option<(FrameId, &[u8])> {
        self.details.as_ref()?.heads[side as usize].first()
    }

    /// Adds that this session goes on with a QUIC connection that was opened elsewhere, for this name.
    pub(in crate::flow) fn continue_connection(&mut self, first: FrameId, client: Side, name: Name) {
        self.details_mut().continue_connection(first, client, name);
        self.note_kept();
    }

    /// Whether a packet in this frame and of this side is among those kept for the wire signatures.
    pub(in crate::flow) fn wants_head(&mut self, frame: FrameId, side: usize) -> bool {
        self.settle_base();
        self.details.as_ref().is_none_or(|details| details.heads[side].wants(frame))
    }

    /// Measures the details again, after packets or much else were added to them or dropped.
    pub(in crate::flow) fn note_kept(&mut self) {
        self.is_holding = true;
        self.kept_weight =
            self.details.as_ref().map_or(0, |details| u32::try_from(details.weight()).unwrap_or(u32::MAX));
    }

    /// Brings the frames in the box up to date.
    pub(in crate::flow) fn settle_base(&mut self) {
        if self.details_base == FrameId::new(0, 0) {
            return;
        }
        let base = std::mem::take(&mut self.details_base);
        if let Some(details) = &mut self.details {
            details.rebase(base);
        }
    }

    /// Whether a session whose first packet came at `first_ns`, and whose SYN, if that packet is one, has the
    /// sequence number `syn`, continues this one. The rule looks only at two neighbours in record order, so it does
    /// not depend on how the capture is cut.
    #[inline]
    pub(in crate::flow) fn is_continued_by(&self, first_ns: i64, syn: Option<u32>, idle_ns: i64) -> bool {
        first_ns <= self.last_ns.saturating_add(idle_ns) && syn.is_none_or(|isn| self.handshake.isn == Some(isn))
    }

    /// Whether a session goes on with this one although the clock says that this one is over. That, too, looks only at two neighbours
    /// in record order.
    #[cold]
    pub(in crate::flow) fn goes_on(&self, first: &Stamp, segment: &TcpSegment, side: Side) -> bool {
        self.position.is_continued_by(segment, side, first.frame, first.time_ns.saturating_sub(self.last_ns))
    }

    /// Whether that session goes on with this one, by its first packet. Its frames count from `base`.
    pub(in crate::flow) fn goes_on_as(&self, right: &Self, base: FrameId) -> bool {
        let first = Stamp { frame: right.first.rebased(base), time_ns: right.began_ns() };
        let segment = right.first_packets.as_ref().and_then(|first| first.segment());
        right.key.protocol() == TCP && segment.is_some_and(|(segment, side)| self.goes_on(&first, &segment, side))
    }

    /// Time of the first packet in record order.
    pub(in crate::flow) fn began_ns(&self) -> i64 {
        self.first_ns[self.opener as usize]
    }

    /// The first frame, or the first piece of a reassembled datagram if that came earlier.
    pub(in crate::flow) fn began_frame(&self) -> FrameId {
        let folded = || self.details.as_ref()?.rare()?.folded.as_ref().map(|folded| folded.first.frame);
        let folded = (self.folded_ns != NEVER).then(folded).flatten();
        folded.map_or(self.first, |frame| frame.min(self.first))
    }

    /// Time of the last packet, or of the last piece of a reassembled datagram. Such pieces do not extend the session
    /// for the packets that follow, since they are assigned to it only later.
    pub(in crate::flow) fn end_ns(&self) -> i64 {
        self.last_ns.max(self.folded_ns)
    }

    /// Appends the session that continues this one. Returns the frames of it that turn out to repeat the last packets
    /// of this one.
    pub(in crate::flow) fn merge(&mut self, mut right: Self) -> OtherFrames {
        let excess = match right.known_details_mut() {
            Some(details) if details.rare().is_some_and(|rare| !rare.repeats.is_empty()) => {
                let theirs = std::mem::take(&mut details.rare_mut().repeats);
                self.details_mut().rare_mut().repeats.merge(theirs)
            }
            _ => Default::default(),
        };
        if right.details.is_some() || self.details.is_some() {
            let is_anchored = self.is_anchored;
            let theirs = right.details.unwrap_or_else(|| Details::new(right.handshake.syn.is_some()));
            // This must come before the handshakes are merged: what this session has not gathered stays so, whatever
            // SYN follows.
            self.details_mut().merge(*theirs, is_anchored);
            if is_anchored {
                self.details_mut().supersede();
            }
            self.note_kept();
        }
        match (&mut self.first_packets, right.first_packets) {
            (Some(mine), Some(theirs)) => mine.merge(*theirs),
            (mine, theirs) => *mine = mine.take().or(theirs),
        }
        self.first_count = self.first_packets.as_ref().map_or(0, |first| first.count());
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
        self.position.merge(&right.position);
        self.messages.merge(right.messages);
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
    pub(in crate::flow) fn refresh_watch(&mut self) {
        for side in 0..2 {
            self.is_watched[side] = match &self.details {
                Some(details) => details.streams[side].is_watching(self.is_anchored),
                None => true,
            };
        }
    }

    /// Called when the session is known to begin with its first frame: drops what was kept for a possible
    /// predecessor.
    pub(in crate::flow) fn anchor(&mut self) {
        if !self.is_anchored {
            self.is_anchored = true;
            if self.is_holding {
                if let Some(details) = &mut self.details {
                    details.anchor();
                }
                self.note_kept();
                self.refresh_watch();
            }
        }
    }

    /// Adds `base` to the frame identities, once the range's position in the capture is known.
    pub(in crate::flow) fn rebase(&mut self, base: FrameId) {
        self.first = self.first.rebased(base);
        self.position.rebase(base);
        if self.details.is_some() {
            self.details_base = self.details_base.rebased(base);
        }
    }
}
