//! A messenger of which most bytes go to addresses that no network announces any more, beside one that a network does, and a
//! connection that nobody answers.

use super::dns;
use super::packet::at;
use super::scene::{Packet, Path, Scene};
use super::tls::Hello;

const PHONE: &str = "192.168.1.23";
const RESOLVER: &str = "192.168.1.1:53";

/// Servers, what is sent and received in each of eight rounds, and the time to them in ms.
const TALKS: [(&str, &str, (usize, usize), u64); 3] = [
    ("szshort.weixin.qq.com", "203.205.151.162:443", (2_600, 4_400), 48),
    ("sgshort.wechat.com", "203.205.147.171:443", (620, 430), 55),
    ("szextshort.weixin.qq.com", "203.205.158.34:443", (20, 90), 49),
];

/// The packets.
pub(super) fn packets() -> Vec<Packet> {
    let mut scene = Scene::default();
    for (number, (name, server, round, ms)) in TALKS.into_iter().enumerate() {
        let at_us = 1_000_000 + 5_000_000 * number as u64;
        let port = 41_000 + 2 * number;
        let address = at(server).ip().to_string();
        let path = Path::new(&format!("{PHONE}:{port}"), RESOLVER, 6);
        let at_us = scene.lookup(at_us, path, name, &[dns::address(name, &address)]);
        let path = Path::new(&format!("{PHONE}:{}", port + 1), server, ms);
        scene.stream(at_us, path, &Hello::new(name).talk(&[round; 8]));
    }
    // Sent to, and never answered.
    let path = Path::new(&format!("{PHONE}:41009"), TALKS[0].1, 48);
    for turn in 0..3 {
        scene.udp(20_000_000 + turn * 900_000, path, true, &[0x2a; 400]);
    }
    scene.packets()
}
