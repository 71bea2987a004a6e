//! Datagrams in flows that are not meant, but gave names to those that are: answers of resolvers with their questions, and the pieces
//! of answers that came in pieces.

use super::gather::Candidate;
use super::kept::Kept;
use crate::capture::FrameId;
use crate::packet::{FlowKey, Side};
use std::collections::{HashMap, VecDeque};

/// Datagrams of a conversation that wait for one that is evidence: a resolver seldom is asked so much at once.
const WAITING: usize = 64;
/// Bytes that wait, in all conversations. Of what comes when there is no room, questions are not shown; answers are.
const WAITING_BYTES: usize = 4 << 20;
/// What a datagram that waits takes beside its bytes, about.
const ITEM_BYTES: usize = 200;

/// What waits for evidence.
#[derive(Default)]
pub(super) struct Support {
    waiting: HashMap<FlowKey, VecDeque<Waiting>>,
    bytes: usize,
}

/// A datagram, with what ties it to another.
struct Waiting {
    frame: FrameId,
    side: Side,
    tie: Tie,
    kept: Kept,
}

impl Waiting {
    fn weight(&self) -> usize {
        ITEM_BYTES + self.kept.bytes.len()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tie {
    /// The number of a question, which its answer repeats (RFC 1035 §4.1.1).
    Number([u8; 2]),
    /// The number of a datagram that came in pieces.
    Datagram(u32),
    None,
}

impl Support {
    /// Lets a datagram wait.
    pub(super) fn wait(&mut self, candidate: &Candidate) {
        if self.bytes >= WAITING_BYTES {
            return;
        }
        let list = self.waiting.entry(candidate.key).or_default();
        let oldest = if list.len() >= WAITING { list.pop_front() } else { None };
        let (frame, side, kept) = (candidate.frame, candidate.side, candidate.kept.clone());
        let waiting = Waiting { frame, side, tie: tie(candidate), kept };
        self.bytes += waiting.weight();
        self.bytes -= oldest.map_or(0, |oldest| oldest.weight());
        list.push_back(waiting);
    }

    /// What waits and belongs to this datagram, which is evidence: its question, or its other pieces.
    pub(super) fn take(&mut self, candidate: &Candidate) -> Vec<(FrameId, Kept)> {
        let Some(list) = self.waiting.get_mut(&candidate.key) else { return Vec::new() };
        let own = tie(candidate);
        let belongs = |waiting: &Waiting| match own {
            Tie::Number(_) => waiting.tie == own && waiting.side != candidate.side,
            Tie::Datagram(_) => waiting.tie == own && waiting.side == candidate.side,
            Tie::None => false,
        };
        let (taken, rest) = std::mem::take(list).into_iter().partition::<VecDeque<_>, _>(belongs);
        *list = rest;
        self.bytes -= taken.iter().map(Waiting::weight).sum::<usize>();
        taken.into_iter().map(|waiting| (waiting.frame, waiting.kept)).collect()
    }
}

fn tie(candidate: &Candidate) -> Tie {
    match (candidate.fragment, candidate.payload().first_chunk()) {
        (Some(number), _) => Tie::Datagram(number),
        (None, Some(number)) => Tie::Number(*number),
        (None, None) => Tie::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::LinkType;
    use crate::packet::Transport;

    /// A datagram of a client or its resolver that begins with a number.
    fn datagram(frame: u64, is_answer: bool, number: u16) -> Candidate {
        let (client, resolver) = (([1; 16], 5_000), ([2; 16], 53));
        let (from, to) = if is_answer { (resolver, client) } else { (client, resolver) };
        let (key, side) = FlowKey::new(6, 17, from, to);
        let bytes = [&[0; 40][..], &number.to_be_bytes(), b"rest"].concat();
        let (link_type, wire_length) = (LinkType::RAW, bytes.len() as u32);
        let kept = Kept { time_ns: 0, link_type, wire_length, bytes, note: None, payload_at: 40 };
        Candidate::of(FrameId::new(0, frame), (key, side, Transport::Udp), 6, kept)
    }

    #[test]
    fn an_answer_takes_its_question_and_no_other() {
        let mut support = Support::default();
        [datagram(0, false, 7), datagram(1, false, 8), datagram(2, true, 8)].iter().for_each(|one| support.wait(one));
        let taken = support.take(&datagram(3, true, 8));
        assert_eq!(taken.iter().map(|(frame, _)| frame.record()).collect::<Vec<_>>(), [1]);
        assert!(support.take(&datagram(4, true, 8)).is_empty());
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut support = Support::default();
        (0..1_000).for_each(|number| support.wait(&datagram(number, false, number as u16)));
        assert_eq!((support.waiting.values().map(VecDeque::len).sum::<usize>(), support.bytes), (64, 64 * 246));
        assert_eq!(support.take(&datagram(1_000, true, 999)).len(), 1);
        assert!(support.take(&datagram(1_001, true, 5)).is_empty());
    }
}
