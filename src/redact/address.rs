//! An address to another one of the same special-purpose block, and a MAC address to another one of the same kind.
//!
//! Blocks are those of the IANA special-purpose registries. Within a block the mapping is a permutation that keeps prefixes: two
//! addresses that share so many bits still share them, so that subnets stay subnets. Bit by bit it is that of ipcrypt-pfx (CFRG draft
//! draft-denis-ipcrypt), in which each bit is turned or not by a function of the bits before it; so the first bits may be left as they are.

use super::key::Key;
use crate::place::{Scope, scope};
use ipcrypt_rs::IpcryptPfx;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// First address and prefix length of what is permuted. Rows that lie in another come before it.
const FOUR: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::BROADCAST, 32),
    (HIDDEN_FOUR, 4),
];

/// The same for IPv6.
const SIX: &[(Ipv6Addr, u8)] = &[
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 0), 48),
    (HIDDEN_SIX, 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 8),
    (Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0), 8),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 64),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10),
    // Solicited-node multicast holds the end of a device's address (RFC 4291 2.7.1).
    (Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 0), 104),
];

/// Where hidden public addresses go: no documentation block of IPv4 is large enough, and this one is used by nobody.
const HIDDEN_FOUR: Ipv4Addr = Ipv4Addr::new(240, 0, 0, 0);
/// The same for IPv6: documentation (RFC 3849).
const HIDDEN_SIX: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);
/// Where the 46 bits of a MAC address are put to be permuted; nothing else is there.
const MACS: u128 = 0x0100 << 112;
const MAC_BITS: u32 = 46;
/// NAT64 (RFC 6052 2.1).
const NAT64: u128 = 0x0064_ff9b << 96;

/// Maps addresses.
pub struct Addresses(Option<IpcryptPfx>);

impl std::fmt::Debug for Addresses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Addresses")
    }
}

impl Addresses {
    /// The mapping of a key.
    pub fn new(key: &Key) -> Self {
        let mut part: [u8; IpcryptPfx::KEY_BYTES] = key.part("addresses");
        // Equal halves would map every address to itself. No key is known that has them.
        if part.get(..16) == part.get(16..) {
            part[0] ^= 1;
        }
        Self(Some(IpcryptPfx::new(part)))
    }

    /// The mapping that leaves every address of a block as it is.
    pub(super) const fn same() -> Self {
        Self(None)
    }

    /// An address of a special-purpose block to another one of it. Addresses on the public network, loopback and multicast stay as they
    /// are.
    pub fn local(&self, ip: IpAddr) -> IpAddr {
        match ip {
            IpAddr::V4(ip) => self.local_four(ip).into(),
            IpAddr::V6(ip) => self.local_six(ip),
        }
    }

    /// The same, and an address on the public network to one that is none: the device's own, or a person's. Networks of such addresses
    /// are still told apart.
    pub fn hidden(&self, ip: IpAddr) -> IpAddr {
        if scope(ip) != Scope::Global {
            return self.local(ip);
        }
        match ip {
            IpAddr::V4(ip) => self.hidden_four(ip).into(),
            IpAddr::V6(ip) => match held(ip) {
                Some((before, inner)) => joined(before, self.hidden_four(inner)),
                None => self.hidden_six(ip).into(),
            },
        }
    }

