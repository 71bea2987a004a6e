//! What flows are compared with: the catalogue, the databases of places, the user's vantage, and owners named beside
//! the captures.

use super::studied::Learned;
use crate::app::{Attribution, Catalogue};
use crate::capture::GivenPaths;
use crate::capture::owner::{Owner, SideOwners};
use crate::error::Error;
use crate::flow::{Flow, OwnerEvidence};
use crate::place::{PlaceCache, Places, Scope, Vantage};

/// What flows are compared with.
pub struct Knowledge {
    /// The catalogue of apps.
    pub catalogue: Catalogue,
    /// The databases of places.
    pub places: Places,
    /// Where the captures were taken, as the user said.
    pub vantage: Option<Vantage>,
    /// Owners named in files beside the captures. Of the files that know a flow, the first counts.
    pub owners: Vec<SideOwners>,
    /// Paths that tools measured, in files beside the captures.
    pub paths: GivenPaths,
    /// Whether tables are taken as if they were of the captures' time.
    pub ignores_age: bool,
}

impl Knowledge {
    /// Combines the catalogue, the databases and the vantage.
    pub fn new(catalogue: Catalogue, places: Places, vantage: Option<Vantage>) -> Self {
        Self { catalogue, places, vantage, owners: Vec::new(), paths: GivenPaths::default(), ignores_age: false }
    }

    /// The catalogue and the databases that come with this crate.
    ///
    /// # Errors
    /// If they are damaged.
    pub fn embedded() -> Result<Self, Error> {
        Ok(Self::new(Catalogue::embedded()?, Places::open(&[])?, None))
    }

    /// Finds out which app sent a flow and where it went. A flow without an owner gets the owner that is named beside
    /// the captures.
    pub(super) fn learn(&self, flow: &mut Flow, cache: &mut PlaceCache) -> Learned {
        let mut learned = self.locate(flow, cache);
        self.name_owner(flow);
        learned.attribution = self.catalogue.attribute(flow, &learned.place);
        learned
    }

    /// If the capture names no owner for a flow, or only a number, sets the owner that is named beside the captures.
    fn name_owner(&self, flow: &mut Flow) {
        let is_named = |owner: &Owner| owner.name.is_some() || owner.package.is_some() || owner.path.is_some();
        if self.owners.is_empty() || flow.owner.as_ref().is_some_and(|evidence| is_named(&evidence.owner)) {
            return;
        }
        let ends = [(flow.client_ip, flow.client_port), (flow.server_ip, flow.server_port)];
        let [client, server] = ends.map(|(ip, port)| (ip, port.unwrap_or(0)));
        let seen = [flow.first_seen_ns.min(flow.last_seen_ns), flow.first_seen_ns.max(flow.last_seen_ns)];
        let found = self.owners.iter().find_map(|side| side.find(flow.protocol, client, server, seen[0], seen[1]));
        if let Some(owner) = found {
            let packets = flow.up.packets + flow.down.packets;
            let others = flow.owner.take().map(|given| (given.owner, given.votes)).into_iter().collect();
            let frame = flow.first_frame;
            let (votes, votes_total, left_out) = (packets, packets, 0);
            flow.owner = Some(Box::new(OwnerEvidence { owner, votes, votes_total, frame, others, left_out }));
        }
    }

    /// Locates the end of a flow that is on the public network: the server, or the client where only that is.
    fn locate(&self, flow: &Flow, cache: &mut PlaceCache) -> Learned {
        let mut peer = flow.located_server();
        let mut place = cache.locate(&self.places, peer);
        if place.scope == Scope::Local {
            let other = cache.locate(&self.places, flow.client_ip);
            if other.scope == Scope::Global {
                (peer, place) = (flow.client_ip, other);
            }
        }
        Learned { peer, place, attribution: Attribution::default() }
    }
}
