//! Front ends that have one site per address and are chosen by DNS for each client.
//!
//! One site answers for an address, but operators move addresses between sites, and databases are more often wrong on them than on
//! others. Sources: Amazon's list of CloudFront addresses (<https://d7uri8nf7uskq.cloudfront.net/tools/list-cloudfront-ips>; prefixes
//! longer than /24, of its partners in China, are left out; read from a copy without a date); for Google own knowledge, held against the AS table; AS rows are networks
//! that serve front ends throughout, except what [`anycast`](super::anycast) has. What is in neither table may still be steered.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::prefixes::Prefixes;

/// Autonomous systems and prefixes of front ends.
pub(super) const TABLE: Prefixes = Prefixes {
    networks: &[(16625, "Akamai"), (20940, "Akamai"), (32934, "Meta"), (54113, "Fastly")],
    four: &[
        (Ipv4Addr::new(3, 160, 0, 0), 13, "CloudFront"),
        (Ipv4Addr::new(3, 168, 0, 0), 14, "CloudFront"),
        (Ipv4Addr::new(3, 172, 0, 0), 17, "CloudFront"),
        (Ipv4Addr::new(3, 173, 0, 0), 16, "CloudFront"),
        (Ipv4Addr::new(3, 174, 0, 0), 15, "CloudFront"),
        (Ipv4Addr::new(13, 32, 0, 0), 15, "CloudFront"),
        (Ipv4Addr::new(13, 35, 0, 0), 16, "CloudFront"),
        (Ipv4Addr::new(13, 224, 0, 0), 14, "CloudFront"),
        (Ipv4Addr::new(13, 249, 0, 0), 16, "CloudFront"),
        (Ipv4Addr::new(15, 158, 0, 0), 16, "CloudFront"),
        (Ipv4Addr::new(18, 64, 0, 0), 14, "CloudFront"),
        (Ipv4Addr::new(18, 68, 0, 0), 16, "CloudFront"),
        (Ipv4Addr::new(18, 154, 0, 0), 15, "CloudFront"),
        (Ipv4Addr::new(18, 160, 0, 0), 15, "CloudFront"),
        (Ipv4Addr::new(18, 164, 0, 0), 15, "CloudFront"),
        (Ipv4Addr::new(18, 172, 0, 0), 15, "CloudFront"),
        (Ipv4Addr::new(18, 238, 0, 0), 15, "CloudFront"),
        (Ipv4Addr::new(18, 244, 0, 0), 15, "CloudFront"),
        (Ipv4Addr::new(23, 91, 0, 0), 19, "CloudFront"),
        (Ipv4Addr::new(24, 110, 32, 0), 19, "CloudFront"),
        (Ipv4Addr::new(52, 46, 0, 0), 18, "CloudFront"),
        (Ipv4Addr::new(52, 82, 128, 0), 19, "CloudFront"),
        (Ipv4Addr::new(52, 84, 0, 0), 15, "CloudFront"),
        (Ipv4Addr::new(52, 124, 128, 0), 17, "CloudFront"),
        (Ipv4Addr::new(52, 222, 128, 0), 17, "CloudFront"),
        (Ipv4Addr::new(54, 182, 0, 0), 16, "CloudFront"),
        (Ipv4Addr::new(54, 192, 0, 0), 16, "CloudFront"),
        (Ipv4Addr::new(54, 230, 0, 0), 17, "CloudFront"),
        (Ipv4Addr::new(54, 230, 128, 0), 18, "CloudFront"),
        (Ipv4Addr::new(54, 230, 200, 0), 21, "CloudFront"),
        (Ipv4Addr::new(54, 230, 208, 0), 20, "CloudFront"),
        (Ipv4Addr::new(54, 230, 224, 0), 19, "CloudFront"),
        (Ipv4Addr::new(54, 239, 128, 0), 18, "CloudFront"),
        (Ipv4Addr::new(54, 239, 192, 0), 19, "CloudFront"),
        (Ipv4Addr::new(54, 240, 128, 0), 18, "CloudFront"),
        (Ipv4Addr::new(64, 233, 160, 0), 19, "Google front ends"),
        (Ipv4Addr::new(64, 252, 64, 0), 18, "CloudFront"),
        (Ipv4Addr::new(64, 252, 128, 0), 18, "CloudFront"),
        (Ipv4Addr::new(65, 8, 0, 0), 16, "CloudFront"),
        (Ipv4Addr::new(65, 9, 0, 0), 17, "CloudFront"),
        (Ipv4Addr::new(65, 9, 128, 0), 18, "CloudFront"),
        (Ipv4Addr::new(70, 132, 0, 0), 18, "CloudFront"),
        (Ipv4Addr::new(71, 152, 0, 0), 17, "CloudFront"),
        (Ipv4Addr::new(74, 125, 0, 0), 16, "Google front ends"),
        (Ipv4Addr::new(99, 84, 0, 0), 16, "CloudFront"),
        (Ipv4Addr::new(99, 86, 0, 0), 16, "CloudFront"),
        (Ipv4Addr::new(108, 138, 0, 0), 15, "CloudFront"),
        (Ipv4Addr::new(108, 156, 0, 0), 14, "CloudFront"),
        (Ipv4Addr::new(130, 176, 0, 0), 17, "CloudFront"),
        (Ipv4Addr::new(130, 176, 128, 0), 18, "CloudFront"),
        (Ipv4Addr::new(130, 176, 192, 0), 19, "CloudFront"),
        (Ipv4Addr::new(130, 176, 224, 0), 20, "CloudFront"),
        (Ipv4Addr::new(142, 250, 0, 0), 15, "Google front ends"),
        (Ipv4Addr::new(143, 204, 0, 0), 16, "CloudFront"),
        (Ipv4Addr::new(144, 220, 0, 0), 16, "CloudFront"),
        (Ipv4Addr::new(172, 217, 0, 0), 16, "Google front ends"),
        (Ipv4Addr::new(172, 253, 0, 0), 16, "Google front ends"),
        (Ipv4Addr::new(173, 194, 0, 0), 16, "Google front ends"),
        (Ipv4Addr::new(204, 246, 164, 0), 22, "CloudFront"),
        (Ipv4Addr::new(204, 246, 168, 0), 21, "CloudFront"),
        (Ipv4Addr::new(204, 246, 176, 0), 20, "CloudFront"),
        (Ipv4Addr::new(205, 251, 202, 0), 23, "CloudFront"),
        (Ipv4Addr::new(205, 251, 204, 0), 22, "CloudFront"),
        (Ipv4Addr::new(205, 251, 208, 0), 20, "CloudFront"),
        (Ipv4Addr::new(205, 251, 249, 0), 24, "CloudFront"),
        (Ipv4Addr::new(205, 251, 250, 0), 23, "CloudFront"),
        (Ipv4Addr::new(205, 251, 252, 0), 23, "CloudFront"),
        (Ipv4Addr::new(205, 251, 254, 0), 24, "CloudFront"),
        (Ipv4Addr::new(209, 85, 128, 0), 17, "Google front ends"),
        (Ipv4Addr::new(216, 58, 192, 0), 19, "Google front ends"),
        (Ipv4Addr::new(216, 137, 32, 0), 19, "CloudFront"),
    ],
    six: &[
        (Ipv6Addr::new(0x2404, 0x6800, 0, 0, 0, 0, 0, 0), 32, "Google front ends"),
        (Ipv6Addr::new(0x2600, 0x9000, 0, 0, 0, 0, 0, 0), 28, "CloudFront"),
        (Ipv6Addr::new(0x2607, 0xf8b0, 0, 0, 0, 0, 0, 0), 32, "Google front ends"),
        (Ipv6Addr::new(0x2800, 0x3f0, 0, 0, 0, 0, 0, 0), 32, "Google front ends"),
        (Ipv6Addr::new(0x2a00, 0x1450, 0, 0, 0, 0, 0, 0), 32, "Google front ends"),
        (Ipv6Addr::new(0x2c0f, 0xfb50, 0, 0, 0, 0, 0, 0), 32, "Google front ends"),
    ],
};

