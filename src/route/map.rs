//! The routing map: sums per app and destination, and the traffic that was attributed to no app.

use super::address::AddressSums;
use super::bounds::{Bounds, Step};
use super::destination::{DestinationKey, DestinationSums, Where};
use super::devices::Devices;
use super::observed::Observed;
use super::payload::Payload;
use super::reason::Reason;
use super::run_by::RunBy;
use super::sample::{Choice, Keyed, Sample, whole_of};
use super::traffic::Traffic;
use crate::app::EvidenceKind;
use crate::capture::FrameId;
use crate::flow::{CannotMerge, Flow, Hops, SampleKey};
use crate::place::Scope;
use crate::stored::{self, sorted_map};
use foldhash::fast::RandomState;
use hashbrown::hash_map::Entry;
use hashbrown::{Equivalent, HashMap};
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// How many examples are kept per reason; the first by frame are.
pub(super) const EXAMPLES: usize = 8;
/// Bytes that an app without destinations takes beside its name, here and in the report, about.
const APP: u64 = 1_024;
/// Bytes of one who runs endpoints of an app, about.
const RUN_BY: u64 = 192;

/// A kind of evidence and a rule, to be looked up.
#[derive(Hash)]
struct Rule<'a>(EvidenceKind, &'a str);

impl Equivalent<(EvidenceKind, Arc<str>)> for Rule<'_> {
    fn equivalent(&self, known: &(EvidenceKind, Arc<str>)) -> bool {
        self.0 == known.0 && *self.1 == *known.1
    }
}

/// Hashes like the key that it looks up.
impl Keyed for Rule<'_> {
    fn write_to(&self, hasher: &mut SipHasher13) {
        self.0.word().write_to(hasher);
        self.1.write_to(hasher);
    }
}

/// Sums of one app.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AppSums {
    /// Packets, bytes, flows.
    pub traffic: Traffic,
    /// Bytes by kind of evidence.
    pub evidence: BTreeMap<EvidenceKind, u64>,
    /// Payload by who runs the endpoints.
    #[serde(with = "sorted_map")]
    pub run_by: HashMap<RunBy, Payload, RandomState>,
    /// Bytes by kind and rule.
    pub rules: Sample<(EvidenceKind, Arc<str>), u64>,
    /// Sums by destination. They are boxed, so that a growing table does not hold all of them twice.
    #[serde(with = "sorted_map")]
    pub destinations: HashMap<DestinationKey, Box<DestinationSums>, RandomState>,
}

impl AppSums {
    /// Adds a flow. Returns by how many bytes the sums grew, about.
    fn add(&mut self, (step, key): (Step, SampleKey), observed: &Observed<'_>) -> u64 {
        let choice = step.choice(key);
        let sums = AddressSums::of(observed);
        self.traffic.add(&sums.traffic);
        let mut before = 0;
        let mut after = 0;
        if let Some(claim) = &observed.attribution.chosen {
            let bytes = sums.traffic.bytes();
            *self.evidence.entry(claim.kind).or_default() += bytes;
            before += self.rules.weight(choice);
            let start = || ((claim.kind, Arc::clone(&claim.rule)), bytes);
            self.rules.add(choice, &Rule(claim.kind, &claim.rule), |sum| *sum += bytes, start);
            after += self.rules.weight(choice);
        }
        let place = observed.place;
        let own = DestinationKey { place: Where::of(place), asn: place.asn, is_rest: false };
        if place.scope == Scope::Global {
            let known = self.run_by.len();
            self.run_by.entry(RunBy::of(observed)).or_default().add(&sums.payload);
            after += (self.run_by.len() - known) as u64 * RUN_BY;
        }
        let destination = match self.destinations.entry(step.destination(key, own)) {
            Entry::Occupied(known) => {
                before += known.get().weight(choice);
                known.into_mut()
            }
            Entry::Vacant(new) => new.insert(Box::default()),
        };
        destination.add(choice, observed, &sums);
        (after + destination.weight(choice)).saturating_sub(before)
    }

    /// Adds the sums of other flows. Returns by how many bytes the sums grew, about.
    fn merge(&mut self, (step, key): (Step, SampleKey), other: Self) -> u64 {
        let choice = step.choice(key);
        self.traffic.add(&other.traffic);
        other.evidence.into_iter().for_each(|(kind, bytes)| *self.evidence.entry(kind).or_default() += bytes);
        let mut before = self.rules.weight(choice) + self.run_by.len() as u64 * RUN_BY;
        other.run_by.into_iter().for_each(|(by, payload)| self.run_by.entry(by).or_default().add(&payload));
        self.rules.merge(choice, other.rules, |mine, theirs| *mine += theirs);
        let mut after = self.rules.weight(choice) + self.run_by.len() as u64 * RUN_BY;
        for (own, theirs) in other.destinations {
            match self.destinations.entry(step.destination(key, own)) {
                Entry::Occupied(mut mine) => {
                    before += mine.get().weight(choice);
                    mine.get_mut().merge(choice, *theirs);
                    after += mine.get().weight(choice);
                }
                Entry::Vacant(new) => {
                    let theirs = new.insert(theirs);
                    theirs.raise(choice);
                    after += theirs.weight(choice);
                }
            }
        }
        after.saturating_sub(before)
    }

