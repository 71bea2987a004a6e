//! The phone's capture in little space: each frame is there, and payload after the beginning of a conversation is cut away.
//!
//! Lengths on the wire stay as they were, so that the map is the same as that of the whole.

use super::packet::ethernet;
use super::scene::Packet;
use fixtures::{Order, pcap};
use std::collections::HashMap;

/// Payload that is kept of each direction of a conversation: more than a ClientHello takes.
const HEAD: usize = 2_048;
/// Ethernet.
const LINK: usize = 14;

/// The capture.
pub(super) fn capture(packets: &[Packet]) -> Vec<u8> {
    let mut sent: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut file = pcap::head(pcap::ETHERNET);
    for packet in packets {
        let frame = ethernet(&packet.ip);
        let kept = match payload(&packet.ip) {
            Some((ends, at)) => {
                let before = sent.entry(ends).or_default();
                let kept = if *before < HEAD { frame.len() } else { LINK + at };
                *before += packet.ip.len().saturating_sub(at);
                kept
            }
            None => frame.len(),
        };
        let time = ((packet.time_us / 1_000_000) as u32, (packet.time_us % 1_000_000) as u32);
        let frame_length = frame.len() as u32;
        file.extend(pcap::record(Order::Little, time, (kept as u32, frame_length), &frame[..kept]));
    }
    file
}

/// Addresses and ports of a TCP segment or a datagram as bytes, and where its payload begins.
fn payload(ip: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (protocol, addresses, header) = match ip[0] >> 4 {
        4 => (ip[9], 12..20, usize::from(ip[0] & 15) * 4),
        _ => (ip[6], 8..40, 40),
    };
    let length = match protocol {
        6 => usize::from(ip[header + 12] >> 4) * 4,
        17 => 8,
        _ => return None,
    };
    Some(([&ip[addresses], &ip[header..header + 4]].concat(), header + length))
}
