//! The connection ids that the ends of a session chose (QUIC).

use crate::capture::FrameId;
use crate::name::{ConnectionId, is_telling};
use crate::packet::Side;
use crate::stored::small;
use serde::{Deserialize, Serialize};

/// Ids kept of each side, the first by frame. An end says one, and another one after it asked for the client's address (Retry).
const LIMIT: usize = 4;

/// An id, the side that chose it, and the frame in which it said so first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(in crate::flow) struct ChosenId {
    pub(in crate::flow) side: Side,
    pub(in crate::flow) frame: FrameId,
    #[serde(with = "small")]
    pub(in crate::flow) id: ConnectionId,
}

/// The ids that the ends of a session chose, in order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::flow) struct ChosenIds(Vec<ChosenId>);

impl ChosenIds {
    /// Whether packets can have made it.
    pub(super) fn is_sound(&self) -> bool {
        self.0.is_sorted()
            && self.0.iter().all(|one| is_telling(one.id.len()))
            && [Side::Low, Side::High].into_iter().all(|side| self.of(side).count() <= LIMIT)
    }

    /// Adds an id that a side says.
    pub(super) fn observe(&mut self, frame: FrameId, side: Side, id: &[u8]) {
        // Most packets say what an earlier one said.
        if !self.of(side).any(|known| *known.id == *id && known.frame <= frame) {
            self.add(ChosenId { side, frame, id: id.into() });
        }
    }

    fn add(&mut self, new: ChosenId) {
        if let Some(at) = self.0.iter().position(|known| (known.side, &known.id) == (new.side, &new.id)) {
            if self.0[at].frame <= new.frame {
                return;
            }
            self.0.remove(at);
        }
        let side = new.side;
        let at = self.0.partition_point(|known| *known < new);
        self.0.reserve_exact(usize::from(self.0.len() < 2));
        self.0.insert(at, new);
        if self.of(side).count() > LIMIT {
            let last = self.0.iter().rposition(|known| known.side == side);
            last.map(|last| self.0.remove(last));
        }
    }

    /// Adds the ids of the session that continues this one.
    pub(super) fn merge(&mut self, right: Self) {
        right.0.into_iter().for_each(|new| self.add(new));
    }

    /// The ids that a side chose.
    pub(super) fn of(&self, side: Side) -> impl Iterator<Item = &ChosenId> {
        self.0.iter().filter(move |one| one.side == side)
    }

    /// Bytes of memory it takes, about.
    pub(super) fn weight(&self) -> usize {
        self.0.len() * size_of::<ChosenId>()
    }

    /// Adds `base` to all frame identities.
    pub(super) fn rebase(&mut self, base: FrameId) {
        self.0.iter_mut().for_each(|one| one.frame = one.frame.rebased(base));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(said: &[(u64, Side, u8)]) -> ChosenIds {
        let mut ids = ChosenIds::default();
        said.iter().for_each(|&(frame, side, byte)| ids.observe(FrameId::new(0, frame), side, &[byte; 8]));
        ids
    }

    #[test]
    fn the_first_of_each_side_are_kept_in_any_order() {
        let said: Vec<(u64, Side, u8)> = (0..16)
            .map(|at| (at, if at % 3 == 0 { Side::Low } else { Side::High }, [1, 2, 1, 3, 4, 5, 6, 7][at as usize % 8]))
            .collect();
        let whole = ids(&said);
        assert!(whole.is_sound() && whole.of(Side::High).count() == LIMIT);
        for cut in 0..=said.len() {
            let mut left = ids(&said[..cut]);
            left.merge(ids(&said[cut..]));
            assert_eq!(left.0, whole.0, "{cut}");
        }
        let backwards: Vec<_> = said.iter().rev().copied().collect();
        assert_eq!(ids(&backwards).0, whole.0);
    }
}
