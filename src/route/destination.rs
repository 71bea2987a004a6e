//! Endpoints of one app in one place and one network.

use super::address::AddressSums;
use super::observed::Observed;
use super::payload::Payload;
use super::sample::{Choice, Keyed, Sample, Sums};
use super::traffic::Traffic;
use crate::app::{EvidenceKind, Party};
use crate::capture::FrameId;
use crate::flow::RttSource;
use crate::name::NameSource;
use crate::place::{Country, Place, Scope};
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;
use std::net::IpAddr;
use std::sync::Arc;

/// How many names are listed per destination.
const LISTED: usize = 256;
/// How many addresses are kept with a name; the first by frame are.
pub(super) const NAMED: usize = 4;

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
    /// Payload sent in these flows to endpoints that answered.
    pub sent: u64,
    /// Payload received from them.
    pub received: u64,
    /// The first addresses that it was seen for, each with its first frame, sorted.
    pub addresses: Vec<(FrameId, IpAddr)>,
    /// Whether flows have it that no app was named for because the catalogue does not know it.
    pub is_of_site: bool,
}

impl Sums for NameSums {
    /// The addresses.
    const ELSEWHERE: u64 = 32 * NAMED as u64;
}

impl NameSums {
    fn merge(&mut self, other: &Self) {
        self.source = self.source.min(other.source);
        self.frame = self.frame.min(other.frame);
        self.bytes += other.bytes;
        self.sent += other.sent;
        self.received += other.received;
        self.is_of_site |= other.is_of_site;
        for &(frame, address) in &other.addresses {
            match self.addresses.iter_mut().find(|known| known.1 == address) {
                Some(known) => known.0 = known.0.min(frame),
                None => self.addresses.push((frame, address)),
            }
        }
        self.addresses.sort_unstable();
        self.addresses.truncate(NAMED);
    }

    /// Whether all addresses that it was seen for are known, and among these.
    pub fn is_only_of(&self, is_among: impl Fn(IpAddr) -> bool) -> bool {
        self.addresses.len() < NAMED && self.addresses.iter().all(|known| is_among(known.1))
    }

    /// Whether it may have been seen for this address: whether it is one of those kept, or more were seen than are kept.
    pub fn may_be_of(&self, address: IpAddr) -> bool {
        self.addresses.len() >= NAMED || self.addresses.iter().any(|known| known.1 == address)
    }
}