/// Whose front end it is, if it is known to be one.
pub(crate) fn steered(ip: IpAddr, asn: Option<u32>) -> Option<&'static str> {
    TABLE.name(ip, asn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::database::Database;

    #[test]
    fn the_first_network_of_each_prefix_is_its_operators() {
        let database = crate::place::Embedded::open();
        let rows = TABLE
            .four
            .iter()
            .map(|row| (IpAddr::V4(row.0), row.2))
            .chain(TABLE.six.iter().map(|row| (row.0.into(), row.2)));
        for (ip, name) in rows {
            let known = match name {
                // The third runs it in China.
                "CloudFront" => [16_509, 14_618, 135_629],
                _ => [15_169, 396_982, 36_040],
            };
            let asn = database.look_up(ip).and_then(|facts| facts.asn);
            assert!(asn.is_none_or(|asn| known.contains(&asn)), "{ip} {name} {asn:?}");
        }
    }

    #[test]
    fn known_addresses_are_steered_by_prefix_or_network() {
        let of = |ip: &str, asn| steered(ip.parse().unwrap(), asn);
        assert_eq!(of("13.32.1.1", Some(16509)), Some("CloudFront"));
        assert_eq!(of("2600:9000:2000::1", Some(16509)), Some("CloudFront"));
        assert_eq!(of("142.251.1.1", Some(15169)), Some("Google front ends"));
        assert_eq!(of("157.240.1.35", Some(32934)), Some("Meta"));
        assert_eq!(of("23.48.23.1", Some(20940)), Some("Akamai"));
        assert_eq!(of("3.2.93.1", Some(16509)), None);
        assert_eq!((of("0.0.0.0", None), of("::", None)), (None, None));
    }
}
