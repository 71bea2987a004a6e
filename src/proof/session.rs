//! One session of a flow that is shown: which of its frames are kept, and how much of each.
//!
//! The first packets are kept as they are but for their payload, since round trips are measured with them; then what carries hellos,
//! heads or evidence; then the last one; and in between as many as it takes that no silence is longer than it was.

use super::gather::Candidate;
use super::kept::Kept;
use super::stream::{Cut, Segment, Stream};
use super::wanted::Need;
use crate::capture::FrameId;
use crate::flow::{FIRST_PACKETS, Head, Position, idle_ns};
use crate::name::{Datagram, datagram_part, datagram_shown};
use crate::packet::{Side, TcpSegment, Transport};

/// Segments and datagrams of each side that are kept of a flow that is not meant itself: a hello of two, and an answer.
const BRIEF: usize = 2;
/// Bytes of a packet that is neither TCP nor UDP: the type and the numbers of ICMP, the ports of SCTP.
const OTHER_BYTES: usize = 8;

/// What a session has come to.
pub(super) struct Session {
    need: Need,
    until: [Option<FrameId>; 2],
    /// Sequence number of its SYN.
    initial: Option<u32>,
    last_ns: i64,
    position: Position,
    last_kept_ns: i64,
    /// Packets, up to those that round trips are measured with.
    packets: u8,
    sides: [OneSide; 2],
    /// The last frame, where it is not kept.
    held: Option<(FrameId, Kept)>,
}

struct OneSide {
    stream: Stream,
    /// Datagrams, as far as their lengths are looked at.
    datagrams: usize,
    /// Segments with payload, likewise.
    segments: usize,
    has_ended: bool,
    has_acknowledged: bool,
}

/// What becomes of a candidate.
pub(super) struct Decision {
    /// Frames to be kept.
    pub(super) kept: Vec<(FrameId, Kept)>,
    /// What is kept of the payload of these and of earlier ones.
    pub(super) cuts: Vec<Cut>,
}

impl Session {
    /// A session that begins with this frame.
    pub(super) fn begin(candidate: &Candidate, need: Need, until: [Option<FrameId>; 2]) -> Self {
        let [low, high] = until;
        let side = |own, other| OneSide {
            stream: Stream::new(need, own, other),
            datagrams: 0,
            segments: 0,
            has_ended: false,
            has_acknowledged: false,
        };
        Self {
            need,
            until,
            initial: None,
            last_ns: candidate.kept.time_ns,
            position: Position::default(),
            last_kept_ns: candidate.kept.time_ns,
            packets: 0,
            sides: [side(low, high), side(high, low)],
            held: None,
        }
    }

    /// Whether a frame belongs to it, by the rule by which flows are told apart.
    pub(super) fn is_continued_by(&self, candidate: &Candidate) -> bool {
        let syn = match candidate.transport {
            Transport::Tcp(TcpSegment { sequence, flags, .. }) if flags.is_syn() && !flags.is_ack() => Some(sequence),
            _ => None,
        };
        let (time_ns, idle_ns) = (candidate.kept.time_ns, idle_ns(candidate.key.protocol()));
        let is_open =
            time_ns <= self.last_ns.saturating_add(idle_ns) && syn.is_none_or(|syn| self.initial == Some(syn));
        let Transport::Tcp(segment) = candidate.transport else { return is_open };
        let silence_ns = time_ns.saturating_sub(self.last_ns);
        is_open || self.position.is_continued_by(&segment, candidate.side, candidate.frame, silence_ns)
    }

    /// Decides on the next frame. `is_evidence`: names or apps were found by it. `keeps_all`: no frame is left out.
    pub(super) fn take(&mut self, candidate: Candidate, is_evidence: bool, keeps_all: bool) -> Decision {
        let (frame, time_ns) = (candidate.frame, candidate.kept.time_ns);
        self.last_ns = time_ns;
        self.position.pass(frame);
        let mut decision = Decision { kept: Vec::new(), cuts: Vec::new() };
        let idle_ns = idle_ns(candidate.key.protocol());
        if time_ns > self.last_kept_ns.saturating_add(idle_ns)
            && let Some((frame, held)) = self.held.take()
        {
            self.last_kept_ns = held.time_ns;
            decision.kept.push((frame, held));
        }
        let is_kept = match candidate.transport {
            Transport::Tcp(segment) => {
                self.position.observe(&segment, candidate.side, candidate.payload_length);
                self.segment(&candidate, segment, &mut decision.cuts)
            }
            Transport::Udp => self.datagram(&candidate, is_evidence, &mut decision.cuts),
            Transport::Other => {
                if !is_evidence {
                    decision.cuts.push((frame, OTHER_BYTES));
                }
                let side = self.side(candidate.side);
                side.datagrams += 1;
                side.datagrams <= Head::LENGTHS
            }
        };
        let mut kept = candidate.kept;
        if is_kept || is_evidence || keeps_all {
            self.last_kept_ns = time_ns;
            self.held = None;
            decision.kept.push((frame, kept));
        } else {
            decision.cuts.retain(|(cut, _)| *cut != frame);
            if self.need.is_brief {
                return decision;
            }
            kept.cut(0);
            self.held = Some((frame, kept));
        }
        decision
    }

