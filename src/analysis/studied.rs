//! A flow with all that is known of it.

use crate::app::Attribution;
use crate::flow::Flow;
use crate::place::{LocationCheck, Place};
use crate::route::Observed;
use std::net::IpAddr;
use std::sync::Arc;

/// All that is known of a flow beside what it says itself.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The end that is located.
    pub peer: IpAddr,
    /// Its place.
    pub place: Arc<Place>,
    /// Who sent it.
    pub attribution: Attribution,
    /// What the round trip says of the place.
    pub check: LocationCheck,
}

impl Learned {
    /// Both together, as rules and sums take them.
    pub(super) fn of<'a>(&'a self, flow: &'a Flow) -> Observed<'a> {
        let Self { peer, place, attribution, check } = self;
        Observed { flow, peer: *peer, place, attribution, check: *check }
    }
}

/// A flow with all that is known of it.
#[derive(Clone, Debug)]
pub struct Studied {
    /// The flow.
    pub flow: Flow,
    /// What else is known.
    pub learned: Learned,
}

impl Studied {
    /// Keeps what is observed.
    pub(super) fn of(observed: &Observed<'_>) -> Self {
        let &Observed { flow, peer, place, attribution, check } = observed;
        let (place, attribution) = (Arc::clone(place), attribution.clone());
        Self { flow: flow.clone(), learned: Learned { peer, place, attribution, check } }
    }

    /// As the routing map takes it.
    pub fn observed(&self) -> Observed<'_> {
        self.learned.of(&self.flow)
    }
}
