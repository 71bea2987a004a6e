//! Samples of QUIC's ways to say hello, and of datagrams in fragments.

use super::capture::pcap;
use super::dns;
use super::packet;
use super::quic::{Opening, halves};
use super::scene::{Path, Scene};
use super::tls::{self, Flight, Hello};
use super::{Sample, sample, seeded};
use rustls::quic::Version;

fn path() -> Path {
    Path::new("192.168.1.23:40001", "203.0.113.10:443", 20)
}

fn hello(name: &'static str) -> Hello {
    Hello { alpn: &["h3"], ..Hello::new(name) }
}

/// A hello too large for one Initial.
fn large(name: &'static str) -> Hello {
    Hello { has_hybrid: true, ..hello(name) }
}

pub(super) fn samples() -> Vec<Sample> {
    vec![
        sample("quic.pcap", "QUIC version 1: `quic.example.net`", whole(&hello("quic.example.net"), Version::V1)),
        sample(
            "quic-v2.pcap",
            "QUIC version 2 (RFC 9369): `second.example.net`",
            whole(&hello("second.example.net"), Version::V2),
        ),
        sample(
            "quic-two-initials.pcap",
            "a hello over two Initials: `large.example.net`",
            two_initials("large.example.net", false),
        ),
        sample(
            "quic-out-of-order.pcap",
            "a hello over two Initials, the second first: `disorder.example.net`",
            two_initials("disorder.example.net", true),
        ),
        sample(
            "quic-scattered.pcap",
            "CRYPTO frames shuffled within and across Initials, as Chrome sends them: `scattered.example.net`",
            scattered(),
        ),
        sample("quic-retry.pcap", "Retry, then the hello again with the token: `retry.example.net`", retry()),
        sample(
            "quic-version-negotiation.pcap",
            "an unknown version, Version Negotiation, then version 1: `negotiated.example.net`",
            negotiation(),
        ),
        sample("quic-0rtt.pcap", "Initial and 0-RTT in one datagram: `early.example.net`", early()),
        sample(
            "quic-moved.pcap",
            "a connection goes on from another port with the same id, as behind a NAT: `moved.example.net`; another from another network \
             with an id that was given to it encrypted: `away.example.net`, whose second flow has no name",
            moved(),
        ),
        sample(
            "fragments-dns.pcap",
            "DNS answers in fragments over IPv4 and IPv6, out of order, then TLS without a server name: `fragments.example.net`",
            dns_fragments(),
        ),
        sample(
            "fragments-quic.pcap",
            "QUIC Initials in fragments over IPv4 and IPv6, out of order: `pieces.example.net`",
            quic_fragments(),
        ),
    ]
}

fn file(flights: &[Flight]) -> Vec<u8> {
    let mut scene = Scene::default();
    scene.datagrams(0, path(), flights);
    pcap(&scene.packets())
}

fn whole(hello: &Hello, version: Version) -> Vec<u8> {
    let opening = Opening::new(hello, version);
    let first = Flight::up(opening.whole());
    file(&[vec![first], opening.rest(hello, &[(400, 900)])].concat())
}

fn two_initials(name: &'static str, is_swapped: bool) -> Vec<u8> {
    let hello = large(name);
    let opening = Opening::new(&hello, Version::V1);
    let parts = halves(opening.hello.len());
    let mut flights: Vec<_> =
        (0_u16..).zip(&parts).map(|(n, part)| Flight::up(opening.initial(n, std::slice::from_ref(part)))).collect();
    if is_swapped {
        flights.reverse();
    }
    flights.extend(opening.rest(&hello, &[(400, 900)]));
    file(&flights)
}

fn scattered() -> Vec<u8> {
    let hello = large("scattered.example.net");
    let opening = Opening::new(&hello, Version::V1);
    let end = opening.hello.len();
    let first = opening.initial(0, &[(900, 1_000), (0, 7), (1_300, end), (40, 300)]);
    let second = opening.initial(1, &[(300, 900), (1_000, 1_300), (7, 40)]);
    file(&[vec![Flight::up(first), Flight::up(second)], opening.rest(&hello, &[(400, 900)])].concat())
}

fn retry() -> Vec<u8> {
    let hello = hello("retry.example.net");
    let opening = Opening::new(&hello, Version::V1);
    let (id, token) = (seeded::bytes(12), seeded::bytes(60));
    let flights = [
        Flight::up(opening.whole()),
        Flight::down(opening.retry(&id, &token)),
        Flight::up(opening.initial_after_retry(&id, &token)),
    ];
    file(&flights)
}

