//! The key of a flow: both endpoints in one order, and the protocol.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address as one number, for hashing. Hashing it byte by byte would often cost more than the look-up.
pub(crate) const fn address_bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => ip.to_bits() as u128,
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

/// The endpoint of a key that sent a packet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Side {
    /// The lower endpoint.
    Low = 0,
    /// The higher endpoint.
    High = 1,
}

impl Side {
    /// The other side.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}

/// Both endpoints of a conversation in one order, so that both directions have the same key.
///
/// Encapsulations are not part of the key, since a mirror or a load balancer may wrap one direction and leave the other bare.
/// Addresses are integers, with IPv4 in the upper 32 bits; the version tells them from IPv6. Everything else is one integer
/// too, since keys are written, hashed and compared for every packet.
#[derive(Clone, Copy, PartialOrd, Ord, Serialize)]
pub struct FlowKey {
    low: u128,
    high: u128,
    /// From the upper end: 16 bits each for the ports of the low and the high side, 16 unused bits, and 8 bits each for
    /// protocol and version.
    tail: u64,
}

impl FlowKey {
    /// Number of bits by which an IPv4 address is shifted up in the integer.
    const IPV4_SHIFT: u32 = 96;

    /// The key of a packet from `source` to `destination`, and the side that sent it. Addresses are bytes, with zeros after an
    /// IPv4 address; the port is 0 if there is none.
    #[inline]
    pub fn new(version: u8, protocol: u8, source: ([u8; 16], u16), destination: ([u8; 16], u16)) -> (Self, Side) {
        let from = (u128::from_be_bytes(source.0), source.1);
        let to = (u128::from_be_bytes(destination.0), destination.1);
        Self::ordered(version, protocol, from, to, from <= to)
    }

    /// The key of a conversation between two endpoints, and the side of the first.
    pub fn between(protocol: u8, one: (IpAddr, u16), other: (IpAddr, u16)) -> (Self, Side) {
        let bytes = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => {
                let mut bytes = [0; 16];
                bytes[..4].copy_from_slice(&ip.octets());
                bytes
            }
            IpAddr::V6(ip) => ip.octets(),
        };
        let version = if one.0.is_ipv4() { 4 } else { 6 };
        Self::new(version, protocol, (bytes(one.0), one.1), (bytes(other.0), other.1))
    }

    /// Makes the key from IPv4 addresses, for the short path.
    #[inline(always)]
    pub(super) fn plain_v4(protocol: u8, source: ([u8; 4], u16), destination: ([u8; 4], u16)) -> (Self, Side) {
        let from = (u32::from_be_bytes(source.0), source.1);
        let to = (u32::from_be_bytes(destination.0), destination.1);
        let is_from_low = (u64::from(from.0) << 16 | u64::from(from.1)) <= (u64::from(to.0) << 16 | u64::from(to.1));
        let wide = |(address, port): (u32, u16)| (u128::from(address) << Self::IPV4_SHIFT, port);
        Self::ordered(4, protocol, wide(from), wide(to), is_from_low)
    }

    #[inline(always)]
    fn ordered(version: u8, protocol: u8, from: (u128, u16), to: (u128, u16), is_from_low: bool) -> (Self, Side) {
        let (low, high, side) = if is_from_low { (from, to, Side::Low) } else { (to, from, Side::High) };
        let ports = u64::from(low.1) << 48 | u64::from(high.1) << 32;
        let tail = ports | u64::from(protocol) << 8 | u64::from(version);
        (Self { low: low.0, high: high.0, tail }, side)
    }

    /// IP protocol number of the transport (IANA).
    #[inline]
    pub const fn protocol(&self) -> u8 {
        (self.tail >> 8) as u8
    }

    /// IP version: 4 or 6.
    #[inline]
    pub const fn version(&self) -> u8 {
        self.tail as u8
    }

    /// The hash under a table's hasher. It does what `hash_one` does but is always inlined, so that a key need not be in memory
    /// to be hashed.
    #[inline(always)]
    #[expect(clippy::manual_hash_one, reason = "`hash_one` is not always inlined")]
    pub(crate) fn hashed(&self, hasher: &impl BuildHasher) -> u64 {
        let mut state = hasher.build_hasher();
        self.hash(&mut state);
        state.finish()
    }

    /// A number whose upper bits differ between most keys: a fixed function of the key, the same on every machine and in every run.
    #[inline(always)]
    pub(crate) const fn spread(&self) -> u64 {
        /// Odd, its bits without a pattern: 2⁶⁴ by the golden ratio (Knuth, The Art of Computer Programming 3, §6.4).
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let ends = self.low ^ self.high.rotate_left(37);
        (ends as u64 ^ (ends >> 64) as u64 ^ self.tail).wrapping_mul(FACTOR)
    }

