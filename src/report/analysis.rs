//! The whole way: captures are read, flows tracked, attributed, placed and summed.

use super::inherit::{self, Estate, Queue};
use super::memory::Shares;
use crate::app::{Attribution, Catalogue};
use crate::capture::owner::{Owner, SideOwners};
use crate::capture::{self, Frame, Observe, Outcome, Progress, ReadOptions, Source};
use crate::flow::{Flow, OwnerEvidence, Partial, Pool, SampleKey, Summary, Tracker};
use crate::place::{LocationCheck, LocationChecker, Memory, Place, Places, Scope, Vantage};
use crate::route::{Observed, Reason, RouteMap};
use foldhash::fast::RandomState;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Batches of flows that are added to the map at a time: fewer are not worth a task of their own.
const BATCHES_PER_TASK: usize = 4;

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
    fn locate(&self, flow: &Flow, memory: &mut Memory) -> Learned {
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

/// Reads the captures and hands every flow that is over to `take`, and after each step the first window that is not
/// complete yet to `after`.
fn run(
    sources: Vec<Source>,
    options: &Options,
    progress: &Progress,
    take: &(dyn Fn(&mut Vec<Flow>) + Sync),
    after: &mut (dyn FnMut(i64) + Send),
) -> Analysed {
    let (hasher, sample_key) = (RandomState::default(), SampleKey::of(sources.iter().map(Source::digest_of_first)));
    let shares = options.max_memory.map(Shares::of);
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
    Analysed { outcomes, summary }
}

/// Locks a lane; a panic elsewhere has ended the analysis anyway.
fn lock<T>(lane: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lane.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Lane {
    memory: Memory,
    routes: RouteMap,
    /// Flows by window: those that may inherit, or all where they are asked for one by one.
    windows: BTreeMap<i64, Queue>,
    estate: Estate,
}

impl Lane {
    /// Studies a few flows that are over, each step with all of them before the next, and takes note of them. Those that `waits`
    /// says so of are put into their windows; returns those windows that this grew notably.
    fn study(
        &mut self,
        few: &mut Vec<Flow>,
        knowledge: &Knowledge,
        hasher: &RandomState,
        waits: impl Fn(&mut Self, &Observed<'_>, bool) -> bool,
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
        let waiting: Vec<bool> = all.map(|(flow, one)| waits(self, &one.of(flow), one.sought.is_some())).collect();
        let mut grown = Vec::new();
        // Not in pairs: each iterator that hands on a pair copies it. And which of them wait is not read from what was copied a
        // moment ago.
        let (mut learned, mut waiting) = (learned.into_iter(), waiting.into_iter());
        for flow in few.drain(..) {
            let Some(learned) = learned.next() else { break };
            if waiting.next() == Some(true) {
                let window = flow.window();
                if self.windows.entry(window).or_default().push(Studied { flow, learned }) {
                    grown.push(window);
                }
            }
        }
        grown
    }

    /// Adds a flow whose app is settled.
    fn add(&mut self, observed: &Observed<'_>, options: &Options) {
        if options.leaves_out(observed) {
            self.routes.leave_out(observed.flow, Reason::LeftOut);
        } else {
            self.routes.add(observed);
        }
    }
}

/// One lane per thread: everything in it merges in any order, and the fewer there are, the less is looked up twice.
fn lanes() -> Vec<Mutex<Lane>> {
    (0..=rayon::current_num_threads()).map(|_| Mutex::default()).collect()
}

/// The lane of this thread.
fn mine(lanes: &[Mutex<Lane>]) -> std::sync::MutexGuard<'_, Lane> {
    let thread = rayon::current_thread_index().map_or(0, |thread| thread + 1);
    lock(&lanes[thread % lanes.len()])
}

fn take_windows(lanes: &[Mutex<Lane>], until: i64, estate: &mut Estate) -> BTreeMap<i64, Queue> {
    let mut ready: BTreeMap<i64, Queue> = BTreeMap::new();
    for lane in lanes {
        let lane = &mut *lock(lane);
        estate.append(&mut lane.estate);
        let later = lane.windows.split_off(&until);
        for (window, studied) in std::mem::replace(&mut lane.windows, later) {
            ready.entry(window).or_default().append(studied);
        }
    }
    ready
}

impl Options {
    fn leaves_out(&self, observed: &Observed<'_>) -> bool {
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

/// Reads the captures into a routing map.
pub fn map(
    sources: Vec<Source>,
    options: &Options,
    knowledge: &Knowledge,
    progress: &Progress,
) -> (RouteMap, Analysed) {
    let (lanes, hasher) = (lanes(), RandomState::default());
    let take = |few: &mut Vec<Flow>| {
        let lane = &mut *mine(&lanes);
        let grown = lane.study(few, knowledge, &hasher, |lane, observed, is_heir| {
            if !is_heir {
                lane.add(observed, options);
            }
            is_heir
        });
        for window in grown {
            // More than can inherit: a capture in which much ends at once must not fill the memory with them.
            for one in lane.windows.get_mut(&window).map(Queue::shed).unwrap_or_default() {
                lane.add(&one.observed(), options);
            }
        }
    };
    let (mut estate, mut heirs) = (Estate::default(), BTreeMap::<i64, Queue>::new());
    let mut after = |complete_window: i64| {
        for (window, studied) in take_windows(&lanes, i64::MAX, &mut estate) {
            heirs.entry(window).or_default().append(studied);
        }
        let until = inherit::settled(complete_window);
        let later = heirs.split_off(&until);
        let mut ready = std::mem::replace(&mut heirs, later);
        estate.settle(&mut ready, &hasher, knowledge);
        let shed = heirs.values_mut().map(Queue::shed);
        let settled: Vec<Vec<Studied>> = ready.into_values().flat_map(Queue::into_batches).chain(shed).collect();
        let add = |batch: Vec<Studied>| {
            let lane = &mut *mine(&lanes);
            for few in batch.chunks(FEW) {
                few.iter().for_each(Studied::touch);
                few.iter().for_each(|one| lane.add(&one.observed(), options));
            }
        };
        settled.into_par_iter().with_min_len(BATCHES_PER_TASK).for_each(add);
        estate.forget_before(until);
    };
    let analysed = run(sources, options, progress, &take, &mut after);
    let mut routes = RouteMap::default();
    for lane in lanes {
        routes.merge(lane.into_inner().unwrap_or_else(PoisonError::into_inner).routes);
    }
    (routes, analysed)
}

/// Reads the captures and hands out every flow, in the order of windows of the capture's clock and of first frames.
/// `emit` says whether it wants more; once it does not, the rest is read but not handed out.
pub fn flows(
    sources: Vec<Source>,
    options: &Options,
    knowledge: &Knowledge,
    progress: &Progress,
    emit: &mut (dyn FnMut(&Studied) -> bool + Send),
) -> Analysed {
    let (lanes, hasher) = (lanes(), RandomState::default());
    let take = |few: &mut Vec<Flow>| {
        let lane = &mut *mine(&lanes);
        lane.study(few, knowledge, &hasher, |_, observed, is_heir| is_heir || !options.leaves_out(observed));
    };
    let mut wants_more = true;
    let mut estate = Estate::default();
    let mut after = |complete_window: i64| {
        let until = inherit::settled(complete_window);
        let mut ready = take_windows(&lanes, until, &mut estate);
        estate.settle(&mut ready, &hasher, knowledge);
        for studied in ready.into_values() {
            for one in studied.sorted() {
                wants_more = wants_more && (options.leaves_out(&one.observed()) || emit(one));
            }
        }
        estate.forget_before(until);
    };
    run(sources, options, progress, &take, &mut after)
}
