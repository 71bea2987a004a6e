//! An address to its scope: the IANA IPv4 and IPv6 special-purpose address registries (RFC 6890) and the multicast registries.
//!
//! Also the IPv4 address inside IPv6 translation addresses: IPv4-mapped (RFC 4291 2.5.5.2), NAT64 (RFC 6052 2.1), 6to4
//! (RFC 3056 2) and Teredo (RFC 4380 4). Facts of that address are the ones that say where the endpoint is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::facts::Scope;

/// First address, prefix length, scope; sorted. More specific rows come after those that hold them and win.
const FOUR: &[(Ipv4Addr, u8, Scope)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, Scope::Local),  // "this network", RFC 791 3.2
    (Ipv4Addr::new(10, 0, 0, 0), 8, Scope::Local), // RFC 1918
    (Ipv4Addr::new(100, 64, 0, 0), 10, Scope::Local), // shared address space, RFC 6598
    (Ipv4Addr::new(127, 0, 0, 0), 8, Scope::Local), // loopback, RFC 1122 3.2.1.3
    (Ipv4Addr::new(169, 254, 0, 0), 16, Scope::Local), // link local, RFC 3927
    (Ipv4Addr::new(172, 16, 0, 0), 12, Scope::Local), // RFC 1918
    (Ipv4Addr::new(192, 0, 0, 0), 24, Scope::Reserved), // IETF protocol assignments, RFC 6890 2.1
    (Ipv4Addr::new(192, 0, 0, 0), 29, Scope::Local), // IPv4 service continuity prefix, RFC 7335 (464XLAT)
    (Ipv4Addr::new(192, 0, 0, 9), 32, Scope::Global), // Port Control Protocol anycast, RFC 7723
    (Ipv4Addr::new(192, 0, 0, 10), 32, Scope::Global), // TURN anycast, RFC 8155
    (Ipv4Addr::new(192, 0, 2, 0), 24, Scope::Reserved), // documentation, RFC 5737
    (Ipv4Addr::new(192, 168, 0, 0), 16, Scope::Local), // RFC 1918
    (Ipv4Addr::new(198, 18, 0, 0), 15, Scope::Reserved), // benchmarking, RFC 2544
    (Ipv4Addr::new(198, 51, 100, 0), 24, Scope::Reserved), // documentation, RFC 5737
    (Ipv4Addr::new(203, 0, 113, 0), 24, Scope::Reserved), // documentation, RFC 5737
    (Ipv4Addr::new(224, 0, 0, 0), 4, Scope::Multicast), // RFC 1112
    (Ipv4Addr::new(240, 0, 0, 0), 4, Scope::Reserved), // RFC 1112 4
    (Ipv4Addr::new(255, 255, 255, 255), 32, Scope::Multicast), // limited broadcast, RFC 8190
];

/// The same for IPv6. Outside 2000::/3 nothing is global but what is said here.
const SIX: &[(Ipv6Addr, u8, Scope)] = &[
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 0), 0, Scope::Reserved), // RFC 4291 2.4: not yet given out
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 0), 127, Scope::Local),  // unspecified and loopback, RFC 4291
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, Scope::Global), // NAT64, RFC 6052
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, Scope::Local), // local NAT64, RFC 8215
    (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, Scope::Global), // RFC 4291
    (Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 0), 48, Scope::Reserved), // benchmarking, RFC 5180
    (Ipv6Addr::new(0x2001, 0x10, 0, 0, 0, 0, 0, 0), 28, Scope::Reserved), // ORCHID, RFC 4843
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, Scope::Reserved), // documentation, RFC 3849
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, Scope::Reserved), // documentation, RFC 9637
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Scope::Local), // unique local, RFC 4193
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, Scope::Local), // link local, RFC 4291
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, Scope::Local), // site local, deprecated by RFC 3879
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, Scope::Multicast), // RFC 4291 2.7
];

/// What kind of address this is.
pub fn scope(ip: IpAddr) -> Scope {
    match ip {
        IpAddr::V4(ip) => {
            let rows = FOUR.iter().rev();
            rows.clone().find(|(first, length, _)| holds_four(*first, *length, ip)).map_or(Scope::Global, |row| row.2)
        }
        IpAddr::V6(ip) => match embedded_ipv4(ip) {
            Some(inner) => scope(IpAddr::V4(inner)),
            None => SIX.iter().rev().find(|row| holds_six(row.0, row.1, ip)).map_or(Scope::Reserved, |row| row.2),
        },
    }
}

