//! The store of all flows from which others may inherit, and the search in it.

use super::batches::keep_first;
use super::key::{Key, keys_of, sought};
use super::known::{Known, KnownFlows, hash, neighbour};
use super::limits::{EARLIER, LATER, Limits, TooMany};
use super::order::order;
use super::seekers::Seekers;
use crate::analysis::knowledge::Knowledge;
use crate::analysis::studied::Studied;
use crate::app::{Claim, Neighbour, inherit};
use crate::route::Observed;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Neighbours of one flow that are considered under each rule.
const NEIGHBOURS: usize = 64;

/// The flows found, by what they have in common with others, and with their windows.
type Found<'a> = HashMap<Key, Vec<(i64, &'a Known)>, RandomState>;

/// The flows from which others may inherit, by window.
#[derive(Clone, Debug, Default)]
pub(in crate::analysis) struct Neighbours {
    windows: BTreeMap<i64, KnownFlows>,
    limits: Limits,
    hasher: RandomState,
    /// How many flows could not take part.
    pub(in crate::analysis) too_many: TooMany,
}

impl Neighbours {
    /// An empty store.
    pub(in crate::analysis) fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Adds a flow of this window, if others may inherit from it.
    pub(in crate::analysis) fn observe(&mut self, window: i64, observed: &Observed<'_>) {
        if let Some(known) = Known::of(observed) {
            self.too_many.known += self.windows.entry(window).or_default().push(known, self.limits);
        }
    }

    /// Moves in the flows of another store.
    pub(in crate::analysis) fn append(&mut self, other: &mut Self) {
        let TooMany { seekers, known } = std::mem::take(&mut other.too_many);
        self.too_many.seekers += seekers;
        self.too_many.known += known;
        for (window, theirs) in std::mem::take(&mut other.windows) {
            self.too_many.known += self.windows.entry(window).or_default().append(theirs, self.limits);
        }
    }

    /// If there are too many flows in a window, takes out those that may not inherit, and counts them.
    pub(in crate::analysis) fn shed(&mut self, seekers: &mut Seekers) -> Seekers {
        let dropped = seekers.shed(self.limits);
        self.too_many.seekers += dropped.count() as u64;
        dropped
    }

    /// Forgets the flows from which no flow of this window or a later one can inherit.
    pub(in crate::analysis) fn forget_before(&mut self, window: i64) {
        self.windows = self.windows.split_off(&window.saturating_sub(EARLIER));
    }

    /// Gives the flows of these windows the apps that they inherit. All windows up to [`LATER`] after them must be
    /// complete.
    pub(in crate::analysis) fn settle(&mut self, ready: &mut BTreeMap<i64, Seekers>, knowledge: &Knowledge) {
        let (Some((&first, _)), Some((&last, _))) = (ready.first_key_value(), ready.last_key_value()) else { return };
        let mut seekers: Vec<(i64, &mut Studied)> = Vec::new();
        for (&window, flows) in ready {
            let mut of_window: Vec<&mut Studied> = flows.iter_mut().collect();
            let dropped = keep_first(&mut of_window, self.limits.seekers, |studied| order(&studied.flow));
            self.too_many.seekers += dropped.len() as u64;
            seekers.extend(of_window.into_iter().map(|studied| (window, studied)));
        }
        let range = first.saturating_sub(EARLIER)..=last.saturating_add(LATER);
        for window in self.windows.range_mut(range.clone()).map(|(_, window)| window) {
            self.too_many.known += window.seal(&self.hasher, self.limits);
        }
        let found = self.search(range, seekers.iter().map(|(_, studied)| &**studied));
        let mut near: HashMap<(i64, Key), Vec<&Known>, RandomState> = HashMap::default();
        for (window, seeker) in seekers {
            let seen = neighbour(&seeker.observed());
            let mut neighbours: SmallVec<[Neighbour<'_>; 4]> = SmallVec::new();
            for key in sought(&seen) {
                let Some(list) = found.get(&key) else { continue };
                let near = near.entry((window, key)).or_insert_with(|| first_near(list, window));
                neighbours.extend(near.iter().map(|known| known.neighbour()));
            }
            if let Some(claim) = inherit(&seen, &neighbours) {
                give_app(seeker, claim, knowledge);
            }
        }
    }

    /// Finds the flows of these windows that share a key with one of the seekers. Each list is ordered by window, and
    /// holds the first [`NEIGHBOURS`] flows of each window. No seeker considers more of them, so even in a capture
    /// with very many flows no long list is walked for each seeker.
    fn search<'a>(&self, windows: RangeInclusive<i64>, seekers: impl Iterator<Item = &'a Studied>) -> Found<'_> {
        let mut wanted: HashSet<u32, RandomState> = HashSet::default();
        for seeker in seekers {
            wanted.extend(sought(&neighbour(&seeker.observed())).map(|key| hash(&self.hasher, &key)));
        }
        let mut found: Found<'_> = HashMap::default();
        for (&number, window) in self.windows.range(windows) {
            for (known, hashes) in window.hashed() {
                if !hashes.iter().any(|hash| wanted.contains(hash)) {
                    continue;
                }
                for key in keys_of(&known.neighbour()).into_iter().flatten() {
                    if wanted.contains(&hash(&self.hasher, &key)) {
                        found.entry(key).or_default().push((number, known));
                    }
                }
            }
        }
        for list in found.values_mut() {
            list.sort_unstable_by_key(|(window, known)| (*window, known.order()));
            let (mut current, mut count) = (i64::MIN, 0);
            list.retain(|(window, _)| {
                count = if *window == current { count + 1 } else { 1 };
                current = *window;
                count <= NEIGHBOURS
            });
        }
        found
    }
}

/// The first [`NEIGHBOURS`] flows of a list that a flow of this window considers.
fn first_near<'a>(list: &[(i64, &'a Known)], window: i64) -> Vec<&'a Known> {
    let range = window.saturating_sub(EARLIER)..=window.saturating_add(LATER);
    // The list holds few flows of each window, see `search`.
    let from = list.partition_point(|(window, _)| window < range.start());
    let of_range = list[from..].iter().take_while(|(window, _)| range.contains(window));
    let mut first: Vec<&Known> = of_range.map(|&(_, known)| known).collect();
    first.sort_unstable_by_key(|known| known.order());
    first.truncate(NEIGHBOURS);
    first
}

/// Gives a flow the app that it inherits. A claim on weaker evidence is kept beside it.
fn give_app(seeker: &mut Studied, claim: Claim, knowledge: &Knowledge) {
    let app = knowledge.catalogue.app(&claim.app);
    let attribution = &mut seeker.learned.attribution;
    attribution.party = app.and_then(|app| knowledge.catalogue.party(app, None, &seeker.learned.place));
    if let Some(weaker) = attribution.chosen.replace(claim) {
        attribution.others.push(weaker);
        attribution.others.sort_by_key(|claim| claim.kind);
    }
}
