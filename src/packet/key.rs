//! The key of a flow: both endpoints in one order, the protocol and the encapsulations around them.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One encapsulation between the link layer and the innermost IP packet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
#[non_exhaustive]
pub enum Encapsulation {
    /// IPv4 or IPv6 directly inside IP (RFC 2003, RFC 2473, 6in4 RFC 4213).
    IpInIp = 1,
    /// Generic Routing Encapsulation (RFC 2784), PPTP's version 1 too.
    Gre,
    /// Encapsulated remote SPAN.
    Erspan,
    /// Teredo (RFC 4380).
    Teredo,
    /// VXLAN (RFC 7348), GPE too.
    Vxlan,
    /// Geneve (RFC 8926).
    Geneve,
    /// GTP-U (3GPP TS 29.281).
    Gtp,
    /// L2TP (RFC 2661, RFC 3931).
    L2tp,
    /// EtherIP (RFC 3378).
    EtherIp,
    /// IP Authentication Header (RFC 4302).
    Ah,
    /// TZSP.
    Tzsp,
    /// AYIYA.
    Ayiya,
    /// CAPWAP data (RFC 5415) or LWAPP (RFC 5412).
    Capwap,
    /// LISP data (RFC 9300).
    Lisp,
    /// Network Service Header (RFC 8300).
    Nsh,
    /// Anything else that carried an IP packet.
    Other,
}

impl Encapsulation {
    /// All of them; the code of each is its place, from 1.
    const ALL: [Self; 16] = [
        Self::IpInIp,
        Self::Gre,
        Self::Erspan,
        Self::Teredo,
        Self::Vxlan,
        Self::Geneve,
        Self::Gtp,
        Self::L2tp,
        Self::EtherIp,
        Self::Ah,
        Self::Tzsp,
        Self::Ayiya,
        Self::Capwap,
        Self::Lisp,
        Self::Nsh,
        Self::Other,
    ];

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code).checked_sub(1)?).copied()
    }

    /// The name shown in flow records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IpInIp => "ip-in-ip",
            Self::Gre => "gre",
            Self::Erspan => "erspan",
            Self::Teredo => "teredo",
            Self::Vxlan => "vxlan",
            Self::Geneve => "geneve",
            Self::Gtp => "gtp",
            Self::L2tp => "l2tp",
            Self::EtherIp => "etherip",
            Self::Ah => "ah",
            Self::Tzsp => "tzsp",
            Self::Ayiya => "ayiya",
            Self::Capwap => "capwap",
            Self::Lisp => "lisp",
            Self::Nsh => "nsh",
            Self::Other => "other",
        }
    }
}

/// The encapsulations around the innermost IP packet, outermost first, to [`TunnelPath::LIMIT`].
///
/// One byte each from the most significant on, so that a path compares and hashes as one integer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct TunnelPath(u64);

impl TunnelPath {
    /// How many encapsulations are opened; deeper nesting is counted as a flow of the last one opened.
    pub const LIMIT: usize = 6;
    /// No encapsulation.
    pub const NONE: Self = Self(0);

    /// This path with one more encapsulation inside, or none where the limit is reached.
    pub fn entered(self, inner: Encapsulation) -> Option<Self> {
        let depth = self.iter().count();
        (depth < Self::LIMIT).then(|| Self(self.0 | (inner as u64) << Self::shift(depth)))
    }

    /// Outermost first.
    pub fn iter(&self) -> impl Iterator<Item = Encapsulation> + '_ {
        (0..Self::LIMIT).map_while(|depth| Encapsulation::from_code((self.0 >> Self::shift(depth)) as u8))
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    const fn shift(depth: usize) -> usize {
        56 - 8 * depth
    }
}

impl fmt::Debug for TunnelPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

/// An address as one number to be hashed: byte by byte it would often cost more than what is looked up.
pub(crate) const fn address_bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => ip.to_bits() as u128,
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

/// Which of a key's two endpoints sent a packet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Side {
    /// The lower endpoint.
    Low = 0,
    /// The higher endpoint.
    High = 1,
}

