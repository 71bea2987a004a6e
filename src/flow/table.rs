//! The sessions of a shard. They are kept in slots that do not move, and are found by key and by when they end.
//!
//! Adding a range of a capture costs as much as that range holds, not as much as is open: its sessions are put in one
//! by one, and the sessions that are over are found without looking at the others.

use crate::flow::links::{Links, NONE, UNFILED};
use crate::flow::session::Session;
use crate::packet::FlowKey;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::collections::BTreeMap;

/// Sessions are filed by the earliest time at which they can end, in steps of this length.
const STEP_NS: i64 = 32_000_000_000;

/// The step in which a time lies.
fn step(time_ns: i64) -> i32 {
    time_ns.div_euclid(STEP_NS).clamp(i64::from(UNFILED) + 1, i64::from(i32::MAX)) as i32
}

/// The sessions of a shard, in slots.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// Of this table alone: nobody can foresee which keys fall together.
    hasher: RandomState,
    /// The slot of the latest session of each key.
    latest: HashTable<u32>,
    slots: Vec<Session>,
    vacant: Vec<u32>,
    /// Slots by the step in which their sessions can end at the earliest. The slot of a session that was filed again,
    /// or was taken out, stays in its old list.
    due: BTreeMap<i32, Vec<u32>>,
    /// Bytes that the sessions weighed so far take, about.
    weight: u64,
}

