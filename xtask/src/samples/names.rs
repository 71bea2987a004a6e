//! Samples of one awkward way each in which TLS carries a name: in pieces, hidden, behind greetings and proxies.

use super::capture::{ETHERNET, Frame, framed, pcap, pcap_of};
use super::packet::ethernet;
use super::scene::{Packet, Path, Scene, Stream};
use super::tls::{self, Flight, Hello};
use super::{Sample, sample, seeded};
use std::ops::Range;

const CLIENT: &str = "192.168.1.23:40001";
const SERVER: &str = "203.0.113.10:443";

pub(super) fn path() -> Path {
    Path::new(CLIENT, SERVER, 20)
}

/// A conversation with the default server.
pub(super) fn conversation(flights: &[Flight]) -> Vec<Packet> {
    let mut scene = Scene::default();
    scene.stream(0, path(), flights);
    scene.packets()
}

pub(super) fn samples() -> Vec<Sample> {
    vec![
        sample(
            "tls-split.pcap",
            "a ClientHello in five segments: `split.example.net`",
            tls_in_parts(5, &[0, 1, 2, 3, 4], "split.example.net"),
        ),
        sample(
            "tls-out-of-order.pcap",
            "the three segments of a ClientHello, the first one last: `disorder.example.net`",
            tls_in_parts(3, &[1, 2, 0], "disorder.example.net"),
        ),
        sample(
            "tls-retransmitted.pcap",
            "segments of a ClientHello sent again, before and after the next: `again.example.net`",
            tls_in_parts(5, &[0, 0, 2, 1, 2, 3, 1, 4], "again.example.net"),
        ),
        sample(
            "tls-keepalive.pcap",
            "a keep-alive byte that overlaps the ClientHello, and Ethernet padding after bare acknowledgements: `padding.example.net`",
            padding(),
        ),
        sample(
            "tls-post-quantum.pcap",
            "a ClientHello larger than a segment (X25519MLKEM768): `quantum.example.net`",
            pcap(&conversation(&Hello { has_hybrid: true, ..Hello::new("quantum.example.net") }.talk(&[]))),
        ),
        sample(
            "tls-certificate.pcap",
            "TLS 1.2 without server name; the certificate says `certificate.example.net`",
            certificate(),
        ),
        sample(
            "tls-ech-grease.pcap",
            "a ClientHello with ECH that is only GREASE: `grease.example.net`",
            ech("grease.example.net"),
        ),
        sample(
            "tls-ech.pcap",
            "a ClientHello whose outer name is that of Cloudflare's ECH: `cloudflare-ech.com`",
            ech("cloudflare-ech.com"),
        ),
        sample("dtls.pcap", "a DTLS 1.2 ClientHello before and after the cookie: `dtls.example.net`", dtls()),
        sample("starttls-smtp.pcap", "mail, TLS after STARTTLS: `mail.example.net`", smtp()),
        sample("starttls-imap.pcap", "mail, TLS after STARTTLS: `imap.example.net`", imap()),
        sample("starttls-postgres.pcap", "a database, TLS after SSLRequest: `db.example.net`", postgres()),
        sample("proxy-connect.pcap", "HTTP CONNECT to `target.example.net`, then its TLS", connect()),
        sample("proxy-socks5.pcap", "SOCKS5 by name to `target.example.net`, then its TLS", socks()),
        sample("proxy-v1.pcap", "the PROXY protocol's text header, then TLS: `behind.example.net`", proxy()),
    ]
}

/// A TLS conversation whose hello comes in parts, sent in this order.
fn tls_in_parts(count: usize, order: &[usize], name: &'static str) -> Vec<u8> {
    let flights = Hello::new(name).talk(&[(300, 900)]);
    let (hello, rest) = flights.split_first().expect("a hello");
    let size = hello.bytes.len().div_ceil(count);
    let parts: Vec<Range<usize>> = (0..count).map(|n| n * size..((n + 1) * size).min(hello.bytes.len())).collect();
    let mut scene = Scene::default();
    let mut stream = Stream::open(&mut scene, 0, path());
    for index in order {
        let part = parts[*index].clone();
        stream.segment_at(&mut scene, true, part.start as i32, &hello.bytes[part]);
    }
    stream.skip(true, hello.bytes.len());
    for flight in rest {
        stream.send(&mut scene, flight.is_up, &flight.bytes);
    }
    stream.close(&mut scene);
    pcap(&scene.packets())
}

fn padding() -> Vec<u8> {
    let flights = Hello::new("padding.example.net").talk(&[(300, 900)]);
    let (hello, rest) = flights.split_first().expect("a hello");
    let mut scene = Scene::default();
    let mut stream = Stream::open(&mut scene, 0, path());
    stream.segment_at(&mut scene, true, -1, &[0]);
    stream.wait(1_000);
    let half = hello.bytes.len() / 2;
    stream.send(&mut scene, true, &hello.bytes[..half]);
    stream.segment_at(&mut scene, true, -1, &[0]);
    stream.send(&mut scene, true, &hello.bytes[half..]);
    for flight in rest {
        stream.send(&mut scene, flight.is_up, &flight.bytes);
    }
    stream.close(&mut scene);
    let padded = |packet: &[u8]| {
        let mut frame = ethernet(packet);
        // Some drivers leave what was in the buffer before.
        frame.resize(frame.len().max(60), 0x16);
        frame
    };
    pcap_of(ETHERNET, &framed(&scene.packets(), padded), false, false)
}

