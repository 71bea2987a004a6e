//! What was left out for lack of memory, counted.

use super::frames::OtherFrames;
use super::session::Session;

/// What was let go of for lack of memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shed {
    /// Sessions, or parts of them.
    pub sessions: u64,
    /// Their frames.
    pub frames: OtherFrames,
    /// Pieces of datagrams.
    pub fragments: OtherFrames,
    /// Addresses that resolvers gave for names, and names beyond those kept of one address.
    pub answers: u64,
    /// Packets whose owner was not counted, since their session names too many.
    pub owner_packets: u64,
}

impl Shed {
    /// Counts a session that is dropped.
    pub(super) fn add(&mut self, session: &Session) {
        self.sessions += 1;
        let [a, b] = &session.counters;
        self.frames.add(OtherFrames { frames: a.packets + b.packets, bytes: a.bytes + b.bytes });
    }

    /// All frames that no flow counts because of it.
    pub fn left_out(&self) -> OtherFrames {
        let mut sum = self.frames;
        sum.add(self.fragments);
        sum
    }

    /// Adds what was left out elsewhere.
    pub(super) fn merge(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.frames.add(other.frames);
        self.fragments.add(other.fragments);
        self.answers += other.answers;
        self.owner_packets += other.owner_packets;
    }
}
