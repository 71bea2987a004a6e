//! The whole way: captures are read, flows tracked, attributed, placed and summed.

use crate::app::{Attribution, Catalogue};
use crate::capture::{self, Frame, Observe, Outcome, Progress, ReadOptions, Source};
use crate::flow::{Closed, Flow, Limits, Partial, Summary, Tracker};
use crate::place::{LocationCheck, LocationChecker, Place, Places, Scope, Vantage};
use crate::route::{Observed, Reason, RouteMap};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Places remembered per lane; looking one up again is cheap, remembering all is not.
const PLACES_REMEMBERED: usize = 1 << 14;

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
    /// Bounds on memory.
    pub limits: Limits,
}

/// What flows are held against.
pub struct Knowledge {
    /// Apps.
    pub catalogue: Catalogue,
    /// Places.
    pub places: Places,
    /// Where the captures were taken, as the user said.
    pub vantage: Option<Vantage>,
    checker: LocationChecker,
}

impl Knowledge {
    /// Puts the catalogue and the databases together.
    pub fn new(catalogue: Catalogue, places: Places, vantage: Option<Vantage>) -> Self {
        let checker = LocationChecker::new(vantage.clone());
        Self { catalogue, places, vantage, checker }
    }

    /// What is known of a flow.
    fn study(&self, flow: Flow, remembered: &mut HashMap<IpAddr, Arc<Place>, RandomState>) -> Studied {
        let mut locate = |ip: IpAddr| match remembered.get(&ip) {
            Some(place) => place.clone(),
            None => {
                if remembered.len() >= PLACES_REMEMBERED {
                    remembered.clear();
                }
                let place = Arc::new(self.places.locate(ip));
                remembered.insert(ip, place.clone());
                place
            }
        };
        let mut place = locate(flow.server_ip);
        let mut peer = flow.server_ip;
        if place.scope != Scope::Global {
            let other = locate(flow.client_ip);
            if other.scope == Scope::Global && place.scope == Scope::Local {
                (peer, place) = (flow.client_ip, other);
            }
        }
        let attribution = self.catalogue.attribute(&flow, &place);
        let rtt = flow.rtt.map(|rtt| (rtt.ns, rtt.source.is_bound()));
        let check = self.checker.check(&place, rtt.filter(|_| peer == flow.server_ip));
        Studied { flow, peer, place, attribution, check }
    }
}

/// A flow with all that is known of it.
#[derive(Clone, Debug)]
pub struct Studied {
    /// The flow.
    pub flow: Flow,
    /// The end that is located.
    pub peer: IpAddr,
    /// Its place.
    pub place: Arc<Place>,
    /// Who sent it.
    pub attribution: Attribution,
    /// What the round trip says.
    pub check: LocationCheck,
}

impl Studied {
    /// As the routing map takes it.
    pub fn observed(&self) -> Observed<'_> {
        let Self { flow, peer, place, attribution, check } = self;
        Observed { flow, peer: *peer, place, attribution, check: *check }
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

impl Observe for Filtered {
    #[inline]
    fn observe(&mut self, frame: &Frame<'_>) {
        match &self.filter {
            Some(passes) if !passes(frame) => self.partial.skip(frame),
            _ => self.partial.observe(frame),
        }
    }
}

/// Reads the captures and hands every flow that is over to `take`, with the number of its lane (equal lanes never run at
/// the same time) and `after` each step the time before which all windows are complete.
fn run(
    sources: Vec<Source>,
    options: &Options,
    progress: &Progress,
    take: &(dyn Fn(usize, Vec<Closed>) + Sync),
    after: &mut (dyn FnMut(i64) + Send),
) -> Analysed {
    let hasher = RandomState::default();
    let mut tracker = Tracker::new(hasher.clone(), options.limits);
    let empty = || Filtered { partial: Partial::new(hasher.clone()), filter: options.filter.clone() };
    let outcomes = capture::read(sources, &options.read, progress, &empty, &mut |piece| {
        tracker.join(piece.partial.partial, piece.base, take);
        after(tracker.complete_window());
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
    remembered: HashMap<IpAddr, Arc<Place>, RandomState>,
    routes: RouteMap,
    /// Flows by window, for those that are asked for one by one.
    windows: BTreeMap<i64, Vec<Studied>>,
}

fn lanes() -> Vec<Mutex<Lane>> {
    (0..crate::flow::LANES).map(|_| Mutex::default()).collect()
}

impl Options {
    fn leaves_out(&self, studied: &Studied) -> bool {
        let is_other_app = !self.apps.is_empty()
            && !studied
                .attribution
                .chosen
                .as_ref()
                .is_some_and(|claim| self.apps.iter().any(|app| **app == *claim.app));
        let is_other_device = !self.devices.is_empty()
            && !self.devices.iter().any(|ip| *ip == studied.flow.client_ip || *ip == studied.flow.server_ip);
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
    let lanes = lanes();
    let take = |lane: usize, closed: Vec<Closed>| {
        let lane = &mut *lock(&lanes[lane]);
        for Closed { flow, .. } in closed {
            let studied = knowledge.study(flow, &mut lane.remembered);
            if options.leaves_out(&studied) {
                lane.routes.leave_out(&studied.flow, Reason::LeftOut);
            } else {
                lane.routes.add(&studied.observed());
            }
        }
    };
    let analysed = run(sources, options, progress, &take, &mut |_| {});
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
    let lanes = lanes();
    let take = |lane: usize, closed: Vec<Closed>| {
        let lane = &mut *lock(&lanes[lane]);
        for Closed { window, flow } in closed {
            let studied = knowledge.study(flow, &mut lane.remembered);
            if !options.leaves_out(&studied) {
                lane.windows.entry(window).or_default().push(studied);
            }
        }
    };
    let mut wants_more = true;
    let mut after = |complete_window: i64| {
        let mut ready: BTreeMap<i64, Vec<Studied>> = BTreeMap::new();
        for lane in &lanes {
            let windows = &mut lock(lane).windows;
            let later = windows.split_off(&complete_window);
            for (window, studied) in std::mem::replace(windows, later) {
                ready.entry(window).or_default().extend(studied);
            }
        }
        for (_, mut studied) in ready {
            studied
                .sort_by_cached_key(|s| (s.flow.first_frame, s.flow.client_ip, s.flow.server_ip, s.flow.client_port));
            for one in &studied {
                wants_more = wants_more && emit(one);
            }
        }
    };
    run(sources, options, progress, &take, &mut after)
}
