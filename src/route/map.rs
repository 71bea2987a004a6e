//! The routing map: sums per app and destination, and what no app got.

use super::bounds::{Bounds, Step};
use super::destination::{DestinationKey, DestinationSums, Where};
use super::sample::{Choice, Keyed, Sample, whole_of};
use super::traffic::Traffic;
use crate::app::{Attribution, Claim, EvidenceKind};
use crate::capture::FrameId;
use crate::flow::{DifferentKeys, Ech, Flow, SampleKey};
use crate::name::Application;
use crate::place::{LocationCheck, Place, Scope};
use crate::stored::sorted_map;
use foldhash::fast::RandomState;
use hashbrown::hash_map::Entry;
use hashbrown::{Equivalent, HashMap};
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Client addresses listed, the first by frame.
pub(super) const DEVICES: usize = 64;
/// Examples kept per reason, the first by frame.
pub(super) const EXAMPLES: usize = 8;
/// Bytes of an app without destinations, beside its name, here and in the report, about.
const APP: u64 = 1_024;

/// Why no app was named for a flow.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Reason {
    /// A name lies under a shared service's domain: an SDK, an advertising network, a CDN.
    SharedService(Arc<str>),
    /// The real name is hidden behind a public one.
    EncryptedHello,
    /// A name was seen; the catalogue does not know it.
    NameNotInCatalogue,
    /// A protocol of the system rather than of an app: `dns`, `ntp`, ….
    SystemProtocol(Application),
    /// The protocol was recognised; it carried no name.
    NoNameIn(Application),
    /// Nothing was recognised.
    NoName,
    /// Local: the other end has a private address.
    Private,
    /// Local: sent to a group or to all.
    Multicast,
    /// Local: the other end has an address that is reserved.
    Reserved,
    /// The user asked for other apps or devices.
    LeftOut,
}

impl Reason {
    /// Whether the other end is not on the public network.
    const fn is_local(&self) -> bool {
        matches!(self, Self::Private | Self::Multicast | Self::Reserved)
    }
}

/// Protocols that the operating system speaks for itself.
const SYSTEM: &[&str] = &["dhcp", "dns", "llmnr", "mdns", "nbns", "netbios", "ntp", "ssdp"];

/// Whether the operating system rather than an app speaks this protocol.
pub fn is_system(application: &str) -> bool {
    SYSTEM.contains(&application)
}

/// A flow with all that is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The flow.
    pub flow: &'a Flow,
    /// The end that is located: the server, or the client where only that is on the public network.
    pub peer: IpAddr,
    /// Its place.
    pub place: &'a Arc<Place>,
    /// Who sent it.
    pub attribution: &'a Attribution,
    /// What the round trip says of the place.
    pub check: LocationCheck,
}

impl Observed<'_> {
    /// A question to the network's own resolver goes nowhere yet: the map does not take the resolver for a place the app sends
    /// to. Where the capture names the owner, all that it sent is the owner's.
    fn is_local_lookup(&self, claim: &Claim) -> bool {
        self.place.scope != Scope::Global && claim.kind == EvidenceKind::Name && self.flow.is_lookup()
    }

    /// The claim of the app that its bytes are counted to.
    fn credited(&self) -> Option<&Claim> {
        self.attribution.chosen.as_ref().filter(|claim| !self.is_local_lookup(claim))
    }

    /// Why no app is named for it, where none is.
    fn reason(&self) -> Reason {
        let application = self.flow.application;
        match self.place.scope {
            Scope::Local => Reason::Private,
            Scope::Multicast => Reason::Multicast,
            Scope::Reserved => Reason::Reserved,
            Scope::Global => match (application, &self.attribution.service) {
                (_, Some(service)) => Reason::SharedService(service.clone()),
                _ if matches!(self.flow.ech, Some(Ech::Likely | Ech::Confirmed)) => Reason::EncryptedHello,
                _ if self.flow.name().is_some() => Reason::NameNotInCatalogue,
                (Some(application), None) if is_system(application.0) => Reason::SystemProtocol(application),
                (Some(application), None) => Reason::NoNameIn(application),
                (None, None) => Reason::NoName,
            },
        }
    }
}

/// A kind of evidence and a rule, to be looked up.
#[derive(Hash)]
struct Rule<'a>(EvidenceKind, &'a str);

