//! TCP's handshake, as far as it was captured.

use crate::flow::lifetime::idle_ns;
use crate::flow::record::{Rtt, RttSource};
use crate::packet::protocol::TCP;
use crate::packet::{Side, TcpSegment};
use serde::{Deserialize, Serialize};

/// Stands for the time of something that was not captured.
pub(in crate::flow) const NEVER: i64 = i64::MIN;

/// TCP's three-way handshake, as far as it was captured (RFC 9293 §3.5). Times are in ns since 1970 UTC, or
/// [`NEVER`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::flow) struct Handshake {
    /// Time of the last SYN before the first answer.
    pub(in crate::flow) syn_ns: i64,
    /// Time of the first answer: a SYN-ACK, or where there is none, a reset that acknowledges something.
    pub(in crate::flow) answer_ns: i64,
    /// Time of the first acknowledgment without SYN or reset.
    pub(in crate::flow) ack_ns: i64,
    /// Initial sequence number of the opener, from the last SYN or SYN-ACK.
    pub(in crate::flow) isn: Option<u32>,
    /// Sequence number of the first SYN.
    pub(in crate::flow) syn: Option<u32>,
    /// Sequence number of the session's first packet, if that is a SYN.
    pub(in crate::flow) opening_syn: Option<u32>,
    /// The acknowledgment number of the first answer.
    pub(in crate::flow) answer_acknowledgment: u32,
    /// The side that opened the connection, by the first SYN or SYN-ACK.
    pub(in crate::flow) client: Option<Side>,
    /// The side that sent the first answer.
    pub(in crate::flow) answerer: Option<Side>,
    /// Whether the first answer is a reset.
    pub(in crate::flow) is_reset: bool,
    /// SYNs before the first answer, counted up to 255.
    pub(in crate::flow) syn_count: u8,
    /// Resets that each side sent, also those that repeat another record.
    pub(in crate::flow) resets: [u32; 2],
}

impl Default for Handshake {
    fn default() -> Self {
        Self {
            syn_ns: NEVER,
            answer_ns: NEVER,
            ack_ns: NEVER,
            isn: None,
            syn: None,
            opening_syn: None,
            answer_acknowledgment: 0,
            client: None,
            answerer: None,
            is_reset: false,
            syn_count: 0,
            resets: [0; 2],
        }
    }
}

impl Handshake {
    /// Adds a segment with the SYN or the RST flag.
    #[cold]
    pub(in crate::flow) fn observe(&mut self, segment: &TcpSegment, side: Side, time_ns: i64) {
        let (is_syn, is_ack) = (segment.flags.is_syn(), segment.flags.is_ack());
        if segment.flags.is_rst() {
            let resets = &mut self.resets[side as usize];
            *resets = resets.saturating_add(1);
        }
        if is_syn && !is_ack {
            self.isn = Some(segment.sequence);
            self.syn.get_or_insert(segment.sequence);
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
        // A reset in the name of the server does not hide its SYN-ACK: censors send such.
        if is_ack && (self.answer_ns == NEVER || (self.is_reset && is_syn)) {
            self.answer_ns = time_ns;
            self.answer_acknowledgment = segment.acknowledgment;
            self.answerer = Some(side);
            self.is_reset = !is_syn;
        }
    }

    /// Appends the handshake of the session that continues this one.
    pub(in crate::flow) fn merge(&mut self, right: &Self) {
        self.isn = right.isn.or(self.isn);
        self.syn = self.syn.or(right.syn);
        self.client = self.client.or(right.client);
        for (mine, theirs) in self.resets.iter_mut().zip(right.resets) {
            *mine = mine.saturating_add(theirs);
        }
        if self.ack_ns == NEVER {
            self.ack_ns = right.ack_ns;
        }
        let is_open = self.answer_ns == NEVER;
        if is_open {
            if right.syn_ns != NEVER {
                self.syn_ns = right.syn_ns;
            }
            self.syn_count = self.syn_count.saturating_add(right.syn_count);
        }
        if is_open || (self.is_reset && right.answer_ns != NEVER && !right.is_reset) {
            self.answer_ns = right.answer_ns;
            self.answer_acknowledgment = right.answer_acknowledgment;
            self.answerer = right.answerer;
            self.is_reset = right.is_reset;
        }
    }

    /// The sequence number of the first byte of the stream that this side sends, if it is the opener's and known.
    pub(in crate::flow) fn origin(&self, side: Side) -> Option<u32> {
        // An answer may acknowledge data as well (RFC 7413), so what the SYN says is surer.
        self.syn.or(self.isn).filter(|_| self.client == Some(side)).map(|isn| isn.wrapping_add(1))
    }

    /// The round-trip time: from the last SYN before the first answer to that answer. If `is_one_way`, nothing of the
    /// other side was captured, and it is the time from the last SYN to the opener's own acknowledgment.
    pub(in crate::flow) fn rtt(&self, is_one_way: bool) -> Option<Rtt> {
        let client = self.client.filter(|_| self.syn_ns != NEVER)?;
        // Where it is longer than any silence, the clock was set in between.
        let longest_ns = idle_ns(TCP).unsigned_abs();
        let between =
            |end_ns: i64| u64::try_from(end_ns.checked_sub(self.syn_ns)?).ok().filter(|&time_ns| time_ns <= longest_ns);
        if self.answer_ns != NEVER {
            let answers_syn = self.isn.is_some_and(|isn| self.answer_acknowledgment == isn.wrapping_add(1));
            if self.answerer == Some(client) || (self.is_reset && !answers_syn) {
                return None;
            }
            let source = if self.is_reset { RttSource::TcpReset } else { self.source(RttSource::TcpHandshake) };
            return Some(Rtt { ns: between(self.answer_ns)?, source });
        }
        let ns = (is_one_way && self.ack_ns != NEVER).then(|| between(self.ack_ns)).flatten()?;
        Some(Rtt { ns, source: self.source(RttSource::TcpOneWay) })
    }

    /// How a time from the SYN was measured: whichever of several SYNs was answered, the last need not be it.
    fn source(&self, of_one: RttSource) -> RttSource {
        if self.syn_count == 1 { of_one } else { RttSource::TcpHandshakeRepeated }
    }
}
