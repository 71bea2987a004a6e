//! What is known of an address before it is judged.

use super::bound::Measured;
use super::claim::{Claim, STALE_MONTHS};
use crate::flow::SynAck;
use crate::place::{Country, Scope};
use std::net::IpAddr;

/// How an operator answers for an address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Front {
    /// Nothing is known against one machine, or one site, per address.
    #[default]
    Plain,
    /// One site per address, chosen by DNS for each client.
    Steered,
    /// Many sites answer for one address.
    Anycast,
}

/// An address of the capture with all that is known of it. Addresses of a capture are distinct.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// The address.
    pub address: IpAddr,
    /// What kind of address it is.
    pub scope: Scope,
    /// The network that announces it.
    pub network: Option<u32>,
    /// Whether any network announces it in the table of routes. The network may be unknown although it is announced.
    pub is_announced: bool,
    /// Months between the capture and the table of routes.
    pub routes_gap_months: u32,
    /// What location databases say.
    pub claims: Vec<Claim>,
    /// The country of the registry's delegation.
    pub registry: Option<Country>,
    /// The claim does no more than repeat the registry: every /24 (/48) of the delegation has the same country and city cell in that
    /// database, and the network has space in three countries or more there.
    pub repeats_registry: bool,
    /// How an operator answers for it.
    pub front: Front,
    /// Its round trips, where they are the device's own.
    pub measured: Option<Measured>,
    /// What the SYN-ACKs of its server looked like on arrival: those of the flow with the least round trip.
    pub syn_ack: Option<SynAck>,
}

impl Endpoint {
    /// A global address that some network announces, of which nothing else is known.
    pub fn new(address: IpAddr) -> Self {
        Self {
            address,
            scope: Scope::Global,
            network: None,
            is_announced: true,
            routes_gap_months: 0,
            claims: Vec::new(),
            registry: None,
            repeats_registry: false,
            front: Front::Plain,
            measured: None,
            syn_ack: None,
        }
    }

    /// Whether no network announces it. A table of routes of another time does not say so of an address that a database of the
    /// capture's time knows.
    pub fn is_unrouted(&self) -> bool {
        let knows = |claim: &Claim| claim.lineage.is_location() && !claim.is_stale();
        let is_told_otherwise = self.routes_gap_months > STALE_MONTHS && self.claims.iter().any(knows);
        !self.is_announced && !is_told_otherwise
    }
}
