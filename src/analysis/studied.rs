//! A flow with everything that is known of it.

use crate::app::Attribution;
use crate::flow::Flow;
use crate::place::Place;
use crate::route::Observed;
use std::net::IpAddr;
use std::sync::Arc;

/// What is known of a flow beside what its packets say.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The end that is located.
    pub peer: IpAddr,
    /// The place of that end.
    pub place: Arc<Place>,
    /// Which app sent the flow, and on what evidence.
    pub attribution: Attribution,
}

impl Learned {
    /// The flow and what is known of it, in the form that rules and sums take.
    pub(super) fn of<'a>(&'a self, flow: &'a Flow) -> Observed<'a> {
        let Self { peer, place, attribution } = self;
        Observed { flow, peer: *peer, place, attribution }
    }
}

/// A flow with everything that is known of it.
#[derive(Clone, Debug)]
pub struct Studied {
    /// The flow.
    pub flow: Flow,
    /// What else is known of it.
    pub learned: Learned,
}

impl Studied {
    /// Makes an owned copy of an observed flow.
    pub(super) fn of(observed: &Observed<'_>) -> Self {
        let &Observed { flow, peer, place, attribution } = observed;
        let (place, attribution) = (Arc::clone(place), attribution.clone());
        Self { flow: flow.clone(), learned: Learned { peer, place, attribution } }
    }

    /// The form in which the routing map takes it.
    pub fn observed(&self) -> Observed<'_> {
        self.learned.of(&self.flow)
    }
}
