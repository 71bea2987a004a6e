//! The first packets of a session: the first by record order, so that the lists of neighbouring parts of a session join to that of the
//! whole.

use super::seen::Seen;
use super::syn_ack::SynAck;
use crate::name::{InitialHead, Part};
use crate::packet::{Side, Syn, TcpSegment};
use crate::stored::small;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Packets kept. A handshake with a hello of two segments takes seven, and some tools show each packet twice; from what comes later
/// no more is learnt of the distance.
const LIMIT: usize = 16;
/// Packets for which there is room from the start: many sessions have no more.
const FEW: usize = 4;
/// SYN-ACKs of which the options are kept: the first of each side would do, and a few may be of another connection.
const LOOK_LIMIT: usize = 3;
/// Initial packets of each side whose beginning is kept. A hello takes two or three, and the first answer is what counts.
const HEAD_LIMIT: usize = 3;

/// The first packets of a session.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::flow) struct FirstPackets {
    #[serde(with = "small")]
    packets: SmallVec<[Seen; FEW]>,
    looks: Vec<Look>,
    heads: Vec<Head>,
}

/// The beginning of an Initial packet of QUIC.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Head {
    /// Its place among the packets.
    at: u8,
    side: Side,
    initial: InitialHead,
}

/// What a SYN-ACK looked like.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Look {
    /// Its place among the packets.
    at: u8,
    arrival_ttl: u8,
    #[serde(with = "small")]
    option_kinds: SmallVec<[u8; 16]>,
    window_scale: Option<u8>,
}

impl FirstPackets {
    /// Packets kept, counted in the session itself so that this list need not be touched for later packets.
    pub(in crate::flow) const LIMIT: u8 = LIMIT as u8;
    /// Bytes that so many packets take, about.
    pub(in crate::flow) const fn weight(count: u8, is_tcp: bool) -> usize {
        /// The beginnings of two Initial packets of QUIC: most sessions have no more.
        const HEADS: usize = 2 * (size_of::<Head>() + InitialHead::KEPT);
        let more = if count as usize > FEW { LIMIT * size_of::<Seen>() } else { 0 };
        let heads = if is_tcp { 0 } else { HEADS };
        if count > 0 { size_of::<Self>() + more + heads } else { 0 }
    }

    /// How many there are.
    pub(in crate::flow) fn count(&self) -> u8 {
        self.packets.len() as u8
    }

    /// Whether it holds no more than it may, and each look belongs to a packet.
    pub(in crate::flow) fn is_sound(&self) -> bool {
        let is_look_sound =
            |look: &Look| usize::from(look.at) < self.packets.len() && look.option_kinds.len() <= Syn::KIND_LIMIT;
        self.packets.len() <= LIMIT
            && self.looks.len() <= LOOK_LIMIT
            && self.looks.iter().all(is_look_sound)
            && self.looks.is_sorted_by(|one, next| one.at < next.at)
            && [Side::Low, Side::High].iter().all(|side| self.heads_of(*side) <= HEAD_LIMIT)
            && self.heads.iter().all(|head| usize::from(head.at) < self.packets.len() && head.initial.is_sound())
            && self.heads.is_sorted_by(|one, next| one.at < next.at)
    }

    /// Adds the next packet, if there is room.
    pub(in crate::flow) fn push(&mut self, seen: Seen) {
        if self.packets.len() == FEW {
            self.packets.reserve_exact(LIMIT - FEW);
        }
        if self.packets.len() < LIMIT {
            self.packets.push(seen);
        }
    }

    /// Adds a datagram, and the beginning of the Initial packet in it.
    pub(in crate::flow) fn push_datagram(&mut self, seen: Seen, payload: &[u8]) {
        let is_kept = self.packets.len() < LIMIT && seen.part == Part::QuicInitial;
        if is_kept
            && self.heads_of(seen.side) < HEAD_LIMIT
            && let Some(initial) = InitialHead::of(payload)
        {
            self.heads.push(Head { at: self.count(), side: seen.side, initial });
        }
        self.push(seen);
    }

    fn heads_of(&self, side: Side) -> usize {
        self.heads.iter().filter(|head| head.side == side).count()
    }

    /// Adds a SYN or SYN-ACK, with what its options say if they were read.
    pub(in crate::flow) fn push_syn(&mut self, mut seen: Seen, syn: Option<Syn>) {
        if let Some(timestamps) = syn.as_ref().and_then(|syn| syn.timestamps) {
            seen.set_timestamps(timestamps);
        }
        if self.packets.len() < LIMIT
            && seen.is_syn_ack()
            && let Some(syn) = syn
        {
            let Syn { hop_limit, option_kinds, window_scale, .. } = syn;
            self.keep(Look { at: self.count(), arrival_ttl: hop_limit, option_kinds, window_scale });
        }
        self.push(seen);
    }

    fn keep(&mut self, look: Look) {
        if self.looks.len() < LOOK_LIMIT {
            self.looks.push(look);
        }
    }

    /// Appends the first packets of the session that continues this one.
    pub(in crate::flow) fn merge(&mut self, right: Self) {
        let shift = self.packets.len();
        for look in right.looks {
            let at = usize::from(look.at) + shift;
            if at < LIMIT {
                self.keep(Look { at: at as u8, ..look });
            }
        }
        for head in right.heads {
            let at = usize::from(head.at) + shift;
            if at < LIMIT && self.heads_of(head.side) < HEAD_LIMIT {
                self.heads.push(Head { at: at as u8, ..head });
            }
        }
        right.packets.into_iter().for_each(|seen| self.push(seen));
    }

    /// Whether segments that no sender repeats so soon stand twice: those with payload, SYN or FIN, each again within a millisecond.
    /// A sender waits for hundreds (RFC 6298 §2.4), or tens where it probes for loss (RFC 8985 §7.2).
    pub(in crate::flow) fn is_doubled(&self) -> bool {
        const SOON_NS: u64 = 1_000_000;
        let told = || self.packets.iter().filter(|seen| seen.takes_numbers());
        let is_alone = |seen: &&Seen| {
            !told().any(|other| {
                !std::ptr::eq(*seen, other) && seen.is_same(other) && seen.time_ns.abs_diff(other.time_ns) < SOON_NS
            })
        };
        // The last of those kept may lack its twin. Most connections end at the second that has none.
        told().nth(3).is_some() && told().filter(is_alone).nth(1).is_none()
    }

    /// The header of the first, which is a segment.
    pub(in crate::flow) fn segment(&self) -> Option<(TcpSegment, Side)> {
        self.packets.first().map(|seen| (seen.header(), seen.side))
    }

    /// All, in record order.
    pub(super) fn all(&self) -> &[Seen] {
        &self.packets
    }

    /// The beginning of the Initial packet at this place, if it is kept.
    pub(super) fn head(&self, at: usize) -> Option<&InitialHead> {
        self.heads.iter().find(|head| usize::from(head.at) == at).map(|head| &head.initial)
    }

    /// What the SYN-ACK at this place looked like.
    pub(super) fn look(&self, at: usize) -> Option<SynAck> {
        let Look { arrival_ttl, option_kinds, window_scale, .. } =
            self.looks.iter().find(|look| usize::from(look.at) == at)?.clone();
        Some(SynAck { arrival_ttl, option_kinds, window_scale })
    }
}
