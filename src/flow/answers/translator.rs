//! Prefixes under which a translator (NAT64) hands on the addresses of IPv4: those that are set aside for it (RFC 6052 §2.1, RFC
//! 8215), and those that a network tells its devices by its answer for `ipv4only.arpa` (RFC 7050).

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The name whose IPv4 addresses are known, so that an IPv6 address for it shows the prefix (RFC 7050 §2.2).
const KNOWN_NAME: &str = "ipv4only.arpa";
const KNOWN: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 0, 170), Ipv4Addr::new(192, 0, 0, 171)];
/// The lengths that a prefix may have (RFC 6052 §2.2).
const LENGTHS: [u8; 6] = [96, 64, 56, 48, 40, 32];
/// The byte that no address stands in, and that is 0 (RFC 6052 §2.2).
const RESERVED: usize = 8;

/// A prefix of a translator: its bits, the rest being 0, and how many they are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(super) struct Translator {
    bits: u128,
    length: u8,
}

impl Translator {
    /// The one that an answer shows.
    pub(super) fn shown(name: &str, address: IpAddr) -> Option<Self> {
        let IpAddr::V6(address) = address else { return None };
        if !name.eq_ignore_ascii_case(KNOWN_NAME) {
            return None;
        }
        let mut found = LENGTHS.into_iter().filter(|&length| KNOWN.contains(&inside(address, length)));
        // Where an address fits several lengths it shows none (RFC 7050 §3).
        let length = found.next().filter(|_| found.next().is_none())?;
        Some(Self { bits: address.to_bits() & mask(length), length })
    }

    /// Bits of the prefix.
    pub(super) const fn length(self) -> u8 {
        self.length
    }

    /// The IPv4 address that it hands this one on to.
    pub(super) fn inside(self, address: IpAddr) -> Option<IpAddr> {
        match address {
            IpAddr::V6(address) if address.to_bits() & mask(self.length) == self.bits => {
                Some(inside(address, self.length).into())
            }
            _ => None,
        }
    }

    /// The bytes by which it is ranked.
    pub(super) fn to_bytes(self) -> [u8; 17] {
        let mut bytes = [self.length; 17];
        bytes[..16].copy_from_slice(&self.bits.to_be_bytes());
        bytes
    }
}

/// The IPv4 address inside one under a prefix that is set aside for translators.
pub(super) fn set_aside(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(address) = address else { return None };
    let [a, b, c, d, e, f, ..] = address.segments();
    let is_translated = [a, b] == [0x64, 0xff9b] && ([c, d, e, f] == [0; 4] || (c == 1 && [d, e, f] == [0; 3]));
    is_translated.then(|| inside(address, 96).into())
}

/// The address by which a translator with the prefix that all networks may use hands this one on.
pub(super) fn outside(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V4(address) = address else { return None };
    let [a, b, c, d] = address.octets();
    Some(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])).into())
}

const fn mask(length: u8) -> u128 {
    u128::MAX << (128 - length as u32)
}

/// The four bytes behind a prefix of this length, without the reserved byte.
fn inside(address: Ipv6Addr, length: u8) -> Ipv4Addr {
    let octets = address.octets();
    let mut behind = (usize::from(length) / 8..octets.len()).filter(|&at| at != RESERVED).map(|at| octets[at]);
    let mut next = || behind.next().unwrap_or_default();
    Ipv4Addr::new(next(), next(), next(), next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// The examples of RFC 6052 §2.4, with the addresses of `ipv4only.arpa` and with another.
    #[test]
    fn a_prefix_of_every_length_is_learnt_and_used() {
        for (known, other) in [
            ("2001:db8:c000:aa::", "2001:db8:c000:221::"),
            ("2001:db8:1c0:0:aa::", "2001:db8:1c0:2:21::"),
            ("2001:db8:122:c000:0:aa00::", "2001:db8:122:c000:2:2100::"),
            ("2001:db8:122:3c0:0:aa::", "2001:db8:122:3c0:0:221::"),
            ("2001:db8:122:344:c0:0:aa00:0", "2001:db8:122:344:c0:2:2100::"),
            ("2001:db8:122:344::192.0.0.171", "2001:db8:122:344::192.0.2.33"),
        ] {
            let translator = Translator::shown("IPv4only.arpa", ip(known)).expect(known);
            assert_eq!(translator.inside(ip(other)), Some(ip("192.0.2.33")), "{other}");
            assert_eq!(translator.inside(ip("2001:db9::1")), None);
            assert_eq!(Translator::shown("example.com", ip(known)), None);
        }
        assert_eq!(Translator::shown("ipv4only.arpa", ip("192.0.0.170")), None);
        assert_eq!(Translator::shown("ipv4only.arpa", ip("2001:db8::1")), None);
    }

    #[test]
    fn prefixes_that_are_set_aside_need_no_answer() {
        assert_eq!(set_aside(ip("64:ff9b::192.0.2.33")), Some(ip("192.0.2.33")));
        assert_eq!(set_aside(ip("64:ff9b:1::192.0.2.33")), Some(ip("192.0.2.33")));
        assert_eq!(set_aside(ip("2001:db8::192.0.2.33")), None);
        assert_eq!(outside(ip("192.0.2.33")), Some(ip("64:ff9b::192.0.2.33")));
    }
}