fn certificate() -> Vec<u8> {
    let hello = Hello { has_sni: false, versions: tls::ONLY_1_2, ..Hello::new("certificate.example.net") };
    pcap(&conversation(&hello.talk(&[(200, 400)])))
}

/// Only the hello and what looks like an answer: no server would have the keys.
fn ech(name: &'static str) -> Vec<u8> {
    let record = Hello::new(name).record();
    let hello = tls::with_extension(&record, 0xfe0d, &tls::ech(0x2a, 208));
    let mut answer = vec![0x16, 3, 3, 0, 122];
    answer.extend(seeded::bytes(122));
    pcap(&conversation(&[Flight::up(hello), Flight::down(answer)]))
}

/// A DTLS record around a handshake message (RFC 6347 §4.1, §4.2.2).
fn dtls_record(sequence: u8, kind: u8, message: u8, body: &[u8]) -> Vec<u8> {
    let length = |bytes: usize| [(bytes >> 16) as u8, (bytes >> 8) as u8, bytes as u8];
    let handshake = [&[kind][..], &length(body.len()), &[0, message], &[0; 3], &length(body.len()), body].concat();
    let header = [22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, sequence];
    [&header[..], &(handshake.len() as u16).to_be_bytes(), &handshake].concat()
}

fn dtls() -> Vec<u8> {
    let record = Hello { versions: tls::ONLY_1_2, ..Hello::bare("dtls.example.net") }.record();
    // TLS's body, with DTLS's version and a cookie after the session id.
    let session_end = 44 + usize::from(record[43]);
    let body = |cookie: &[u8]| {
        [&[0xfe, 0xfd], &record[11..session_end], &[cookie.len() as u8], cookie, &record[session_end..]].concat()
    };
    let cookie = seeded::bytes(20);
    let verify = [&[0xfe, 0xfd, 20][..], &cookie].concat();
    // Version, random, no session id, ECDHE-ECDSA with AES-128-GCM, no compression.
    let server_hello = [&[0xfe, 0xfd][..], &seeded::bytes(32), &[0, 0xc0, 0x2b, 0]].concat();
    let mut scene = Scene::default();
    let flights = [
        Flight::up(dtls_record(0, 1, 0, &body(&[]))),
        Flight::down(dtls_record(0, 3, 0, &verify)),
        Flight::up(dtls_record(1, 1, 1, &body(&cookie))),
        Flight::down(dtls_record(1, 2, 1, &server_hello)),
    ];
    scene.datagrams(0, path(), &flights);
    pcap(&scene.packets())
}

/// Words in the clear, then TLS.
fn after(port: u16, words: &[Flight], hello: &Hello) -> Vec<u8> {
    let mut scene = Scene::default();
    let path = Path { server: (path().server.ip(), port).into(), ..path() };
    scene.stream(0, path, &[words, &hello.talk(&[(200, 300)])].concat());
    pcap(&scene.packets())
}

fn smtp() -> Vec<u8> {
    let words = [
        Flight::down("220 mail.example.net ESMTP ready\r\n"),
        Flight::up("EHLO phone\r\n"),
        Flight::down("250-mail.example.net\r\n250-SIZE 35882577\r\n250 STARTTLS\r\n"),
        Flight::up("STARTTLS\r\n"),
        Flight::down("220 2.0.0 Ready to start TLS\r\n"),
    ];
    after(587, &words, &Hello::bare("mail.example.net"))
}

fn imap() -> Vec<u8> {
    let words = [
        Flight::down("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"),
        Flight::up("a1 STARTTLS\r\n"),
        Flight::down("a1 OK Begin TLS negotiation now\r\n"),
    ];
    after(143, &words, &Hello::bare("imap.example.net"))
}

fn postgres() -> Vec<u8> {
    let words = [Flight::up([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]), Flight::down("S")];
    after(5432, &words, &Hello { alpn: &["postgresql"], ..Hello::new("db.example.net") })
}

fn connect() -> Vec<u8> {
    let words = [
        Flight::up("CONNECT target.example.net:443 HTTP/1.1\r\nHost: target.example.net:443\r\n\r\n"),
        Flight::down("HTTP/1.1 200 Connection established\r\n\r\n"),
    ];
    after(3128, &words, &Hello::new("target.example.net"))
}

fn socks() -> Vec<u8> {
    let name = b"target.example.net";
    let request = [&[5, 1, 0, 3, name.len() as u8][..], name, &443_u16.to_be_bytes()].concat();
    let words = [
        Flight::up([5, 1, 0]),
        Flight::down([5, 0]),
        Flight::up(request),
        Flight::down([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ];
    after(1080, &words, &Hello::new("target.example.net"))
}

fn proxy() -> Vec<u8> {
    let mut flights = Hello::new("behind.example.net").talk(&[(200, 300)]);
    flights[0].bytes.splice(0..0, *b"PROXY TCP4 198.51.100.7 203.0.113.10 51234 443\r\n");
    pcap(&conversation(&flights))
}

/// A short TLS conversation with this name, for samples about what is around it.
pub(super) fn short(name: &'static str) -> Vec<Packet> {
    conversation(&Hello::new(name).talk(&[(200, 300)]))
}

/// Its frames.
pub(super) fn short_frames(name: &'static str) -> Vec<Frame> {
    framed(&short(name), ethernet)
}
