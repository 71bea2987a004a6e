//! The addresses that one device sends from, by the MAC address of its frames. A device asks a resolver from one of its addresses and
//! connects from another (IPv4 and IPv6), so that an answer to one of them explains connections of all.
//!
//! A router sends for many: behind it are many addresses of one family, and then nothing is known of a device. In captures without
//! MAC addresses (the interface of a tunnel or a modem), the addresses that open conversations are those of the device itself.

use crate::capture::{Frame, FrameId, LinkType};
use crate::packet::{LinkSender, TunnelPath, link_sender};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Addresses kept of one sender, the first by frame. Temporary addresses of IPv6 (RFC 8981) make several on one day; more than
/// this are those of a router.
const ADDRESS_LIMIT: usize = 16;
/// Senders kept: more than a local network has. Of more, those with the least addresses are kept.
const SENDER_LIMIT: usize = 4_096;

/// Who sent a frame, as far as its link layer says: a MAC address, or the interface of a tunnel, or nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sender(u64);

impl Sender {
    const UNKNOWN: Self = Self(0);
    const TUNNEL: Self = Self(1 << 56);
    const IS_MAC: u64 = 2 << 56;

    /// The sender of a packet with this path of tunnels around it. Inside a tunnel it is whom a link layer there names.
    pub(super) fn of(frame: &Frame<'_>, tunnel: TunnelPath) -> Self {
        if let (LinkType::ETHERNET, true, [_, _, _, _, _, _, a, b, c, d, e, f, ..]) =
            (frame.link_type, tunnel.is_empty(), frame.bytes)
        {
            return Self::at([*a, *b, *c, *d, *e, *f]);
        }
        match link_sender(frame) {
            LinkSender::Unknown => Self::UNKNOWN,
            LinkSender::Address(address) => Self::at(address),
            LinkSender::Interface => Self::TUNNEL,
        }
    }

    fn at([a, b, c, d, e, f]: [u8; 6]) -> Self {
        Self(Self::IS_MAC | u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    /// Whether it is the interface of a tunnel.
    pub(super) fn is_tunnel(self) -> bool {
        self == Self::TUNNEL
    }
}

/// The addresses of each sender, with the frames in which they were first seen, in the order of frames.
#[derive(Clone, Debug, Default)]
pub(super) struct Devices(BTreeMap<Sender, SmallVec<[(FrameId, IpAddr); 2]>>);

impl Devices {
    /// Notes that a sender opened a conversation from this address.
    pub(super) fn learn(&mut self, sender: Sender, frame: FrameId, address: IpAddr) {
        // On an interface without addresses, who opens a connection from a public one of IPv4 may be anybody.
        let is_anybody = sender.is_tunnel() && address.is_ipv4() && !is_private(address);
        if sender == Sender::UNKNOWN || is_anybody || !is_own(address) {
            return;
        }
        let known = self.0.entry(sender).or_default();
        match known.iter().position(|(_, other)| *other == address) {
            Some(at) if known[at].0 <= frame => return,
            Some(at) => known[at].0 = frame,
            None if known.len() > ADDRESS_LIMIT && known.last().is_some_and(|(last, _)| *last < frame) => return,
            None => known.push((frame, address)),
        }
        known.sort_unstable();
        known.truncate(ADDRESS_LIMIT + 1);
        if self.0.len() > SENDER_LIMIT {
            self.0.pop_last();
        }
    }

    /// Adds what another has learnt.
    pub(super) fn merge(&mut self, other: Self) {
        for (sender, addresses) in other.0 {
            addresses.into_iter().for_each(|(frame, address)| self.learn(sender, frame, address));
        }
    }

    /// The other addresses of the device that sends from this one, as known before a frame; none if it may be a router.
    pub(super) fn others(&self, sender: Sender, address: IpAddr, before: FrameId) -> SmallVec<[IpAddr; 4]> {
        let known = self.0.get(&sender).map_or(&[][..], |known| known);
        let mut known: SmallVec<[IpAddr; 4]> =
            known.iter().take_while(|(frame, _)| *frame <= before).map(|(_, address)| *address).collect();
        let of_v4 = known.iter().filter(|address| address.is_ipv4()).count();
        if of_v4 > 1 || known.len() > ADDRESS_LIMIT || !known.contains(&address) {
            return SmallVec::new();
        }
        known.retain(|other| *other != address);
        known
    }
}

/// Whether an address is one that a device may ask from.
fn is_own(address: IpAddr) -> bool {
    let is_local = match address {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(_) => false,
    };
    !address.is_unspecified() && !address.is_multicast() && !address.is_loopback() && !is_local
}

/// Whether an address is private, shared or local (RFC 1918, RFC 6598, RFC 7335, RFC 3927, RFC 4193, RFC 4291 §2.5.6).
pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            ip.is_private() || ip.is_link_local() || (a == 100 && b & 0xc0 == 64) || [a, b, c] == [192, 0, 0]
        }
        IpAddr::V6(ip) => ip.segments()[0] & 0xfe00 == 0xfc00 || ip.segments()[0] & 0xffc0 == 0xfe80,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(addresses: &[&str]) -> Devices {
        let mut devices = Devices::default();
        for (at, address) in addresses.iter().enumerate() {
            devices.learn(Sender(Sender::IS_MAC | 7), FrameId::new(0, at as u64), address.parse().unwrap());
        }
        devices
    }

    fn others(devices: &Devices, address: &str, before: u64) -> Vec<String> {
        let address = address.parse().unwrap();
        let found = devices.others(Sender(Sender::IS_MAC | 7), address, FrameId::new(0, before));
        found.iter().map(IpAddr::to_string).collect()
    }

    #[test]
    fn a_device_is_its_addresses_and_a_router_is_none() {
        let device = learnt(&["192.0.2.7", "2001:db8::7", "169.254.1.1", "2001:db8::8"]);
        assert_eq!(others(&device, "2001:db8::7", 9), ["192.0.2.7", "2001:db8::8"]);
        assert_eq!(others(&device, "2001:db8::7", 1), ["192.0.2.7"], "what comes later is not known yet");
        assert_eq!(others(&device, "2001:db8::9", 9), Vec::<String>::new());
        assert_eq!(others(&learnt(&["192.0.2.7", "2001:db8::7", "192.0.2.8"]), "2001:db8::7", 9), Vec::<String>::new());
        let many: Vec<String> = (0..40).map(|at| format!("2001:db8::{at}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(others(&learnt(&many), "2001:db8::3", 99), Vec::<String>::new());
        assert_eq!(others(&learnt(&many), "2001:db8::3", 4).len(), 4);
    }

    #[test]
    fn the_order_of_learning_does_not_matter() {
        let addresses: Vec<String> = (0..40).map(|at| format!("2001:db8::{at}")).collect();
        let whole = learnt(&addresses.iter().map(String::as_str).collect::<Vec<_>>());
        for size in [1, 7, 20] {
            let mut merged = Devices::default();
            let mut parts: Vec<_> =
                addresses.iter().enumerate().collect::<Vec<_>>().chunks(size).map(<[_]>::to_vec).collect();
            parts.reverse();
            for part in parts {
                let mut one = Devices::default();
                for (at, address) in part {
                    one.learn(Sender(Sender::IS_MAC | 7), FrameId::new(0, at as u64), address.parse().unwrap());
                }
                merged.merge(one);
            }
            assert_eq!(merged.0, whole.0);
        }
    }
}
