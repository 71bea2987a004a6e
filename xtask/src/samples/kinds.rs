//! A sample of kinds of situation that mislead readers of packets: hellos in tiny pieces, decoys, a device with two addresses.

use super::capture::{Frame, pcap_of};
use super::packet::{PUSH_ACK, SYN, at, ethernet, fragments, ip};
use super::scene::START_US;
use super::{Sample, sample};
use fixtures::ip::TCP;
use fixtures::transport::{SYN_ACK, summed, tcp};
use fixtures::{dns, pcap, tls};
use std::io::Write;
use std::net::SocketAddr;

pub(super) fn samples() -> Vec<Sample> {
    vec![
        sample(
            "kinds.pcap",
            "what misleads readers of packets: a hello in segments of one byte, a segment in IP fragments, data in a SYN, odd request lines, \
             decoys below the window and before the first byte, two hellos in one place, DNS on port 5353, a lookup over IPv4 for a \
             connection over IPv6, NAT64, an answer that nobody asked for, two names for one address, a call that had begun, a prefix of NAT64 that the network told, Teredo on another port, IPComp, and \
             frames in frames without end: each name says which",
            kinds(),
        ),
        sample("joined.pcap", "two files joined end to end: `one.example.net`, `two.example.net`", joined()),
    ]
}

/// Frames being made up, a millisecond apart.
#[derive(Default)]
struct Frames(Vec<Frame>);

/// A device and a server of it; the port tells conversations apart.
struct Talk {
    client: SocketAddr,
    server: SocketAddr,
}

/// The protocol number of IP payload compression (IANA).
const IPCOMP: u8 = 108;
/// The client's first sequence number.
const ISN: u32 = 1_000;

impl Frames {
    fn push(&mut self, packet: &[u8]) {
        let time_us = START_US + 1_000 * self.0.len() as u64;
        self.0.push(Frame { time_us, bytes: ethernet(packet) });
    }

    fn segment(&mut self, talk: &Talk, sequence: u32, flags: u8, payload: &[u8]) {
        self.push(&talk.up(sequence, flags, payload));
    }

    /// The handshake of a conversation.
    fn open(&mut self, port: u16, server: &str) -> Talk {
        let client = if server.starts_with('[') { "[2001:b011::23]:0" } else { "192.168.1.23:0" };
        let mut talk = Talk { client: at(client), server: at(server) };
        talk.client.set_port(port);
        self.segment(&talk, ISN, SYN, &[]);
        self.push(&talk.packet(false, (9_000, ISN + 1), SYN_ACK, &[]));
        talk
    }

    fn datagram(&mut self, from: &str, to: &str, payload: &[u8]) {
        let (from, to) = (at(from), at(to));
        self.push(&super::packet::udp(from, to, payload));
    }
}

impl Talk {
    fn packet(&self, is_up: bool, numbers: (u32, u32), flags: u8, payload: &[u8]) -> Vec<u8> {
        let (from, to) = if is_up { (self.client, self.server) } else { (self.server, self.client) };
        let segment = tcp((from.port(), to.port()), numbers.0, numbers.1, flags, payload);
        ip(from.ip(), to.ip(), TCP, &summed(from.ip(), to.ip(), TCP, segment))
    }

    fn up(&self, sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
        self.packet(true, (sequence, if flags == SYN { 0 } else { 9_001 }), flags, payload)
    }
}

fn hello(name: &str) -> Vec<u8> {
    tls::hello(name, 20)
}

fn kinds() -> Vec<u8> {
    let mut frames = Frames::default();
    streams(&mut frames);
    decoys(&mut frames);
    lookups(&mut frames);
    // A call that had begun: the server speaks first, and both ports are high.
    for _ in 0..3 {
        frames.datagram("203.0.113.40:50007", "192.168.1.23:51000", &[0x55; 60]);
        frames.datagram("192.168.1.23:51000", "203.0.113.40:50007", &[0x55; 30]);
    }
    wrapped(&mut frames);
    pcap_of(pcap::ETHERNET, &frames.0, false, false)
}

fn wrapped(frames: &mut Frames) {
    let (own, resolver) = ("192.168.1.23:40000", "192.168.1.1:53");
    frames.datagram(own, resolver, &dns::query(7, "ipv4only.arpa", dns::AAAA));
    frames.datagram(resolver, own, &dns::addresses("ipv4only.arpa", [at("[2001:db8:64::c000:aa]:0").ip()]));
    let talk = frames.open(50_051, "[2001:db8:64::cb00:710c]:443");
    frames.segment(&talk, ISN + 1, PUSH_ACK, &[0x55; 40]);

    let inside = Talk { client: at("[2001:0:c633:6401::1]:50052"), server: at("[2001:db8:9::6]:443") };
    let answer = inside.packet(false, (9_000, ISN + 1), SYN_ACK, &[]);
    let (peer, own) = ("203.0.113.20:40123", "192.168.1.23:50052");
    frames.datagram(own, peer, &inside.up(ISN, SYN, &[]));
    frames.datagram(peer, own, &answer);
    frames.datagram(own, peer, &inside.up(ISN + 1, PUSH_ACK, &hello("teredo.example.net")));

    let talk = Talk { client: at("192.168.1.23:50053"), server: at("203.0.113.21:443") };
    frames.push(&talk.up(ISN, SYN, &[]));
    frames.push(&talk.packet(false, (9_000, ISN + 1), SYN_ACK, &[]));
    let segment = tcp((50_053, 443), ISN + 1, 9_001, PUSH_ACK, &hello("compressed.example.net"));
    frames.push(&ip(talk.client.ip(), talk.server.ip(), IPCOMP, &compressed(TCP, &segment)));

    // Nobody has frames of provider bridges in each other twenty times.
    let bridged = [&[2; 12][..], &[0x88, 0xe7], &[0; 4]].concat().repeat(20);
    let time_us = START_US + 1_000 * frames.0.len() as u64;
    frames.0.push(Frame { time_us, bytes: [&bridged[..], &ethernet(&talk.up(ISN, SYN, &[]))].concat() });
}

