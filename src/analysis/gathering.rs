//! What an analysis has gathered of the flows that are over: what the caller made of them, and those that wait for their neighbours.

use super::analysed::Analysed;
use super::asked::AskedDevices;
use super::budget::Shares;
use super::knowledge::Knowledge;
use super::neighbours::{Limits, Neighbours, Seekers, settled};
use super::options::Options;
use super::studied::Studied;
use super::worker::{Workers, lock};
use crate::capture::Outcome;
use crate::flow::{Flow, Summary};
use crate::route::Observed;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Batches of flows that one task adds to the map; fewer would not be worth a task.
const BATCHES_PER_TASK: usize = 4;

/// Studies flows on any thread, and settles what waits between steps.
pub(super) struct Gathering<T> {
    workers: Workers<T>,
    waiting: Mutex<Waiting>,
    asked: AskedDevices,
}

/// What waits, of all threads.
#[derive(Clone)]
struct Waiting {
    neighbours: Neighbours,
    /// By window.
    seekers: BTreeMap<i64, Seekers>,
}

impl<T: Send> Gathering<T> {
    pub(super) fn new(options: &Options, new: &dyn Fn() -> T) -> Self {
        let shares = options.shares();
        let limits = shares.map_or_else(Limits::default, |Shares { inherit, .. }| inherit);
        let waiting = Waiting { neighbours: Neighbours::new(limits), seekers: BTreeMap::new() };
        Self {
            workers: Workers::new(shares.map_or(u64::MAX, |shares| shares.places), limits, new),
            waiting: Mutex::new(waiting),
            asked: AskedDevices::new(&options.devices),
        }
    }

    /// The same once more, at a moment when nothing is added. Whether the devices asked for are there is asked at the end only.
    pub(super) fn copy(&self) -> Self
    where
        T: Clone,
    {
        let waiting = Mutex::new(lock(&self.waiting).clone());
        Self { workers: self.workers.copy(), waiting, asked: AskedDevices::new(&[]) }
    }

    /// Locates and attributes flows that are over, on any thread.
    pub(super) fn study(
        &self,
        flows: &mut Vec<Flow>,
        knowledge: &Knowledge,
        add: &(impl Fn(&mut T, &Observed<'_>) + Sync),
    ) {
        self.workers.mine().study(flows, knowledge, |own, observed| self.add(own, observed, add));
    }

    /// Gives apps to those that wait and whose neighbours are all there. Then it calls `after` with the window before which all flows
    /// were given out.
    pub(super) fn settle(
        &self,
        complete_window: i64,
        knowledge: &Knowledge,
        add: &(impl Fn(&mut T, &Observed<'_>) + Sync),
        after: &mut (dyn FnMut(i64, &mut [&mut T]) + Send),
    ) {
        let Waiting { neighbours, seekers } = &mut *lock(&self.waiting);
        self.workers.all().for_each(|mut worker| worker.hand_over(neighbours, seekers));
        let until = settled(complete_window);
        let later = seekers.split_off(&until);
        let mut ready = std::mem::replace(seekers, later);
        neighbours.settle(&mut ready, knowledge);
        let dropped: Vec<Seekers> = seekers.values_mut().map(|seekers| neighbours.shed(seekers)).collect();
        let batches: Vec<Vec<Studied>> = ready.into_values().chain(dropped).flat_map(Seekers::into_batches).collect();
        let add_all = |batch: Vec<Studied>| {
            let worker = &mut *self.workers.mine();
            batch.iter().for_each(|one| self.add(&mut worker.own, &one.observed(), add));
        };
        batches.into_par_iter().with_min_len(BATCHES_PER_TASK).for_each(add_all);
        neighbours.forget_before(until);
        let mut held: Vec<_> = self.workers.all().collect();
        let mut owns: Vec<&mut T> = held.iter_mut().map(|worker| &mut worker.own).collect();
        after(until, &mut owns);
    }

    fn add(&self, own: &mut T, observed: &Observed<'_>, add: &impl Fn(&mut T, &Observed<'_>)) {
        self.asked.look(observed);
        add(own, observed);
    }

    /// What the caller made of the flows, by thread, and what else is known when all are over.
    pub(super) fn finish(self, outcomes: Vec<Outcome>, summary: Summary) -> (Vec<T>, Analysed) {
        let Waiting { neighbours, .. } = self.waiting.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (too_many, devices) = (neighbours.too_many, self.asked.finish());
        (self.workers.into_own(), Analysed { outcomes, summary, too_many, devices })
    }
}
