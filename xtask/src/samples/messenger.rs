//! Conversations of a messenger in one capture: for each server the question for its name, then TLS.

use super::dns;
use super::packet::at;
use super::scene::{Path, Scene};
use super::tls::Hello;

pub(super) const PHONE: &str = "192.168.1.23";
pub(super) const RESOLVER: &str = "192.168.1.1:53";

/// A server: name, address, bytes sent and received in each of eight rounds, and the time to it in ms.
pub(super) type Talk = (&'static str, &'static str, (usize, usize), u64);

/// Has all conversations, five seconds from one to the next.
pub(super) fn converse(scene: &mut Scene, talks: &[Talk]) {
    for (number, &(name, server, round, ms)) in talks.iter().enumerate() {
        let at_us = 1_000_000 + 5_000_000 * number as u64;
        let port = 41_000 + 2 * number;
        let address = at(server).ip().to_string();
        let path = Path::new(&format!("{PHONE}:{port}"), RESOLVER, 6);
        let at_us = scene.lookup(at_us, path, name, &[dns::address(name, &address)]);
        let path = Path::new(&format!("{PHONE}:{}", port + 1), server, ms);
        scene.stream(at_us, path, &Hello::new(name).talk(&[round; 8]));
    }
}

/// Datagrams that nobody answers, from port 41009.
pub(super) fn try_in_vain(scene: &mut Scene, server: &str) {
    let path = Path::new(&format!("{PHONE}:41009"), server, 48);
    for turn in 0..3 {
        scene.udp(20_000_000 + turn * 900_000, path, true, &[0x2a; 400]);
    }
}
