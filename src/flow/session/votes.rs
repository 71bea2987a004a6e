//! Counts how often the packets of a session name each owner, and chooses the owner that the flow is shown with.

use crate::capture::owner::Owner;
use crate::capture::{Direction, FrameId};
use crate::flow::record::OwnerEvidence;
use crate::stored::small;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::sync::Arc;

/// Owners counted per session: an honest capture names one or a few.
const LIMIT: usize = 32;
/// Owners shown beside the one chosen; each is looked up in the catalogue.
const OTHERS: usize = 8;

/// How often packets name one owner.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Votes {
    #[serde(with = "written_owner")]
    owner: Arc<Owner>,
    first: FrameId,
    /// By [`Direction`]: unknown, inbound, outbound.
    packets: [u64; 3],
}

impl Votes {
    fn total(&self) -> u64 {
        self.packets.iter().sum()
    }

    /// Bytes of memory that it takes, about. The owner counts in full even if others share it.
    fn weight(&self) -> usize {
        size_of::<Self>() + self.owner.weight()
    }
}

/// How an owner is written: all its fields, where flow records leave out those that are empty.
mod written_owner {
    use crate::capture::owner::{Owner, OwnerFormat};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::sync::Arc;

    #[derive(Serialize, Deserialize)]
    #[serde(remote = "Owner")]
    struct Written {
        format: OwnerFormat,
        name: Option<Box<str>>,
        package: Option<Box<str>>,
        path: Option<Box<str>>,
        pid: Option<i64>,
        uid: Option<i64>,
    }

    pub(super) fn serialize<S: Serializer>(owner: &Arc<Owner>, serializer: S) -> Result<S::Ok, S::Error> {
        Written::serialize(owner, serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Owner>, D::Error> {
        Written::deserialize(deserializer).map(Arc::new)
    }
}

/// The votes for all owners of a session.
///
/// If there are more owners than [`LIMIT`], the first in the order of owners are counted. So it does not matter how
/// the session was cut: an owner that is among the first of the whole is among the first of each part, and none of
/// its votes was left out anywhere.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::flow) struct Ballot {
    /// In the order of owners; most sessions have one.
    #[serde(with = "small")]
    votes: SmallVec<[Votes; 1]>,
    /// Votes for owners that are not counted.
    left_out: u64,
    /// Bytes of memory that the votes take, about.
    #[serde(skip)]
    bytes: usize,
}

impl Ballot {
    /// Makes anew what is not written; whether what was read is in order and no more than is counted.
    pub(in crate::flow) fn restore(&mut self) -> bool {
        self.bytes = self.votes.iter().map(Votes::weight).sum();
        self.votes.len() <= LIMIT && self.votes.is_sorted_by(|a, b| a.owner < b.owner)
    }

    /// All votes, up to as many as there can be.
    pub(in crate::flow) fn votes(&self) -> u64 {
        let packets = self.votes.iter().flat_map(|votes| votes.packets);
        packets.fold(self.left_out, u64::saturating_add)
    }

    /// Counts one packet's owner.
    pub(in crate::flow) fn observe(&mut self, owner: &Arc<Owner>, direction: Direction, frame: FrameId) {
        let mut packets = [0; 3];
        packets[direction as usize] = 1;
        match self.find(owner) {
            Ok(at) => self.votes[at].packets[direction as usize] += 1,
            Err(at) if at < LIMIT => self.insert(at, Votes { owner: Arc::clone(owner), first: frame, packets }),
            Err(_) => self.left_out += 1,
        }
    }

    /// The index of an owner, or the index at which it would be inserted.
    fn find(&self, owner: &Arc<Owner>) -> Result<usize, usize> {
        // Owners mostly come from a table of the capture, so that equal owners are the same object.
        match self.votes.iter().position(|votes| Arc::ptr_eq(&votes.owner, owner)) {
            Some(at) => Ok(at),
            None => self.votes.binary_search_by(|votes| votes.owner.cmp(owner)),
        }
    }

    fn insert(&mut self, at: usize, votes: Votes) {
        self.bytes += votes.weight();
        self.votes.insert(at, votes);
        if self.votes.len() > LIMIT
            && let Some(last) = self.votes.pop()
        {
            self.bytes -= last.weight();
            self.left_out += last.total();
        }
    }

