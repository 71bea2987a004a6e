//! Who runs the endpoints of an app: what their network says, and what the server name says.

use super::observed::Observed;
use super::payload::Payload;
use crate::app::EvidenceKind;
use crate::place::Country;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The operator of a network.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct NetworkOperator {
    /// The family of companies to which it belongs.
    pub group: Arc<str>,
    /// The law that reaches it.
    pub jurisdiction: Option<Country>,
}

/// Whose name an endpoint has.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum NamedFor {
    /// No name of the catalogue.
    Nobody,
    /// The app itself: its operator runs the service.
    App,
    /// A shared service of the catalogue.
    Service(Arc<str>),
}

/// Who runs an endpoint, by two sources that do not depend on each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct RunBy {
    /// The operator of the network that announces the address.
    pub network: Option<NetworkOperator>,
    /// Whose server name it is.
    pub name: NamedFor,
}

/// Payload of one address by whose name its flows have: whose, sent, received. Sorted; what has no name of the catalogue is not in it.
/// Its length is bounded by the catalogue.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Named(Vec<(NamedFor, u64, u64)>);

impl Named {
    /// The payload of one flow.
    pub(super) fn of(observed: &Observed<'_>) -> Self {
        let Payload { sent, received, .. } = Payload::of(observed);
        match NamedFor::of(observed) {
            NamedFor::Nobody => Self::default(),
            _ if sent == 0 && received == 0 => Self::default(),
            name => Self(vec![(name, sent, received)]),
        }
    }

    /// Adds the payload of other flows.
    pub(super) fn merge(&mut self, other: &Self) {
        for (name, sent, received) in &other.0 {
            match self.0.binary_search_by(|known| known.0.cmp(name)) {
                Ok(at) => {
                    if let Some(known) = self.0.get_mut(at) {
                        known.1 += sent;
                        known.2 += received;
                    }
                }
                Err(at) => {
                    // Most addresses have one name for ever.
                    self.0.reserve_exact(1);
                    self.0.insert(at, (name.clone(), *sent, *received));
                }
            }
        }
    }

    /// Whose, sent, received.
    pub fn iter(&self) -> impl Iterator<Item = &(NamedFor, u64, u64)> {
        self.0.iter()
    }

    /// Whether each is there once, in order.
    pub(super) fn is_sorted(&self) -> bool {
        self.0.is_sorted_by(|a, b| a.0 < b.0)
    }
}

impl NamedFor {
    /// Whose name the other end of a flow has.
    fn of(observed: &Observed<'_>) -> Self {
        let attribution = observed.attribution;
        let is_named = |kind: EvidenceKind| attribution.chosen.as_ref().is_some_and(|claim| claim.kind == kind);
        match &attribution.service {
            Some(service) => Self::Service(Arc::clone(service)),
            None if is_named(EvidenceKind::Name) => Self::App,
            None => Self::Nobody,
        }
    }
}

impl RunBy {
    /// Who runs the other end of a flow.
    pub fn of(observed: &Observed<'_>) -> Self {
        let place = observed.place;
        let network = |group: &Arc<str>| NetworkOperator { group: Arc::clone(group), jurisdiction: place.jurisdiction };
        Self { network: place.operator_group.as_ref().map(network), name: NamedFor::of(observed) }
    }
}
