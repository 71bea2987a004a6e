//! Samples of names in the clear: DNS in its ways, HTTP in its.

use super::capture::pcap;
use super::dns;
use super::names::path;
use super::packet;
use super::scene::{Path, Scene};
use super::tls::{self, Flight, Hello};
use super::{Sample, sample};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        sample(
            "dns-cname.pcap",
            "an answer through two aliases, then TLS without a server name: `www.example.net`",
            dns_then("www.example.net", false),
        ),
        sample(
            "dns-tcp.pcap",
            "the answer over TCP, in two segments, then TLS without a server name: `tcp.example.net`",
            dns_then("tcp.example.net", true),
        ),
        sample(
            "dns-https.pcap",
            "an HTTPS record with address hints, then TLS without a server name: `hints.example.net`",
            dns_https(),
        ),
        sample("http-pipelining.pcap", "three HTTP requests in one segment: `first.example.net`", http()),
        sample("http2-cleartext.pcap", "HTTP/2 without TLS: `h2c.example.net`", http2()),
    ]
}

/// TLS 1.3 that says no name.
fn nameless(scene: &mut Scene, at_us: u64) {
    let hello = Hello { has_sni: false, versions: tls::ONLY_1_3, ..Hello::bare("unsaid.example.net") };
    scene.stream(at_us, path(), &hello.talk(&[(200, 300)]));
}

fn dns_then(name: &str, is_tcp: bool) -> Vec<u8> {
    let records = [
        dns::alias(name, "www.example.net.edge.example.org"),
        dns::alias("www.example.net.edge.example.org", "e17.example.org"),
        dns::address("e17.example.org", "203.0.113.10"),
    ];
    let mut scene = Scene::default();
    let resolver = Path::new("192.168.1.23:40000", "192.168.1.1:53", 6);
    let at_us = if is_tcp {
        let framed = |message: Vec<u8>| [&(message.len() as u16).to_be_bytes()[..], &message].concat();
        let question = framed(dns::message(7, name, dns::A, &[]));
        let answer = framed(dns::message(7, name, dns::A, &records));
        let (first, second) = answer.split_at(31);
        let flights = [Flight::up(question), Flight::down(first), Flight::down(second)];
        scene.stream(0, resolver, &flights)
    } else {
        scene.lookup(0, resolver, name, &records)
    };
    nameless(&mut scene, at_us);
    pcap(&scene.packets())
}

fn dns_https() -> Vec<u8> {
    // SvcPriority 1, the owner itself, alpn h2 and h3, ipv4hint (RFC 9460 §2.2, §7).
    let data = [&[0, 1, 0][..], &[0, 1, 0, 6, 2, b'h', b'2', 2, b'h', b'3'], &[0, 4, 0, 4, 203, 0, 113, 10]].concat();
    let name = "hints.example.net";
    let mut scene = Scene::default();
    let resolver = Path::new("192.168.1.23:40000", "192.168.1.1:53", 6);
    let at_us = scene.lookup(0, resolver, name, &[dns::Record::new(name, dns::HTTPS, data)]);
    nameless(&mut scene, at_us);
    pcap(&scene.packets())
}

fn http() -> Vec<u8> {
    let request = |host: &str| format!("GET /{host} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: sample\r\n\r\n");
    let requests: String = ["first.example.net", "second.example.net", "third.example.net"].map(request).concat();
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nyes".repeat(3);
    let mut scene = Scene::default();
    let path = Path { server: packet::at("203.0.113.10:80"), ..path() };
    scene.stream(0, path, &[Flight::up(requests), Flight::down(answer)]);
    pcap(&scene.packets())
}

/// Preface, SETTINGS, and HEADERS whose fields are indexed but for the authority (RFC 9113 §3.4, RFC 7541 §6).
fn http2() -> Vec<u8> {
    let authority = b"h2c.example.net";
    let fields = [&[0x82, 0x86, 0x84, 0x41, authority.len() as u8][..], authority].concat();
    let frame = |kind: u8, flags: u8, stream: u8, body: &[u8]| {
        [&[0, 0, body.len() as u8, kind, flags, 0, 0, 0, stream][..], body].concat()
    };
    let up = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, &[]), frame(1, 5, 1, &fields)].concat();
    let down = [frame(4, 0, 0, &[]), frame(4, 1, 0, &[]), frame(1, 5, 1, &[0x88])].concat();
    let mut scene = Scene::default();
    let path = Path { server: packet::at("203.0.113.10:8080"), ..path() };
    scene.stream(0, path, &[Flight::up(up), Flight::down(down)]);
    pcap(&scene.packets())
}
