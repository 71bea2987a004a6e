//! A block of addresses: the smallest that is routed on its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The addresses that share the first 24 (IPv6: 48) bits with another: the smallest blocks that are routed on their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    /// The first address.
    pub first: IpAddr,
    /// The last one.
    pub last: IpAddr,
}

impl Block {
    /// Bits that IPv4 addresses of a block share.
    pub const FOUR: u8 = 24;
    /// Bits that IPv6 addresses of a block share.
    pub const SIX: u8 = 48;

    /// The block of an address.
    pub fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => {
                let host = u32::MAX >> Self::FOUR;
                let [first, last] = [ip.to_bits() & !host, ip.to_bits() | host].map(Ipv4Addr::from_bits);
                Self { first: first.into(), last: last.into() }
            }
            IpAddr::V6(ip) => {
                let host = u128::MAX >> Self::SIX;
                let [first, last] = [ip.to_bits() & !host, ip.to_bits() | host].map(Ipv6Addr::from_bits);
                Self { first: first.into(), last: last.into() }
            }
        }
    }
}