fn negotiation() -> Vec<u8> {
    let hello = hello("negotiated.example.net");
    let opening = Opening::new(&hello, Version::V1);
    let good = opening.whole();
    // A reserved version (RFC 9000 §15): nobody has its keys.
    let mut unknown = good.clone();
    unknown[1..5].copy_from_slice(&[0x1a, 0x2a, 0x3a, 0x4a]);
    let length = unknown.len();
    unknown[30..].copy_from_slice(&seeded::bytes(length - 30));
    let negotiation = opening.version_negotiation(&[0x0a1a_2a3a, 1]);
    let flights = vec![Flight::up(unknown), Flight::down(negotiation), Flight::up(good)];
    file(&[flights, opening.rest(&hello, &[(400, 900)])].concat())
}

fn early() -> Vec<u8> {
    let hello = hello("early.example.net");
    let opening = Opening::new(&hello, Version::V1);
    let initial = opening.short_initial();
    let early = opening.zero_rtt(1_220 - initial.len());
    file(&[vec![Flight::up([initial, early].concat())], opening.rest(&hello, &[(400, 900)])].concat())
}

fn moved() -> Vec<u8> {
    let mut scene = Scene::default();
    let rounds = [(400, 900), (300, 700), (500, 1_500)];
    for (at_us, name, clients, has_new_id) in [
        (0, "moved.example.net", ["192.168.1.23:40001", "192.168.1.23:40777"], false),
        (900_000, "away.example.net", ["192.168.1.23:40002", "198.51.100.23:40002"], true),
    ] {
        let hello = hello(name);
        let opening = Opening::new(&hello, Version::V1);
        let mut flights = vec![Flight::up(opening.whole())];
        flights.extend(opening.rest(&hello, &rounds));
        let mut after = flights.split_off(flights.len() / 2);
        // The client is the first to move.
        after.drain(..after.iter().position(|flight| flight.is_up).unwrap_or(0));
        if has_new_id {
            after.iter_mut().filter(|flight| flight.is_up).for_each(|flight| flight.bytes[1..9].fill(0xa7));
        }
        let [before, now] = clients.map(|client| Path::new(client, "203.0.113.10:443", 20));
        let ended_us = scene.datagrams(at_us, before, &flights);
        scene.datagrams(ended_us + 200_000, now, &after);
    }
    pcap(&scene.packets())
}

fn dns_fragments() -> Vec<u8> {
    let mut scene = Scene::default();
    let name = "fragments.example.net";
    let mut at_us = 0;
    for (client, resolver, address, server) in [
        ("192.168.1.23:40000", "192.168.1.1:53", "203.0.113.10", "203.0.113.10:443"),
        ("[2001:b011:3c0a:5d7::23]:40000", "[2001:b000:168::1]:53", "2001:db8::10", "[2001:db8::10]:443"),
    ] {
        let path = Path::new(client, resolver, 8);
        // Many addresses, the one that is used last.
        let mut records: Vec<_> = (0..90)
            .map(|n| {
                let other =
                    if server.starts_with('[') { format!("2001:db8::a{n:02}") } else { format!("203.0.113.1{n:02}") };
                dns::address(name, &other)
            })
            .collect();
        records.push(dns::address(name, address));
        let kind = records[0].kind;
        scene.udp(at_us, path, true, &dns::message(9, name, kind, &[]));
        let answer = packet::udp(path.server, path.client, &dns::message(9, name, kind, &records));
        let mut parts = packet::fragments(&answer, 600);
        parts.reverse();
        for part in parts {
            at_us += 4_000;
            scene.ip(at_us, part);
        }
        let hello = Hello { has_sni: false, versions: tls::ONLY_1_3, ..Hello::bare("unsaid.example.net") };
        let client = client.replace("40000", "40001");
        at_us = scene.stream(at_us + 2_000, Path::new(&client, server, 20), &hello.talk(&[(200, 300)])) + 10_000;
    }
    pcap(&scene.packets())
}

fn quic_fragments() -> Vec<u8> {
    let mut scene = Scene::default();
    let hello = hello("pieces.example.net");
    for (at_us, path) in [(0, path()), (900_000, Path::new("[2001:b011:3c0a:5d7::23]:40001", "[2001:db8::10]:443", 20))]
    {
        let opening = Opening::new(&hello, Version::V1);
        let initial = packet::udp(path.client, path.server, &opening.whole());
        let mut parts = packet::fragments(&initial, 488);
        parts.rotate_left(1);
        for (part, delay) in parts.into_iter().zip(0..) {
            scene.ip(at_us + delay * 100, part);
        }
        scene.datagrams(at_us + path.rtt_us, path, &opening.rest(&hello, &[(400, 900)]));
    }
    pcap(&scene.packets())
}
