//! The whole way: captures are read, flows tracked, attributed, placed and summed.

use super::inherit::{self, Estate, Limits, Order, Queue, Unheard};
use super::memory::Shares;
use crate::app::{Attribution, Catalogue};
use crate::capture::owner::{Owner, SideOwners};
use crate::capture::{self, Frame, Observe, Outcome, Progress, ReadOptions, Source};
use crate::flow::{Flow, OpenLimits, OwnerEvidence, Partial, Pool, SampleKey, Summary, Tracker};
use crate::place::{LocationCheck, LocationChecker, Place, PlaceCache, Places, Scope, Vantage};
use crate::route::{Bounds, Observed, Reason, RouteMap};
use foldhash::fast::RandomState;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Batches of flows that are added to the map at a time: fewer are not worth a task of their own.
const BATCHES_PER_TASK: usize = 4;

/// The lanes hold this part of what the sums may take, before what they hold is added to the whole.
const LANES_PART: u64 = 4;
/// And so many bytes at least: adding to the whole costs as much as a lane holds.
const LEAST_LANE: u64 = 512 << 10;

/// Flows that are waited for at once.
const FEW: usize = 8;

/// A test of frames by their bytes, such as a BPF program: whether the frame is to be analysed.
pub type FrameFilter = Arc<dyn Fn(&Frame<'_>) -> bool + Send + Sync>;

/// What to leave out, and how to read.
#[derive(Clone, Default)]
pub struct Options {
    /// How captures are cut.
    pub read: ReadOptions,
    /// Frames to analyse; all where none.
    pub filter: Option<FrameFilter>,
    /// Only flows of these apps.
    pub apps: Vec<String>,
    /// Only flows with one of these addresses at one end.
    pub devices: Vec<IpAddr>,
    /// Bytes of memory to take at most, about; no limit where none. What is let go of for it, [`Summary::shed`] says.
    pub max_memory: Option<u64>,
    /// What may be kept of what is open, in place of its share of `max_memory`: for tests, whose captures are small.
    pub open_limits: Option<OpenLimits>,
}

/// What flows are held against.
pub struct Knowledge {
    /// Apps.
    pub catalogue: Catalogue,
    /// Places.
    pub places: Places,
    /// Where the captures were taken, as the user said.
    pub vantage: Option<Vantage>,
    /// Owners named beside the captures: the first file that knows a flow tells.
    pub owners: Vec<SideOwners>,
    checker: LocationChecker,
}

impl Knowledge {
    /// Puts the catalogue and the databases together.
    pub fn new(catalogue: Catalogue, places: Places, vantage: Option<Vantage>) -> Self {
        let checker = LocationChecker::new(vantage.clone());
        Self { catalogue, places, vantage, owners: Vec::new(), checker }
    }

    /// Gives a flow that the capture names no owner for, or only by number, the one that is named beside it.
    fn name_owner(&self, flow: &mut Flow) {
        let is_named = |owner: &Owner| owner.name.is_some() || owner.package.is_some() || owner.path.is_some();
        if self.owners.is_empty() || flow.owner.as_ref().is_some_and(|evidence| is_named(&evidence.owner)) {
            return;
        }
        let ends = [(flow.client_ip, flow.client_port), (flow.server_ip, flow.server_port)];
        let [client, server] = ends.map(|(ip, port)| (ip, port.unwrap_or(0)));
        let seen = [flow.first_seen_ns.min(flow.last_seen_ns), flow.first_seen_ns.max(flow.last_seen_ns)];
        let found = self.owners.iter().find_map(|side| side.find(flow.protocol, client, server, seen[0], seen[1]));
        if let Some(owner) = found {
            let packets = flow.up.packets + flow.down.packets;
            let others = flow.owner.take().map(|given| (given.owner, given.votes)).into_iter().collect();
            let frame = flow.first_frame;
            let (votes, votes_total, left_out) = (packets, packets, 0);
            flow.owner = Some(Box::new(OwnerEvidence { owner, votes, votes_total, frame, others, left_out }));
        }
    }

    /// What is known of a flow's ends.
    fn locate(&self, flow: &Flow, memory: &mut PlaceCache) -> Learned {
        let mut place = memory.locate(&self.places, flow.server_ip);
        let mut peer = flow.server_ip;
        if place.scope == Scope::Local {
            let other = memory.locate(&self.places, flow.client_ip);
            if other.scope == Scope::Global {
                (peer, place) = (flow.client_ip, other);
            }
        }
        let rtt = flow.rtt.map(|rtt| (rtt.ns, rtt.source.is_bound() && rtt.ns > 0));
        let check = self.checker.check(&place, rtt.filter(|_| peer == flow.server_ip));
        Learned { peer, place, attribution: Attribution::default(), check, sought: None }
    }
}

/// All that is known of a flow beside what it says itself.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The end that is located.
    pub peer: IpAddr,
    /// Its place.
    pub place: Arc<Place>,
    /// Who sent it.
    pub attribution: Attribution,
    /// What the round trip says.
    pub check: LocationCheck,
    /// Hashes of what it looks for neighbours by, some of them twice; none if it does not look for any.
    pub(super) sought: Option<[u32; 3]>,
}