    /// Keeps only what the step allows.
    fn raise(&mut self, (step, key): (Step, SampleKey)) {
        let choice = step.choice(key);
        self.rules.raise(choice);
        let is_moved = |own: &DestinationKey, _: &mut Box<DestinationSums>| step.destination(key, *own) != *own;
        let moved: Vec<_> = self.destinations.extract_if(is_moved).collect();
        self.destinations.values_mut().for_each(|sums| sums.raise(choice));
        for (own, sums) in moved {
            self.destinations.entry(step.destination(key, own)).or_default().merge(choice, *sums);
        }
        self.destinations.shrink_to_fit();
    }

    fn weight(&self, choice: Choice) -> u64 {
        let destinations = self.destinations.values().map(|sums| sums.weight(choice));
        self.rules.weight(choice) + self.run_by.len() as u64 * RUN_BY + destinations.sum::<u64>()
    }
}

/// Traffic that was attributed to no app, for one reason.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ReasonSums {
    /// Packets, bytes, flows.
    pub traffic: Traffic,
    /// Names or addresses of the first flows.
    pub examples: BTreeSet<(FrameId, Arc<str>)>,
}

/// The routing map: sums of all flows. By default it is empty and has no bounds. `add` and `merge` give the same map
/// in any order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RouteMap {
    /// Sums by app: catalogue id, or the owner's own name.
    #[serde(with = "sorted_map")]
    pub apps: HashMap<Arc<str>, AppSums, RandomState>,
    /// Sums of all apps that only owners name and that are not kept apart because memory is short or there are too many.
    pub other_owners: AppSums,
    /// Traffic that was attributed to no app, by reason.
    #[serde(with = "sorted_map")]
    pub reasons: HashMap<Reason, ReasonSums, RandomState>,
    /// The destinations of that traffic on the public network.
    pub nameless: AppSums,
    /// The clients.
    pub(super) devices: Devices,
    /// What packets show of paths to destinations.
    pub(super) hops: Hops,
    pub(super) bounds: Bounds,
    pub(super) step: Step,
    /// Bytes that the sums of apps and destinations take, about.
    #[serde(skip)]
    weight: u64,
    /// How many apps only owners name.
    #[serde(skip)]
    owners: usize,
    /// What its figures come to at most: those of a map that was read together, and of each flow once. No figure is larger.
    #[serde(skip)]
    pub(super) amount: u64,
}

/// What a map does not keep apart because memory is short, or because there are too many owners.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shortage {
    /// One in this many names and addresses of each destination is kept.
    pub one_name_of: u64,
    /// How many destinations are counted with others; an estimate.
    pub destinations: u64,
    /// How many owners are counted with others; an estimate.
    pub owners: u64,
    /// Whether there are more owners than are kept apart however much memory there is; by that estimate.
    pub has_too_many_owners: bool,
}

