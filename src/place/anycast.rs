//! Addresses known to be served from many sites at once (anycast, RFC 4786), where no database can know the site.
//!
//! Sources: operators' own documentation as named per row; root-servers.org for the root servers; the lists of Amazon
//! (`ip-ranges.json`, region `GLOBAL`, the larger ranges of it) and Cloudflare of 2026-08-22; for the edges of Microsoft, Apple, Meta and Fastly what bgp.tools
//! measures (`bgptools/anycast-prefixes`), and of that only prefixes of /22 and longer: shorter ones are routes with unicast in them. AS
//! rows are networks whose public addresses are anycast throughout. An address that is not in the table may still be anycast. Front ends
//! that have one site per address are in [`steered`](super::steered).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::prefixes::by_prefix;

/// Autonomous systems that serve their own addresses by anycast, sorted.
const NETWORKS: &[(u32, &str)] = &[
    (42, "Packet Clearing House DNS"),
    (112, "AS112 project, RFC 7534"),
    (8674, "Netnod, I-root"),
    (12041, "Afilias DNS"),
    (13335, "Cloudflare"),
    (19281, "Quad9"),
    (19551, "Imperva"),
    (20144, "L-root"),
    (21342, "Akamai DNS"),
    (25152, "K-root"),
    (26415, "Verisign"),
    (30148, "Sucuri"),
    (34939, "NextDNS"),
    (36692, "OpenDNS"),
    (132_892, "Cloudflare"),
    (202_623, "Cloudflare"),
    (203_898, "Cloudflare"),
    (209_242, "Cloudflare Spectrum"),
    (212_772, "AdGuard DNS"),
    (394_536, "Cloudflare"),
    (395_747, "Cloudflare"),
    (397_212, "Verisign"),
];

