//! Endpoints of one app in one place and one network.

use super::geography::Geography;
use super::sample::{Choice, Keyed, Sample};
use super::traffic::Traffic;
use crate::app::{Attribution, Party};
use crate::capture::FrameId;
use crate::flow::{Flow, RttSource};
use crate::name::NameSource;
use crate::place::{Country, LocationCheck, Place, Scope};
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;
use std::net::IpAddr;
use std::sync::Arc;

/// How many addresses and names are listed per destination.
const LISTED: usize = 256;

/// What kind of place a destination is, with its country.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Where {
    /// A country.
    Country(Country),
    /// Anycast: the site that answered is not known.
    Anycast,
    /// Local, multicast or reserved address.
    Local,
    /// No database knows it.
    Unknown,
}

impl Where {
    /// The kind of a place.
    pub fn of(place: &Place) -> Self {
        match place.scope {
            Scope::Global if place.is_anycast => Self::Anycast,
            Scope::Global => place.country.map_or(Self::Unknown, Self::Country),
            _ => Self::Local,
        }
    }
}

/// The key by which endpoints are grouped: place and network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct DestinationKey {
    /// The place of the endpoints.
    pub place: Where,
    /// Origin AS.
    pub asn: Option<u32>,
    /// Whether this stands for all networks of the place that are not kept apart because memory is short.
    pub is_rest: bool,
}

impl DestinationKey {
    /// The destination to which endpoints are counted whose network is not kept apart. Their country is still known.
    pub(super) fn rest(self) -> Self {
        Self { asn: None, is_rest: true, ..self }
    }

    /// The destination to which they are counted if not even the country can be kept.
    pub(super) const NOWHERE: Self = Self { place: Where::Unknown, asn: None, is_rest: true };
}

impl Keyed for DestinationKey {
    fn write_to(&self, hasher: &mut SipHasher13) {
        let Self { place, asn, is_rest } = self;
        match place {
            Where::Country(country) => hasher.write(&country.0),
            Where::Anycast => hasher.write(b"an"),
            Where::Local => hasher.write(b"lo"),
            Where::Unknown => hasher.write(b"un"),
        }
        hasher.write(&[u8::from(*is_rest), u8::from(asn.is_some())]);
        hasher.write(&asn.unwrap_or_default().to_le_bytes());
    }
}

/// Sums of one name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NameSums {
    /// The best source in which it was found.
    pub source: NameSource,
    /// First frame of a flow that carries it.
    pub frame: FrameId,
    /// Bytes of the flows whose best name it is.
    pub bytes: u64,
}

impl NameSums {
    fn merge(&mut self, other: &Self) {
        self.source = self.source.min(other.source);
        self.frame = self.frame.min(other.frame);
        self.bytes += other.bytes;
    }
}

/// Sums of one destination. Everything is a sum, a minimum, a maximum or a set.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DestinationSums {
    /// Packets, bytes, flows.
    pub traffic: Traffic,
    /// Facts of the place of the endpoint that was seen first. They are the same for all endpoints of the group,
    /// except those summed below.
    pub facts: Option<Arc<Place>>,
    /// Where the endpoints are.
    pub geography: Geography,
    /// Bytes by party.
    pub parties: BTreeMap<Party, u64>,
    /// Shared services used.
    pub services: BTreeSet<Arc<str>>,
    /// Names.
    pub names: Sample<Arc<str>, NameSums>,
    /// Addresses and their first frames.
    pub addresses: Sample<IpAddr, FrameId>,
    /// Smallest round trip, in ns, and how it was measured.
    pub rtt: Option<(u64, RttSource)>,
    /// Flows with a round trip.
    pub rtt_samples: u64,
    /// Worst outcome of the location check over the endpoints.
    pub check: Option<LocationCheck>,
    /// First frame of the first flow.
    pub first_frame: Option<FrameId>,
    /// Time of the earliest packet, in ns since 1970 UTC.
    pub first_seen_ns: Option<i64>,
    /// Time of the latest packet, in ns since 1970 UTC.
    pub last_seen_ns: Option<i64>,
}

/// The rank of a result of the location check. Of several results the highest is kept, so that an impossible place is
/// not hidden by a possible one.
const fn rank(check: LocationCheck) -> u8 {
    match check {
        LocationCheck::Unsupported => 0,
        LocationCheck::Possible => 1,
        LocationCheck::Impossible => 2,
    }
}

fn min_of<T: Ord>(slot: &mut Option<T>, value: T) {
    if slot.as_ref().is_none_or(|mine| value < *mine) {
        *slot = Some(value);
    }
}

fn max_of<T: Ord>(slot: &mut Option<T>, value: T) {
    if slot.as_ref().is_none_or(|mine| value > *mine) {
        *slot = Some(value);
    }
}