    /// Ends the session: its last frame, and what is kept of segments that nothing was said of yet.
    pub(super) fn end(mut self) -> Decision {
        let mut cuts = Vec::new();
        self.sides.iter_mut().for_each(|side| side.stream.finish(&mut cuts));
        Decision { kept: self.held.into_iter().collect(), cuts }
    }

    fn side(&mut self, side: Side) -> &mut OneSide {
        &mut self.sides[side as usize]
    }

    /// Whether a segment is kept.
    fn segment(&mut self, candidate: &Candidate, segment: TcpSegment, cuts: &mut Vec<Cut>) -> bool {
        let TcpSegment { sequence, flags, .. } = segment;
        let (frame, length) = (candidate.frame, candidate.payload_length);
        if flags.is_syn() && !flags.is_ack() && self.initial.is_none() {
            self.initial = Some(sequence);
        }
        let is_brief = self.need.is_brief;
        let is_before_end = self.until[candidate.side as usize].is_some_and(|until| frame <= until);
        let is_first = self.packets < FIRST_PACKETS;
        self.packets = self.packets.saturating_add(1).min(FIRST_PACKETS);
        let side = self.side(candidate.side);
        if flags.is_syn() {
            side.stream.begin(sequence);
        }
        let ends = (flags.is_fin() || flags.is_rst()) && !std::mem::replace(&mut side.has_ended, flags.is_fin());
        let is_bare_ack = length == 0 && flags.is_ack() && !flags.is_syn();
        let is_acknowledged = is_bare_ack && !std::mem::replace(&mut side.has_acknowledged, true);
        let is_before_end = length > 0 && is_before_end;
        let before = cuts.len();
        let mut is_new = false;
        if length > 0 {
            side.segments += 1;
            // Lengths of the first segments are part of signatures.
            is_new = side.segments <= Head::LENGTHS;
            if side.stream.is_open(frame) {
                // The payload of a SYN comes after it (RFC 7413).
                let sequence = if flags.is_syn() { sequence.wrapping_add(1) } else { sequence };
                let bytes = candidate.payload();
                side.stream.push(Segment { frame, sequence, bytes, length }, cuts);
                // A segment that waits is kept until more is known.
                is_new |= cuts.get(before..).unwrap_or_default().iter().all(|(cut, kept)| *cut != frame || *kept > 0);
            } else {
                cuts.push((frame, 0));
            }
        } else {
            cuts.push((frame, 0));
        }
        let segments = side.segments;
        match is_brief {
            // The acknowledgment that ends a handshake seen from one side is a first packet too.
            true => is_first && (flags.is_syn() || is_acknowledged || length > 0 && segments <= BRIEF) || is_before_end,
            false => is_first || ends || is_new || flags.is_syn(),
        }
    }

