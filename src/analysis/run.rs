//! Runs an analysis: reads captures, and tracks, locates, attributes and sums their flows.

use super::asked::{AskedDevices, MissingDevices};
use super::budget::Shares;
use super::knowledge::Knowledge;
use super::neighbours::{Limits, Neighbours, Order, Seekers, TooMany, order, settled};
use super::options::{FrameFilter, Options};
use super::studied::Studied;
use super::worker::{Workers, lock};
use crate::capture::{self, Frame, Observe, Outcome, Progress, Source};
use crate::flow::{Flow, Partial, Pool, SampleKey, Summary, Tracker};
use crate::route::{Bounds, Observed, Reason, RouteMap};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Batches of flows that one task adds to the map; fewer would not be worth a task.
const BATCHES_PER_TASK: usize = 4;

/// The maps of all threads together may take the share of the sums divided by this, before they are added to the
/// whole.
const THREADS_PART: u64 = 4;
/// But each map may take at least this many bytes, because adding a map to the whole costs as much as the map holds.
const LEAST_MAP: u64 = 512 << 10;

/// Apps that only owners name and that the map keeps apart, at most: more than any device has, and so few that a capture that names
/// another one in each packet does not cost much more than any other.
const OWNERS: usize = 4_096;

/// The outcome of an analysis beside its flows.
pub struct Analysed {
    /// The outcome of reading each capture, in order.
    pub outcomes: Vec<Outcome>,
    /// What was counted beside the flows.
    pub summary: Summary,
    /// How many flows could not take part in the inheritance of apps.
    pub too_many: TooMany,
    /// The devices that were asked for and are not in the captures.
    pub devices: MissingDevices,
}

/// A partial of one range that gets only the frames that pass the user's filter.
struct Filtered {
    partial: Partial,
    filter: Option<FrameFilter>,
}

#[cold]
fn is_passed(passes: &FrameFilter, frame: Frame<'_>) -> bool {
    passes(&frame)
}

impl Observe for Filtered {
    #[inline(always)]
    fn observe(&mut self, frame: Frame<'_>) {
        match &self.filter {
            Some(passes) if !is_passed(passes, frame) => self.partial.skip(&frame),
            _ => self.partial.observe(frame),
        }
    }
}

/// The key of the hash that chooses what is kept when memory is short.
fn sample_key(sources: &[Source]) -> SampleKey {
    SampleKey::of(sources.iter().map(Source::digest_of_first))
}

/// Reads the captures and gives every flow that is over to `take`. After each step it calls `after` with the first
/// window that is not complete yet.
fn run(
    sources: Vec<Source>,
    options: &Options,
    progress: &Progress,
    take: &(dyn Fn(&mut Vec<Flow>) + Sync),
    after: &mut (dyn FnMut(i64) + Send),
) -> (Vec<Outcome>, Summary) {
    let sample_key = sample_key(&sources);
    let shares = options.shares();
    let mut tracker = Tracker::new(sample_key, shares.map(|shares| shares.open));
    let pool = Pool::new(sample_key);
    let empty = || Filtered { partial: pool.take(), filter: options.filter.clone() };
    let outcomes = capture::read(sources, &options.reading(), progress, &empty, &mut |piece| {
        let mut partial = piece.partial.partial;
        let joined = tracker.join(&mut partial, piece.base, &mut |tracker| {
            tracker.close(take);
            after(tracker.complete_window());
        });
        debug_assert_eq!(joined, Ok(()), "partials of one pool have one key");
        pool.put(partial);
    });
    let summary = tracker.finish(take);
    after(i64::MAX);
    (outcomes, summary)
}

