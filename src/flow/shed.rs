//! Counts of what was dropped for lack of memory.

use super::frames::OtherFrames;
use super::session::Session;

/// What was dropped for lack of memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shed {
    /// Sessions or parts of sessions.
    pub sessions: u64,
    /// The frames of these sessions.
    pub frames: OtherFrames,
    /// Pieces of fragmented datagrams.
    pub fragments: OtherFrames,
    /// Addresses that resolvers gave for names, and names beyond the number kept for one address.
    pub answers: u64,
    /// Packets whose owner was not counted, because their session names too many owners.
    pub owner_packets: u64,
}

impl Shed {
    /// Counts a session that is dropped.
    pub(super) fn add(&mut self, session: &Session) {
        self.sessions += 1;
        let [a, b] = &session.counters;
        self.frames.add(OtherFrames { frames: a.packets + b.packets, bytes: a.bytes + b.bytes });
    }

    /// All frames that no flow counts because they were dropped.
    pub fn left_out(&self) -> OtherFrames {
        let mut sum = self.frames;
        sum.add(self.fragments);
        sum
    }

    /// Adds what was dropped elsewhere.
    pub(super) fn merge(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.frames.add(other.frames);
        self.fragments.add(other.fragments);
        self.answers += other.answers;
        self.owner_packets += other.owner_packets;
    }
}
