//! Datagrams in flows that are not meant, but gave names to those that are: answers of resolvers with their questions, and the pieces
//! of answers that came in pieces.

use super::gather::Candidate;
use super::kept::Kept;
use crate::capture::FrameId;
use crate::packet::{FlowKey, Side};
use std::collections::{HashMap, VecDeque};

/// Datagrams of a conversation that wait for one that is evidence: a resolver seldom is asked so much at once.
const WAITING: usize = 64;
/// Conversations that wait: if there are more, the oldest questions are not shown. Answers are.
const CONVERSATIONS: usize = 1 << 16;

/// What waits for evidence.
#[derive(Default)]
pub(super) struct Support {
    waiting: HashMap<FlowKey, VecDeque<Waiting>>,
}

/// A datagram, with what ties it to another.
struct Waiting {
    frame: FrameId,
    side: Side,
    tie: Tie,
    kept: Kept,
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
        if !self.waiting.contains_key(&candidate.key) && self.waiting.len() >= CONVERSATIONS {
            return;
        }
        let list = self.waiting.entry(candidate.key).or_default();
        if list.len() >= WAITING {
            list.pop_front();
        }
        let (frame, side, kept) = (candidate.frame, candidate.side, candidate.kept.clone());
        list.push_back(Waiting { frame, side, tie: tie(candidate), kept });
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