impl Learned {
    fn of<'a>(&'a self, flow: &'a Flow) -> Observed<'a> {
        let Self { peer, place, attribution, check, .. } = self;
        Observed { flow, peer: *peer, place, attribution, check: *check }
    }
}

/// A flow with all that is known of it.
#[derive(Clone, Debug)]
pub struct Studied {
    /// The flow.
    pub flow: Flow,
    /// What else is known.
    pub learned: Learned,
}

impl Studied {
    /// Reads a word of each line of memory it takes: several of them are waited for at once.
    fn touch(&self) {
        let Flow { first_frame, protocol, up, names, rtt, owner, .. } = &self.flow;
        black_box((*first_frame, *protocol, up.bytes, names.len(), rtt.is_some(), owner.is_some()));
        let Learned { peer, place, attribution, .. } = &self.learned;
        black_box((attribution.chosen.is_some(), attribution.others.len(), place.scope, *peer));
    }

    /// What is observed, to be kept.
    fn of(observed: &Observed<'_>) -> Self {
        let &Observed { flow, peer, place, attribution, check } = observed;
        let (place, attribution) = (Arc::clone(place), attribution.clone());
        Self { flow: flow.clone(), learned: Learned { peer, place, attribution, check, sought: None } }
    }

    /// As the routing map takes it.
    pub fn observed(&self) -> Observed<'_> {
        self.learned.of(&self.flow)
    }
}

/// What comes of an analysis beside its flows.
pub struct Analysed {
    /// Each capture, in order.
    pub outcomes: Vec<Outcome>,
    /// What is left to say of the frames.
    pub summary: Summary,
    /// Flows that could not take part where apps are inherited.
    pub unheard: Unheard,
}

/// One partial per range, behind the user's filter.
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

/// The key by which is chosen what is kept where memory is short.
fn sample_key(sources: &[Source]) -> SampleKey {
    SampleKey::of(sources.iter().map(Source::digest_of_first))
}

/// Reads the captures and hands every flow that is over to `take`, and after each step the first window that is not
/// complete yet to `after`.
fn run(
    sources: Vec<Source>,
    options: &Options,
    progress: &Progress,
    take: &(dyn Fn(&mut Vec<Flow>) + Sync),
    after: &mut (dyn FnMut(i64) + Send),
) -> Analysed {
    let (hasher, sample_key) = (RandomState::default(), sample_key(&sources));
    let shares = options.shares();
    let mut tracker = Tracker::new(hasher.clone(), sample_key, shares.map(|shares| shares.open));
    let mut read = options.read;
    read.most_range_bytes = shares.map(|shares| shares.range);
    read.memory_bytes = read.memory_bytes.or(options.max_memory);
    let pool = Pool::new(hasher, sample_key);
    let empty = || Filtered { partial: pool.take(), filter: options.filter.clone() };
    let outcomes = capture::read(sources, &read, progress, &empty, &mut |piece| {
        let mut partial = piece.partial.partial;
        tracker.join(&mut partial, piece.base, &mut |tracker| {
            tracker.close(take);
            after(tracker.complete_window());
        });
        pool.put(partial);
    });
    let summary = tracker.finish(take);
    after(i64::MAX);
    Analysed { outcomes, summary, unheard: Unheard::default() }
}

