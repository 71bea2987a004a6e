//! The encapsulations around a packet, and the path through them.

use serde::{Deserialize, Serialize};
use std::fmt;

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
    /// IP payload compression (RFC 3173).
    IpComp,
}

impl Encapsulation {
    /// All encapsulations. The code of each is its place in this list, counted from 1.
    const ALL: [Self; 17] = [
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
        Self::IpComp,
    ];

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code).checked_sub(1)?).copied()
    }

    /// The name that flow records show.
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
            Self::IpComp => "ipcomp",
        }
    }
}

/// The encapsulations around the innermost IP packet, outermost first, to [`TunnelPath::LIMIT`].
///
/// Each takes one byte, from the most significant on, so that a path compares and hashes as one integer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct TunnelPath(u64);

impl TunnelPath {
    /// The number of encapsulations that are opened. What is nested deeper counts as a flow of the last one opened.
    pub const LIMIT: usize = 6;
    /// No encapsulation.
    pub const NONE: Self = Self(0);

    /// This path with one more encapsulation inside; `None` if the limit is reached.
    pub fn entered(self, inner: Encapsulation) -> Option<Self> {
        let depth = self.iter().count();
        (depth < Self::LIMIT).then(|| Self(self.0 | (inner as u64) << Self::shift(depth)))
    }

    /// The encapsulations, outermost first.
    pub fn iter(&self) -> impl Iterator<Item = Encapsulation> + '_ {
        (0..Self::LIMIT).map_while(|depth| Encapsulation::from_code((self.0 >> Self::shift(depth)) as u8))
    }

    /// Whether there is no encapsulation.
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

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!((Encapsulation::from_code(0), Encapsulation::from_code(18)), (None, None));
    }

    #[test]
    fn paths_order_as_lists() {
        let of =
            |list: &[Encapsulation]| list.iter().fold(TunnelPath::NONE, |path, one| path.entered(*one).expect("short"));
        let (gre, gre_other, vxlan) =
            (of(&[Encapsulation::Gre]), of(&[Encapsulation::Gre, Encapsulation::Other]), of(&[Encapsulation::Vxlan]));
        assert!(TunnelPath::NONE < gre && gre < gre_other && gre_other < vxlan);
    }
}