/// Sums of one destination. Everything is a sum, a minimum, a maximum or a set.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DestinationSums {
    /// Packets, bytes, flows.
    pub traffic: Traffic,
    /// Payload, by how the other end took part.
    pub payload: Payload,
    /// Bytes by kind of evidence for the app.
    pub evidence: BTreeMap<EvidenceKind, u64>,
    /// Bytes by party.
    pub parties: BTreeMap<Party, u64>,
    /// Shared services used.
    pub services: BTreeSet<Arc<str>>,
    /// Names.
    pub names: Sample<Arc<str>, NameSums>,
    /// Addresses.
    pub addresses: Sample<IpAddr, AddressSums>,
    /// Smallest round trip, in ns, and how it was measured.
    pub rtt: Option<(u64, RttSource)>,
    /// Flows with a round trip.
    pub rtt_samples: u64,
    /// First frame of the first flow.
    pub first_frame: Option<FrameId>,
    /// Time of the earliest packet, in ns since 1970 UTC.
    pub first_seen_ns: Option<i64>,
    /// Time of the latest packet, in ns since 1970 UTC.
    pub last_seen_ns: Option<i64>,
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
    /// Adds a flow, of which these are the sums.
    pub fn add(&mut self, choice: Choice, observed: &Observed<'_>, address: &AddressSums) {
        let Observed { flow, peer, attribution, .. } = *observed;
        let bytes = address.traffic.bytes();
        self.traffic.add(&address.traffic);
        self.payload.add(&address.payload);
        if let Some(claim) = &attribution.chosen {
            *self.evidence.entry(claim.kind).or_default() += bytes;
        }
        if let Some(party) = attribution.party {
            *self.parties.entry(party).or_default() += bytes;
        }
        if let Some(service) = &attribution.service
            && !self.services.contains(service)
        {
            self.services.insert(service.clone());
        }
        if let Some(name) = flow.name() {
            let addresses = vec![(flow.first_frame, peer)];
            let (source, frame) = (name.source, name.frame);
            let Payload { sent, received, .. } = address.payload;
            let is_of_site = observed.is_of_site();
            self.add_name(choice, &name.name, NameSums { source, frame, bytes, sent, received, addresses, is_of_site });
        }
        if let Some(rtt) = address.rtt {
            min_of(&mut self.rtt, rtt);
            self.rtt_samples += 1;
        }
        min_of(&mut self.first_frame, flow.first_frame);
        min_of(&mut self.first_seen_ns, address.first_seen_ns);
        max_of(&mut self.last_seen_ns, address.last_seen_ns);
        self.add_address(choice, peer, address);
    }

    fn add_name(&mut self, choice: Choice, name: &Arc<str>, sums: NameSums) {
        let start = || (Arc::clone(name), sums.clone());
        self.names.add(choice, name, |mine| mine.merge(&sums), start);
    }

    fn add_address(&mut self, choice: Choice, address: IpAddr, sums: &AddressSums) {
        self.addresses.add(choice, &address, |mine| mine.merge(sums), || (address, sums.clone()));
    }

    /// Adds the sums of other flows to the same destination.
    pub fn merge(&mut self, choice: Choice, other: Self) {
        self.traffic.add(&other.traffic);
        self.payload.add(&other.payload);
        other.evidence.into_iter().for_each(|(kind, bytes)| *self.evidence.entry(kind).or_default() += bytes);
        other.parties.into_iter().for_each(|(key, bytes)| *self.parties.entry(key).or_default() += bytes);
        self.services.extend(other.services);
        self.names.merge(choice, other.names, |mine, theirs| mine.merge(&theirs));
        self.addresses.merge(choice, other.addresses, |mine, theirs| mine.merge(&theirs));
        other.rtt.into_iter().for_each(|rtt| min_of(&mut self.rtt, rtt));
        self.rtt_samples += other.rtt_samples;
        other.first_frame.into_iter().for_each(|frame| min_of(&mut self.first_frame, frame));
        other.first_seen_ns.into_iter().for_each(|ns| min_of(&mut self.first_seen_ns, ns));
        other.last_seen_ns.into_iter().for_each(|ns| max_of(&mut self.last_seen_ns, ns));
    }

    /// Keeps only those names and addresses that are left after the halvings that hold for all samples.
    pub fn raise(&mut self, choice: Choice) {
        self.names.raise(choice);
        self.addresses.raise(choice);
    }

    /// Bytes that it takes, about. More flows never make it less.
    pub fn weight(&self, choice: Choice) -> u64 {
        /// Bytes of a destination without names, here and in the report: measured with a million addresses all over
        /// the world.
        const EMPTY: u64 = 2_560;
        /// Bytes of a service, a party or a kind of evidence.
        const ENTRY: u64 = 64;
        let entries = (self.services.len() + self.parties.len() + self.evidence.len()) as u64 * ENTRY;
        EMPTY + entries + self.names.weight(choice) + self.addresses.weight(choice)
    }

    /// The names with most bytes, then by first frame, at most `LISTED`.
    pub fn ranked_names(&self) -> Vec<(&Arc<str>, &NameSums)> {
        let mut names: Vec<_> = self.names.iter().collect();
        names.sort_by(|a, b| (b.1.bytes, a.1.frame, a.0).cmp(&(a.1.bytes, b.1.frame, b.0)));
        names.truncate(LISTED);
        names
    }
}
