//! Transport payload of flows, apart by how the other end took part. Shares are made of it.

use super::observed::{Exchange, Observed};
use serde::{Deserialize, Serialize};

/// Payload in bytes, seen from the device.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Payload {
    /// Sent to endpoints that answered.
    pub sent: u64,
    /// Received from them.
    pub received: u64,
    /// Sent to endpoints from which nothing came back.
    pub tried: u64,
    /// Flows to them.
    pub tried_flows: u64,
    /// Sent to other people's devices.
    pub person_sent: u64,
    /// Received from them.
    pub person_received: u64,
}

impl Payload {
    /// The payload of one flow.
    pub fn of(observed: &Observed<'_>) -> Self {
        let (sent, received) = (observed.sent().payload, observed.received().payload);
        match observed.exchange() {
            Exchange::Answered => Self { sent, received, ..Self::default() },
            Exchange::Tried => Self { tried: sent, tried_flows: 1, ..Self::default() },
            Exchange::Person => Self { person_sent: sent, person_received: received, ..Self::default() },
        }
    }

    /// Adds the payload of other flows.
    pub fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.received += other.received;
        self.tried += other.tried;
        self.tried_flows += other.tried_flows;
        self.person_sent += other.person_sent;
        self.person_received += other.person_received;
    }

    /// What is left when `part` is taken out.
    pub fn without(&self, part: &Self) -> Self {
        Self {
            sent: self.sent.saturating_sub(part.sent),
            received: self.received.saturating_sub(part.received),
            tried: self.tried.saturating_sub(part.tried),
            tried_flows: self.tried_flows.saturating_sub(part.tried_flows),
            person_sent: self.person_sent.saturating_sub(part.person_sent),
            person_received: self.person_received.saturating_sub(part.person_received),
        }
    }

    /// All figures.
    pub(super) const fn amounts(&self) -> [u64; 6] {
        let Self { sent, received, tried, tried_flows, person_sent, person_received } = *self;
        [sent, received, tried, tried_flows, person_sent, person_received]
    }
}