    /// Length of [`Self::to_bytes`].
    pub(crate) const BYTES: usize = 40;

    /// The key as bytes, which are the same on every machine. Keyed hashes are taken of them.
    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..16].copy_from_slice(&self.low.to_be_bytes());
        bytes[16..32].copy_from_slice(&self.high.to_be_bytes());
        bytes[32..].copy_from_slice(&self.tail.to_be_bytes());
        bytes
    }

    /// Address of one side.
    pub fn address(&self, side: Side) -> IpAddr {
        let bits = self.bits(side);
        match self.version() {
            4 => IpAddr::V4(Ipv4Addr::from_bits((bits >> Self::IPV4_SHIFT) as u32)),
            _ => IpAddr::V6(Ipv6Addr::from_bits(bits)),
        }
    }

    /// Address bytes of one side, as [`FlowKey::new`] takes them.
    pub(super) fn address_bytes(&self, side: Side) -> [u8; 16] {
        self.bits(side).to_be_bytes()
    }

    const fn bits(&self, side: Side) -> u128 {
        match side {
            Side::Low => self.low,
            Side::High => self.high,
        }
    }

    /// Port of one side; 0 if the protocol has none.
    pub const fn port(&self, side: Side) -> u16 {
        match side {
            Side::Low => (self.tail >> 48) as u16,
            Side::High => (self.tail >> 32) as u16,
        }
    }

    /// Whether both sides are the same endpoint, in which case the direction is unknown.
    pub const fn is_to_itself(&self) -> bool {
        self.low == self.high && self.port(Side::Low) == self.port(Side::High)
    }
}

impl<'de> Deserialize<'de> for FlowKey {
    /// Only those that [`FlowKey::new`] makes: two keys of one conversation are equal.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (low, high, tail) = <(u128, u128, u64)>::deserialize(deserializer)?;
        let key = Self { low, high, tail };
        let has_version = match key.version() {
            4 => (low | high) << (u128::BITS - Self::IPV4_SHIFT) == 0,
            version => version == 6,
        };
        let is_ordered = (low, key.port(Side::Low)) <= (high, key.port(Side::High));
        let is_clear = (tail >> 16) as u16 == 0;
        if has_version && is_ordered && is_clear { Ok(key) } else { Err(D::Error::custom("no key of a flow")) }
    }
}

impl fmt::Debug for FlowKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |side| (self.address(side), self.port(side));
        write!(formatter, "{:?} {:?} protocol {}", end(Side::Low), end(Side::High), self.protocol())
    }
}

impl PartialEq for FlowKey {
    /// Compares without branches, since the table compares keys whose hashes agree, which are nearly always equal.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        (self.low ^ other.low) | (self.high ^ other.high) | u128::from(self.tail ^ other.tail) == 0
    }
}

impl Eq for FlowKey {}

impl Hash for FlowKey {
    /// An IPv4 conversation is hashed as one 128-bit word: 32 bits each of the two addresses, the ports and the rest.
    #[inline(always)]
    fn hash<H: Hasher>(&self, state: &mut H) {
        if self.version() == 4 {
            state.write_u128(self.low | self.high >> 32 | u128::from(self.tail));
        } else {
            state.write_u128(self.low);
            state.write_u128(self.high);
            state.write_u64(self.tail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::hash::{BuildHasher, RandomState};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn both_directions_have_one_key(source: [u8; 4], destination: [u8; 4], ports: (u16, u16), protocol: u8) {
            let wide = |address: [u8; 4]| {
                let mut bytes = [0; 16];
                bytes[..4].copy_from_slice(&address);
                bytes
            };
            let there = FlowKey::plain_v4(protocol, (source, ports.0), (destination, ports.1));
            let back = FlowKey::plain_v4(protocol, (destination, ports.1), (source, ports.0));
            prop_assert_eq!(there.0, back.0);
            prop_assert_eq!(there.1 == back.1, there.0.is_to_itself());
            let slow = FlowKey::new(4, protocol, (wide(source), ports.0), (wide(destination), ports.1));
            prop_assert_eq!(there, slow);
            let state = RandomState::new();
            prop_assert_eq!(state.hash_one(there.0), state.hash_one(back.0));
            prop_assert_eq!(there.0.address(there.1), IpAddr::from(source));
            prop_assert_eq!(there.0.port(there.1), ports.0);
            let other = FlowKey::new(6, protocol, (wide(source), ports.0), (wide(destination), ports.1));
            prop_assert_ne!(there.0, other.0);
        }
    }
}