impl Equivalent<(EvidenceKind, Arc<str>)> for Rule<'_> {
    fn equivalent(&self, known: &(EvidenceKind, Arc<str>)) -> bool {
        self.0 == known.0 && *self.1 == *known.1
    }
}

/// As the rule itself.
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
    /// Bytes by kind and rule.
    pub rules: Sample<(EvidenceKind, Arc<str>), u64>,
    /// Destinations. Boxed, so that a table that grows does not hold all of them twice.
    #[serde(with = "sorted_map")]
    pub destinations: HashMap<DestinationKey, Box<DestinationSums>, RandomState>,
}

impl AppSums {
    /// Adds a flow; returns by how much that makes it heavier.
    fn add(&mut self, (step, key): (Step, SampleKey), observed: &Observed<'_>) -> u64 {
        let choice = step.choice(key);
        let traffic = Traffic::of(observed.flow);
        self.traffic.add(&traffic);
        let mut before = 0;
        let mut after = 0;
        if let Some(claim) = &observed.attribution.chosen {
            let bytes = traffic.bytes();
            *self.evidence.entry(claim.kind).or_default() += bytes;
            before += self.rules.weight(choice);
            let start = || ((claim.kind, Arc::clone(&claim.rule)), bytes);
            self.rules.add(choice, &Rule(claim.kind, &claim.rule), |sum| *sum += bytes, start);
            after += self.rules.weight(choice);
        }
        let place = observed.place;
        let own = DestinationKey { place: Where::of(place), asn: place.asn, is_rest: false };
        let Observed { flow, peer, attribution, check, .. } = *observed;
        let destination = match self.destinations.entry(step.destination(key, own)) {
            Entry::Occupied(known) => {
                before += known.get().weight(choice);
                known.into_mut()
            }
            Entry::Vacant(new) => new.insert(Box::default()),
        };
        destination.add(choice, flow, peer, place, attribution, check);
        (after + destination.weight(choice)).saturating_sub(before)
    }

    /// Adds the sums of other flows; returns by how much that makes it heavier.
    fn merge(&mut self, (step, key): (Step, SampleKey), other: Self) -> u64 {
        let choice = step.choice(key);
        self.traffic.add(&other.traffic);
        other.evidence.into_iter().for_each(|(kind, bytes)| *self.evidence.entry(kind).or_default() += bytes);
        let mut before = self.rules.weight(choice);
        self.rules.merge(choice, other.rules, |mine, theirs| *mine += theirs);
        let mut after = self.rules.weight(choice);
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

    /// Keeps no more than the step says.
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
        self.rules.weight(choice) + destinations.sum::<u64>()
    }
}

/// Bytes that no app got, for one reason.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ReasonSums {
    /// Packets, bytes, flows.
    pub traffic: Traffic,
    /// Names or addresses of the first flows.
    pub examples: BTreeSet<(FrameId, Arc<str>)>,
}

/// See the module. Empty and without bounds by default; `add` and `merge` in any order give the same map.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RouteMap {
    /// By catalogue id or the owner's own name.
    #[serde(with = "sorted_map")]
    pub apps: HashMap<Arc<str>, AppSums, RandomState>,
    /// Apps that only owners name and that are not kept apart, since memory is short: all together.
    pub other_owners: AppSums,
    /// What no app got, by reason.
    #[serde(with = "sorted_map")]
    pub reasons: HashMap<Reason, ReasonSums, RandomState>,
    /// Destinations of that on the public network.
    pub nameless: AppSums,
    /// First frame of each client, for the first [`DEVICES`] of them.
    pub(super) devices: BTreeSet<(FrameId, IpAddr)>,
    pub(super) bounds: Bounds,
    pub(super) step: Step,
    /// Bytes that apps and destinations take, about.
    #[serde(skip)]
    weight: u64,
}

/// What is not kept apart in a map since memory is short.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shortage {
    /// Of so many names and addresses of each destination one is kept.
    pub one_name_of: u64,
    /// Destinations that are counted with others, estimated.
    pub destinations: u64,
    /// Owners that are counted with others, estimated.
    pub owners: u64,
}