/// The IPv4 address that an IPv6 translation address stands for.
pub(crate) fn embedded_ipv4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [first, second, third, .., before, last] = ip.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    if let Some(mapped) = ip.to_ipv4_mapped() {
        Some(mapped)
    } else if holds_six(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, ip) {
        Some(join(before, last))
    } else if first == 0x2002 {
        Some(join(second, third))
    } else if (first, second) == (0x2001, 0) {
        // Teredo hides the client's address by inverting its bits
        Some(join(!before, !last))
    } else {
        None
    }
}

/// The address to ask databases about: the inner one of a translation address, else the address itself.
pub(crate) fn routed(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(six) => embedded_ipv4(six).map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    }
}

pub(super) fn holds_four(first: Ipv4Addr, length: u8, ip: Ipv4Addr) -> bool {
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(length.into())).unwrap_or(0);
    u32::from(ip) & mask == u32::from(first)
}

pub(super) fn holds_six(first: Ipv6Addr, length: u8, ip: Ipv6Addr) -> bool {
    let mask = u128::MAX.checked_shl(128_u32.saturating_sub(length.into())).unwrap_or(0);
    u128::from(ip) & mask == u128::from(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_their_prefixes_have_no_host_bits() {
        assert!(FOUR.is_sorted_by_key(|row| (row.0, row.1)));
        assert!(SIX.is_sorted_by_key(|row| (row.0, row.1)));
        assert!(FOUR.iter().all(|row| holds_four(row.0, row.1, row.0)));
        assert!(SIX.iter().all(|row| holds_six(row.0, row.1, row.0)));
    }

    #[test]
    fn addresses_have_the_scope_their_registry_gives() {
        let cases = [
            ("8.8.8.8", Scope::Global),
            ("0.1.2.3", Scope::Local),
            ("10.215.173.1", Scope::Local),
            ("100.63.255.255", Scope::Global),
            ("100.64.0.1", Scope::Local),
            ("172.31.255.255", Scope::Local),
            ("172.32.0.0", Scope::Global),
            ("192.0.0.4", Scope::Local),
            ("192.0.0.10", Scope::Global),
            ("192.0.0.200", Scope::Reserved),
            ("192.88.99.1", Scope::Global),
            ("198.19.255.255", Scope::Reserved),
            ("224.0.0.251", Scope::Multicast),
            ("239.255.255.250", Scope::Multicast),
            ("240.0.0.1", Scope::Reserved),
            ("255.255.255.255", Scope::Multicast),
            ("::", Scope::Local),
            ("::1", Scope::Local),
            ("::2", Scope::Reserved),
            ("::ffff:10.0.0.1", Scope::Local),
            ("::ffff:8.8.8.8", Scope::Global),
            ("64:ff9b::808:808", Scope::Global),
            ("64:ff9b::a00:1", Scope::Local),
            ("64:ff9b:1::1", Scope::Local),
            ("2001:db8::1", Scope::Reserved),
            ("2002:c0a8:1::1", Scope::Local),
            ("2400:cb00::1", Scope::Global),
            ("3fff::1", Scope::Reserved),
            ("4000::1", Scope::Reserved),
            ("fd00::1", Scope::Local),
            ("fe80::1", Scope::Local),
            ("ff02::fb", Scope::Multicast),
        ];
        for (ip, wanted) in cases {
            assert_eq!(scope(ip.parse().unwrap()), wanted, "{ip}");
        }
    }

    #[test]
    fn translation_addresses_give_their_ipv4_address() {
        let inner = |ip: &str| embedded_ipv4(ip.parse().unwrap()).map(|ip| ip.to_string());
        assert_eq!(inner("64:ff9b::192.0.2.33").as_deref(), Some("192.0.2.33"));
        assert_eq!(inner("2002:c000:204::1").as_deref(), Some("192.0.2.4"));
        // the example of RFC 4380, section 5.2.9's kind of address: client 192.0.2.45
        assert_eq!(inner("2001:0:4136:e378:8000:63bf:3fff:fdd2").as_deref(), Some("192.0.2.45"));
        assert_eq!(inner("::ffff:1.2.3.4").as_deref(), Some("1.2.3.4"));
        assert_eq!(inner("2001:db8::1"), None);
    }
}
