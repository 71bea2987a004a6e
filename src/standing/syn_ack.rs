//! The marks by which the SYN-ACKs of two addresses look like those of one machine.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a SYN-ACK looks like on arrival.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct SynAck {
    /// TTL or hop limit as it arrived.
    pub arrival_ttl: u8,
    /// Kinds of the TCP options, in order.
    pub option_kinds: Vec<u8>,
    /// Shift of the window scale option (RFC 7323).
    pub window_scale: Option<u8>,
}

/// Addresses that it takes to tell whether servers answer themselves.
const LEAST_ADDRESSES: usize = 5;
/// Different looks that it takes.
const LEAST_LOOKS: usize = 4;
/// Percent of the addresses that have to look different.
const LEAST_PERCENT: usize = 60;

/// Whether the SYN-ACKs of a capture are the servers' own: one machine near the device that answers for all makes them alike.
pub(super) fn are_direct<'a>(syn_acks: impl Iterator<Item = &'a SynAck>) -> bool {
    let mut looks = BTreeSet::new();
    let mut addresses = 0;
    for syn_ack in syn_acks {
        addresses += 1;
        looks.insert((syn_ack.arrival_ttl, &syn_ack.option_kinds));
    }
    addresses >= LEAST_ADDRESSES && looks.len() >= LEAST_LOOKS && looks.len() * 100 >= addresses * LEAST_PERCENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_their_own_look_different() {
        let look = |arrival_ttl: u8| SynAck { arrival_ttl, option_kinds: vec![2, 4, 8, 1, 3], window_scale: Some(7) };
        let direct = |looks: &[u8]| are_direct(looks.iter().map(|ttl| look(*ttl)).collect::<Vec<_>>().iter());
        assert!(direct(&[50, 51, 52, 53, 53]));
        assert!(!direct(&[50, 51, 52, 53]), "too few addresses");
        assert!(!direct(&[50, 51, 52, 52, 52]), "too few looks");
        assert!(!direct(&[50, 51, 52, 53, 53, 53, 53]), "too many alike");
    }
}