    /// Whether a datagram is kept.
    fn datagram(&mut self, candidate: &Candidate, is_evidence: bool, cuts: &mut Vec<Cut>) -> bool {
        let (key, payload) = (candidate.key, candidate.payload());
        let (source_port, destination_port) = (key.port(candidate.side), key.port(candidate.side.opposite()));
        let datagram = Datagram { payload, source_port, destination_port };
        let is_first = self.packets < FIRST_PACKETS && datagram_part(&datagram).is_some();
        self.packets += u8::from(is_first);
        let is_before_end = self.until[candidate.side as usize].is_some_and(|until| candidate.frame <= until);
        let need = self.need;
        let side = self.side(candidate.side);
        side.datagrams += 1;
        let is_hello = need.is_quic && is_before_end;
        // A first datagram is told as RTP by few bits, and an app may have been recognised by the bytes behind them.
        let is_guess = matches!(payload, [0x80..=0xbf, ..]);
        let kept = match datagram_shown(&datagram) {
            Some(_) if is_guess && need.has_head && side.datagrams == 1 => payload.len().min(Head::LIMIT),
            Some(shown) => shown,
            None if is_evidence || is_hello => payload.len(),
            None if need.has_head && side.datagrams == 1 => payload.len().min(Head::LIMIT),
            None => 0,
        };
        cuts.push((candidate.frame, kept));
        match need.is_brief {
            true => is_first && side.datagrams <= BRIEF || is_hello,
            false => is_first || is_hello || side.datagrams <= Head::LENGTHS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kept::Kept;
    use super::*;
    use crate::capture::LinkType;
    use crate::packet::{FlowKey, TcpFlags};

    const SECOND: i64 = 1_000_000_000;
    const SYN: u8 = 2;
    const ACK: u8 = 16;
    const FIN: u8 = 17;

    /// A segment in a frame of this number, of so much payload after 40 bytes of headers.
    fn segment(number: u64, time_ns: i64, flags: u8, sequence: u32, payload: &[u8]) -> Candidate {
        let ends = [([1; 16], 1), ([2; 16], 443)];
        let (key, side) = FlowKey::new(6, 6, ends[0], ends[1]);
        let transport = Transport::Tcp(TcpSegment { sequence, acknowledgment: 0, flags: TcpFlags(flags) });
        let bytes = [&[0; 40][..], payload].concat();
        let wire_length = bytes.len() as u32;
        let (link_type, payload_at) = (LinkType::RAW, 40);
        let kept = Kept { time_ns, link_type, wire_length, bytes, note: None, payload_at };
        Candidate::of(FrameId::new(0, number), (key, side, transport), payload.len() as u32, kept)
    }

    /// Which frames are kept, and how long they are at the end.
    fn kept(candidates: Vec<Candidate>, need: Need) -> Vec<(u64, usize)> {
        let mut all = std::collections::BTreeMap::new();
        let mut session = Session::begin(&candidates[0], need, [None; 2]);
        let mut decisions = Vec::new();
        for candidate in candidates {
            assert!(session.is_continued_by(&candidate) || candidate.frame.record() == 0);
            decisions.push(session.take(candidate, false, false));
        }
        decisions.push(session.end());
        for Decision { kept, cuts } in decisions {
            all.extend(kept);
            for (frame, payload) in cuts {
                if let Some(kept) = all.get_mut(&frame) {
                    kept.cut(payload);
                }
            }
        }
        all.into_iter().map(|(frame, kept)| (frame.record(), kept.bytes.len())).collect()
    }

    #[test]
    fn the_first_and_last_frames_stay_and_no_silence_grows() {
        let mut frames = vec![segment(0, 0, SYN, 9, &[])];
        // Data each 100 s: the gaps between what is kept may be 300 s.
        let data = [23, 3, 3, 0, 5, 1, 2, 3, 4, 5];
        frames.extend((1..40).map(|n| segment(n, n as i64 * 100 * SECOND, ACK, n as u32 * 10, &data)));
        let all = kept(frames, Need::default());
        let numbers: Vec<u64> = all.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [&(0..16).collect::<Vec<_>>()[..], &[18, 21, 24, 27, 30, 33, 36, 39]].concat());
        assert!(all.iter().all(|(_, length)| *length == 40), "no data: {all:?}");
    }

    #[test]
    fn hellos_stay_whole_and_what_ends_a_flow_too() {
        let hello = fixtures::tls::hello("www.example.com", 0);
        let mut frames = vec![segment(0, 0, SYN, 9, &[]), segment(1, 1, ACK, 10, &hello)];
        frames.extend((2..30).map(|n| segment(n, n as i64, ACK, 10 + hello.len() as u32, &[])));
        frames.extend([segment(30, 30, FIN, 10, &[]), segment(31, 31, ACK, 10, &[]), segment(32, 32, ACK, 10, &[])]);
        let all = kept(frames.clone(), Need::default());
        assert_eq!(all[1], (1, 40 + hello.len()));
        assert_eq!(all.iter().map(|(number, _)| *number).skip(15).collect::<Vec<_>>(), [15, 30, 32]);
        let brief = kept(frames, Need { is_brief: true, ..Need::default() });
        assert_eq!(brief, [(0, 40), (1, 40 + hello.len()), (2, 40)]);
    }

    #[test]
    fn another_syn_begins_another_session() {
        let first = segment(0, 0, SYN, 9, &[]);
        let mut session = Session::begin(&first, Need::default(), [None; 2]);
        session.take(first, false, false);
        assert!(session.is_continued_by(&segment(1, SECOND, SYN, 9, &[])), "the same SYN again");
        assert!(!session.is_continued_by(&segment(1, SECOND, SYN, 10, &[])));
        assert!(!session.is_continued_by(&segment(1, 301 * SECOND, ACK, 10, &[])));
    }
}
