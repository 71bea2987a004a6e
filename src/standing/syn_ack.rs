//! Whether the SYN-ACKs of a capture are the servers' own.

use crate::flow::SynAck;
use std::collections::BTreeSet;

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
        let look = |arrival_ttl: u8| SynAck {
            arrival_ttl,
            option_kinds: [2, 4, 8, 1, 3].into_iter().collect(),
            window_scale: Some(7),
        };
        let direct = |looks: &[u8]| are_direct(looks.iter().map(|ttl| look(*ttl)).collect::<Vec<_>>().iter());
        assert!(direct(&[50, 51, 52, 53, 53]));
        assert!(!direct(&[50, 51, 52, 53]), "too few addresses");
        assert!(!direct(&[50, 51, 52, 52, 52]), "too few looks");
        assert!(!direct(&[50, 51, 52, 53, 53, 53, 53]), "too many alike");
    }
}
