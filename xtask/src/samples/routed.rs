//! WeChat of a user in Taipei, who traces the path to a server in Singapore meanwhile: probes with a small hop limit, and what routers
//! send back. One router does not answer, and one sits on an address that no network announces.
//!
//! The addresses are real ones of the operators; that they lie on this path is made up.

use super::messenger::{PHONE, Talk, converse};
use super::packet::{at, ip, udp};
use super::scene::{Packet, Scene};
use fixtures::ip::checksum;

const SERVER: &str = "203.205.239.154";
const TALKS: [Talk; 2] = [
    ("sgshort.wechat.com", "203.205.239.154:443", (900, 1_200), 55),
    ("hkshort.weixin.qq.com", "43.159.234.172:443", (1_800, 3_900), 24),
];
/// The router at each distance, and the time to it in µs.
const ROUTERS: [Option<(&str, u64)>; 5] = [
    Some(("192.168.1.1", 640)),
    Some(("168.95.98.254", 7_900)),
    None,
    Some(("202.97.12.1", 31_500)),
    Some(("220.128.1.1", 52_300)),
];
/// The port that traceroute begins with.
const FIRST_PORT: u16 = 33_434;
const ICMP: u8 = 1;

/// The packets.
pub(super) fn packets() -> Vec<Packet> {
    let mut scene = Scene::default();
    converse(&mut scene, &TALKS);
    let mut port = FIRST_PORT;
    for (router, hop_limit) in ROUTERS.into_iter().chain([None]).zip(1_u8..) {
        for turn in 0..2 {
            let at_us = 12_000_000 + u64::from(hop_limit) * 200_000 + turn * 70_000;
            let probe = probe(port, hop_limit);
            if let Some((router, rtt_us)) = router {
                scene.ip(at_us + rtt_us + turn * 300, time_exceeded(router, &probe));
            }
            scene.ip(at_us, probe);
            port += 1;
        }
    }
    scene.packets()
}

/// A datagram to the server that dies after so many hops.
fn probe(port: u16, hop_limit: u8) -> Vec<u8> {
    let mut packet = udp(at(&format!("{PHONE}:40500")), at(&format!("{SERVER}:{port}")), &[0x40; 32]);
    packet[4..6].copy_from_slice(&(port ^ 0x5a5a).to_be_bytes());
    packet[8] = hop_limit;
    packet[10..12].fill(0);
    let sum = checksum(&packet[..20]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet
}

/// What a router says when a packet dies there: its header and eight bytes (RFC 792).
fn time_exceeded(router: &str, packet: &[u8]) -> Vec<u8> {
    let mut message = [&[11, 0, 0, 0, 0, 0, 0, 0][..], &packet[..28]].concat();
    // It arrived with one hop left.
    message[8 + 8] = 1;
    let sum = checksum(&message);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    let [from, to] = [format!("{router}:0"), format!("{PHONE}:0")].map(|text| at(&text).ip());
    ip(from, to, ICMP, &message)
}
