//! Cloudflare's WARP: WireGuard or MASQUE to the addresses that Cloudflare publishes for it, on their ports (Cloudflare One,
//! "WARP with firewall"). Its WireGuard puts numbers where the standard has zeros.

use super::{Confidence, Over, Probe, Says, Signature};
use std::net::IpAddr;

pub(super) const SIGNATURE: Signature = Signature {
    name: "cloudflare-warp",
    says: Says::App("cloudflare-warp"),
    about: "WireGuard or QUIC to 162.159.192.0/22 or 2606:4700:d0::/48, on the ports of WARP",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_udp {
        return None;
    }
    let is_gate = match probe.server_ip? {
        IpAddr::V4(ip) => matches!(ip.octets(), [162, 159, 192..=195, _]),
        IpAddr::V6(ip) => ip.segments().starts_with(&[0x2606, 0x4700, 0x00d0]),
    };
    // The lengths of WireGuard's messages: an opening, its answer, or data in blocks of 16 bytes.
    let is_wireguard = match (probe.client.bytes.first(), probe.client.first_length()) {
        (Some(1), 148) | (Some(2), 92) => true,
        (Some(4), length) => length >= 32 && length % 16 == 0,
        _ => false,
    };
    let is_spoken = match probe.server_port {
        500 | 1701 | 2408 | 4500 => is_wireguard,
        443 | 4443 | 8095 | 8443 => probe.application == "quic" && !probe.client.bytes.is_empty(),
        _ => false,
    };
    (is_gate && is_spoken).then_some(Confidence::Probable)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn range_port_and_protocol() {
        let mut opening = hex("01 2a3b4c");
        opening.resize(148, 7);
        let at = |ip: &str, port| read(&Probe { server_ip: ip.parse().ok(), ..udp(&opening, &[], port, 13335) });
        assert_eq!(at("162.159.193.5", 2408), Some(Confidence::Probable));
        assert_eq!(at("2606:4700:d0::a29f:c001", 500), Some(Confidence::Probable));
        assert_eq!(at("162.159.196.5", 2408), None);
        assert_eq!(at("162.159.193.5", 53), None);
        let quic = Probe { server_ip: "162.159.193.5".parse().ok(), ..udp(&[0xc0; 100], &[], 443, 13335) };
        assert_eq!(read(&quic), None);
        assert_eq!(read(&Probe { application: "quic", ..quic }), Some(Confidence::Probable));
    }
}