/// Locks a lane; a panic elsewhere has ended the analysis anyway.
fn lock<T>(lane: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lane.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one thread gathers; `own` is what the caller makes of the flows whose app is settled.
struct Lane<T> {
    memory: PlaceCache,
    /// Flows that may inherit, by window.
    windows: BTreeMap<i64, Queue>,
    estate: Estate,
    own: T,
}

impl<T> Lane<T> {
    /// Studies a few flows that are over, each step with all of them before the next, and takes note of them. Those that may
    /// inherit are put into their windows, the others go to `add`; returns those windows that this grew notably.
    fn study(
        &mut self,
        few: &mut Vec<Flow>,
        knowledge: &Knowledge,
        hasher: &RandomState,
        add: impl Fn(&mut T, &Observed<'_>),
    ) -> Vec<i64> {
        let mut learned: Vec<Learned> = few.iter().map(|flow| knowledge.locate(flow, &mut self.memory)).collect();
        for (flow, learned) in few.iter_mut().zip(&mut learned) {
            knowledge.name_owner(flow);
            learned.attribution = knowledge.catalogue.attribute(flow, &learned.place);
            // Now, since they are at hand: a flow that waits is far away when it is over.
            flow.forget_heads();
        }
        for (flow, learned) in few.iter().zip(&learned) {
            self.estate.observe(flow.window(), &learned.of(flow));
        }
        for (flow, learned) in few.iter().zip(&mut learned) {
            learned.sought = inherit::seeks(&learned.of(flow), hasher);
        }
        let all = few.iter().zip(&learned);
        all.filter(|(_, one)| one.sought.is_none()).for_each(|(flow, one)| add(&mut self.own, &one.of(flow)));
        let mut grown = Vec::new();
        // Not in pairs: each iterator that hands on a pair copies it.
        let mut learned = learned.into_iter();
        for flow in few.drain(..) {
            let Some(learned) = learned.next() else { break };
            if learned.sought.is_some() {
                let window = flow.window();
                if self.windows.entry(window).or_default().push(Studied { flow, learned }) {
                    grown.push(window);
                }
            }
        }
        grown
    }
}

/// One lane per thread: everything in it merges in any order, and the fewer there are, the less is looked up twice.
fn lanes<T>(shares: Option<Shares>, limits: Limits, new: &dyn Fn() -> T) -> Vec<Mutex<Lane<T>>> {
    let count = rayon::current_num_threads() + 1;
    let places = shares.map_or(u64::MAX, |shares| shares.places / count as u64);
    let lane = |_| {
        let (memory, windows, estate) = (PlaceCache::of(places), BTreeMap::new(), Estate::new(limits));
        Mutex::new(Lane { memory, windows, estate, own: new() })
    };
    (0..count).map(lane).collect()
}

/// The lane of this thread.
fn mine<T>(lanes: &[Mutex<Lane<T>>]) -> std::sync::MutexGuard<'_, Lane<T>> {
    let thread = rayon::current_thread_index().map_or(0, |thread| thread + 1);
    lock(&lanes[thread % lanes.len()])
}

fn take_windows<T>(lanes: &[Mutex<Lane<T>>], estate: &mut Estate, heirs: &mut BTreeMap<i64, Queue>) {
    for lane in lanes {
        let lane = &mut *lock(lane);
        estate.append(&mut lane.estate);
        for (window, studied) in std::mem::take(&mut lane.windows) {
            heirs.entry(window).or_default().append(studied);
        }
    }
}

impl Options {
    /// How memory is shared out, where it is limited.
    pub(super) fn shares(&self) -> Option<Shares> {
        self.max_memory.map(|bytes| {
            let shares = Shares::of(bytes);
            Shares { open: self.open_limits.unwrap_or(shares.open), ..shares }
        })
    }

    /// Bytes that flows may take which wait for their turn in the order of [`flows`]; no limit where none.
    pub fn waiting_bytes(&self) -> Option<u64> {
        self.shares().map(|shares| shares.waiting)
    }

    /// Whether the user asked for other apps or devices.
    pub fn leaves_out(&self, observed: &Observed<'_>) -> bool {
        let is_other_app = !self.apps.is_empty()
            && !observed
                .attribution
                .chosen
                .as_ref()
                .is_some_and(|claim| self.apps.iter().any(|app| **app == *claim.app));
        let is_other_device = !self.devices.is_empty()
            && !self.devices.iter().any(|ip| *ip == observed.flow.client_ip || *ip == observed.flow.server_ip);
        is_other_app || is_other_device
    }
}

/// Reads the captures and hands every flow to `add`, on any thread and in any order, with what `new` made for that thread. After
/// each step `after` is told the window before which all flows were handed out, while nobody adds any. Returns what was gathered.
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
    let limits = shares.map_or_else(Limits::default, |shares| shares.inherit);
    let (lanes, hasher) = (lanes(shares, limits, new), RandomState::default());
    let take = |few: &mut Vec<Flow>| {
        let lane = &mut *mine(&lanes);
        for window in lane.study(few, knowledge, &hasher, add) {
            // More than can inherit: a capture in which much ends at once must not fill the memory with them.
            let shed = lane.windows.get_mut(&window).map(|queue| queue.shed(limits)).unwrap_or_default();
            let shed: Vec<&Studied> = shed.iter().flatten().collect();
            lane.estate.unheard.heirs += shed.len() as u64;
            shed.into_iter().for_each(|one| add(&mut lane.own, &one.observed()));
        }
    };
    let (mut estate, mut heirs) = (Estate::new(limits), BTreeMap::<i64, Queue>::new());
    let mut settle = |complete_window: i64| {
        take_windows(&lanes, &mut estate, &mut heirs);
        let until = inherit::settled(complete_window);
        let later = heirs.split_off(&until);
        let mut ready = std::mem::replace(&mut heirs, later);
        estate.settle(&mut ready, &hasher, knowledge);
        let shed: Vec<Vec<Studied>> = heirs.values_mut().flat_map(|queue| queue.shed(limits)).collect();
        estate.unheard.heirs += shed.iter().map(|batch| batch.len() as u64).sum::<u64>();
        let settled: Vec<Vec<Studied>> = ready.into_values().flat_map(Queue::into_batches).chain(shed).collect();
        let add = |batch: Vec<Studied>| {
            let lane = &mut *mine(&lanes);
            for few in batch.chunks(FEW) {
                few.iter().for_each(Studied::touch);
                few.iter().for_each(|one| add(&mut lane.own, &one.observed()));
            }
        };
        settled.into_par_iter().with_min_len(BATCHES_PER_TASK).for_each(add);
        estate.forget_before(until);
        let mut held: Vec<_> = lanes.iter().map(lock).collect();
        let mut owns: Vec<&mut T> = held.iter_mut().map(|lane| &mut lane.own).collect();
        after(until, &mut owns);
        estate.unheard
    };
    let mut unheard = Unheard::default();
    let mut analysed = run(sources, options, progress, &take, &mut |window| unheard = settle(window));
    analysed.unheard = unheard;
    let own = |lane: Mutex<Lane<T>>| lane.into_inner().unwrap_or_else(PoisonError::into_inner).own;
    (lanes.into_iter().map(own).collect(), analysed)
}