impl Side {
    /// The other one.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}

/// Both endpoints of a conversation in one order, so that both directions have the same key.
///
/// Encapsulations are not part of it: a mirror or a load balancer may wrap one direction and leave the other bare.
/// Addresses are integers, IPv4 in the upper 32 bits; the version keeps them apart from IPv6. All else is one integer too: what is
/// written at once can be read at once, and keys are written, hashed and compared for every packet.
#[derive(Clone, Copy, PartialOrd, Ord, Serialize)]
pub struct FlowKey {
    low: u128,
    high: u128,
    /// From the upper end: 16 bits each of the ports of the low and the high side, 16 of nothing, 8 each of protocol and version.
    tail: u64,
}

impl FlowKey {
    /// How far an IPv4 address is moved up in the integer.
    const IPV4_SHIFT: u32 = 96;

    /// The key of a packet from `source` to `destination` (address bytes, IPv4 zero-padded; port 0 where there is none),
    /// and the side that sent it.
    #[inline]
    pub fn new(version: u8, protocol: u8, source: ([u8; 16], u16), destination: ([u8; 16], u16)) -> (Self, Side) {
        let from = (u128::from_be_bytes(source.0), source.1);
        let to = (u128::from_be_bytes(destination.0), destination.1);
        Self::ordered(version, protocol, from, to, from <= to)
    }

    /// The same for IPv4 addresses: what the short path needs.
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

    /// 4 or 6.
    #[inline]
    pub const fn version(&self) -> u8 {
        self.tail as u8
    }

    /// What a table's hasher makes of it: `hash_one`, but never a call, so that a key need not be written to be hashed.
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

    /// The key as bytes, the same on every machine: what keyed hashes of it are taken of.
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

    /// Address bytes of one side as [`FlowKey::new`] takes them.
    pub(super) fn address_bytes(&self, side: Side) -> [u8; 16] {
        self.bits(side).to_be_bytes()
    }

    const fn bits(&self, side: Side) -> u128 {
        match side {
            Side::Low => self.low,
            Side::High => self.high,
        }
    }

    /// Port of one side; 0 where the protocol has none.
    pub const fn port(&self, side: Side) -> u16 {
        match side {
            Side::Low => (self.tail >> 48) as u16,
            Side::High => (self.tail >> 32) as u16,
        }
    }

    /// Whether both sides are the same endpoint, so that the direction cannot be told.
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
    /// Without branches: the table compares keys whose hashes agree, so they nearly always are equal.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        (self.low ^ other.low) | (self.high ^ other.high) | u128::from(self.tail ^ other.tail) == 0
    }
}

impl Eq for FlowKey {}

impl Hash for FlowKey {
    /// A plain IPv4 conversation is one 128-bit word: 32 bits each of addresses, ports and the rest.
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

    #[test]
    fn a_path_is_entered_to_its_limit() {
        let mut path = TunnelPath::NONE;
        assert!(path.is_empty());
        for encapsulation in Encapsulation::ALL.into_iter().take(TunnelPath::LIMIT) {
            path = path.entered(encapsulation).expect("below the limit");
        }
        assert_eq!(path.entered(Encapsulation::Other), None);
        assert!(path.iter().eq(Encapsulation::ALL.into_iter().take(TunnelPath::LIMIT)));
    }

    #[test]
    fn codes_are_places() {
        for encapsulation in Encapsulation::ALL {
            assert_eq!(Encapsulation::from_code(encapsulation as u8), Some(encapsulation));
        }
        assert_eq!((Encapsulation::from_code(0), Encapsulation::from_code(17)), (None, None));
    }

    #[test]
    fn paths_order_as_lists() {
        let of =
            |list: &[Encapsulation]| list.iter().fold(TunnelPath::NONE, |path, one| path.entered(*one).expect("short"));
        let (gre, gre_other, vxlan) =
            (of(&[Encapsulation::Gre]), of(&[Encapsulation::Gre, Encapsulation::Other]), of(&[Encapsulation::Vxlan]));
        assert!(TunnelPath::NONE < gre && gre < gre_other && gre_other < vxlan);
    }

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
