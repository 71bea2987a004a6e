//! Sums of what went up and down.

use crate::flow::Flow;
use serde::{Deserialize, Serialize};

/// What went up and down.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Traffic {
    /// Client to server: frame lengths in bytes.
    pub bytes_up: u64,
    /// Server to client: frame lengths in bytes.
    pub bytes_down: u64,
    /// Client to server.
    pub packets_up: u64,
    /// Server to client.
    pub packets_down: u64,
    /// Transport payload, client to server, in bytes.
    pub payload_up: u64,
    /// Transport payload, server to client, in bytes.
    pub payload_down: u64,
    /// Flow sessions.
    pub flows: u64,
}

impl Traffic {
    /// One flow's.
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

    /// Both directions, in bytes.
    pub const fn bytes(&self) -> u64 {
        self.bytes_up + self.bytes_down
    }

    /// Both directions, in packets.
    pub const fn packets(&self) -> u64 {
        self.packets_up + self.packets_down
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
}