/// Reads the captures into a routing map.
pub fn map(
    sources: Vec<Source>,
    options: &Options,
    knowledge: &Knowledge,
    progress: &Progress,
) -> (RouteMap, Analysed) {
    let bytes = options.shares().map_or(u64::MAX, |shares| shares.routes);
    let catalogued = Arc::new(knowledge.catalogue.apps().map(|app| Arc::clone(&app.id)).collect());
    let whole = Mutex::new(RouteMap::new(Bounds { key: sample_key(&sources), bytes, catalogued }));
    // All that the lanes hold together is a small part of the whole, however many there are.
    let lane_bytes = (bytes / LANES_PART / (rayon::current_num_threads() as u64 + 1)).max(LEAST_LANE);
    let new = || lock(&whole).another();
    let add = |routes: &mut RouteMap, observed: &Observed<'_>| {
        if options.leaves_out(observed) {
            return routes.leave_out(observed.flow, Reason::LeftOut);
        }
        routes.add(observed);
        if routes.weight() > lane_bytes {
            let whole = &mut *lock(&whole);
            let full = std::mem::replace(routes, whole.another());
            whole.append(full);
            *routes = whole.another();
        }
    };
    let (lanes, analysed) = each(sources, options, knowledge, progress, &new, &add, &mut |_, _| ());
    let mut routes = whole.into_inner().unwrap_or_else(PoisonError::into_inner);
    lanes.into_iter().for_each(|lane| routes.append(lane));
    routes.settle();
    (routes, analysed)
}

/// Reads the captures and hands out every flow, in the order of windows of the capture's clock and of first frames.
/// `emit` says whether it wants more; once it does not, the rest is read but not handed out.
///
/// What waits for its turn is kept in memory, whatever the limit: see `output::flows::Sorter` for a way that does not.
pub fn flows(
    sources: Vec<Source>,
    options: &Options,
    knowledge: &Knowledge,
    progress: &Progress,
    emit: &mut (dyn FnMut(&Studied) -> bool + Send),
) -> Analysed {
    let add = |lane: &mut Vec<Studied>, observed: &Observed<'_>| {
        if !options.leaves_out(observed) {
            lane.push(Studied::of(observed));
        }
    };
    let mut wants_more = true;
    let mut waiting: BTreeMap<(i64, Order), Studied> = BTreeMap::new();
    let mut after = |until: i64, lanes: &mut [&mut Vec<Studied>]| {
        for one in lanes.iter_mut().flat_map(|lane| lane.drain(..)) {
            waiting.insert((one.flow.window(), inherit::order(&one.flow)), one);
        }
        while let Some(first) = waiting.first_entry().filter(|first| until == i64::MAX || first.key().0 < until) {
            wants_more = wants_more && emit(first.get());
            first.remove();
        }
    };
    each(sources, options, knowledge, progress, &Vec::new, &add, &mut after).1
}