    /// A MAC address to another one; the two bits that tell groups and local administration stay. Addresses of groups stay, except for
    /// the end of a device's IPv6 address in them, and so does the empty address.
    pub fn mac(&self, mac: [u8; 6]) -> [u8; 6] {
        match mac {
            [0, 0, 0, 0, 0, 0] => mac,
            // RFC 2464 7: the group of a solicited node, with the last 24 bits of the multicast address.
            [0x33, 0x33, 0xff, a, b, c] => {
                let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), u16::from_be_bytes([b, c]));
                match self.local_six(group) {
                    IpAddr::V6(moved) => {
                        let [.., a, b, c] = moved.octets();
                        [0x33, 0x33, 0xff, a, b, c]
                    }
                    IpAddr::V4(_) => mac,
                }
            }
            [first, ..] if first & 1 == 1 => mac,
            [first, b, c, d, e, f] => {
                let bits = u64::from_be_bytes([0, 0, first, b, c, d, e, f]);
                // The two lowest bits of the first byte are taken out of the middle.
                let value = bits >> 42 << 40 | bits & ((1 << 40) - 1);
                let moved = self.turned(MACS | u128::from(value)) as u64 & ((1 << MAC_BITS) - 1);
                let bits = moved >> 40 << 42 | u64::from(first & 3) << 40 | moved & ((1 << 40) - 1);
                let [_, _, mac @ ..] = bits.to_be_bytes();
                mac
            }
        }
    }

    fn local_four(&self, ip: Ipv4Addr) -> Ipv4Addr {
        let Some(row) = row_four(ip) else { return ip };
        let mask = u32::MAX.checked_shr(row.1.into()).unwrap_or(0);
        let mut moved = ip;
        // What leaves the row for one that lies in it goes on until it is back: this is still a permutation.
        for _ in 0..ROUNDS {
            moved = (u32::from(self.turned_four(moved)) & mask | u32::from(moved) & !mask).into();
            if row_four(moved) == Some(row) {
                break;
            }
        }
        moved
    }

    fn hidden_four(&self, ip: Ipv4Addr) -> Ipv4Addr {
        if scope(ip.into()) != Scope::Global {
            return self.local_four(ip);
        }
        let moved = u32::from(self.turned_four(ip)) & (u32::MAX >> 4) | u32::from(HIDDEN_FOUR);
        // Limited broadcast is no address of a device.
        Ipv4Addr::from(if moved == u32::MAX { moved - 1 } else { moved })
    }

    fn local_six(&self, ip: Ipv6Addr) -> IpAddr {
        if let Some((before, inner)) = held(ip) {
            return joined(before, self.local_four(inner));
        }
        let Some(row) = row_six(ip) else { return self.odd_six(ip).into() };
        let mask = u128::MAX >> row.1;
        let mut moved = ip;
        for _ in 0..ROUNDS {
            moved = (self.turned(moved.into()) & mask | u128::from(moved) & !mask).into();
            if row_six(moved) == Some(row) {
                break;
            }
        }
        moved.into()
    }

    /// An address of no row: Teredo and 6to4 with a local address in them, and what was not given out, become others than they are.
    fn odd_six(&self, ip: Ipv6Addr) -> Ipv6Addr {
        match scope(ip.into()) {
            Scope::Local | Scope::Reserved if !ip.is_loopback() && !ip.is_unspecified() => self.hidden_six(ip),
            _ => ip,
        }
    }

    fn hidden_six(&self, ip: Ipv6Addr) -> Ipv6Addr {
        (self.turned(ip.into()) & (u128::MAX >> 32) | u128::from(HIDDEN_SIX)).into()
    }

    fn turned_four(&self, ip: Ipv4Addr) -> Ipv4Addr {
        match self.0.as_ref().map(|mapping| mapping.encrypt_ipaddr(ip.into())) {
            Some(IpAddr::V4(ip)) => ip,
            // An IPv4 address stays one.
            Some(IpAddr::V6(_)) | None => ip,
        }
    }

    fn turned(&self, bits: u128) -> u128 {
        match self.0.as_ref().map(|mapping| mapping.encrypt_ipaddr(Ipv6Addr::from(bits).into())) {
            Some(IpAddr::V6(ip)) => ip.into(),
            // The crate gives IPv4 for what looks like an IPv4-mapped address.
            Some(IpAddr::V4(ip)) => ip.to_ipv6_mapped().into(),
            None => bits,
        }
    }
}

/// Rounds until an address is back in its row. Each misses with the small part that the inner rows are of it.
const ROUNDS: usize = 64;

fn row_four(ip: Ipv4Addr) -> Option<(Ipv4Addr, u8)> {
    let holds = |row: &&(Ipv4Addr, u8)| (u32::from(ip) ^ u32::from(row.0)).leading_zeros() >= u32::from(row.1);
    FOUR.iter().find(holds).copied()
}

fn row_six(ip: Ipv6Addr) -> Option<(Ipv6Addr, u8)> {
    let holds = |row: &&(Ipv6Addr, u8)| (u128::from(ip) ^ u128::from(row.0)).leading_zeros() >= u32::from(row.1);
    SIX.iter().find(holds).copied()
}

/// The IPv4 address that an IPv4-mapped or NAT64 address ends with, and what stands before it.
fn held(ip: Ipv6Addr) -> Option<(u128, Ipv4Addr)> {
    let bits = u128::from(ip);
    let before = bits & !u128::from(u32::MAX);
    let is_held = ip.to_ipv4_mapped().is_some() || before == NAT64;
    is_held.then_some((before, Ipv4Addr::from(bits as u32)))
}

