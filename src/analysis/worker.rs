//! What each thread gathers in an analysis until the results are put together.

use super::knowledge::Knowledge;
use super::neighbours::{Limits, Neighbours, Seekers, is_seeker};
use super::studied::Studied;
use crate::flow::Flow;
use crate::place::PlaceCache;
use crate::route::Observed;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What one thread gathers.
#[derive(Clone)]
pub(super) struct Worker<T> {
    cache: PlaceCache,
    /// Flows that wait for their neighbours, by window.
    seekers: BTreeMap<i64, Seekers>,
    /// Flows from which others may inherit.
    neighbours: Neighbours,
    /// What the caller makes of the flows whose apps are decided.
    pub(super) own: T,
}

impl<T> Worker<T> {
    fn new(place_bytes: u64, limits: Limits, own: T) -> Self {
        let (cache, neighbours) = (PlaceCache::of(place_bytes), Neighbours::new(limits));
        Self { cache, seekers: BTreeMap::new(), neighbours, own }
    }

    /// Locates and attributes flows that are over. Those that may inherit an app wait in their windows, and the
    /// others go to `add`.
    pub(super) fn study(&mut self, flows: &mut Vec<Flow>, knowledge: &Knowledge, add: impl Fn(&mut T, &Observed<'_>)) {
        for mut flow in flows.drain(..) {
            let window = flow.window();
            let learned = knowledge.learn(&mut flow, &mut self.cache);
            // The heads are no longer needed, and a flow may wait for long.
            flow.forget_heads();
            let observed = learned.of(&flow);
            self.neighbours.observe(window, &observed);
            if !is_seeker(&observed) {
                add(&mut self.own, &observed);
                continue;
            }
            let seekers = self.seekers.entry(window).or_default();
            if seekers.push(Studied { flow, learned }) {
                // Many flows may end at once, and those that wait must not fill the memory.
                let dropped = self.neighbours.shed(seekers).into_batches();
                dropped.iter().flatten().for_each(|one| add(&mut self.own, &one.observed()));
            }
        }
    }

    /// Moves out the flows that wait and the flows from which others may inherit.
    pub(super) fn hand_over(&mut self, neighbours: &mut Neighbours, seekers: &mut BTreeMap<i64, Seekers>) {
        neighbours.append(&mut self.neighbours);
        for (window, studied) in std::mem::take(&mut self.seekers) {
            seekers.entry(window).or_default().append(studied);
        }
    }
}

/// One worker for each thread. What they gather merges in any order, and each keeps its own places, so that few
/// workers look up little twice.
pub(super) struct Workers<T>(Vec<Mutex<Worker<T>>>);

impl<T> Workers<T> {
    /// Makes workers for the threads of this pool and for the thread that reads. All of them together may keep places
    /// in this many bytes.
    pub(super) fn new(place_bytes: u64, limits: Limits, own: &dyn Fn() -> T) -> Self {
        let count = rayon::current_num_threads() + 1;
        let new = |_| Mutex::new(Worker::new(place_bytes / count as u64, limits, own()));
        Self((0..count).map(new).collect())
    }

    /// The worker of this thread.
    pub(super) fn mine(&self) -> MutexGuard<'_, Worker<T>> {
        let thread = rayon::current_thread_index().map_or(0, |thread| thread + 1);
        lock(&self.0[thread % self.0.len()])
    }

    /// All workers. They may be held one at a time or all at once.
    pub(super) fn all(&self) -> impl Iterator<Item = MutexGuard<'_, Worker<T>>> {
        self.0.iter().map(lock)
    }

    /// The same once more, at a moment when nothing is added.
    pub(super) fn copy(&self) -> Self
    where
        T: Clone,
    {
        Self(self.0.iter().map(|worker| Mutex::new(lock(worker).clone())).collect())
    }

    /// What the caller made of the flows, by thread.
    pub(super) fn into_own(self) -> Vec<T> {
        self.0.into_iter().map(|worker| worker.into_inner().unwrap_or_else(PoisonError::into_inner).own).collect()
    }
}

/// Locks something shared. If another thread panicked while it held the lock, the analysis has failed anyway.
pub(super) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
