//! Sums of traffic in both directions.

use crate::flow::Flow;
use serde::{Deserialize, Serialize};

/// Traffic in both directions: up is client to server, down is server to client.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Traffic {
    /// Frame lengths on the wire, client to server, in bytes.
    pub bytes_up: u64,
    /// Frame lengths on the wire, server to client, in bytes.
    pub bytes_down: u64,
    /// Packets from client to server.
    pub packets_up: u64,
    /// Packets from server to client.
    pub packets_down: u64,
    /// Transport payload, client to server, in bytes.
    pub payload_up: u64,
    /// Transport payload, server to client, in bytes.
    pub payload_down: u64,
    /// Flows.
    pub flows: u64,
}

impl Traffic {
    /// The traffic of one flow.
    pub fn of(flow: &Flow) -> Self {
        Self {
            bytes_up: flow.up.bytes,
            bytes_down: flow.down.bytes,
            packets_up: flow.up.packets,
            packets_down: flow.down.packets,
            payload_up: flow.up.payload,
            payload_down: flow.down.payload,
            flows: 1,
        }
    }

    /// Bytes of both directions.
    pub const fn bytes(&self) -> u64 {
        self.bytes_up + self.bytes_down
    }

    /// Packets of both directions.
    pub const fn packets(&self) -> u64 {
        self.packets_up + self.packets_down
    }

    /// All its figures.
    pub(super) const fn amounts(&self) -> [u64; 7] {
        let Self { bytes_up, bytes_down, packets_up, packets_down, payload_up, payload_down, flows } = *self;
        [bytes_up, bytes_down, packets_up, packets_down, payload_up, payload_down, flows]
    }

    /// Adds another sum.
    pub fn add(&mut self, other: &Self) {
        self.bytes_up += other.bytes_up;
        self.bytes_down += other.bytes_down;
        self.packets_up += other.packets_up;
        self.packets_down += other.packets_down;
        self.payload_up += other.payload_up;
        self.payload_down += other.payload_down;
        self.flows += other.flows;
    }

    /// What is left when `part` is taken out.
    pub fn without(&self, part: &Self) -> Self {
        Self {
            bytes_up: self.bytes_up.saturating_sub(part.bytes_up),
            bytes_down: self.bytes_down.saturating_sub(part.bytes_down),
            packets_up: self.packets_up.saturating_sub(part.packets_up),
            packets_down: self.packets_down.saturating_sub(part.packets_down),
            payload_up: self.payload_up.saturating_sub(part.payload_up),
            payload_down: self.payload_down.saturating_sub(part.payload_down),
            flows: self.flows.saturating_sub(part.flows),
        }
    }
}
