//! Which frames to look at, and what is to be kept of them.

use super::wanted::{Need, Wanted};
use crate::capture::FrameId;
use crate::packet::{FlowKey, Packet, Side};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

/// How much is kept. Each holds what the one before it holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Breadth {
    /// The least that most reports need.
    Least,
    /// Flows of other apps with the same endpoints as well: their round trips say something of the same addresses.
    Endpoints,
    /// Handshakes and hellos of all other flows: round trips to all endpoints together decide whether one of them counts.
    Probes,
    /// All frames of the flows, without payload, and the first packets of all others.
    All,
}

impl Breadth {
    /// All, the least first.
    pub const ALL: [Self; 4] = [Self::Least, Self::Endpoints, Self::Probes, Self::All];

    /// What it keeps, for people.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Least => "its flows",
            Self::Endpoints => "its flows, and handshakes of other apps with the same endpoints",
            Self::Probes => {
                "its flows, and handshakes of all others, since round trips to all endpoints decide whether one counts"
            }
            Self::All => "all frames of its flows, without payload, and the first packets of all others",
        }
    }
}

/// What to look for.
pub(super) struct Plan {
    pub(super) breadth: Breadth,
    /// The flows wanted, by key, each with its first frame, in order.
    flows: HashMap<FlowKey, Vec<(FrameId, Need)>>,
    peers: HashSet<IpAddr>,
    /// Frames by which names and apps were found.
    pub(super) evidence: BTreeSet<FrameId>,
    /// Where these frames are, in order.
    located: HashMap<FlowKey, Vec<(FrameId, Side)>>,
}

impl Plan {
    pub(super) fn new(wanted: &[Wanted], breadth: Breadth) -> Self {
        let mut flows: HashMap<FlowKey, Vec<(FrameId, Need)>> = HashMap::new();
        for one in wanted {
            flows.entry(one.key).or_default().push((one.first_frame, one.need));
        }
        flows.values_mut().for_each(|flows| flows.sort_by_key(|(first, _)| *first));
        Self {
            breadth,
            flows,
            peers: wanted.iter().map(|one| one.peer_in_packets).collect(),
            evidence: wanted.iter().flat_map(|one| one.evidence.iter().copied()).collect(),
            located: HashMap::new(),
        }
    }

    /// Takes in where a frame is; it counts only if it is evidence. Frames come in order.
    pub(super) fn locate(&mut self, frame: FrameId, key: FlowKey, side: Side) {
        if self.evidence.contains(&frame) {
            self.located.entry(key).or_default().push((frame, side));
        }
    }

    /// Whether anything of this packet may be kept.
    pub(super) fn is_candidate(&self, packet: &Packet<'_>) -> bool {
        let key = &packet.key;
        self.is_session(key) || self.located.contains_key(key)
    }

    /// Whether its flow is to be shown.
    pub(super) fn is_session(&self, key: &FlowKey) -> bool {
        let is_at_peer = || [Side::Low, Side::High].iter().any(|side| self.peers.contains(&key.address(*side)));
        self.is_wanted(key) || self.breadth >= Breadth::Probes || self.breadth >= Breadth::Endpoints && is_at_peer()
    }

    /// Whether a flow that is meant has this key.
    pub(super) fn is_wanted(&self, key: &FlowKey) -> bool {
        self.flows.contains_key(key)
    }

    /// Whether evidence is in the frames of this key.
    pub(super) fn has_evidence(&self, key: &FlowKey) -> bool {
        self.located.contains_key(key)
    }

    /// What is needed of a session that begins with this frame, and the last evidence of each side in it.
    pub(super) fn session(&self, key: &FlowKey, first: FrameId) -> (Need, [Option<FrameId>; 2]) {
        let flows = self.flows.get(key).map(Vec::as_slice).unwrap_or_default();
        let following = flows.partition_point(|(begin, _)| *begin <= first);
        let need = following.checked_sub(1).and_then(|at| flows.get(at)).or(flows.first()).map(|(_, need)| *need);
        let end = flows.get(following).map_or(FrameId::MAX, |(begin, _)| *begin);
        let mut until = [None; 2];
        for (frame, side) in self.located.get(key).into_iter().flatten() {
            if (first..end).contains(frame) {
                until[*side as usize] = Some(*frame);
            }
        }
        (need.unwrap_or(Need { is_brief: self.breadth < Breadth::All, ..Need::default() }), until)
    }
}
