//! Runs an analysis: reads captures, and tracks, locates, attributes and sums their flows.

use super::analysed::{Analysed, sample_key};
use super::gathering::Gathering;
use super::knowledge::Knowledge;
use super::neighbours::{Order, order};
use super::options::{FrameFilter, Options};
use super::studied::Studied;
use super::sums::Sums;
use super::worker::lock;
use crate::capture::{self, Frame, FrameId, Observe, Outcome, Progress, Source};
use crate::flow::{CannotMerge, Flow, Partial, Pool, SampleKey, Summary, Tracker};
use crate::route::{Observed, RouteMap};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Partials that were made elsewhere, in the order of their frames.
pub trait Parts {
    /// The key that all of them share.
    fn key(&self) -> SampleKey;

    /// The next partial, and the identity of its first frame.
    fn next(&mut self) -> Option<(Partial, FrameId)>;

    /// Is told why the last one could not be joined, and that nothing of it is in the result.
    fn refused(&mut self, why: CannotMerge);

    /// The outcome of reading each capture, in order, when there are no more.
    fn outcomes(&mut self) -> Vec<Outcome>;
}

/// What is read.
enum Read<'a> {
    Captures(Vec<Source>),
    Parts(&'a mut dyn Parts),
}

impl Read<'_> {
    /// The key of the hash that chooses what is kept.
    fn key(&self) -> SampleKey {
        match self {
            Self::Captures(sources) => sample_key(sources),
            Self::Parts(parts) => parts.key(),
        }
    }
}

/// A partial that gets only the frames that pass the user's filter.
pub struct Filtered {
    /// The partial.
    pub partial: Partial,
    /// Which frames it gets; none means all.
    pub filter: Option<FrameFilter>,
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

/// Reads the captures and gives every flow that is over to `take`. After each step it calls `after` with the first
/// window that is not complete yet. Where the reader of a pipe pauses, it calls `pause` with what is not over.
fn run(
    read: Read<'_>,
    options: &Options,
    progress: &Progress,
    take: &(dyn Fn(&mut Vec<Flow>) + Sync),
    after: &mut (dyn FnMut(i64) + Send),
    pause: &mut (dyn FnMut(&Tracker, Outcome) + Send),
) -> (Vec<Outcome>, Summary) {
    let sample_key = read.key();
    let shares = options.shares();
    let sources = match read {
        Read::Captures(sources) => sources,
        Read::Parts(parts) => {
            let mut tracker = Tracker::new(sample_key, shares.map(|shares| shares.open));
            while let Some((mut partial, base)) = parts.next() {
                let joined = tracker.join(&mut partial, base, &mut |tracker| {
                    tracker.close(take);
                    after(tracker.complete_window());
                });
                if let Err(why) = joined {
                    parts.refused(why);
                }
            }
            let mut summary = tracker.finish(take);
            let outcomes = parts.outcomes();
            summary.keys.late_blocks = outcomes.iter().map(|outcome| outcome.secret_blocks).sum();
            after(i64::MAX);
            return (outcomes, summary);
        }
    };
    let keys = options.keys_with(&sources);
    let early_blocks: u64 = sources.iter().map(Source::secret_blocks).sum();
    let pool = Pool::new(sample_key).keeping_first_bytes(!keys.is_empty());
    let mut tracker = Tracker::new(sample_key, shares.map(|shares| shares.open)).with_keys(keys);
    let empty = || Filtered { partial: pool.take(), filter: options.filter.clone() };
    let outcomes = capture::read(sources, &options.reading(), progress, &empty, &mut |piece| {
        let mut partial = piece.partial.partial;
        let joined = tracker.join(&mut partial, piece.base, &mut |tracker| {
            tracker.close(take);
            after(tracker.complete_window());
        });
        debug_assert_eq!(joined, Ok(()), "partials of one pool have one key");
        pool.put(partial);
        if let Some(outcome) = piece.pause {
            pause(&tracker, *outcome);
        }
    });
    let mut summary = tracker.finish(take);
    let blocks: u64 = outcomes.iter().map(|outcome| outcome.secret_blocks).sum();
    summary.keys.late_blocks = blocks.saturating_sub(early_blocks);
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
    after: &mut After<'_, T>,
) -> (Vec<T>, Analysed) {
    let gathering = Gathering::new(options, new);
    let after = Mutex::new(after);
    let given = Given { options, knowledge, progress };
    let (outcomes, summary) = gather(&gathering, Read::Captures(sources), given, add, &after, &mut |_, _| ());
    gathering.finish(outcomes, summary)
}

/// What [`each`] calls after each step.
type After<'a, T> = dyn FnMut(i64, &mut [&mut T]) + Send + 'a;

/// What the caller of an analysis gives beside the captures.
#[derive(Clone, Copy)]
struct Given<'a> {
    options: &'a Options,
    knowledge: &'a Knowledge,
    progress: &'a Progress,
}

