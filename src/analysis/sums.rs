//! The routing map that all threads sum up together.

use super::analysed::Analysed;
use super::knowledge::Knowledge;
use super::options::Options;
use super::worker::lock;
use crate::flow::SampleKey;
use crate::route::{Bounds, Observed, Reason, RouteMap};
use std::sync::{Arc, Mutex, PoisonError};

/// The maps of all threads together may take the share of the sums divided by this, before they are added to the
/// whole.
const THREADS_PART: u64 = 4;
/// But each map may take at least this many bytes, because adding a map to the whole costs as much as the map holds.
const LEAST_MAP: u64 = 512 << 10;

/// Apps that only owners name and that the map keeps apart, at most: more than any device has, and so few that a capture that names
/// another one in each packet does not cost much more than any other.
const OWNERS: usize = 4_096;

/// The whole map, to which the maps of threads are added.
pub(super) struct Sums<'a> {
    whole: Mutex<RouteMap>,
    /// What the map of one thread may take.
    bytes_of_one: u64,
    options: &'a Options,
}

impl<'a> Sums<'a> {
    pub(super) fn new(key: SampleKey, options: &'a Options, knowledge: &Knowledge) -> Self {
        let bytes = options.shares().map_or(u64::MAX, |shares| shares.routes);
        let catalogued = Arc::new(knowledge.catalogue.apps().map(|app| Arc::clone(&app.id)).collect());
        let bounds = Bounds { key, bytes, owners: OWNERS, catalogued };
        // What the threads hold together is a small part of the whole, however many threads there are.
        let bytes_of_one = (bytes / THREADS_PART / (rayon::current_num_threads() as u64 + 1)).max(LEAST_MAP);
        Self { whole: Mutex::new(RouteMap::new(bounds)), bytes_of_one, options }
    }

    /// The same once more.
    pub(super) fn copy(&self) -> Self {
        Self { whole: Mutex::new(lock(&self.whole).clone()), ..*self }
    }

    /// An empty map for a thread.
    pub(super) fn part(&self) -> RouteMap {
        lock(&self.whole).another()
    }

    /// Adds a flow to the map of a thread. Returns whether it is counted, and not left out.
    pub(super) fn add(&self, routes: &mut RouteMap, observed: &Observed<'_>) -> bool {
        if self.options.leaves_out(observed) {
            routes.leave_out(observed.flow, Reason::LeftOut);
            return false;
        }
        routes.add(observed);
        if routes.weight() > self.bytes_of_one {
            let whole = &mut *lock(&self.whole);
            let full = std::mem::replace(routes, whole.another());
            whole.append(full);
            *routes = whole.another();
        }
        true
    }

    /// The whole map, with those of all threads.
    pub(super) fn finish(self, maps: Vec<RouteMap>, mut analysed: Analysed) -> (RouteMap, Analysed) {
        let mut routes = self.whole.into_inner().unwrap_or_else(PoisonError::into_inner);
        maps.into_iter().for_each(|map| routes.append(map));
        routes.add_hops(std::mem::take(&mut analysed.summary.hops));
        (routes, analysed)
    }
}
