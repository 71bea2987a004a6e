//! Finds records that repeat a packet, by their packet id. pktmon logs a packet once for each component that it
//! passes, and marks the records with `epb_packetid` (pcapng §4.3). Wi-Fi sends a frame again that nobody acknowledged, and says so
//! in it. Only the first record of a packet is counted.
//!
//! The rule is local, so that it does not depend on how the capture is cut: a record repeats another if one of the
//! [`REACH`] records with an id before it in the session has the same id. The first and the last records of a partial
//! are kept, to be compared with those beyond its ends.

use crate::flow::record::Counters;
use crate::packet::Side;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How many records back are compared. A packet passes a dozen components at most, within microseconds.
const REACH: usize = 64;

/// What was counted for one record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Counted {
    id: u64,
    /// Whether it may repeat another: a frame of Wi-Fi that is sent for the first time does not.
    may_repeat: bool,
    side: Side,
    bytes: u64,
    payload: u64,
    is_counted: bool,
}

/// The records of a session that have a packet id; empty for captures without packet ids.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(in crate::flow) struct Repeats {
    /// The first records, at most [`REACH`].
    first: Vec<Counted>,
    /// Ids of the last records, at most [`REACH`].
    last: VecDeque<u64>,
}

impl Repeats {
    /// Whether there was no record with an id.
    pub(in crate::flow) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// Whether it holds no more than it may, and nothing that these counters do not count: it may be taken off them.
    pub(in crate::flow) fn is_sound(&self, counters: &[Counters; 2]) -> bool {
        let [mut low, mut high] = *counters;
        let is_counted = self.first.iter().filter(|record| record.is_counted).all(|record| {
            let left = if record.side == Side::Low { &mut low } else { &mut high };
            let packets = left.packets.checked_sub(1);
            let (bytes, payload) = (left.bytes.checked_sub(record.bytes), left.payload.checked_sub(record.payload));
            let (Some(packets), Some(bytes), Some(payload)) = (packets, bytes, payload) else { return false };
            *left = Counters { packets, bytes, payload };
            true
        });
        is_counted && self.first.len() <= REACH && self.last.len() <= REACH
    }

    /// Adds a record. Returns whether it repeats one before it.
    pub(in crate::flow) fn observe(
        &mut self,
        (id, may_repeat): (u64, bool),
        side: Side,
        bytes: u64,
        payload: u64,
    ) -> bool {
        let is_repeat = may_repeat && self.last.contains(&id);
        if self.first.len() < REACH {
            self.first.push(Counted { id, may_repeat, side, bytes, payload, is_counted: !is_repeat });
        }
        if self.last.len() == REACH {
            self.last.pop_front();
        }
        self.last.push_back(id);
        is_repeat
    }

    /// Appends the records of the session that continues this one. Returns what was counted there although it repeats
    /// records from here.
    pub(in crate::flow) fn merge(&mut self, right: Self) -> [Counters; 2] {
        let mut excess = [Counters::default(); 2];
        for (at, mut record) in right.first.into_iter().enumerate() {
            // `at` records of `right` lie between, so that fewer records of `self` are within reach.
            let reach = REACH - at;
            if record.is_counted && record.may_repeat && self.last.iter().rev().take(reach).any(|id| *id == record.id) {
                record.is_counted = false;
                let sums = &mut excess[record.side as usize];
                sums.packets += 1;
                sums.bytes += record.bytes;
                sums.payload += record.payload;
            }
            if self.first.len() < REACH {
                self.first.push(record);
            }
        }
        self.last.extend(right.last);
        let surplus = self.last.len().saturating_sub(REACH);
        self.last.drain(..surplus);
        excess
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The state after these ids, and what was counted by side.
    fn observed(ids: &[u64]) -> (Repeats, [Counters; 2]) {
        let (mut repeats, mut counters) = (Repeats::default(), [Counters::default(); 2]);
        for &id in ids {
            let side = if id % 2 == 0 { Side::Low } else { Side::High };
            if !repeats.observe((id, id % 7 != 0), side, id, 1) {
                let sums = &mut counters[side as usize];
                sums.packets += 1;
                sums.bytes += id;
                sums.payload += 1;
            }
        }
        (repeats, counters)
    }

    fn merged(parts: &[&[u64]]) -> (Repeats, [Counters; 2]) {
        let mut all = (Repeats::default(), [Counters::default(); 2]);
        for part in parts {
            let (repeats, counters) = observed(part);
            let excess = all.0.merge(repeats);
            for side in 0..2 {
                let (mine, theirs, excess) = (&mut all.1[side], counters[side], excess[side]);
                mine.packets += theirs.packets - excess.packets;
                mine.bytes += theirs.bytes - excess.bytes;
                mine.payload += theirs.payload - excess.payload;
            }
        }
        all
    }

    #[test]
    fn each_packet_counts_once() {
        let (_, counters) = observed(&[1, 1, 2, 1, 2, 3]);
        assert_eq!(counters.map(|sums| sums.packets), [1, 2]);
        let far: Vec<u64> = (0..=REACH as u64).chain([0]).collect();
        assert_eq!(observed(&far).1[0].packets, REACH as u64 / 2 + 2, "out of reach");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn cuts_change_nothing(ids in prop::collection::vec(0_u64..90, 0..400), cuts in (0_usize..400, 0_usize..400)) {
            let mut cuts = [cuts.0.min(ids.len()), cuts.1.min(ids.len())];
            cuts.sort_unstable();
            let parts = [&ids[..cuts[0]], &ids[cuts[0]..cuts[1]], &ids[cuts[1]..]];
            prop_assert_eq!(merged(&parts), observed(&ids));
        }
    }
}
