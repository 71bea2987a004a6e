//! From conversations to packets in the order of time, as a phone would have sent and received them.

use super::packet::{self, ACK, FIN_ACK, PUSH_ACK, SYN};
use super::tls::Flight;
use std::net::SocketAddr;

/// 2026-06-01T02:00:00Z: ten in the morning in Taipei.
pub(super) const START_US: u64 = 1_780_279_200_000_000;

/// Bytes of payload in a segment.
const SEGMENT: usize = 1_400;
/// Time between segments sent in one go, and between a segment and its acknowledgement at the same place.
const GAP_US: u64 = 120;
/// What a server takes to answer.
const THINK_US: u64 = 3_000;

/// An IP packet and its time.
#[derive(Clone)]
pub(super) struct Packet {
    pub(super) time_us: u64,
    pub(super) ip: Vec<u8>,
}

/// Packets of a capture being made up; times in microseconds from its start.
#[derive(Default)]
pub(super) struct Scene {
    packets: Vec<Packet>,
}

/// The two ends of a conversation and how far they are apart.
#[derive(Clone, Copy)]
pub(super) struct Path {
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
    pub(super) rtt_us: u64,
}

impl Path {
    pub(super) fn new(client: &str, server: &str, rtt_ms: u64) -> Self {
        Self { client: packet::at(client), server: packet::at(server), rtt_us: rtt_ms * 1_000 }
    }

    /// From sender to receiver.
    fn ends(&self, is_up: bool) -> (SocketAddr, SocketAddr) {
        if is_up { (self.client, self.server) } else { (self.server, self.client) }
    }
}

impl Scene {
    /// All packets in order of time.
    pub(super) fn packets(mut self) -> Vec<Packet> {
        self.packets.sort_by_key(|packet| packet.time_us);
        self.packets
    }

    pub(super) fn ip(&mut self, at_us: u64, ip: Vec<u8>) {
        self.packets.push(Packet { time_us: START_US + at_us, ip });
    }

    pub(super) fn udp(&mut self, at_us: u64, path: Path, is_up: bool, payload: &[u8]) {
        let (from, to) = path.ends(is_up);
        self.ip(at_us, packet::udp(from, to, payload));
    }

    /// Datagrams to and fro: each flight is one; an answer comes a round trip after what it answers.
    pub(super) fn datagrams(&mut self, mut at_us: u64, path: Path, flights: &[Flight]) -> u64 {
        let mut was_up = true;
        for flight in flights {
            at_us += if flight.is_up == was_up { GAP_US } else { half(path, flight.is_up) };
            was_up = flight.is_up;
            self.udp(at_us, path, flight.is_up, &flight.bytes);
        }
        at_us
    }

    /// A TCP conversation from SYN to FIN; returns when it ended.
    pub(super) fn stream(&mut self, at_us: u64, path: Path, flights: &[Flight]) -> u64 {
        let mut stream = Stream::open(self, at_us, path);
        for flight in flights {
            stream.send(self, flight.is_up, &flight.bytes);
        }
        stream.close(self)
    }
}

fn half(path: Path, is_up: bool) -> u64 {
    if is_up { GAP_US * 5 } else { path.rtt_us + THINK_US }
}

/// A TCP conversation on its way.
pub(super) struct Stream {
    path: Path,
    /// Next sequence numbers, of client and server.
    next: [u32; 2],
    now_us: u64,
    was_up: bool,
}

impl Stream {
    /// The handshake, seen at the client.
    pub(super) fn open(scene: &mut Scene, at_us: u64, path: Path) -> Self {
        let first = u32::from(path.client.port());
        let next = [first.wrapping_mul(70_001), first.wrapping_mul(90_001)];
        let mut stream = Self { path, next, now_us: at_us, was_up: true };
        stream.segment(scene, true, SYN, &[]);
        stream.now_us += path.rtt_us;
        stream.segment(scene, false, SYN | ACK, &[]);
        stream.now_us += GAP_US;
        stream.segment(scene, true, ACK, &[]);
        stream
    }

    /// Lets time pass.
    pub(super) fn wait(&mut self, us: u64) {
        self.now_us += us;
    }

    /// Sends bytes in segments; the other side acknowledges every second.
    pub(super) fn send(&mut self, scene: &mut Scene, is_up: bool, bytes: &[u8]) {
        self.now_us += if is_up == self.was_up { GAP_US } else { half(self.path, is_up) };
        self.was_up = is_up;
        for (index, part) in bytes.chunks(SEGMENT).enumerate() {
            let is_last = (index + 1) * SEGMENT >= bytes.len();
            self.segment(scene, is_up, if is_last { PUSH_ACK } else { ACK }, part);
            self.now_us += GAP_US;
            if index % 2 == 1 || is_last {
                self.acknowledge(scene, !is_up);
            }
        }
    }

    fn acknowledge(&mut self, scene: &mut Scene, is_up: bool) {
        // What the phone sends is acknowledged a round trip later; that does not hold up what it sends next.
        let delay = if is_up { 0 } else { self.path.rtt_us };
        let ip = self.packet(is_up, ACK, &[]);
        scene.ip(self.now_us + delay, ip);
    }

    /// One segment, now.
    pub(super) fn segment(&mut self, scene: &mut Scene, is_up: bool, flags: u8, payload: &[u8]) {
        let ip = self.packet(is_up, flags, payload);
        scene.ip(self.now_us, ip);
        let length = payload.len() as u32 + u32::from(flags & (SYN | 1) != 0);
        let own = &mut self.next[usize::from(!is_up)];
        *own = own.wrapping_add(length);
    }

    /// A segment that begins so many bytes after the next one and does not count.
    pub(super) fn segment_at(&mut self, scene: &mut Scene, is_up: bool, ahead: i32, payload: &[u8]) {
        let own = usize::from(!is_up);
        let kept = self.next[own];
        self.next[own] = kept.wrapping_add_signed(ahead);
        let ip = self.packet(is_up, PUSH_ACK, payload);
        self.next[own] = kept;
        self.now_us += GAP_US;
        scene.ip(self.now_us, ip);
    }

    /// Counts bytes that [`Self::segment_at`] sent.
    pub(super) fn skip(&mut self, is_up: bool, count: usize) {
        let own = &mut self.next[usize::from(!is_up)];
        *own = own.wrapping_add(count as u32);
    }

    fn packet(&self, is_up: bool, flags: u8, payload: &[u8]) -> Vec<u8> {
        let (from, to) = self.path.ends(is_up);
        let (own, other) = (self.next[usize::from(!is_up)], self.next[usize::from(is_up)]);
        let acknowledged = if flags & ACK == 0 { 0 } else { other };
        packet::tcp(from, to, (own, acknowledged), flags, payload)
    }

    /// Both sides are done.
    pub(super) fn close(mut self, scene: &mut Scene) -> u64 {
        self.now_us += self.path.rtt_us;
        self.segment(scene, true, FIN_ACK, &[]);
        self.now_us += self.path.rtt_us;
        self.segment(scene, false, FIN_ACK, &[]);
        self.now_us += GAP_US;
        self.segment(scene, true, ACK, &[]);
        self.now_us
    }
}
