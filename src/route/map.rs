//! The routing map: sums per app and destination, and what no app got.

use super::destination::{DestinationKey, DestinationSums, Where};
use super::sample::Sample;
use super::traffic::Traffic;
use crate::app::{Attribution, Claim, EvidenceKind};
use crate::capture::FrameId;
use crate::flow::{Ech, Flow};
use crate::place::{LocationCheck, Place, Scope};
use foldhash::fast::RandomState;
use hashbrown::{Equivalent, HashMap};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Client addresses listed, the first by frame.
const DEVICES: usize = 64;
/// Examples kept per reason, the first by frame.
const EXAMPLES: usize = 8;

/// Why no app was named for a flow.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reason {
    /// A name lies under a shared service's domain: an SDK, an advertising network, a CDN.
    SharedService(Arc<str>),
    /// The real name is hidden behind a public one.
    EncryptedHello,
    /// A name was seen; the catalogue does not know it.
    NameNotInCatalogue,
    /// A protocol of the system rather than of an app: `dns`, `ntp`, ….
    SystemProtocol(&'static str),
    /// The protocol was recognised; it carried no name.
    NoNameIn(&'static str),
    /// Nothing was recognised.
    NoName,
    /// Local: the other end is not on the public network.
    Local(&'static str),
    /// The user asked for other apps or devices.
    LeftOut,
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
        let application = self.flow.application.map(|application| application.0);
        match self.place.scope {
            Scope::Local => Reason::Local("private addresses"),
            Scope::Multicast => Reason::Local("multicast and broadcast"),
            Scope::Reserved => Reason::Local("reserved addresses"),
            Scope::Global => match (application, &self.attribution.service) {
                (_, Some(service)) => Reason::SharedService(service.clone()),
                _ if matches!(self.flow.ech, Some(Ech::Likely | Ech::Confirmed)) => Reason::EncryptedHello,
                _ if self.flow.name().is_some() => Reason::NameNotInCatalogue,
                (Some(word), None) if SYSTEM.contains(&word) => Reason::SystemProtocol(word),
                (Some(word), None) => Reason::NoNameIn(word),
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

/// Sums of one app.
#[derive(Clone, Debug, Default)]
pub struct AppSums {
    /// Packets, bytes, flows.
    pub traffic: Traffic,
    /// Bytes by kind of evidence.
    pub evidence: BTreeMap<EvidenceKind, u64>,
    /// Bytes by kind and rule.
    pub rules: Sample<(EvidenceKind, Arc<str>), u64>,
    /// Destinations.
    pub destinations: HashMap<DestinationKey, DestinationSums, RandomState>,
}

impl AppSums {
    fn add(&mut self, observed: &Observed<'_>) {
        let traffic = Traffic::of(observed.flow);
        self.traffic.add(&traffic);
        if let Some(claim) = &observed.attribution.chosen {
            let bytes = traffic.bytes();
            *self.evidence.entry(claim.kind).or_default() += bytes;
            let start = || ((claim.kind, Arc::clone(&claim.rule)), bytes);
            self.rules.add(&Rule(claim.kind, &claim.rule), |sum| *sum += bytes, start);
        }
        let place = observed.place;
        let key = DestinationKey { place: Where::of(place), asn: place.asn };
        let Observed { flow, peer, attribution, check, .. } = *observed;
        self.destinations.entry(key).or_default().add(flow, peer, place, attribution, check);
    }

    fn merge(&mut self, other: Self) {
        self.traffic.add(&other.traffic);
        other.evidence.into_iter().for_each(|(kind, bytes)| *self.evidence.entry(kind).or_default() += bytes);
        self.rules.merge(other.rules, |mine, theirs| *mine += theirs);
        for (key, theirs) in other.destinations {
            self.destinations.entry(key).or_default().merge(theirs);
        }
    }
}

/// Bytes that no app got, for one reason.
#[derive(Clone, Debug, Default)]
pub struct ReasonSums {
    /// Packets, bytes, flows.
    pub traffic: Traffic,
    /// Names or addresses of the first flows.
    pub examples: BTreeSet<(FrameId, Arc<str>)>,
}

/// See the module. Empty by default; `add` and `merge` in any order give the same map.
#[derive(Clone, Debug, Default)]
pub struct RouteMap {
    /// By catalogue id or the owner's own name.
    pub apps: HashMap<Arc<str>, AppSums, RandomState>,
    /// What no app got, by reason.
    pub reasons: HashMap<Reason, ReasonSums, RandomState>,
    /// Destinations of that on the public network.
    pub nameless: AppSums,
    /// First frame of each client, for the first [`DEVICES`] of them.
    devices: BTreeSet<(FrameId, IpAddr)>,
}

impl RouteMap {
    /// Adds a flow.
    pub fn add(&mut self, observed: &Observed<'_>) {
        let flow = observed.flow;
        let device = if observed.peer == flow.client_ip { flow.server_ip } else { flow.client_ip };
        self.add_device(flow.first_frame, device);
        match observed.credited() {
            Some(claim) => match self.apps.get_mut(&claim.app) {
                Some(sums) => sums.add(observed),
                None => self.apps.entry(Arc::clone(&claim.app)).or_default().add(observed),
            },
            None => {
                let reason = observed.reason();
                if !matches!(reason, Reason::Local(_)) {
                    self.nameless.add(observed);
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

    /// Adds another map.
    pub fn merge(&mut self, other: Self) {
        for (app, theirs) in other.apps {
            self.apps.entry(app).or_default().merge(theirs);
        }
        for (reason, theirs) in other.reasons {
            let mine = self.reasons.entry(reason).or_default();
            mine.traffic.add(&theirs.traffic);
            mine.examples.extend(theirs.examples);
            while mine.examples.len() > EXAMPLES {
                mine.examples.pop_last();
            }
        }
        self.nameless.merge(other.nameless);
        other.devices.into_iter().for_each(|(frame, device)| self.add_device(frame, device));
    }

    /// Whether all names and addresses of all destinations are kept.
    pub fn is_whole(&self) -> bool {
        let all = self.apps.values().chain([&self.nameless]).flat_map(|app| app.destinations.values());
        all.into_iter().all(|sums| sums.names.is_whole() && sums.addresses.is_whole())
    }

    /// Client addresses, first seen first.
    pub fn devices(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.devices.iter().map(|&(_, device)| device)
    }
}