impl Table {
    /// All sessions.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Session> {
        self.slots.iter().filter(|session| !session.is_vacant())
    }

    /// Brings the frames of all sessions up to date.
    pub(super) fn settle(&mut self) {
        self.slots.iter_mut().for_each(Session::settle_base);
    }

    /// The hash by which a key is found here.
    #[inline(always)]
    pub(super) fn hash(&self, key: &FlowKey) -> u64 {
        key.hashed(&self.hasher)
    }

    /// The slot of the latest session of this key.
    #[inline]
    pub(super) fn find(&self, hash: u64, key: &FlowKey) -> Option<usize> {
        let slots = &self.slots;
        self.latest.find(hash, |&at| slots[at as usize].key == *key).map(|&at| at as usize)
    }

    /// The session in a slot, to be changed.
    #[inline]
    pub(super) fn at(&mut self, at: usize) -> &mut Session {
        &mut self.slots[at]
    }

    /// The session in a slot, if there is such a slot.
    pub(super) fn get(&self, at: usize) -> Option<&Session> {
        self.slots.get(at)
    }

    /// The sessions of one key with their slots, the latest first.
    pub(super) fn of_key(&self, hash: u64, key: &FlowKey) -> impl Iterator<Item = (usize, &Session)> {
        let mut next = self.find(hash, key);
        std::iter::from_fn(move || {
            let at = next?;
            let session = self.slots.get(at)?;
            next = Some(session.links.previous).filter(|&slot| slot != NONE).map(|slot| slot as usize);
            Some((at, session))
        })
    }

    /// Adds a session as the latest of its key; `before` is what [`Self::find`] returns for the key. `make` builds it
    /// in its slot, because copying a session that was just written is slower than writing it there.
    #[inline(always)]
    pub(super) fn push(&mut self, hash: u64, before: Option<usize>, make: impl FnOnce() -> Session) -> usize {
        let at = match self.vacant.pop() {
            Some(at) => {
                self.slots[at as usize] = make();
                at
            }
            None => {
                self.slots.reserve(1);
                self.slots.push(make());
                self.slots.len() as u32 - 1
            }
        };
        self.link(hash, before, at);
        at as usize
    }

    /// Makes the session in a slot the one found by its key.
    fn link(&mut self, hash: u64, before: Option<usize>, at: u32) {
        let previous = before.map_or(NONE, |before| before as u32);
        self.slots[at as usize].links = Links { previous, ..Links::default() };
        match before {
            Some(before) => {
                self.slots[before].links.next = at;
                if let Some(latest) = self.latest.find_mut(hash, |&slot| slot == previous) {
                    *latest = at;
                }
            }
            None => {
                let (slots, hasher) = (&self.slots, &self.hasher);
                self.latest.insert_unique(hash, at, |&at| slots[at as usize].key.hashed(hasher));
            }
        }
    }

    /// Takes out all sessions in the order in which they were added. None may have been taken out before.
    pub(super) fn drain(&mut self) -> std::vec::Drain<'_, Session> {
        self.latest.clear();
        self.slots.drain(..)
    }

    /// How many slots there is room for without growing.
    pub(super) fn room(&self) -> usize {
        self.slots.capacity()
    }

    /// How many slots there are, including vacant ones.
    pub(super) fn count(&self) -> usize {
        self.slots.len()
    }

    /// Files the session in this slot, so that [`Self::take_over`] looks at it as soon as the clock shows `end_ns`.
    pub(super) fn file(&mut self, at: usize, end_ns: i64) {
        let step = step(end_ns);
        let links = &mut self.slots[at].links;
        if links.due == UNFILED || step < links.due {
            links.due = step;
            self.due.entry(step).or_default().push(at as u32);
        }
    }

    /// Weighs the session in this slot again.
    pub(super) fn weigh(&mut self, at: usize) {
        let session = &mut self.slots[at];
        let weight = u32::try_from(session.weight()).unwrap_or(u32::MAX);
        self.weight = self.weight + u64::from(weight) - u64::from(session.links.weight);
        session.links.weight = weight;
    }

    /// Bytes that the sessions weighed so far take, about.
    pub(super) fn weight(&self) -> u64 {
        self.weight
    }

    /// Takes out the sessions that are not to be kept. `gone` is called with each of them first.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&Session) -> bool, mut gone: impl FnMut(&Session)) {
        for at in 0..self.slots.len() {
            let session = &self.slots[at];
            if !session.is_vacant() && !is_kept(session) {
                gone(session);
                self.unlink(at as u32);
                self.vacate(at as u32);
            }
        }
    }

    /// Takes out the sessions that are over: the clock shows `clock_ns`, which is later than their `end_ns`. If
    /// `clock_ns` is [`i64::MAX`], these are all. `take` is called with each of them first.
    pub(super) fn take_over(
        &mut self,
        clock_ns: i64,
        end_ns: impl Fn(&Session) -> i64,
        mut take: impl FnMut(&mut Session),
    ) {
        if clock_ns == i64::MAX {
            std::mem::take(self).slots.iter_mut().filter(|session| !session.is_vacant()).for_each(take);
            return;
        }
        let (mut over, mut later) = (Vec::new(), Vec::new());
        let later_steps = self.due.split_off(&step(clock_ns).saturating_add(1));
        for (step, slots) in std::mem::replace(&mut self.due, later_steps) {
            for at in slots {
                let session = &mut self.slots[at as usize];
                if session.links.due == step {
                    session.links.due = UNFILED;
                    let end_ns = end_ns(session);
                    if end_ns < clock_ns { over.push(at) } else { later.push((at, end_ns)) }
                }
            }
        }
        for (at, end_ns) in later {
            self.file(at as usize, end_ns);
        }
        for at in over {
            self.unlink(at);
            take(&mut self.slots[at as usize]);
            self.vacate(at);
        }
    }

    /// Removes the session in a slot from the list of its key.
    fn unlink(&mut self, at: u32) {
        let session = &self.slots[at as usize];
        let (key, Links { previous, next, weight, .. }) = (session.key, session.links);
        self.weight -= u64::from(weight);
        if let Some(after) = self.slots.get_mut(next as usize) {
            after.links.previous = previous;
        } else if let Ok(mut entry) = self.latest.find_entry(key.hashed(&self.hasher), |&slot| slot == at) {
            if previous == NONE {
                entry.remove();
            } else {
                *entry.get_mut() = previous;
            }
        }
        if let Some(before) = self.slots.get_mut(previous as usize) {
            before.links.next = next;
        }
    }

    /// Empties a slot whose session was unlinked.
    fn vacate(&mut self, at: u32) {
        self.slots[at as usize].vacate();
        self.vacant.push(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::FrameId;
    use crate::packet::Side;
    use proptest::prelude::*;

    fn key(number: u8) -> FlowKey {
        FlowKey::new(4, 17, ([10; 16], 1), ([number; 16], 2)).0
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Compares the table with a plain list: which sessions are found and which are over, and what all of them
        /// weigh, through all changes.
        #[test]
        fn finds_the_latest_and_what_is_over(steps in prop::collection::vec((0_u8..6, 0_i64..90, 0_i64..30), 0..120)) {
            let (mut table, mut list) = (Table::default(), Vec::<(u8, u64, i64)>::new());
            let mut clock = 0;
            for (frame, (number, length, pause)) in (0_u64..).zip(steps) {
                let (key, end) = (key(number), clock + (length - 10) * 1_000_000_000);
                let hash = table.hash(&key);
                let latest = table.find(hash, &key);
                prop_assert_eq!(
                    latest.map(|at| table.at(at).first.record()),
                    list.iter().rev().find(|one| one.0 == number).map(|one| one.1)
                );
                match latest.filter(|_| length % 2 == 0) {
                    Some(at) => {
                        table.at(at).last_ns = end;
                        table.file(at, end);
                        table.weigh(at);
                        list.iter_mut().rev().find(|one| one.0 == number).unwrap().2 = end;
                    }
                    None => {
                        let make = || Session::begin(key, Side::Low, FrameId::new(0, frame), end, true);
                        let at = table.push(hash, latest, make);
                        table.file(at, end);
                        table.weigh(at);
                        list.push((number, frame, end));
                    }
                }
                if pause == 7 {
                    let (number, mut gone) = (number, Vec::new());
                    table.retain(|session| session.key != self::key(number), |one| gone.push(one.first.record()));
                    gone.sort_unstable();
                    prop_assert_eq!(gone, list.extract_if(.., |one| one.0 == number).map(|one| one.1).collect::<Vec<_>>());
                }
                clock += pause * 1_000_000_000;
                let mut over = Vec::new();
                table.take_over(clock, |session| session.last_ns, |one| over.push(one.first.record()));
                over.sort_unstable();
                let expected: Vec<u64> = list.extract_if(.., |one| one.2 < clock).map(|one| one.1).collect();
                prop_assert_eq!(over, expected);
                prop_assert_eq!(table.iter().count(), list.len());
                prop_assert_eq!(table.weight(), table.iter().map(|session| session.weight() as u64).sum::<u64>());
                for number in 0..6 {
                    let mut of_key: Vec<u64> =
                        table.of_key(table.hash(&self::key(number)), &self::key(number)).map(|one| one.1.first.record()).collect();
                    of_key.reverse();
                    prop_assert_eq!(of_key, list.iter().filter(|one| one.0 == number).map(|one| one.1).collect::<Vec<_>>());
                }
            }
            let mut rest = 0;
            table.take_over(i64::MAX, |session| session.last_ns, |_| rest += 1);
            prop_assert_eq!(rest, list.len());
        }
    }
}