fn joined(before: u128, inner: Ipv4Addr) -> IpAddr {
    Ipv6Addr::from(before | u128::from(u32::from(inner))).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn addresses(secret: u8) -> Addresses {
        Addresses::new(&Key::new(&[secret; 16]))
    }

    fn common_bits(a: u128, b: u128) -> u32 {
        (a ^ b).leading_zeros()
    }

    fn special() -> impl Strategy<Value = Ipv6Addr> {
        (prop::sample::select(SIX), any::<u128>())
            .prop_map(|((first, length), bits)| Ipv6Addr::from(u128::from(first) | bits & (u128::MAX >> length)))
    }

    proptest! {
        #[test]
        fn addresses_stay_in_their_block_and_keep_prefixes(
            row in prop::sample::select(FOUR), bits in any::<[u32; 2]>(), six in special(), turn in any::<u128>(),
        ) {
            let addresses = addresses(1);
            let mask = u32::MAX.checked_shr(row.1.into()).unwrap_or(0);
            let [a, b] = bits.map(|bits| Ipv4Addr::from(u32::from(row.0) | bits & mask));
            let [to_a, to_b] = [a, b].map(|ip| addresses.local_four(ip));
            prop_assert_eq!(row_four(a), row_four(to_a));
            prop_assert_eq!(a == b, to_a == to_b);
            prop_assert_eq!((u32::from(a) ^ u32::from(b)).leading_zeros(), (u32::from(to_a) ^ u32::from(to_b)).leading_zeros());
            prop_assert_eq!(scope(a.into()), scope(to_a.into()));
            let length = row_six(six).unwrap().1;
            let near = Ipv6Addr::from(u128::from(six) ^ turn & (u128::MAX >> length));
            let [to, to_near] = [six, near].map(|ip| match addresses.local(ip.into()) {
                IpAddr::V6(ip) => ip,
                IpAddr::V4(ip) => panic!("{ip}"),
            });
            prop_assert_eq!(row_six(six), row_six(to));
            if row_six(near) == row_six(six) {
                prop_assert_eq!(common_bits(six.into(), near.into()), common_bits(to.into(), to_near.into()));
            }
        }

        #[test]
        fn macs_keep_their_kind_and_none_falls_on_another(macs in prop::collection::hash_set(any::<[u8; 6]>(), 2..40)) {
            let addresses = addresses(2);
            let moved: HashSet<[u8; 6]> = macs.iter().map(|mac| addresses.mac(*mac)).collect();
            prop_assert_eq!(moved.len(), macs.len());
            for mac in macs {
                let to = addresses.mac(mac);
                prop_assert_eq!(mac[0] & 3, to[0] & 3);
                prop_assert!(mac[0] & 1 == 0 || mac == to || mac[..3] == [0x33, 0x33, 0xff]);
            }
        }

        #[test]
        fn hidden_addresses_are_on_no_public_network(four in any::<u32>(), six in any::<u128>()) {
            let addresses = addresses(3);
            for ip in [Ipv4Addr::from(four).into(), IpAddr::from(Ipv6Addr::from(six))] {
                prop_assert!(scope(ip) != Scope::Global || scope(addresses.hidden(ip)) != Scope::Global, "{}", ip);
                prop_assert!(scope(ip) != Scope::Global || addresses.local(ip) == ip);
            }
        }
    }

    #[test]
    fn a_whole_block_is_permuted_and_keys_differ() {
        let [one, other] = [1, 9].map(addresses);
        let block = || (0..=u16::MAX).map(|low| Ipv4Addr::from(0xc0a8_0000 | u32::from(low)));
        let moved: HashSet<Ipv4Addr> = block().map(|ip| one.local_four(ip)).collect();
        assert_eq!(moved, block().collect());
        let documentation: HashSet<Ipv4Addr> = (0..=255).map(|low| one.local_four([192, 0, 2, low].into())).collect();
        assert_eq!(documentation.len(), 256);
        assert!(block().any(|ip| one.local_four(ip) != other.local_four(ip)));
        assert!(block().all(|ip| one.local_four(ip) == addresses(1).local_four(ip)));
    }

    #[test]
    fn the_mapping_of_nothing_leaves_all() {
        for ip in ["192.168.1.7", "10.0.0.1", "fe80::1:2", "fd00::7", "203.205.254.7", "240.1.2.3"] {
            let ip: IpAddr = ip.parse().unwrap();
            assert_eq!(Addresses::same().local(ip), ip);
        }
    }

    #[test]
    fn what_belongs_to_nobody_stays() {
        let addresses = addresses(1);
        for ip in ["127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.251", "::1", "::", "ff02::fb", "203.205.254.7"] {
            let ip: IpAddr = ip.parse().unwrap();
            assert_eq!(addresses.local(ip), ip);
        }
        assert_eq!(addresses.mac([0xff; 6]), [0xff; 6]);
        assert_eq!(addresses.mac([0; 6]), [0; 6]);
        assert_ne!(addresses.mac([0x3c, 0x22, 0xfb, 1, 2, 3]), [0x3c, 0x22, 0xfb, 1, 2, 3]);
        let mapped: IpAddr = "::ffff:192.168.1.7".parse().unwrap();
        let inner = addresses.local_four([192, 168, 1, 7].into());
        assert_eq!(addresses.local(mapped), IpAddr::V6(inner.to_ipv6_mapped()));
    }
}
