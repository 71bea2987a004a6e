//! The flows of one window that wait for their neighbours, to inherit the app of one of them.

use super::batches::Batches;
use super::known::neighbour;
use super::limits::Limits;
use super::order::order;
use crate::analysis::studied::Studied;
use crate::route::{Observed, is_system};

/// Whether a flow has to wait for its neighbours: it has no app, or one on weak evidence only, and may inherit one.
pub(in crate::analysis) fn is_seeker(observed: &Observed<'_>) -> bool {
    let word = observed.flow.application.map(|application| application.0);
    observed.flow.server_port.is_some() && !word.is_some_and(is_system) && neighbour(observed).may_inherit()
}

/// The waiting flows of one window.
#[derive(Clone, Debug, Default)]
pub(in crate::analysis) struct Seekers(Batches<Studied>);

impl Seekers {
    /// Adds a flow. Returns whether there may be too many now.
    pub(in crate::analysis) fn push(&mut self, one: Studied) -> bool {
        self.0.push(one)
    }

    /// Adds the flows of another.
    pub(in crate::analysis) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// If there are too many flows, takes out those that may not inherit.
    pub(super) fn shed(&mut self, limits: Limits) -> Self {
        if self.0.count() < 2 * limits.seekers {
            return Self::default();
        }
        Self(self.0.keep_first(limits.seekers, |one| order(&one.flow)))
    }

    /// The number of flows.
    pub(super) fn count(&self) -> usize {
        self.0.count()
    }

    /// The flows in batches, each of which may go to another thread.
    pub(in crate::analysis) fn into_batches(self) -> Vec<Vec<Studied>> {
        self.0.into_batches()
    }

    /// All flows, to be given apps.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Studied> {
        self.0.iter_mut()
    }
}