/// IPv4 prefixes, sorted and disjoint.
const FOUR: &[(Ipv4Addr, u8, &str)] = &[
    (Ipv4Addr::new(1, 0, 0, 0), 24, "Cloudflare 1.1.1.1"),
    (Ipv4Addr::new(1, 1, 1, 0), 24, "Cloudflare 1.1.1.1"),
    (Ipv4Addr::new(1, 12, 12, 0), 24, "DNSPod public DNS"),
    (Ipv4Addr::new(3, 33, 128, 0), 17, "AWS Global Accelerator"),
    (Ipv4Addr::new(4, 2, 2, 0), 24, "Level 3 public DNS"),
    (Ipv4Addr::new(8, 8, 4, 0), 24, "Google Public DNS"),
    (Ipv4Addr::new(8, 8, 8, 0), 24, "Google Public DNS"),
    (Ipv4Addr::new(8, 26, 56, 0), 24, "Comodo public DNS"),
    (Ipv4Addr::new(9, 9, 9, 0), 24, "Quad9"),
    (Ipv4Addr::new(13, 107, 3, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(13, 107, 4, 0), 22, "Azure Front Door"),
    (Ipv4Addr::new(13, 107, 9, 0), 24, "Azure Front Door"),
    (Ipv4Addr::new(13, 107, 12, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(13, 107, 13, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(13, 107, 15, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(13, 107, 18, 0), 24, "Azure Front Door"),
    (Ipv4Addr::new(13, 107, 19, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(13, 107, 21, 0), 24, "Azure Front Door"),
    (Ipv4Addr::new(13, 107, 22, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(13, 107, 40, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(13, 107, 42, 0), 24, "Azure Front Door"),
    (Ipv4Addr::new(13, 107, 43, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(13, 107, 49, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(13, 107, 54, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(13, 107, 56, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(13, 107, 128, 0), 22, "Azure Front Door"),
    (Ipv4Addr::new(13, 107, 136, 0), 22, "Azure Front Door"),
    (Ipv4Addr::new(13, 107, 140, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(13, 107, 213, 0), 24, "Azure Front Door"),
    (Ipv4Addr::new(13, 107, 219, 0), 24, "Azure Front Door"),
    (Ipv4Addr::new(13, 107, 226, 0), 23, "Azure Front Door"),
    (Ipv4Addr::new(13, 107, 246, 0), 24, "Azure Front Door"),
    (Ipv4Addr::new(13, 107, 253, 0), 24, "Azure Front Door"),
    (Ipv4Addr::new(13, 107, 254, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(13, 248, 128, 0), 17, "AWS Global Accelerator"),
    (Ipv4Addr::new(15, 197, 0, 0), 19, "AWS Global Accelerator"),
    (Ipv4Addr::new(15, 197, 32, 0), 21, "AWS Global Accelerator"),
    (Ipv4Addr::new(15, 197, 64, 0), 19, "AWS Global Accelerator"),
    (Ipv4Addr::new(15, 197, 128, 0), 17, "AWS Global Accelerator"),
    (Ipv4Addr::new(17, 253, 144, 0), 24, "Apple"),
    (Ipv4Addr::new(23, 235, 32, 0), 23, "Fastly"),
    (Ipv4Addr::new(23, 235, 36, 0), 23, "Fastly"),
    (Ipv4Addr::new(34, 96, 64, 0), 18, "Google Cloud global load balancers"),
    (Ipv4Addr::new(34, 98, 64, 0), 18, "Google Cloud global load balancers"),
    (Ipv4Addr::new(34, 102, 128, 0), 17, "Google Cloud global load balancers"),
    (Ipv4Addr::new(34, 104, 27, 0), 24, "Google Cloud global load balancers"),
    (Ipv4Addr::new(34, 107, 128, 0), 17, "Google Cloud global load balancers"),
    (Ipv4Addr::new(34, 110, 128, 0), 17, "Google Cloud global load balancers"),
    (Ipv4Addr::new(34, 111, 0, 0), 16, "Google Cloud global load balancers"),
    (Ipv4Addr::new(34, 117, 0, 0), 16, "Google Cloud global load balancers"),
    (Ipv4Addr::new(34, 120, 0, 0), 16, "Google Cloud global load balancers"),
    (Ipv4Addr::new(34, 128, 128, 0), 18, "Google Cloud global load balancers"),
    (Ipv4Addr::new(34, 144, 192, 0), 18, "Google Cloud global load balancers"),
    (Ipv4Addr::new(34, 149, 0, 0), 16, "Google Cloud global load balancers"),
    (Ipv4Addr::new(34, 160, 0, 0), 16, "Google Cloud global load balancers"),
    (Ipv4Addr::new(35, 71, 128, 0), 17, "AWS Global Accelerator"),
    (Ipv4Addr::new(35, 186, 192, 0), 18, "Google Cloud global load balancers"),
    (Ipv4Addr::new(35, 190, 0, 0), 17, "Google Cloud global load balancers"),
    (Ipv4Addr::new(35, 201, 64, 0), 18, "Google Cloud global load balancers"),
    (Ipv4Addr::new(35, 227, 192, 0), 18, "Google Cloud global load balancers"),
    (Ipv4Addr::new(35, 241, 0, 0), 18, "Google Cloud global load balancers"),
    (Ipv4Addr::new(35, 244, 128, 0), 17, "Google Cloud global load balancers"),
    (Ipv4Addr::new(45, 90, 28, 0), 22, "NextDNS"),
    (Ipv4Addr::new(52, 113, 194, 0), 23, "Microsoft Teams front doors"),
    (Ipv4Addr::new(52, 113, 196, 0), 23, "Microsoft Teams front doors"),
    (Ipv4Addr::new(52, 223, 0, 0), 17, "AWS Global Accelerator"),
    (Ipv4Addr::new(64, 6, 64, 0), 23, "Vercara UltraDNS Public"),
    (Ipv4Addr::new(69, 171, 250, 0), 24, "Meta"),
    (Ipv4Addr::new(75, 2, 0, 0), 17, "AWS Global Accelerator"),
    (Ipv4Addr::new(76, 76, 2, 0), 24, "Control D"),
    (Ipv4Addr::new(76, 76, 10, 0), 24, "Control D"),
    (Ipv4Addr::new(76, 76, 21, 0), 24, "Vercel"),
    (Ipv4Addr::new(76, 223, 0, 0), 17, "AWS Global Accelerator"),
    (Ipv4Addr::new(77, 88, 8, 0), 24, "Yandex DNS"),
    (Ipv4Addr::new(94, 140, 14, 0), 23, "AdGuard DNS"),
    (Ipv4Addr::new(99, 83, 128, 0), 17, "AWS Global Accelerator"),
    (Ipv4Addr::new(103, 21, 244, 0), 22, "Cloudflare"),
    (Ipv4Addr::new(103, 22, 200, 0), 22, "Cloudflare"),
    (Ipv4Addr::new(103, 31, 4, 0), 22, "Cloudflare"),
    (Ipv4Addr::new(104, 16, 0, 0), 13, "Cloudflare"),
    (Ipv4Addr::new(104, 24, 0, 0), 14, "Cloudflare"),
    (Ipv4Addr::new(104, 156, 80, 0), 23, "Fastly"),
    (Ipv4Addr::new(104, 156, 84, 0), 23, "Fastly"),
    (Ipv4Addr::new(108, 162, 192, 0), 18, "Cloudflare"),
    (Ipv4Addr::new(114, 114, 114, 0), 23, "114DNS"),
    (Ipv4Addr::new(119, 29, 29, 0), 24, "DNSPod public DNS"),
    (Ipv4Addr::new(129, 134, 25, 0), 24, "Meta"),
    (Ipv4Addr::new(129, 134, 26, 0), 23, "Meta"),
    (Ipv4Addr::new(129, 134, 28, 0), 24, "Meta"),
    (Ipv4Addr::new(129, 134, 30, 0), 23, "Meta"),
    (Ipv4Addr::new(130, 211, 0, 0), 22, "Google Cloud global load balancers"),
    (Ipv4Addr::new(131, 0, 72, 0), 22, "Cloudflare"),
    (Ipv4Addr::new(131, 253, 21, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(131, 253, 33, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(140, 248, 55, 0), 24, "Fastly"),
    (Ipv4Addr::new(141, 101, 64, 0), 18, "Cloudflare"),
    (Ipv4Addr::new(149, 112, 112, 0), 24, "Quad9"),
    (Ipv4Addr::new(150, 171, 32, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(150, 171, 44, 0), 24, "Microsoft edge"),
    (Ipv4Addr::new(151, 101, 0, 0), 22, "Fastly"),
    (Ipv4Addr::new(151, 101, 64, 0), 22, "Fastly"),
    (Ipv4Addr::new(151, 101, 68, 0), 22, "Fastly"),
    (Ipv4Addr::new(151, 101, 100, 0), 22, "Fastly"),
    (Ipv4Addr::new(151, 101, 128, 0), 22, "Fastly"),
    (Ipv4Addr::new(151, 101, 192, 0), 22, "Fastly"),
    (Ipv4Addr::new(156, 154, 70, 0), 23, "Vercara UltraDNS Public"),
    (Ipv4Addr::new(162, 158, 0, 0), 15, "Cloudflare"),
    (Ipv4Addr::new(163, 77, 132, 0), 23, "Meta"),
    (Ipv4Addr::new(163, 77, 136, 0), 23, "Meta"),
    (Ipv4Addr::new(166, 117, 0, 0), 16, "AWS Global Accelerator"),
    (Ipv4Addr::new(167, 82, 84, 0), 22, "Fastly"),
    (Ipv4Addr::new(167, 82, 116, 0), 22, "Fastly"),
    (Ipv4Addr::new(170, 247, 170, 0), 24, "B-root"),
    (Ipv4Addr::new(172, 64, 0, 0), 13, "Cloudflare"),
    (Ipv4Addr::new(173, 245, 48, 0), 20, "Cloudflare"),
    (Ipv4Addr::new(185, 89, 218, 0), 23, "Meta"),
    (Ipv4Addr::new(185, 199, 108, 0), 22, "Fastly"),
    (Ipv4Addr::new(185, 228, 168, 0), 23, "CleanBrowsing"),
    (Ipv4Addr::new(188, 114, 96, 0), 20, "Cloudflare"),
    (Ipv4Addr::new(190, 93, 240, 0), 20, "Cloudflare"),
    (Ipv4Addr::new(192, 5, 5, 0), 24, "F-root"),
    (Ipv4Addr::new(192, 33, 4, 0), 24, "C-root"),
    (Ipv4Addr::new(192, 36, 148, 0), 24, "I-root"),
    (Ipv4Addr::new(192, 58, 128, 0), 24, "J-root"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relays, RFC 7526"),
    (Ipv4Addr::new(192, 112, 36, 0), 24, "G-root"),
    (Ipv4Addr::new(192, 203, 230, 0), 24, "E-root"),
    (Ipv4Addr::new(193, 0, 14, 0), 24, "K-root"),
    (Ipv4Addr::new(197, 234, 240, 0), 22, "Cloudflare"),
    (Ipv4Addr::new(198, 41, 0, 0), 24, "A-root"),
    (Ipv4Addr::new(198, 41, 128, 0), 17, "Cloudflare"),
    (Ipv4Addr::new(198, 97, 190, 0), 24, "H-root"),
    (Ipv4Addr::new(199, 7, 83, 0), 24, "L-root"),
    (Ipv4Addr::new(199, 7, 91, 0), 24, "D-root"),
    (Ipv4Addr::new(199, 232, 60, 0), 22, "Fastly"),
    (Ipv4Addr::new(199, 232, 192, 0), 21, "Fastly"),
    (Ipv4Addr::new(199, 232, 208, 0), 21, "Fastly"),
    (Ipv4Addr::new(199, 232, 232, 0), 22, "Fastly"),
    (Ipv4Addr::new(202, 12, 27, 0), 24, "M-root"),
    (Ipv4Addr::new(204, 79, 197, 0), 24, "Azure Front Door"),
    (Ipv4Addr::new(205, 251, 192, 0), 21, "Amazon Route 53"),
    (Ipv4Addr::new(208, 67, 216, 0), 21, "OpenDNS"),
    (Ipv4Addr::new(216, 239, 32, 0), 21, "Google name and time servers"),
    (Ipv4Addr::new(223, 5, 5, 0), 24, "AliDNS"),
    (Ipv4Addr::new(223, 6, 6, 0), 24, "AliDNS"),
];

/// IPv6 prefixes, sorted and disjoint.
const SIX: &[(Ipv6Addr, u8, &str)] = &[
    (Ipv6Addr::new(0x2001, 0x500, 1, 0, 0, 0, 0, 0), 48, "H-root"),
    (Ipv6Addr::new(0x2001, 0x500, 2, 0, 0, 0, 0, 0), 48, "C-root"),
    (Ipv6Addr::new(0x2001, 0x500, 0x12, 0, 0, 0, 0, 0), 48, "G-root"),
    (Ipv6Addr::new(0x2001, 0x500, 0x2d, 0, 0, 0, 0, 0), 48, "D-root"),
    (Ipv6Addr::new(0x2001, 0x500, 0x2f, 0, 0, 0, 0, 0), 48, "F-root"),
    (Ipv6Addr::new(0x2001, 0x500, 0x9f, 0, 0, 0, 0, 0), 48, "L-root"),
    (Ipv6Addr::new(0x2001, 0x500, 0xa8, 0, 0, 0, 0, 0), 48, "E-root"),
    (Ipv6Addr::new(0x2001, 0x503, 0xc27, 0, 0, 0, 0, 0), 48, "J-root"),
    (Ipv6Addr::new(0x2001, 0x503, 0xba3e, 0, 0, 0, 0, 0), 48, "A-root"),
    (Ipv6Addr::new(0x2001, 0x7fd, 0, 0, 0, 0, 0, 0), 32, "K-root"),
    (Ipv6Addr::new(0x2001, 0x7fe, 0, 0, 0, 0, 0, 0), 32, "I-root"),
    (Ipv6Addr::new(0x2001, 0xdc3, 0, 0, 0, 0, 0, 0), 32, "M-root"),
    (Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0), 48, "Google Public DNS"),
    (Ipv6Addr::new(0x2400, 0x3200, 0, 0, 0, 0, 0, 0), 48, "AliDNS"),
    (Ipv6Addr::new(0x2620, 0xfe, 0, 0, 0, 0, 0, 0), 48, "Quad9"),
    (Ipv6Addr::new(0x2620, 0x119, 0x35, 0, 0, 0, 0, 0), 48, "OpenDNS"),
    (Ipv6Addr::new(0x2620, 0x119, 0x53, 0, 0, 0, 0, 0), 48, "OpenDNS"),
    (Ipv6Addr::new(0x2620, 0x1ec, 0, 0, 0, 0, 0, 0), 36, "Azure Front Door"),
    (Ipv6Addr::new(0x2801, 0x1b8, 0x10, 0, 0, 0, 0, 0), 48, "B-root"),
    (Ipv6Addr::new(0x2a04, 0x4e42, 0, 0, 0, 0, 0, 0), 48, "Fastly"),
    (Ipv6Addr::new(0x2a04, 0x4e42, 0x4c, 0, 0, 0, 0, 0), 46, "Fastly"),
    (Ipv6Addr::new(0x2a04, 0x4e42, 0x200, 0, 0, 0, 0, 0), 48, "Fastly"),
    (Ipv6Addr::new(0x2a04, 0x4e42, 0x400, 0, 0, 0, 0, 0), 48, "Fastly"),
    (Ipv6Addr::new(0x2a04, 0x4e42, 0x600, 0, 0, 0, 0, 0), 48, "Fastly"),
    (Ipv6Addr::new(0x2a04, 0x4e42, 0xfe5, 0, 0, 0, 0, 0), 48, "Fastly"),
    (Ipv6Addr::new(0x2a04, 0x4e42, 0xff0, 0, 0, 0, 0, 0), 48, "Fastly"),
    (Ipv6Addr::new(0x2a04, 0x4e47, 0, 0, 0, 0, 0, 0), 46, "Fastly"),
    (Ipv6Addr::new(0x2a10, 0x50c0, 0, 0, 0, 0, 0, 0), 32, "AdGuard DNS"),
];

/// What makes this address anycast, if it is known to be.
pub(crate) fn anycast(ip: IpAddr, asn: Option<u32>) -> Option<&'static str> {
    by_prefix(FOUR, SIX, ip).or_else(|| by_network(asn?))
}

fn by_network(asn: u32) -> Option<&'static str> {
    let index = NETWORKS.binary_search_by_key(&asn, |row| row.0).ok()?;
    NETWORKS.get(index).map(|row| row.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::block::Block;
    use crate::place::scope::{holds_four, holds_six};

    #[test]
    fn the_tables_are_sorted_and_disjoint() {
        assert!(NETWORKS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(FOUR.is_sorted_by(|a, b| a.0 < b.0 && !holds_four(a.0, a.1, b.0)));
        assert!(SIX.is_sorted_by(|a, b| a.0 < b.0 && !holds_six(a.0, a.1, b.0)));
        assert!(FOUR.iter().all(|row| holds_four(row.0, row.1, row.0)));
        assert!(SIX.iter().all(|row| holds_six(row.0, row.1, row.0)));
    }

    #[test]
    fn no_prefix_is_part_of_a_block() {
        assert!(FOUR.iter().all(|row| row.1 <= Block::FOUR) && SIX.iter().all(|row| row.1 <= Block::SIX));
    }

    #[test]
    fn known_addresses_are_anycast_by_prefix_or_network() {
        let of = |ip: &str, asn| anycast(ip.parse().unwrap(), asn);
        assert_eq!(of("8.8.8.8", None), Some("Google Public DNS"));
        assert_eq!(of("9.9.9.9", Some(19281)), Some("Quad9"));
        assert_eq!(of("13.248.212.111", Some(16509)), Some("AWS Global Accelerator"));
        assert_eq!(of("142.251.1.1", Some(15169)), None, "steered, not anycast");
        assert_eq!(of("13.248.1.1", Some(16509)), None, "of a region, beside Global Accelerator");
        assert_eq!(of("151.101.1.69", Some(54113)), Some("Fastly"));
        assert_eq!(of("2a04:4e42:400::323", Some(54113)), Some("Fastly"));
        assert_eq!((of("151.101.4.1", Some(54113)), of("129.134.26.1", None)), (None, Some("Meta")));
        assert_eq!(of("34.92.1.1", Some(396_982)), None, "a region, in a route that is partly anycast");
        assert_eq!(of("162.159.1.1", Some(13335)), Some("Cloudflare"));
        assert_eq!(of("2001:4860:4860::8888", None), Some("Google Public DNS"));
        assert_eq!(of("52.95.1.1", Some(16509)), None);
        assert_eq!(of("8.8.9.8", None), None);
        assert_eq!(of("0.0.0.0", None), None);
        assert_eq!(of("::", None), None);
    }
}
