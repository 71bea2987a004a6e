//! The Community ID of a flow: a text by which Zeek, Suricata, Wireshark and others name the same flow.
//!
//! Corelight, *Community ID Flow Hashing*, version 1. The seed is 0.

use crate::flow::Flow;
use crate::packet::protocol::{ICMP, ICMPV6, SCTP, TCP, UDP};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use sha1::{Digest, Sha1};
use std::net::IpAddr;

/// Length of the text: the version, and 20 bytes in base64.
const LENGTH: usize = 2 + 28;

/// The Community ID of a flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommunityId([u8; LENGTH]);

impl CommunityId {
    /// The ID of a flow, by the addresses that it has: those of a redacted flow are others. `None` where what stands in the place of
    /// ports is not known, or is not one pair: ICMP messages of several kinds are several flows to other tools.
    pub(super) fn of(flow: &Flow) -> Option<Self> {
        let Flow { protocol, client_ip, client_port, server_ip, server_port, icmp, .. } = flow;
        let mut is_one_way = None;
        let ports = match *protocol {
            TCP | UDP | SCTP => Some(((*client_port)?, (*server_port)?)),
            ICMP | ICMPV6 => {
                let ports = (*icmp)?;
                is_one_way = ports.is_from_client;
                Some((ports.client.into(), ports.server.into()))
            }
            _ => None,
        };
        let client = (*client_ip, ports.map(|ports| ports.0));
        let server = (*server_ip, ports.map(|ports| ports.1));
        let is_client_first = is_one_way.unwrap_or(client <= server);
        let (first, second) = if is_client_first { (client, server) } else { (server, client) };
        Some(Self::new(*protocol, first, second))
    }

    fn new(protocol: u8, first: (IpAddr, Option<u16>), second: (IpAddr, Option<u16>)) -> Self {
        const SEED: [u8; 2] = [0; 2];
        let mut hash = Sha1::new();
        hash.update(SEED);
        for (address, _) in [first, second] {
            match address {
                IpAddr::V4(ip) => hash.update(ip.octets()),
                IpAddr::V6(ip) => hash.update(ip.octets()),
            }
        }
        hash.update([protocol, 0]);
        for port in [first.1, second.1].into_iter().flatten() {
            hash.update(port.to_be_bytes());
        }
        let mut text = *b"1:0000000000000000000000000000";
        // It fits: 20 bytes are 28 characters.
        let _ = STANDARD.encode_slice(hash.finalize(), &mut text[2..]);
        Self(text)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Serialize for CommunityId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::IcmpPorts;

    /// The flow from one end to the other, and the same seen the other way round.
    fn ids(protocol: u8, client: (&str, u16), server: (&str, u16)) -> [Option<CommunityId>; 2] {
        let end = |(ip, port): (&str, u16)| (ip.parse().unwrap(), Some(port));
        let (client, server) = (end(client), end(server));
        [(client, server), (server, client)].map(|(a, b)| CommunityId::of(&Flow::between(protocol, a, b)))
    }

    /// Messages of a type and code that the first end sends, or that it asks and the other answers.
    fn messages(protocol: u8, ends: (&str, &str), ports: (u8, u8), is_one_way: bool) -> [Option<CommunityId>; 2] {
        let ends = (ends.0.parse().unwrap(), ends.1.parse().unwrap());
        let of = |(client, server), ports: (u8, u8), is_from_client: bool| {
            let mut flow = Flow::between(protocol, (client, None), (server, None));
            assert_eq!(CommunityId::of(&flow), None);
            let is_from_client = is_one_way.then_some(is_from_client);
            flow.icmp = Some(IcmpPorts { client: ports.0, server: ports.1, is_from_client });
            CommunityId::of(&flow)
        };
        [of(ends, ports, true), of((ends.1, ends.0), (ports.1, ports.0), false)]
    }

    fn both(id: &str) -> [Option<CommunityId>; 2] {
        [Some(CommunityId(id.as_bytes().try_into().unwrap())); 2]
    }

    /// The values are those of the tests of pycommunityid, the reference.
    #[test]
    fn transports_of_the_reference() {
        let tcp = ids(TCP, ("128.232.110.120", 34_855), ("66.35.250.204", 80));
        assert_eq!(tcp, both("1:LQU9qZlK+B5F3KDmev6m5PMibrg="));
        assert_eq!(ids(TCP, ("10.0.0.1", 10), ("10.0.0.2", 11_569)), both("1:SXBGMX1lBOwhhoDrZynfROxnhnM="));
        assert_eq!(ids(UDP, ("192.168.1.52", 54_585), ("8.8.8.8", 53)), both("1:d/FP5EW3wiY1vCndhwleRRKHowQ="));
        assert_eq!(ids(SCTP, ("192.168.170.8", 7), ("192.168.170.56", 80)), both("1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="));
        assert_eq!(ids(46, ("10.1.24.4", 1), ("10.1.12.1", 2)), both("1:/nQI4Rh/TtY3mf0R2gJFBkVlgS4="));
    }

    #[test]
    fn messages_of_the_reference() {
        let ends = ("192.168.0.89", "192.168.0.1");
        assert_eq!(messages(ICMP, ends, (8, 0), false), both("1:X0snYXpgwiv9TZtqg64sgzUn6Dk="));
        assert_eq!(messages(ICMP, ends, (20, 0), true), both("1:3o2RFccXzUgjl7zDpqmY7yJi8rI="));
        assert_eq!(messages(ICMP, ends, (20, 1), true), both("1:tz/fHIDUHs19NkixVVoOZywde+I="));
        let ends = ("fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea");
        assert_eq!(messages(ICMPV6, ends, (135, 136), false), both("1:dGHyGvjMfljg6Bppwm3bg0LO8TY="));
        let ends = ("3ffe:507:0:1:260:97ff:fe07:69ea", "3ffe:507:0:1:200:86ff:fe05:80da");
        assert_eq!(messages(ICMPV6, ends, (3, 0), true), both("1:NdobDX8PQNJbAyfkWxhtL2Pqp5w="));
        assert_eq!(messages(ICMPV6, (ends.1, ends.0), (3, 0), true), both("1:/OGBt9BN1ofenrmSPWYicpij2Vc="));
    }

    #[test]
    fn ports_that_are_not_known_have_no_id() {
        let [a, b] = ["10.0.0.1", "10.0.0.2"].map(|ip| (ip.parse().unwrap(), None));
        for protocol in [TCP, UDP, SCTP, ICMP, ICMPV6] {
            assert_eq!(CommunityId::of(&Flow::between(protocol, a, b)), None);
        }
    }
}