impl RouteMap {
    /// An empty map with these bounds.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, ..Self::default() }
    }

    /// Bytes that the map takes, about.
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// An empty map with the same bounds, which keeps no more than this one.
    pub fn another(&self) -> Self {
        Self { bounds: self.bounds.clone(), step: self.step, ..Self::default() }
    }

    /// Adds a flow.
    pub fn add(&mut self, observed: &Observed<'_>) {
        let flow = observed.flow;
        self.count(flow);
        self.devices.add(flow.first_frame, observed.device());
        let by = (self.step, self.bounds.key);
        match observed.credited() {
            Some(claim) => {
                self.weight += match self.apps.get_mut(&claim.app) {
                    Some(sums) => sums.add(by, observed),
                    None if self.step.keeps(&self.bounds, &claim.app) => {
                        self.owners += usize::from(self.bounds.is_owner(&claim.app));
                        let app = self.apps.entry(Arc::clone(&claim.app)).or_default();
                        app.add(by, observed) + APP + claim.app.len() as u64
                    }
                    None => self.other_owners.add(by, observed),
                };
            }
            None => {
                let reason = observed.reason();
                if !reason.is_local() {
                    self.weight += self.nameless.add(by, observed);
                }
                let sums = self.reasons.entry(reason).or_default();
                sums.traffic.add(&Traffic::of(flow));
                let is_early = sums.examples.len() < EXAMPLES
                    || sums.examples.last().is_some_and(|(last, _)| flow.first_frame < *last);
                if is_early {
                    let example = match flow.name() {
                        Some(name) => name.name.clone(),
                        None => observed.peer.to_string().into(),
                    };
                    sums.examples.insert((flow.first_frame, example));
                    if sums.examples.len() > EXAMPLES {
                        sums.examples.pop_last();
                    }
                }
            }
        }
        self.bound();
    }

    /// Goes on to the first step at which everything fits.
    fn bound(&mut self) {
        while (self.weight > self.bounds.bytes || self.owners > self.bounds.owners)
            && let Some(next) = self.step.next()
        {
            self.go_to(next);
        }
    }

    fn go_to(&mut self, step: Step) {
        self.step = step;
        let by = (step, self.bounds.key);
        let bounds = &self.bounds;
        let others: Vec<_> = self.apps.extract_if(|app, _| !step.keeps(bounds, app)).collect();
        self.apps.shrink_to_fit();
        self.apps.values_mut().chain([&mut self.other_owners, &mut self.nameless]).for_each(|sums| sums.raise(by));
        for (_, sums) in others {
            self.other_owners.merge(by, sums);
        }
        self.weigh();
    }

    pub(super) fn weigh(&mut self) {
        let choice = self.step.choice(self.bounds.key);
        let apps = self.apps.iter().map(|(app, sums)| APP + app.len() as u64 + sums.weight(choice));
        self.weight = apps.sum::<u64>() + self.other_owners.weight(choice) + self.nameless.weight(choice);
        self.owners = self.apps.keys().filter(|app| self.bounds.is_owner(app)).count();
    }

    /// Counts a flow that is left out for this reason.
    pub fn leave_out(&mut self, flow: &Flow, reason: Reason) {
        self.count(flow);
        self.reasons.entry(reason).or_default().traffic.add(&Traffic::of(flow));
    }

    /// Remembers how much there is of a flow.
    fn count(&mut self, flow: &Flow) {
        self.amount = Traffic::of(flow).amounts().into_iter().fold(self.amount, u64::saturating_add);
    }

    /// Adds another map. If either map has left something out, and they chose it by different keys, this fails and
    /// changes nothing: what is kept would not be a sample of both. It also fails where sums might not hold the figures of both: what
    /// is read may come from anyone.
    pub fn merge(&mut self, other: Self) -> Result<(), CannotMerge> {
        let is_all = |map: &Self| map.is_whole() && map.shortage().is_none() && map.hops.is_whole();
        if self.bounds.key != other.bounds.key && !(is_all(self) && is_all(&other)) {
            return Err(CannotMerge::DifferentKeys);
        }
        if !stored::have_room(self.amount, other.amount) {
            return Err(CannotMerge::TooLarge);
        }
        self.append(other);
        Ok(())
    }

    /// Adds another map of the same analysis.
    pub(crate) fn append(&mut self, other: Self) {
        self.amount = self.amount.saturating_add(other.amount);
        if other.step > self.step {
            self.go_to(other.step);
        }
        for (app, theirs) in other.apps {
            let by = (self.step, self.bounds.key);
            self.weight += match self.apps.entry(app) {
                Entry::Occupied(mut mine) => mine.get_mut().merge(by, theirs),
                Entry::Vacant(new) if self.step.keeps(&self.bounds, new.key()) => {
                    let own = APP + new.key().len() as u64;
                    self.owners += usize::from(self.bounds.is_owner(new.key()));
                    new.insert(AppSums::default()).merge(by, theirs) + own
                }
                Entry::Vacant(_) => self.other_owners.merge(by, theirs),
            };
            self.bound();
        }
        let by = (self.step, self.bounds.key);
        self.weight += self.other_owners.merge(by, other.other_owners);
        self.weight += self.nameless.merge(by, other.nameless);
        self.bound();
        for (reason, theirs) in other.reasons {
            let mine = self.reasons.entry(reason).or_default();
            mine.traffic.add(&theirs.traffic);
            mine.examples.extend(theirs.examples);
            while mine.examples.len() > EXAMPLES {
                mine.examples.pop_last();
            }
        }
        self.devices.merge(other.devices);
        self.hops.merge(self.bounds.key, other.hops);
    }

    /// Adds what packets showed of paths, chosen by the key of this map.
    pub(crate) fn add_hops(&mut self, hops: Hops) {
        self.amount = self.amount.saturating_add(hops.amount());
        self.hops.merge(self.bounds.key, hops);
    }

    /// What packets show of paths to destinations.
    pub fn hops(&self) -> &Hops {
        &self.hops
    }

    /// Whether all names and addresses of all destinations are kept.
    pub fn is_whole(&self) -> bool {
        let all = self.apps.values().chain([&self.nameless]).flat_map(|app| app.destinations.values());
        all.into_iter().all(|sums| sums.names.is_whole() && sums.addresses.is_whole())
    }

    /// What the map does not keep apart because memory is short or there are too many owners, if anything.
    pub fn shortage(&self) -> Option<Shortage> {
        let choice = self.step.choice(self.bounds.key);
        let folded = |kept: usize| whole_of(kept as u64, self.step.apart()).saturating_sub(kept as u64);
        let all = self.apps.values().chain([&self.other_owners, &self.nameless]);
        let destinations = all.map(|sums| sums.destinations.keys().filter(|key| !key.is_rest).count()).sum();
        let owners = if self.other_owners.traffic.flows == 0 { 0 } else { folded(self.owners).max(1) };
        (self.step != Step::default()).then(|| Shortage {
            one_name_of: whole_of(1, choice.halvings),
            destinations: folded(destinations),
            owners,
            has_too_many_owners: owners.saturating_add(self.owners as u64) > self.bounds.owners as u64,
        })
    }

    /// Client addresses in the order in which they were first seen.
    pub fn devices(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.devices.iter()
    }
}
