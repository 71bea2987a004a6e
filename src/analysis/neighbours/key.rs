//! What neighbouring flows have in common.

use crate::app::Neighbour;
use crate::packet::address_bits;
use crate::packet::protocol::UDP;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

/// What two neighbours have in common: the client's socket, or the client and the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key {
    Socket(IpAddr, Option<u16>),
    Server(u8, IpAddr, (IpAddr, Option<u16>)),
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (kind, (ip, port)) = match *self {
            Self::Socket(ip, port) => (0, (ip, port)),
            Self::Server(protocol, client, server) => {
                state.write_u128(address_bits(client));
                (0x100 | u32::from(protocol), server)
            }
        };
        state.write_u128(address_bits(ip));
        state.write_u64(u64::from(kind) << 32 | port.map_or(1 << 16, u64::from));
    }
}

/// The keys by which a flow is found by flows that may inherit from it.
pub(super) fn keys_of(seen: &Neighbour<'_>) -> [Option<Key>; 2] {
    let socket = (seen.protocol == UDP).then_some(Key::Socket(seen.client.0, seen.client.1));
    [socket, Some(Key::Server(seen.protocol, seen.client.0, seen.server))]
}

/// The keys by which a flow looks for neighbours. A neighbour's client socket may be at either end of the flow.
pub(super) fn sought(seen: &Neighbour<'_>) -> impl Iterator<Item = Key> {
    let inbound = (seen.protocol == UDP).then_some(Key::Socket(seen.server.0, seen.server.1));
    keys_of(seen).into_iter().flatten().chain(inbound)
}
