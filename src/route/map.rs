//! The routing map: sums per app and destination, and the traffic that was attributed to no app.

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

/// How many client addresses are listed; the first by frame are.
pub(super) const DEVICES: usize = 64;
/// How many examples are kept per reason; the first by frame are.
pub(super) const EXAMPLES: usize = 8;
/// Bytes that an app without destinations takes beside its name, here and in the report, about.
const APP: u64 = 1_024;

/// Why no app was named for a flow.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Reason {
    /// A name belongs to a shared service: an SDK, an advertising network, a CDN.
    SharedService(Arc<str>),
    /// The real name is hidden behind a public one by Encrypted Client Hello.
    EncryptedHello,
    /// A name was found, but the catalogue does not know it.
    NameNotInCatalogue,
    /// A protocol of the system rather than of an app: `dns`, `ntp`, ….
    SystemProtocol(Application),
    /// The protocol was recognised, but no name was found.
    NoNameIn(Application),
    /// Neither a name nor a protocol was recognised.
    NoName,
    /// The other end has a private address.
    Private,
    /// Local: sent to a group or to all.
    Multicast,
    /// Local: the other end has an address that is reserved; with the kind of its address.
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

/// Protocols that the operating system uses for itself.
const SYSTEM: &[&str] = &["dhcp", "dns", "llmnr", "mdns", "nbns", "netbios", "ntp", "ssdp"];

/// Whether this protocol is used by the operating system rather than by an app.
pub fn is_system(application: &str) -> bool {
    SYSTEM.contains(&application)
}

/// A flow with everything that is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The flow.
    pub flow: &'a Flow,
    /// The end that is located: the server, or the client where only that is on the public network.
    pub peer: IpAddr,
    /// The place of that end.
    pub place: &'a Arc<Place>,
    /// Which app sent the flow, and on what evidence.
    pub attribution: &'a Attribution,
    /// Whether the round trip allows the place.
    pub check: LocationCheck,
}

impl Observed<'_> {
    /// Whether this is a question to the network's own resolver, by an app that is known only from the name asked
    /// for. The question itself stays in the local network, so the map does not show the resolver as a place that the
    /// app sends to. If the capture names the owner, everything that it sent is counted to the owner.
    fn is_local_lookup(&self, claim: &Claim) -> bool {
        self.place.scope != Scope::Global && claim.kind == EvidenceKind::Name && self.flow.is_lookup()
    }

    /// The claim of the app to which its bytes are counted.
    fn credited(&self) -> Option<&Claim> {
        self.attribution.chosen.as_ref().filter(|claim| !self.is_local_lookup(claim))
    }

    /// Why it is counted to no app.
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

    /// Adds the sums of other flows. Returns by how many bytes the sums grew, about.
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
        self.rules.weight(choice) + destinations.sum::<u64>()
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
    /// Sums of all apps that only owners name and that are not kept apart because memory is short.
    pub other_owners: AppSums,
    /// Traffic that was attributed to no app, by reason.
    #[serde(with = "sorted_map")]
    pub reasons: HashMap<Reason, ReasonSums, RandomState>,
    /// The destinations of that traffic on the public network.
    pub nameless: AppSums,
    /// First frame of each client, for the first [`DEVICES`] of them.
    pub(super) devices: BTreeSet<(FrameId, IpAddr)>,
    pub(super) bounds: Bounds,
    pub(super) step: Step,
    /// Bytes that the sums of apps and destinations take, about.
    #[serde(skip)]
    weight: u64,
}

/// What a map does not keep apart because memory is short.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shortage {
    /// One in this many names and addresses of each destination is kept.
    pub one_name_of: u64,
    /// How many destinations are counted with others; an estimate.
    pub destinations: u64,
    /// How many owners are counted with others; an estimate.
    pub owners: u64,
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

    /// Goes on to the first step at which everything fits.
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

    /// Brings all sums up to date, once no more flows are added. Some are delayed, see
    /// [`Geography`](super::Geography).
    pub fn settle(&mut self) {
        let choice = self.step.choice(self.bounds.key);
        let all = self.apps.values_mut().chain([&mut self.other_owners, &mut self.nameless]);
        all.flat_map(|sums| sums.destinations.values_mut()).for_each(|sums| sums.geography.settle(choice));
        self.weigh();
        self.bound();
    }

    /// Counts a flow that is left out for this reason.
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

    /// Adds another map. If either map has left something out, and they chose it by different keys, this fails and
    /// changes nothing: what is kept would not be a sample of both.
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

    /// What the map does not keep apart because memory is short, if anything.
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

    /// Client addresses in the order in which they were first seen.
    pub fn devices(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.devices.iter().map(|&(_, device)| device)
    }
}
