//! The key of a flow: both endpoints in one order, the protocol and the encapsulations around them.

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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct TunnelPath([Option<Encapsulation>; TunnelPath::LIMIT]);

impl TunnelPath {
    /// How many encapsulations are opened; deeper nesting is counted as a flow of the last one opened.
    pub const LIMIT: usize = 6;
    /// No encapsulation.
    pub const NONE: Self = Self([None; Self::LIMIT]);

    /// This path with one more encapsulation inside, or none where the limit is reached.
    pub fn entered(mut self, inner: Encapsulation) -> Option<Self> {
        let free = self.0.iter_mut().find(|slot| slot.is_none())?;
        *free = Some(inner);
        Some(self)
    }

    /// Outermost first.
    pub fn iter(&self) -> impl Iterator<Item = Encapsulation> + '_ {
        self.0.iter().flatten().copied()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }
}

/// Which of a key's two endpoints sent a packet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
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
/// IPv4 addresses lie in the first four bytes; `version` keeps them apart from IPv6.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FlowKey {
    low: [u8; 16],
    high: [u8; 16],
    low_port: u16,
    high_port: u16,
    /// IP protocol number of the transport (IANA).
    pub protocol: u8,
    /// 4 or 6.
    pub version: u8,
    /// What lies around the innermost IP packet.
    pub tunnel: TunnelPath,
}

impl FlowKey {
    /// The key of a packet from `source` to `destination` (address bytes, IPv4 zero-padded; port 0 where there is none),
    /// and the side that sent it.
    #[inline]
    pub fn new(
        version: u8,
        protocol: u8,
        source: ([u8; 16], u16),
        destination: ([u8; 16], u16),
        tunnel: TunnelPath,
    ) -> (Self, Side) {
        let from = (u128::from_be_bytes(source.0), source.1);
        let to = (u128::from_be_bytes(destination.0), destination.1);
        let (low, high, side) =
            if from <= to { (source, destination, Side::Low) } else { (destination, source, Side::High) };
        (Self { low: low.0, high: high.0, low_port: low.1, high_port: high.1, protocol, version, tunnel }, side)
    }

    /// Address of one side.
    pub fn address(&self, side: Side) -> IpAddr {
        let bytes = match side {
            Side::Low => &self.low,
            Side::High => &self.high,
        };
        match self.version {
            4 => IpAddr::V4(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3])),
            _ => IpAddr::V6(Ipv6Addr::from(*bytes)),
        }
    }

    /// Port of one side; 0 where the protocol has none.
    pub fn port(&self, side: Side) -> u16 {
        match side {
            Side::Low => self.low_port,
            Side::High => self.high_port,
        }
    }

    /// Whether both sides are the same endpoint, so that the direction cannot be told.
    pub fn is_to_itself(&self) -> bool {
        self.low == self.high && self.low_port == self.high_port
    }
}