impl DestinationSums {
    /// Adds a flow to `peer`.
    pub fn add(
        &mut self,
        choice: Choice,
        flow: &Flow,
        peer: IpAddr,
        place: &Arc<Place>,
        attribution: &Attribution,
        check: LocationCheck,
    ) {
        let traffic = Traffic::of(flow);
        let bytes = traffic.bytes();
        self.traffic.add(&traffic);
        if self.first_frame.is_none_or(|first| flow.first_frame < first) {
            self.facts = Some(place.clone());
        }
        self.geography.add(choice, place, bytes);
        if let Some(party) = attribution.party {
            *self.parties.entry(party).or_default() += bytes;
        }
        if let Some(service) = &attribution.service
            && !self.services.contains(service)
        {
            self.services.insert(service.clone());
        }
        if let Some(name) = flow.name() {
            self.add_name(choice, &name.name, NameSums { source: name.source, frame: name.frame, bytes });
        }
        self.add_address(choice, peer, flow.first_frame);
        if let Some(rtt) = flow.rtt.filter(|rtt| rtt.ns > 0) {
            min_of(&mut self.rtt, (rtt.ns, rtt.source));
            self.rtt_samples += 1;
        }
        self.add_check(check);
        min_of(&mut self.first_frame, flow.first_frame);
        min_of(&mut self.first_seen_ns, flow.first_seen_ns.min(flow.last_seen_ns));
        max_of(&mut self.last_seen_ns, flow.last_seen_ns.max(flow.first_seen_ns));
    }

    fn add_name(&mut self, choice: Choice, name: &Arc<str>, sums: NameSums) {
        let start = || (Arc::clone(name), sums.clone());
        self.names.add(choice, name, |mine| mine.merge(&sums), start);
    }

    fn add_address(&mut self, choice: Choice, address: IpAddr, frame: FrameId) {
        self.addresses.add(choice, &address, |first| *first = frame.min(*first), || (address, frame));
    }

    fn add_check(&mut self, check: LocationCheck) {
        if self.check.is_none_or(|mine| rank(check) > rank(mine)) {
            self.check = Some(check);
        }
    }

    /// Adds the sums of other flows to the same destination.
    pub fn merge(&mut self, choice: Choice, other: Self) {
        self.traffic.add(&other.traffic);
        // The facts are those of the endpoint seen first, in whichever part it was seen.
        if self.first_frame.is_none() || other.first_frame.is_some_and(|frame| Some(frame) < self.first_frame) {
            self.facts = other.facts.or(self.facts.take());
        }
        self.geography.merge(choice, other.geography);
        other.parties.into_iter().for_each(|(key, bytes)| *self.parties.entry(key).or_default() += bytes);
        self.services.extend(other.services);
        self.names.merge(choice, other.names, |mine, theirs| mine.merge(&theirs));
        self.addresses.merge(choice, other.addresses, |mine, theirs| *mine = theirs.min(*mine));
        other.rtt.into_iter().for_each(|rtt| min_of(&mut self.rtt, rtt));
        self.rtt_samples += other.rtt_samples;
        other.check.into_iter().for_each(|check| self.add_check(check));
        other.first_frame.into_iter().for_each(|frame| min_of(&mut self.first_frame, frame));
        other.first_seen_ns.into_iter().for_each(|ns| min_of(&mut self.first_seen_ns, ns));
        other.last_seen_ns.into_iter().for_each(|ns| max_of(&mut self.last_seen_ns, ns));
    }

    /// Keeps only those names, addresses and places that are left after the halvings that hold for all samples.
    pub fn raise(&mut self, choice: Choice) {
        self.names.raise(choice);
        self.addresses.raise(choice);
        self.geography.raise(choice);
    }

    /// Bytes that it takes, about. More flows never make it less.
    pub fn weight(&self, choice: Choice) -> u64 {
        /// Bytes of a destination without names, here and in the report: measured with a million addresses all over
        /// the world.
        const EMPTY: u64 = 2_560;
        /// Bytes of a service or a party.
        const ENTRY: u64 = 64;
        let entries = (self.services.len() + self.parties.len()) as u64 * ENTRY;
        EMPTY + entries + self.names.weight(choice) + self.addresses.weight(choice) + self.geography.weight(choice)
    }

    /// The names with most bytes, then by first frame, at most `LISTED`.
    pub fn ranked_names(&self) -> Vec<(&Arc<str>, &NameSums)> {
        let mut names: Vec<_> = self.names.iter().collect();
        names.sort_by(|a, b| (b.1.bytes, a.1.frame, a.0).cmp(&(a.1.bytes, b.1.frame, b.0)));
        names.truncate(LISTED);
        names
    }

    /// The addresses in the order in which they were first seen, at most `LISTED`.
    pub fn ranked_addresses(&self) -> Vec<IpAddr> {
        let mut addresses: Vec<_> = self.addresses.iter().map(|(&address, &frame)| (frame, address)).collect();
        addresses.sort_unstable();
        addresses.truncate(LISTED);
        addresses.into_iter().map(|(_, address)| address).collect()
    }
}