/// Reads the captures and gives every flow to `add`, on any thread and in any order, with the value that `new` made
/// for that thread. After each step it calls `after` with the window before which all flows were given out; no other
/// thread adds any meanwhile. Returns the values of all threads.
pub fn each<T: Send>(
    sources: Vec<Source>,
    options: &Options,
    knowledge: &Knowledge,
    progress: &Progress,
    new: &dyn Fn() -> T,
    add: &(impl Fn(&mut T, &Observed<'_>) + Sync),
    after: &mut (dyn FnMut(i64, &mut [&mut T]) + Send),
) -> (Vec<T>, Analysed) {
    let shares = options.shares();
    let limits = shares.map_or_else(Limits::default, |Shares { inherit, .. }| inherit);
    let workers = Workers::new(shares.map_or(u64::MAX, |shares| shares.places), limits, new);
    let asked = AskedDevices::new(&options.devices);
    let add = |own: &mut T, observed: &Observed<'_>| {
        asked.look(observed);
        add(own, observed);
    };
    let take = |flows: &mut Vec<Flow>| workers.mine().study(flows, knowledge, add);
    let (mut neighbours, mut waiting) = (Neighbours::new(limits), BTreeMap::<i64, Seekers>::new());
    let mut settle = |complete_window: i64| {
        workers.all().for_each(|mut worker| worker.hand_over(&mut neighbours, &mut waiting));
        let until = settled(complete_window);
        let later = waiting.split_off(&until);
        let mut ready = std::mem::replace(&mut waiting, later);
        neighbours.settle(&mut ready, knowledge);
        let dropped: Vec<Seekers> = waiting.values_mut().map(|seekers| neighbours.shed(seekers)).collect();
        let batches: Vec<Vec<Studied>> = ready.into_values().chain(dropped).flat_map(Seekers::into_batches).collect();
        let add_all = |batch: Vec<Studied>| {
            let worker = &mut *workers.mine();
            batch.iter().for_each(|one| add(&mut worker.own, &one.observed()));
        };
        batches.into_par_iter().with_min_len(BATCHES_PER_TASK).for_each(add_all);
        neighbours.forget_before(until);
        let mut held: Vec<_> = workers.all().collect();
        let mut owns: Vec<&mut T> = held.iter_mut().map(|worker| &mut worker.own).collect();
        after(until, &mut owns);
    };
    let (outcomes, summary) = run(sources, options, progress, &take, &mut settle);
    let too_many = neighbours.too_many;
    (workers.into_own(), Analysed { outcomes, summary, too_many, devices: asked.finish() })
}

/// Reads the captures and sums their flows in a routing map.
pub fn map(
    sources: Vec<Source>,
    options: &Options,
    knowledge: &Knowledge,
    progress: &Progress,
) -> (RouteMap, Analysed) {
    map_with(sources, options, knowledge, progress, &|_| ())
}

/// The same; `look` sees every flow that is counted, on any thread and in any order.
pub fn map_with(
    sources: Vec<Source>,
    options: &Options,
    knowledge: &Knowledge,
    progress: &Progress,
    look: &(impl Fn(&Observed<'_>) + Sync),
) -> (RouteMap, Analysed) {
    let bytes = options.shares().map_or(u64::MAX, |shares| shares.routes);
    let catalogued = Arc::new(knowledge.catalogue.apps().map(|app| Arc::clone(&app.id)).collect());
    let whole = Mutex::new(RouteMap::new(Bounds { key: sample_key(&sources), bytes, owners: OWNERS, catalogued }));
    // What the threads hold together is a small part of the whole, however many threads there are.
    let bytes_of_one = (bytes / THREADS_PART / (rayon::current_num_threads() as u64 + 1)).max(LEAST_MAP);
    let new = || lock(&whole).another();
    let add = |routes: &mut RouteMap, observed: &Observed<'_>| {
        if options.leaves_out(observed) {
            return routes.leave_out(observed.flow, Reason::LeftOut);
        }
        look(observed);
        routes.add(observed);
        if routes.weight() > bytes_of_one {
            let whole = &mut *lock(&whole);
            let full = std::mem::replace(routes, whole.another());
            whole.append(full);
            *routes = whole.another();
        }
    };
    let (maps, mut analysed) = each(sources, options, knowledge, progress, &new, &add, &mut |_, _| ());
    let mut routes = whole.into_inner().unwrap_or_else(PoisonError::into_inner);
    maps.into_iter().for_each(|map| routes.append(map));
    routes.add_hops(std::mem::take(&mut analysed.summary.hops));
    (routes, analysed)
}

/// Reads the captures and gives every flow to `emit`, in the order of windows of the capture's clock and of first
/// frames within them. `emit` returns whether it wants more; once it does not, the captures are read to their end
/// without calling it.
///
/// Flows that wait to be given out are kept in memory, whatever the limit. `output::flows::InOrder` is a way that
/// keeps to it.
pub fn flows(
    sources: Vec<Source>,
    options: &Options,
    knowledge: &Knowledge,
    progress: &Progress,
    emit: &mut (dyn FnMut(&Studied) -> bool + Send),
) -> Analysed {
    let add = |own: &mut Vec<Studied>, observed: &Observed<'_>| {
        if !options.leaves_out(observed) {
            own.push(Studied::of(observed));
        }
    };
    let mut wants_more = true;
    let mut waiting: BTreeMap<(i64, Order), Studied> = BTreeMap::new();
    let mut after = |until: i64, owns: &mut [&mut Vec<Studied>]| {
        for one in owns.iter_mut().flat_map(|own| own.drain(..)) {
            waiting.insert((one.flow.window(), order(&one.flow)), one);
        }
        while let Some(first) = waiting.first_entry().filter(|first| until == i64::MAX || first.key().0 < until) {
            wants_more = wants_more && emit(first.get());
            first.remove();
        }
    };
    each(sources, options, knowledge, progress, &Vec::new, &add, &mut after).1
}