impl RouteMap {
    /// An empty map that keeps within bounds.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, ..Self::default() }
    }

    /// Bytes that it takes, about.
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// An empty map of the same bounds, that keeps no more than this one.
    pub fn another(&self) -> Self {
        Self { bounds: self.bounds.clone(), step: self.step, ..Self::default() }
    }

    /// Adds a flow.
    pub fn add(&mut self, observed: &Observed<'_>) {
        let flow = observed.flow;
        let device = if observed.peer == flow.client_ip { flow.server_ip } else { flow.client_ip };
        self.add_device(flow.first_frame, device);
        let by = (self.step, self.bounds.key);
        match observed.credited() {
            Some(claim) => {
                self.weight += match self.apps.get_mut(&claim.app) {
                    Some(sums) => sums.add(by, observed),
                    None if self.step.keeps(&self.bounds, &claim.app) => {
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

    /// Goes on to the first step at which all fits.
    fn bound(&mut self) {
        while self.weight > self.bounds.bytes
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
    }

    /// Brings all sums up to date, once nothing more comes: some are put off, see [`Geography`](super::Geography).
    pub fn settle(&mut self) {
        let choice = self.step.choice(self.bounds.key);
        let all = self.apps.values_mut().chain([&mut self.other_owners, &mut self.nameless]);
        all.flat_map(|sums| sums.destinations.values_mut()).for_each(|sums| sums.geography.settle(choice));
        self.weigh();
        self.bound();
    }

    /// Counts a flow that the user did not ask for.
    pub fn leave_out(&mut self, flow: &Flow, reason: Reason) {
        self.reasons.entry(reason).or_default().traffic.add(&Traffic::of(flow));
    }

    fn add_device(&mut self, frame: FrameId, device: IpAddr) {
        if self.devices.len() >= DEVICES && self.devices.last().is_some_and(|(last, _)| frame > *last) {
            return;
        }
        if let Some(&known) = self.devices.iter().find(|(_, known)| *known == device) {
            if known.0 <= frame {
                return;
            }
            self.devices.remove(&known);
        }
        self.devices.insert((frame, device));
        if self.devices.len() > DEVICES {
            self.devices.pop_last();
        }
    }

    /// Adds another map. Fails, and changes nothing, where either has left something out and they chose it by different keys:
    /// what is left of one would not be a sample of both.
    pub fn merge(&mut self, other: Self) -> Result<(), DifferentKeys> {
        let is_all = |map: &Self| map.is_whole() && map.shortage().is_none();
        if self.bounds.key != other.bounds.key && !(is_all(self) && is_all(&other)) {
            return Err(DifferentKeys);
        }
        self.append(other);
        Ok(())
    }

    /// Adds another map of the same analysis.
    pub(crate) fn append(&mut self, other: Self) {
        if other.step > self.step {
            self.go_to(other.step);
        }
        for (app, theirs) in other.apps {
            let by = (self.step, self.bounds.key);
            self.weight += match self.apps.entry(app) {
                Entry::Occupied(mut mine) => mine.get_mut().merge(by, theirs),
                Entry::Vacant(new) if self.step.keeps(&self.bounds, new.key()) => {
                    let own = APP + new.key().len() as u64;
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
        other.devices.into_iter().for_each(|(frame, device)| self.add_device(frame, device));
    }

    /// Whether all names and addresses of all destinations are kept.
    pub fn is_whole(&self) -> bool {
        let all = self.apps.values().chain([&self.nameless]).flat_map(|app| app.destinations.values());
        all.into_iter().all(|sums| sums.names.is_whole() && sums.addresses.is_whole())
    }

    /// What is not kept apart, if anything.
    pub fn shortage(&self) -> Option<Shortage> {
        let choice = self.step.choice(self.bounds.key);
        let folded = |kept: usize| whole_of(kept as u64, self.step.apart()).saturating_sub(kept as u64);
        let all = self.apps.values().chain([&self.other_owners, &self.nameless]);
        let destinations = all.map(|sums| sums.destinations.keys().filter(|key| !key.is_rest).count()).sum();
        let is_other = |app: &&Arc<str>| !self.bounds.catalogued.contains(*app);
        let owners = if self.other_owners.traffic.flows == 0 {
            0
        } else {
            folded(self.apps.keys().filter(is_other).count()).max(1)
        };
        (self.step != Step::default()).then(|| Shortage {
            one_name_of: whole_of(1, choice.halvings),
            destinations: folded(destinations),
            owners,
        })
    }

    /// Client addresses, first seen first.
    pub fn devices(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.devices.iter().map(|&(_, device)| device)
    }
}