/// The same as [`each`] into what the caller gives. Where the reader of a pipe pauses, it calls `pause` with what is not over.
fn gather<T: Send>(
    gathering: &Gathering<T>,
    read: Read<'_>,
    Given { options, knowledge, progress }: Given<'_>,
    add: &(impl Fn(&mut T, &Observed<'_>) + Sync),
    after: &Mutex<&mut After<'_, T>>,
    pause: &mut (dyn FnMut(&Tracker, Outcome) + Send),
) -> (Vec<Outcome>, Summary) {
    let take = |flows: &mut Vec<Flow>| gathering.study(flows, knowledge, add);
    let mut settle = |complete_window: i64| {
        let after = &mut *lock(after);
        gathering.settle(complete_window, knowledge, add, after);
    };
    run(read, options, progress, &take, &mut settle, pause)
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
    let sums = Sums::new(sample_key(&sources), options, knowledge);
    let add = |routes: &mut RouteMap, observed: &Observed<'_>| {
        if sums.add(routes, observed) {
            look(observed);
        }
    };
    let (maps, analysed) = each(sources, options, knowledge, progress, &|| sums.part(), &add, &mut |_, _| ());
    sums.finish(maps, analysed)
}

/// The same of partials that were made elsewhere. Where nothing is left out for lack of memory, the result is that of the captures.
pub fn map_parts(parts: &mut dyn Parts, options: &Options, knowledge: &Knowledge) -> (RouteMap, Analysed) {
    let sums = Sums::new(parts.key(), options, knowledge);
    let gathering = Gathering::new(options, &|| sums.part());
    let add = |routes: &mut RouteMap, observed: &Observed<'_>| _ = sums.add(routes, observed);
    let nothing: &mut After<'_, RouteMap> = &mut |_, _| ();
    let after = Mutex::new(nothing);
    let given = Given { options, knowledge, progress: &Progress::default() };
    let (outcomes, summary) = gather(&gathering, Read::Parts(parts), given, &add, &after, &mut |_, _| ());
    let (maps, analysed) = gathering.finish(outcomes, summary);
    sums.finish(maps, analysed)
}

/// The same of a pipe whose reader pauses, see [`Source::paced`]. At each pause `show` gets what the result would be if the capture
/// ended there: of what came so far a copy is made and finished, which for this moment takes as much memory again.
pub fn map_live(
    sources: Vec<Source>,
    options: &Options,
    knowledge: &Knowledge,
    progress: &Progress,
    show: &mut (dyn FnMut(RouteMap, Analysed) + Send),
) -> (RouteMap, Analysed) {
    let sums = Sums::new(sample_key(&sources), options, knowledge);
    let gathering = Gathering::new(options, &|| sums.part());
    let mut pause = |tracker: &Tracker, outcome: Outcome| {
        let (sums, gathering) = (sums.copy(), gathering.copy());
        let add = |routes: &mut RouteMap, observed: &Observed<'_>| _ = sums.add(routes, observed);
        let summary = tracker.clone().finish(|flows| gathering.study(flows, knowledge, &add));
        gathering.settle(i64::MAX, knowledge, &add, &mut |_, _| ());
        let (maps, analysed) = gathering.finish(vec![outcome], summary);
        let (routes, analysed) = sums.finish(maps, analysed);
        show(routes, analysed);
    };
    let add = |routes: &mut RouteMap, observed: &Observed<'_>| _ = sums.add(routes, observed);
    let nothing: &mut After<'_, RouteMap> = &mut |_, _| ();
    let after = Mutex::new(nothing);
    let given = Given { options, knowledge, progress };
    let (outcomes, summary) = gather(&gathering, Read::Captures(sources), given, &add, &after, &mut pause);
    let (maps, analysed) = gathering.finish(outcomes, summary);
    sums.finish(maps, analysed)
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