/// What IP payload compression makes of a segment, with DEFLATE (RFC 3173 §3, RFC 2394).
fn compressed(protocol: u8, segment: &[u8]) -> Vec<u8> {
    let mut deflated = flate2::write::DeflateEncoder::new(vec![protocol, 0, 0, 2], flate2::Compression::default());
    deflated.write_all(segment).expect("memory takes everything");
    deflated.finish().expect("memory takes everything")
}

fn streams(frames: &mut Frames) {
    let talk = frames.open(50_001, "203.0.113.1:443");
    for (place, byte) in hello("bytes.example.net").iter().enumerate() {
        frames.segment(&talk, ISN + 1 + place as u32, PUSH_ACK, &[*byte]);
    }
    let talk = frames.open(50_002, "203.0.113.2:443");
    for piece in fragments(&talk.up(ISN + 1, PUSH_ACK, &hello("fragment.example.net")), 64) {
        frames.push(&piece);
    }
    let talk = Talk { client: at("192.168.1.23:50003"), server: at("203.0.113.3:443") };
    let whole = hello("open.example.net");
    let (first, second) = whole.split_at(40);
    frames.segment(&talk, ISN, SYN, first);
    frames.push(&talk.packet(false, (9_000, ISN + 41), SYN_ACK, &[]));
    frames.segment(&talk, ISN + 41, PUSH_ACK, second);
    for (port, line) in
        (50_010..).zip(["GET / HTTP/1.0.8", "GET / HTTP/1", "GET /", "get / http/1.1", "GET \t/  HTTP/1.1"])
    {
        let talk = frames.open(port, "203.0.113.4:80");
        let request = format!("{line}\r\nHost: line{port}.example.net\r\n\r\n");
        frames.segment(&talk, ISN + 1, PUSH_ACK, request.as_bytes());
    }
}

fn decoys(frames: &mut Frames) {
    let talk = frames.open(50_021, "203.0.113.5:443");
    frames.segment(&talk, ISN.wrapping_sub(10_000), PUSH_ACK, &hello("decoy.example.org"));
    frames.segment(&talk, ISN + 1, PUSH_ACK, &hello("window.example.net"));
    // The end of the hello comes first; then a decoy before the first byte, with the beginning behind it.
    let talk = frames.open(50_022, "203.0.113.6:443");
    let (decoy, whole) = (hello("decoy.example.org"), hello("before.example.net"));
    let (first, second) = whole.split_at(60);
    frames.segment(&talk, ISN + 61, PUSH_ACK, second);
    frames.segment(&talk, ISN + 1 - decoy.len() as u32, PUSH_ACK, &[&decoy, first].concat());
    let talk = frames.open(50_023, "203.0.113.7:443");
    frames.segment(&talk, ISN + 1, PUSH_ACK, &hello("decoy.example.org"));
    frames.segment(&talk, ISN + 1, PUSH_ACK, &hello("place.example.net"));
}

fn lookups(frames: &mut Frames) {
    let own = "192.168.1.23:40000";
    let mut ask = |resolver: &str, name: &str, answer: Vec<u8>| {
        frames.datagram(own, resolver, &dns::query(7, name, dns::A));
        frames.datagram(resolver, own, &answer);
    };
    let given = |name: &str, address: &str| dns::addresses(name, [at(address).ip()]);
    ask("208.67.222.222:5353", "port.example.net", given("port.example.net", "203.0.113.11:0"));
    ask("192.168.1.1:53", "dual.example.net", given("dual.example.net", "[2001:db8:9::5]:0"));
    ask("192.168.1.1:53", "translated.example.net", given("translated.example.net", "203.0.113.12:0"));
    let foreign = [dns::Record::address("bank.example.org", at("203.0.113.13:0").ip())];
    ask("192.168.1.1:53", "asked.example.net", dns::answer(7, "asked.example.net", dns::A, 60, &foreign));
    ask("192.168.1.1:53", "earlier.example.net", given("earlier.example.net", "203.0.113.14:0"));
    ask("192.168.1.1:53", "later.example.net", given("later.example.net", "203.0.113.14:0"));
    let servers =
        ["203.0.113.11:443", "[2001:db8:9::5]:443", "[64:ff9b::cb00:710c]:443", "203.0.113.13:443", "203.0.113.14:443"];
    for (port, server) in (50_031..).zip(servers) {
        let talk = frames.open(port, server);
        frames.segment(&talk, ISN + 1, PUSH_ACK, &[0x55; 40]);
    }
}

fn joined() -> Vec<u8> {
    let file = |port: u16, name: &str| {
        let mut frames = Frames::default();
        let talk = frames.open(port, "203.0.113.8:443");
        frames.segment(&talk, ISN + 1, PUSH_ACK, &hello(name));
        pcap_of(pcap::ETHERNET, &frames.0, false, false)
    };
    [file(50_041, "one.example.net"), file(50_042, "two.example.net")].concat()
}