    /// Appends the votes of the session that continues this one.
    pub(in crate::flow) fn merge(&mut self, right: Self) {
        self.left_out += right.left_out;
        for theirs in right.votes {
            match self.find(&theirs.owner) {
                Ok(at) => {
                    let mine = &mut self.votes[at];
                    mine.first = mine.first.min(theirs.first);
                    mine.packets.iter_mut().zip(theirs.packets).for_each(|(mine, theirs)| *mine += theirs);
                }
                Err(at) if at < LIMIT => self.insert(at, theirs),
                Err(_) => self.left_out += theirs.total(),
            }
        }
    }

    /// Adds `base` to all frame identities.
    pub(in crate::flow) fn rebase(&mut self, base: FrameId) {
        self.votes.iter_mut().for_each(|votes| votes.first = votes.first.rebased(base));
    }

    /// Bytes of memory that it takes beside itself, about.
    pub(in crate::flow) fn weight(&self) -> usize {
        self.bytes
    }

    /// The owner that most packets name. Outbound packets decide where there are any: an inbound one is often handled in the
    /// context of whatever process was running (etl2pcapng).
    pub(in crate::flow) fn elect(&self) -> Option<OwnerEvidence> {
        let has_outbound = self.votes.iter().any(|votes| votes.packets[Direction::Outbound as usize] > 0);
        let weight =
            |votes: &Votes| if has_outbound { votes.packets[Direction::Outbound as usize] } else { votes.total() };
        let mut ranked: Vec<(u64, &Votes)> =
            self.votes.iter().map(|votes| (weight(votes), votes)).filter(|(weight, _)| *weight > 0).collect();
        ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.first.cmp(&b.1.first)).then(a.1.owner.cmp(&b.1.owner)));
        let (votes, best) = *ranked.first()?;
        Some(OwnerEvidence {
            owner: Arc::clone(&best.owner),
            votes,
            votes_total: ranked.iter().map(|(weight, _)| weight).sum(),
            frame: best.first,
            others: ranked[1..]
                .iter()
                .take(OTHERS)
                .map(|(weight, votes)| (Arc::clone(&votes.owner), *weight))
                .collect(),
            left_out: self.left_out,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::owner::OwnerFormat;
    use proptest::prelude::*;

    fn owner(name: u64) -> Arc<Owner> {
        // The names begin alike, and do not come in the order of owners.
        let name = format!("{}{:04}", "x".repeat(200), name * 7_919 % 1_000);
        Arc::new(Owner { name: Some(name.into()), ..Owner::new(OwnerFormat::Rustnet) })
    }

    fn ballot(names: &[u64], base: u64) -> Ballot {
        let mut ballot = Ballot::default();
        for (at, &name) in names.iter().enumerate() {
            ballot.observe(&owner(name), Direction::Unknown, FrameId::new(0, base + at as u64));
        }
        ballot
    }

    #[test]
    fn of_too_many_owners_some_stay_with_all_their_votes() {
        let names: Vec<u64> = (0..1_000).chain(0..1_000).collect();
        let ballot = ballot(&names, 0);
        assert_eq!((ballot.votes.len(), ballot.left_out), (LIMIT, 2_000 - 2 * LIMIT as u64));
        assert!(ballot.votes.iter().all(|votes| votes.total() == 2));
        let elected = ballot.elect().unwrap();
        assert_eq!((elected.votes, elected.votes_total, elected.others.len()), (2, 2 * LIMIT as u64, OTHERS));
        assert_eq!(elected.left_out, ballot.left_out);
    }

    proptest! {
        #[test]
        fn no_cut_changes_what_is_counted(
            names in proptest::collection::vec(0..60_u64, 0..300),
            cuts in proptest::collection::vec(0..300_usize, 2),
            is_left_first: bool,
        ) {
            let whole = ballot(&names, 0);
            let mut cuts = [cuts[0].min(names.len()), cuts[1].min(names.len())];
            cuts.sort_unstable();
            let mut first = ballot(&names[..cuts[0]], 0);
            let mut second = ballot(&names[cuts[0]..cuts[1]], cuts[0] as u64);
            let mut third = ballot(&names[cuts[1]..], 0);
            third.rebase(FrameId::new(0, cuts[1] as u64));
            if is_left_first {
                first.merge(second);
                first.merge(third);
            } else {
                second.merge(third);
                first.merge(second);
            }
            prop_assert_eq!((first.votes, first.left_out), (whole.votes, whole.left_out));
        }
    }
}
