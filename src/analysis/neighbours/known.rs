//! The flows of one window from which others may inherit.

use super::batches::Batches;
use super::key::{Key, keys_of};
use super::limits::Limits;
use super::order::Order;
use crate::app::{Claim, Neighbour};
use crate::capture::FrameId;
use crate::capture::owner::Owner;
use crate::route::Observed;
use foldhash::fast::RandomState;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Arc;

/// What is kept of a flow for its neighbours after the flow itself was given out.
#[derive(Clone, Debug)]
pub(super) struct Known {
    frame: FrameId,
    protocol: u8,
    client: (IpAddr, Option<u16>),
    server: (IpAddr, Option<u16>),
    seen_ns: (i64, i64),
    owner: Option<Arc<Owner>>,
    is_named: bool,
    claim: Option<Claim>,
}

impl Known {
    /// What is to be kept of a flow; none if no flow can inherit from it.
    pub(super) fn of(observed: &Observed<'_>) -> Option<Self> {
        let seen = neighbour(observed);
        if !seen.has_own_evidence() || seen.server.1.is_none() || observed.flow.is_lookup() {
            return None;
        }
        let Neighbour { protocol, client, server, seen_ns, is_named, .. } = seen;
        let owner = observed.flow.owner.as_ref().map(|evidence| Arc::clone(&evidence.owner));
        let claim = observed.attribution.chosen.clone();
        let frame = observed.flow.first_frame;
        Some(Self { frame, protocol, client, server, seen_ns, owner, is_named, claim })
    }

    /// Its position in the order of its window.
    pub(super) fn order(&self) -> Order {
        (self.frame, self.client.0, self.server.0, self.client.1)
    }

    /// The form in which the rules of inheritance take it.
    pub(super) fn neighbour(&self) -> Neighbour<'_> {
        Neighbour {
            protocol: self.protocol,
            client: self.client,
            server: self.server,
            seen_ns: self.seen_ns,
            owner: self.owner.as_deref(),
            is_named: self.is_named,
            claim: self.claim.as_ref(),
        }
    }
}

/// The form in which the rules of inheritance take an observed flow.
pub(super) fn neighbour<'a>(observed: &Observed<'a>) -> Neighbour<'a> {
    let flow = observed.flow;
    let (first_ns, last_ns) = (flow.first_seen_ns, flow.last_seen_ns);
    Neighbour {
        protocol: flow.protocol,
        client: (flow.client_ip, flow.client_port),
        server: (flow.server_ip, flow.server_port),
        seen_ns: (first_ns.min(last_ns), first_ns.max(last_ns)),
        owner: flow.owner.as_ref().map(|evidence| &*evidence.owner),
        is_named: !flow.names.is_empty(),
        claim: observed.attribution.chosen.as_ref(),
    }
}

/// The flows of one window from which others may inherit.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownFlows {
    known: Batches<Known>,
    /// The hashes of the keys of each flow, once the window is complete. They are small, so searching them touches
    /// little memory.
    hashes: Vec<[u32; 2]>,
}

impl KnownFlows {
    /// Adds a flow. Returns how many flows were dropped because there were too many.
    pub(super) fn push(&mut self, one: Known, limits: Limits) -> u64 {
        if self.known.push(one) { self.bound(limits) } else { 0 }
    }

    /// Adds the flows of another. Returns how many flows were dropped because there were too many.
    pub(super) fn append(&mut self, mut theirs: Self, limits: Limits) -> u64 {
        self.known.append(&mut theirs.known);
        self.bound(limits)
    }

    fn bound(&mut self, limits: Limits) -> u64 {
        if self.known.count() < 2 * limits.known {
            return 0;
        }
        self.known.keep_first(limits.known, Known::order).count() as u64
    }

    /// All flows with the hashes of their keys; call [`Self::seal`] first.
    pub(super) fn hashed(&self) -> impl Iterator<Item = (&Known, &[u32; 2])> {
        self.known.iter().zip(&self.hashes)
    }

    /// Prepares the flows to be searched, when no more are added. Returns how many were dropped because there were
    /// too many.
    pub(super) fn seal(&mut self, hasher: &RandomState, limits: Limits) -> u64 {
        let gone = self.known.keep_first(limits.known, Known::order).count() as u64;
        if self.hashes.len() != self.known.count() {
            // A flow with only one key has its hash twice.
            let hashes = |known: &Known| {
                let [socket, server] = keys_of(&known.neighbour()).map(|key| key.map(|key| hash(hasher, &key)));
                let server = server.unwrap_or_default();
                [socket.unwrap_or(server), server]
            };
            self.hashes = self.known.iter().map(hashes).collect();
        }
        gone
    }
}

/// The hash of a key as [`KnownFlows`] keeps it.
pub(super) fn hash(hasher: &RandomState, key: &Key) -> u32 {
    hasher.hash_one(key) as u32
}
