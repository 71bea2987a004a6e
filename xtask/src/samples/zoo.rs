//! Samples that hold many conversations each, one for each way in which a name may be said: the names tell which.

use super::capture::{ETHERNET, Frame, LINUX_COOKED, Pcapng, RAW, pcap, pcap_of};
use super::dns;
use super::packet::{self, at, ethernet, ip, udp};
use super::quic::Opening;
use super::scene::{Path, Scene, Stream};
use super::tls::{self, Flight, Hello};
use super::{Sample, google, sample, seeded};
use rustls::quic::Version;
use std::net::SocketAddr;

/// Time between conversations.
const PAUSE_US: u64 = 20_000;

pub(super) fn samples() -> Vec<Sample> {
    vec![
        sample(
            "names-tls.pcap",
            "TLS at odd ports, in SSL 2.0 framing, in tiny records, in five segments out of order, cut, without its start, with ESNI; DNS over TLS, \
             HTTPS and QUIC",
            tls_ways(),
        ),
        sample(
            "names-starttls.pcap",
            "TLS after the words of SMTP, POP3, FTP, XMPP, LDAP, MySQL, RDP, IRC: each name says which",
            starttls(),
        ),
        sample(
            "names-proxies.pcap",
            "SOCKS 4a, SOCKS 5 with a password, CONNECT before a hello out of order, PROXY version 2, absolute URIs, WebSocket",
            proxies(),
        ),
        sample(
            "names-quic.pcap",
            "QUIC drafts 29 and 34, a version nobody knows, mvfst, Google's Q043, Q046, Q050 and T051, Facebook's Zero: each name says which",
            quic_ways(),
        ),
        sample(
            "names-dns.pcap",
            "AAAA, a truncated answer, a reverse lookup, ECH configurations and the offer that repeats one, mDNS, LLMNR",
            dns_ways(),
        ),
        sample(
            "names-local.pcap",
            "STUN, TURN channels, NetBIOS, SMB, DCE/RPC, NTLM over HTTP, Kerberos, LDAP, SIP, Remote Desktop over UDP, newgetdns, \
             NTP, BitTorrent, OpenVPN, RTMP",
            local(),
        ),
        sample(
            "names-tunnels.pcap",
            "MPLS, IP in IP, ERSPAN, Geneve, L2TP, PPTP, EtherIP, AH, TZSP, GRE with VXLAN in it: each name says which",
            tunnels(),
        ),
        sample(
            "names-links.pcapng",
            "interfaces of a dozen link types, Wi-Fi, PFLOG, PPP, Juniper and an exported PDU among them: each name says which",
            links(),
        ),
    ]
}

/// Conversations one after the other, each from a port of its own.
struct Zoo {
    scene: Scene,
    now_us: u64,
    port: u16,
}

impl Zoo {
    fn new() -> Self {
        Self { scene: Scene::default(), now_us: 0, port: 41_000 }
    }

    /// The next conversation's path.
    fn path(&mut self, server: &str) -> Path {
        self.port += 1;
        Path::new(&format!("192.168.1.23:{}", self.port), server, 20)
    }

    fn stream(&mut self, server: &str, flights: &[Flight]) {
        let path = self.path(server);
        self.now_us = self.scene.stream(self.now_us, path, flights) + PAUSE_US;
    }

    /// Words in the clear, then the TLS of a client.
    fn after(&mut self, server: &str, words: &[Flight], hello: &Hello) {
        self.stream(server, &[words, &hello.talk(&[(60, 90)])].concat());
    }

    fn datagrams(&mut self, server: &str, flights: &[Flight]) {
        let path = self.path(server);
        self.now_us = self.scene.datagrams(self.now_us, path, flights) + PAUSE_US;
    }

    fn lookup(&mut self, question: &str, records: &[dns::Record]) {
        let path = self.path("192.168.1.1:53");
        self.now_us = self.scene.lookup(self.now_us, path, question, records) + PAUSE_US;
    }

    fn finish(self) -> Vec<u8> {
        pcap(&self.scene.packets())
    }
}

/// A server's side that says nothing to be read.
fn sealed() -> Flight {
    let mut bytes = vec![0x17, 3, 3, 0, 60];
    bytes.extend(seeded::bytes(60));
    Flight::down(bytes)
}

/// The record's handshake again, in records of this size.
fn recut(record: &[u8], size: usize) -> Vec<u8> {
    let pieces = record[5..].chunks(size);
    pieces.flat_map(|piece| [&[0x16, 3, 1][..], &(piece.len() as u16).to_be_bytes(), piece].concat()).collect()
}

fn tls_ways() -> Vec<u8> {
    let mut zoo = Zoo::new();
    zoo.after("203.0.113.11:8009", &[], &Hello::bare("odd-port.example.net"));
    // Version 2.0's framing (RFC 5246 §E.2) around a hello for 3.1: two suites, a challenge.
    let second = [&[0x80, 0x1f, 1, 3, 1, 0, 6, 0, 0, 0, 0x10, 0, 0, 0x2f, 0, 0, 0x35][..], &seeded::bytes(16)].concat();
    zoo.stream("203.0.113.12:443", &[Flight::up(second), sealed()]);
    let record = Hello::new("tiny-records.example.net").record();
    zoo.stream("203.0.113.13:443", &[Flight::up(recut(&record, 7)), sealed()]);
    // Five full segments, the first one last.
    let record = tls::with_extension(&Hello::new("five-segments.example.net").record(), 21, &[0; 6_000]);
    let path = zoo.path("203.0.113.14:443");
    let mut stream = Stream::open(&mut zoo.scene, zoo.now_us, path);
    let parts: Vec<&[u8]> = record.chunks(record.len().div_ceil(5)).collect();
    for index in [2, 1, 4, 3, 0] {
        let before: usize = parts[..index].iter().map(|part| part.len()).sum();
        stream.segment_at(&mut zoo.scene, true, before as i32, parts[index]);
    }
    stream.skip(true, record.len());
    zoo.now_us = stream.close(&mut zoo.scene) + PAUSE_US;
    // The rest of this hello was never captured.
    let record = tls::with_extension(&Hello::new("cut.example.net").record(), 21, &[0; 2_000]);
    let path = zoo.path("203.0.113.15:443");
    let mut stream = Stream::open(&mut zoo.scene, zoo.now_us, path);
    stream.segment_at(&mut zoo.scene, true, 0, &record[..1_200]);
    stream.skip(true, record.len());
    zoo.now_us = stream.close(&mut zoo.scene) + PAUSE_US;
    // The first part of this hello was never captured.
    let flights = Hello { has_hybrid: true, ..Hello::new("beheaded.example.net") }.talk(&[(60, 90)]);
    let path = zoo.path("203.0.113.20:443");
    let mut stream = Stream::open(&mut zoo.scene, zoo.now_us, path);
    let name_at = flights[0].bytes.windows(8).position(|window| window == b"beheaded").expect("it is said");
    stream.skip(true, name_at - 40);
    for (flight, skipped) in flights.iter().zip([name_at - 40].into_iter().chain([0; 8])) {
        stream.send(&mut zoo.scene, flight.is_up, &flight.bytes[skipped..]);
    }
    zoo.now_us = stream.close(&mut zoo.scene) + PAUSE_US;
    // Encrypted SNI (draft-ietf-tls-esni-02 §4.1): suite, group, key, digest, encrypted name; nothing in the clear.
    let record = Hello { has_sni: false, ..Hello::new("esni.example.net") }.record();
    let esni = [&[0x13, 1, 0, 0x1d, 0, 4, 1, 2, 3, 4, 0, 2, 5, 6, 0, 40][..], &seeded::bytes(40)].concat();
    zoo.stream("203.0.113.16:443", &[Flight::up(tls::with_extension(&record, 0xffce, &esni)), sealed()]);
    zoo.after("203.0.113.17:853", &[], &Hello { alpn: &["dot"], ..Hello::new("dot.example.net") });
    zoo.after("203.0.113.18:443", &[], &Hello::new("dns.google"));
    let hello = Hello { alpn: &["doq"], ..Hello::new("doq.example.net") };
    let opening = Opening::new(&hello, Version::V1);
    let flights = [vec![Flight::up(opening.whole())], opening.rest(&hello, &[(40, 60)])].concat();
    zoo.datagrams("203.0.113.19:853", &flights);
    zoo.finish()
}

/// An LDAP extended operation, or its answer (RFC 4511 §4.14).
fn ldap(operation: &[u8]) -> Vec<u8> {
    [&[0x30, operation.len() as u8 + 3, 2, 1, 1][..], operation].concat()
}

fn starttls() -> Vec<u8> {
    let mut zoo = Zoo::new();
    let up = |words: &str| Flight::up(words);
    let down = |words: &str| Flight::down(words);
    let smtp =
        [down("220 mx ESMTP\r\n"), up("EHLO a\r\n"), down("250 STARTTLS\r\n"), up("STARTTLS\r\n"), down("220 go\r\n")];
    zoo.after("203.0.113.21:25", &smtp, &Hello::bare("smtp.example.net"));
    let pop3 = [down("+OK POP3 ready\r\n"), up("STLS\r\n"), down("+OK Begin TLS\r\n")];
    zoo.after("203.0.113.22:110", &pop3, &Hello::bare("pop3.example.net"));
    let ftp = [down("220 FTP server ready\r\n"), up("AUTH TLS\r\n"), down("234 Proceed\r\n")];
    zoo.after("203.0.113.23:21", &ftp, &Hello::bare("ftp.example.net"));
    let open = "<?xml version='1.0'?><stream:stream to='example.net' xmlns='jabber:client' version='1.0'>";
    let xmpp = [
        up(open),
        down("<?xml version='1.0'?><stream:stream from='example.net'><stream:features><starttls/></stream:features>"),
        up("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
        down("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
    ];
    zoo.after("203.0.113.24:5222", &xmpp, &Hello::bare("xmpp.example.net"));
    let request = [&[0x77, 24, 0x80, 22][..], b"1.3.6.1.4.1.1466.20037"].concat();
    let directory = [Flight::up(ldap(&request)), Flight::down(ldap(&[0x78, 7, 0x0a, 1, 0, 4, 0, 4, 0]))];
    zoo.after("203.0.113.25:389", &directory, &Hello::bare("ldap.example.net"));
    let mut greeting = b"\x4a\0\0\0\x0a8.0.36\0".to_vec();
    greeting.extend(seeded::bytes(78 - greeting.len()));
    let mut request = b"\x20\0\0\x01\x85\xae\xff\x19\0\0\0\x01\xff".to_vec();
    request.resize(36, 0);
    let mysql = [Flight::down(greeting), Flight::up(request)];
    zoo.after("203.0.113.26:3306", &mysql, &Hello::bare("mysql.example.net"));
    let rdp = [
        Flight::up(b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"),
        Flight::down(b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x1f\x08\0\x02\0\0\0"),
    ];
    zoo.after("203.0.113.27:3389", &rdp, &Hello::bare("rdp.example.net"));
    let irc = [up("CAP LS 302\r\n"), down(":irc CAP * LS :tls\r\n"), up("STARTTLS\r\n"), down(":irc 670 a :go\r\n")];
    zoo.after("203.0.113.28:6667", &irc, &Hello::bare("irc.example.net"));
    zoo.finish()
}

fn proxies() -> Vec<u8> {
    let mut zoo = Zoo::new();
    let request = [&[4, 1, 1, 0xbb, 0, 0, 0, 1][..], b"me\0socks4a.example.net\0"].concat();
    let words = [Flight::up(request), Flight::down([0, 90, 0, 0, 0, 0, 0, 0])];
    zoo.after("203.0.113.31:1080", &words, &Hello::bare("socks4a.example.net"));
    let name = b"socks5.example.net";
    let words = [
        Flight::up([5, 1, 2]),
        Flight::down([5, 2]),
        Flight::up(b"\x01\x02me\x03pwd"),
        Flight::down([1, 0]),
        Flight::up([&[5, 1, 0, 3, name.len() as u8][..], name, &[1, 0xbb]].concat()),
        Flight::down([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ];
    zoo.after("203.0.113.32:1080", &words, &Hello::bare("socks5.example.net"));
    // The second half of the hello overtakes the first.
    let record = Hello { has_hybrid: true, ..Hello::new("connect.example.net") }.record();
    let path = zoo.path("203.0.113.33:3128");
    let mut stream = Stream::open(&mut zoo.scene, zoo.now_us, path);
    stream.send(&mut zoo.scene, true, b"CONNECT connect.example.net:443 HTTP/1.1\r\nHost: proxy.example.net\r\n\r\n");
    stream.send(&mut zoo.scene, false, b"HTTP/1.1 200 OK\r\n\r\n");
    let half = record.len() / 2;
    stream.segment_at(&mut zoo.scene, true, half as i32, &record[half..]);
    stream.segment_at(&mut zoo.scene, true, 0, &record[..half]);
    stream.skip(true, record.len());
    zoo.now_us = stream.close(&mut zoo.scene) + PAUSE_US;
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    header.extend([198, 51, 100, 7, 203, 0, 113, 34, 0xc8, 0, 1, 0xbb]);
    let mut flights = Hello::bare("proxy2.example.net").talk(&[(60, 90)]);
    flights[0].bytes.splice(0..0, header);
    zoo.stream("203.0.113.34:443", &flights);
    let answer = Flight::down("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let absolute = "GET http://absolute.example.net:8080/x HTTP/1.1\r\nHost: absolute.example.net:8080\r\n\r\n";
    zoo.stream("203.0.113.35:3128", &[Flight::up(absolute), answer]);
    let upgrade =
        "GET /chat HTTP/1.1\r\nHost: websocket.example.net\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    zoo.stream("203.0.113.36:80", &[Flight::up(upgrade), Flight::down(answer)]);
    // Bare line feeds, and a name with its final dot; an address with a port.
    let bare = "GET / HTTP/1.0\nHost: bare-lines.example.net.\n\n";
    zoo.stream("203.0.113.37:8123", &[Flight::up(bare)]);
    let address = "GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n";
    zoo.stream("203.0.113.38:8080", &[Flight::up(address)]);
    zoo.finish()
}

/// A CHLO of Google's QUIC: tags with the ends of their values, then the values.
fn chlo(name: &str) -> Vec<u8> {
    let values: [(&[u8; 4], &[u8]); 3] = [(b"PAD\0", &[b'-'; 900]), (b"SNI\0", name.as_bytes()), (b"VER\0", b"Q043")];
    let mut bytes = [&b"CHLO"[..], &(values.len() as u16).to_le_bytes(), &[0, 0]].concat();
    let mut end = 0_u32;
    for (tag, value) in values {
        end += value.len() as u32;
        bytes.extend(*tag);
        bytes.extend(end.to_le_bytes());
    }
    values.iter().for_each(|(_, value)| bytes.extend(*value));
    bytes
}

/// A STREAM frame of the crypto stream (1) with a length and, at its start, no offset.
fn crypto_stream(chlo: &[u8]) -> Vec<u8> {
    [&[0xa0, 1][..], &(chlo.len() as u16).to_be_bytes(), chlo].concat()
}

fn quic_ways() -> Vec<u8> {
    let mut zoo = Zoo::new();
    let hello = Hello { alpn: &["h3-29"], ..Hello::new("draft29.example.net") };
    let opening = Opening::new(&hello, Version::V1Draft);
    zoo.datagrams("203.0.113.41:443", &[Flight::up(opening.whole())]);
    // Its keys are those of version 1.
    let hello = Hello { alpn: &["h3"], ..Hello::new("unknown-version.example.net") };
    let opening = Opening::numbered(&hello, Version::V1, 0x1234_5678);
    zoo.datagrams("203.0.113.42:443", &[Flight::up(opening.whole())]);
    // Public header with version and 8-byte connection id, packet number, hash; from Q046 on a long header.
    let header = [&[0x0d][..], &[7; 8], b"Q043", &[1], &[9; 12]].concat();
    let packet = [header, crypto_stream(&chlo("q043.example.net"))].concat();
    zoo.datagrams("203.0.113.43:443", &[Flight::up(packet)]);
    let header = [&[0xc3][..], b"Q046", &[0x50], &[7; 8], &[0, 0, 0, 1], &[9; 12]].concat();
    let packet = [header, crypto_stream(&chlo("q046.example.net"))].concat();
    zoo.datagrams("203.0.113.44:443", &[Flight::up(packet)]);
    // Meta's mvfst and the last draft: the keys of version 1 under numbers of their own.
    for (server, name, number) in [
        ("203.0.113.45:443", "mvfst.example.net", 0xface_b003),
        ("203.0.113.46:443", "draft34.example.net", 0xff00_0022),
    ] {
        let opening = Opening::numbered(&Hello::new(name), Version::V1, number);
        zoo.datagrams(server, &[Flight::up(opening.whole())]);
    }
    // Google's last: a CHLO, then a ClientHello, in the standard's packets.
    zoo.datagrams("203.0.113.47:443", &[Flight::up(google::initial(google::Q050, &chlo("q050.example.net")))]);
    let hello = Opening::new(&Hello::new("t051.example.net"), Version::V1).hello;
    zoo.datagrams("203.0.113.48:443", &[Flight::up(google::initial(google::T051, &hello))]);
    // Facebook's Zero: the CHLO again, over TCP.
    let chlo = chlo("zero.example.net");
    let zero = [&b"1QTV0"[..], &(chlo.len() as u32).to_le_bytes(), &chlo].concat();
    zoo.stream("203.0.113.49:443", &[Flight::up(zero), Flight::down([&b"1QTV0\x08\0\0\0SHLO"[..], &[0; 4]].concat())]);
    zoo.finish()
}

fn dns_ways() -> Vec<u8> {
    let mut zoo = Zoo::new();
    let nameless = Hello { has_sni: false, versions: tls::ONLY_1_3, ..Hello::bare("unsaid.example.net") };
    zoo.lookup("aaaa.example.net", &[dns::address("aaaa.example.net", "2001:db8::51")]);
    let path = Path::new("[2001:b011:3c0a:5d7::23]:41900", "[2001:db8::51]:443", 20);
    // Another address of the same phone asked: its answer explains nothing, but one of its own does.
    let own = Path::new("[2001:b011:3c0a:5d7::23]:41901", "[2001:b000:168::1]:53", 8);
    zoo.now_us =
        zoo.scene.lookup(zoo.now_us, own, "aaaa.example.net", &[dns::address("aaaa.example.net", "2001:db8::51")]);
    zoo.now_us = zoo.scene.stream(zoo.now_us + PAUSE_US, path, &nameless.talk(&[(60, 90)])) + PAUSE_US;
    // The answer ends within its second record; what is whole counts.
    let records = ["203.0.113.52", "203.0.113.53"].map(|address| dns::address("truncated.example.net", address));
    let mut answer = dns::message(5, "truncated.example.net", dns::A, &records);
    answer[2] |= 0x02;
    answer.truncate(answer.len() - 2);
    let question = dns::message(5, "truncated.example.net", dns::A, &[]);
    zoo.datagrams("192.168.1.1:53", &[Flight::up(question), Flight::down(answer)]);
    zoo.after("203.0.113.52:443", &[], &nameless);
    let reverse = "55.113.0.203.in-addr.arpa";
    zoo.lookup(reverse, &[dns::Record::new(reverse, dns::PTR, dns::name("reverse.example.net"))]);
    zoo.after("203.0.113.55:443", &[], &nameless);
    // An HTTPS record with a configuration (RFC 9848 §3), and a hello that offers it.
    let front = b"front.example.net";
    let mut contents = [&[0x2a, 0, 0x20, 0, 32][..], &seeded::bytes(32), &[0, 4, 0, 1, 0, 1, 64]].concat();
    contents.push(front.len() as u8);
    contents.extend(front);
    contents.extend([0, 0]);
    let config = [&[0xfe, 0x0d][..], &(contents.len() as u16).to_be_bytes(), &contents].concat();
    let list = [&(config.len() as u16).to_be_bytes()[..], &config].concat();
    let data = [&[0, 1, 0, 0, 5][..], &(list.len() as u16).to_be_bytes(), &list].concat();
    zoo.lookup("hidden.example.net", &[dns::Record::new("hidden.example.net", dns::HTTPS, data)]);
    zoo.lookup("hidden.example.net", &[dns::address("hidden.example.net", "203.0.113.54")]);
    let hello = tls::with_extension(&Hello::new("front.example.net").record(), 0xfe0d, &tls::ech(0x2a, 208));
    zoo.stream("203.0.113.54:443", &[Flight::up(hello), sealed()]);
    let group = |group: &str, port: u16| -> SocketAddr { format!("{group}:{port}").parse().expect("an address") };
    let own: SocketAddr = at("192.168.1.23:5353");
    let mut answer = dns::message(0, "phone.local", dns::A, &[dns::address("phone.local", "192.168.1.23")]);
    answer[2] = 0x84;
    zoo.scene.ip(zoo.now_us, udp(own, group("224.0.0.251", 5353), &answer));
    let asked = at("192.168.1.40:5355");
    let records = [dns::address("printer", "192.168.1.40")];
    zoo.scene.ip(zoo.now_us + 900, udp(asked, at("192.168.1.23:41950"), &dns::message(9, "printer", dns::A, &records)));
    zoo.finish()
}

/// UTF-16 as Windows has it.
fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// NTLM's challenge of a computer with this DNS name (MS-NLMP §2.2.1.2).
fn challenge(name: &str) -> Vec<u8> {
    let (target, name) = (wide("OFFICE"), wide(name));
    let list = [&[3, 0][..], &(name.len() as u16).to_le_bytes(), &name, &[0; 4]].concat();
    let field = |length: usize, offset: usize| {
        [&(length as u16).to_le_bytes()[..], &(length as u16).to_le_bytes(), &(offset as u32).to_le_bytes()].concat()
    };
    let mut bytes = [&b"NTLMSSP\0\x02\0\0\0"[..], &field(target.len(), 56)].concat();
    bytes.extend([0x05, 0x82, 0x89, 0xa2, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend(field(list.len(), 56 + target.len()));
    bytes.extend([10, 0, 0, 0, 0, 0, 0, 15]);
    [bytes, target, list].concat()
}

/// An SMB 2 message in its frame.
fn smb2(command: u8, is_response: bool, body: &[u8]) -> Vec<u8> {
    let mut header = [0; 64];
    header[..6].copy_from_slice(b"\xfeSMB@\0");
    (header[12], header[16]) = (command, u8::from(is_response));
    let length = (header.len() + body.len()) as u32;
    [&length.to_be_bytes()[..], &header, body].concat()
}

/// Tag, length of one or two bytes, contents (X.690 §8.1).
fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let header = if length < 128 { vec![tag, length as u8] } else { vec![tag, 0x81, length as u8] };
    [header, contents.to_vec()].concat()
}

/// A ClientHello of DTLS 1.2 in its record (RFC 6347 §4).
fn dtls(name: &'static str) -> Vec<u8> {
    let record = Hello { versions: tls::ONLY_1_2, ..Hello::bare(name) }.record();
    let session_end = 44 + usize::from(record[43]);
    let body = [&[0xfe, 0xfd], &record[11..session_end], &[0], &record[session_end..]].concat();
    let length = [0, (body.len() >> 8) as u8, body.len() as u8];
    let handshake = [&[1][..], &length, &[0, 0], &[0; 3], &length, &body].concat();
    [&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0][..], &(handshake.len() as u16).to_be_bytes(), &handshake].concat()
}

/// A NetBIOS name in letters (RFC 1001 §14.1).
fn letters(name: &str, kind: u8) -> Vec<u8> {
    let padded = format!("{name:<15}").into_bytes().into_iter().chain([kind]);
    [32].into_iter().chain(padded.flat_map(|byte| [b'A' + (byte >> 4), b'A' + (byte & 15)])).chain([0]).collect()
}

fn local() -> Vec<u8> {
    let mut zoo = Zoo::new();
    let realm = b"realm.example.net\0\0\0";
    let attributes = [&[0, 9, 0, 4, 0, 0, 4, 1, 0, 0x14, 0, 17][..], realm].concat();
    let refusal = [&[1, 0x13, 0, attributes.len() as u8, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12], &attributes].concat();
    let allocate = [&[0, 3, 0, 8, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12], &[0, 0x19, 0, 4, 17, 0, 0, 0]].concat();
    zoo.datagrams("203.0.113.61:3478", &[Flight::up(allocate), Flight::down(refusal)]);
    let hello = dtls("channel.example.net");
    let channel = [&[0x40, 0][..], &(hello.len() as u16).to_be_bytes(), &hello].concat();
    zoo.datagrams("203.0.113.62:3478", &[Flight::up(channel)]);
    let registration =
        [&b"\x12\x34\x29\x10\0\x01\0\0\0\0\0\x01"[..], &letters("NETBIOS-HOST", 0), &[0, 0x20, 0, 1]].concat();
    zoo.scene.ip(zoo.now_us, udp(at("192.168.1.41:137"), at("192.168.1.255:137"), &registration));
    let session = [&[0x81, 0, 0, 68][..], &letters("FILES", 0x20), &letters("DESK", 0)].concat();
    zoo.stream("192.168.1.42:139", &[Flight::up(session), Flight::down([0x82, 0, 0, 0])]);
    let login = [&[9, 0, 0, 0, 72, 0, 0, 0][..], &challenge("smb.office.example")].concat();
    let share = wide("\\\\smb\\IPC$");
    let tree = [&[9, 0, 0, 0, 72, 0][..], &(share.len() as u16).to_le_bytes(), &share].concat();
    let flights =
        [Flight::up(smb2(0, false, &[0; 36])), Flight::down(smb2(1, true, &login)), Flight::up(smb2(3, false, &tree))];
    zoo.stream("192.168.1.43:445", &flights);
    let body = [&[0; 8][..], &challenge("rpc.office.example")].concat();
    let length = (16 + body.len() as u16).to_le_bytes();
    let answer = [&[5, 0, 12, 3, 0x10, 0, 0, 0, length[0], length[1], 200, 0, 1, 0, 0, 0][..], &body].concat();
    zoo.stream("192.168.1.44:135", &[Flight::down(answer)]);
    let token = base64(&challenge("intranet.office.example"));
    let refusal = format!("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM {token}\r\nContent-Length: 0\r\n\r\n");
    zoo.stream("192.168.1.45:80", &[Flight::up("GET / HTTP/1.1\r\nHost: 192.168.1.45\r\n\r\n"), Flight::down(refusal)]);
    let request = [der(0xa0, &[3, 1, 0]), der(0xa2, &der(0x1b, b"KERBEROS.EXAMPLE")), der(0xa5, &[0x18, 0])].concat();
    let fields = [der(0xa1, &[2, 1, 5]), der(0xa2, &[2, 1, 10]), der(0xa4, &der(0x30, &request))].concat();
    zoo.datagrams("192.168.1.46:88", &[Flight::up(der(0x6a, &der(0x30, &fields)))]);
    let parts = [der(0x1b, b"ldap"), der(0x1b, b"directory.office.example")].concat();
    let service = [der(0xa0, &[2, 1, 2]), der(0xa1, &der(0x30, &parts))].concat();
    let ticket =
        [der(0xa0, &[2, 1, 5]), der(0xa1, &der(0x1b, b"OFFICE.EXAMPLE")), der(0xa2, &der(0x30, &service))].concat();
    let fields = [der(0xa0, &[2, 1, 5]), der(0xa1, &[2, 1, 14]), der(0xa3, &der(0x61, &der(0x30, &ticket)))].concat();
    let token =
        [&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2, 1, 0][..], &der(0x6e, &der(0x30, &fields))].concat();
    let bind = der(0x60, &[&[2, 1, 3, 4, 0][..], &der(0xa3, &[der(4, b"GSSAPI"), der(4, &token)].concat())].concat());
    zoo.stream("192.168.1.47:389", &[Flight::up(der(0x30, &[&[2, 1, 1][..], &bind].concat()))]);
    let register = "REGISTER sip:sip.example.net SIP/2.0\r\nTo: <sip:a@sip.example.net>\r\nFrom: <sip:a@sip.example.net>\r\n\
                    Content-Length: 0\r\n\r\n";
    zoo.datagrams("203.0.113.68:5060", &[Flight::up(register)]);
    let record = Hello { versions: tls::ONLY_1_2, ..Hello::bare("rdp-udp.office.example") }.record();
    let desktop = [&[0, 0x14, 0xc1, 1, 0xf4, 1, 0x64, 0xe0, 0x64, 0, 1, 0][..], &record].concat();
    zoo.datagrams("192.168.1.49:3389", &[Flight::up(desktop)]);
    let list =
        "<dns><domainlist><domain name=\"newgetdns.example.net\"><ip>203.0.113.70</ip></domain></domainlist></dns>";
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{list}", list.len());
    let asks = "GET /cgi-bin/micromsg-bin/newgetdns HTTP/1.1\r\nHost: dns.example.net\r\n\r\n";
    zoo.stream("203.0.113.69:80", &[Flight::up(asks), Flight::down(answer)]);
    let nameless = Hello { has_sni: false, versions: tls::ONLY_1_3, ..Hello::bare("unsaid.example.net") };
    zoo.after("203.0.113.70:443", &[], &nameless);
    let mut clock = [0; 48];
    clock[0] = 0x23;
    zoo.datagrams("203.0.113.71:123", &[Flight::up(clock)]);
    let handshake = [&b"\x13BitTorrent protocol"[..], &[0; 8], &seeded::bytes(40)].concat();
    zoo.stream("203.0.113.72:6881", &[Flight::up(handshake)]);
    zoo.datagrams("203.0.113.73:1194", &[Flight::up([&[0x38][..], &[7; 8], &[0; 5]].concat())]);
    zoo.stream("203.0.113.74:1935", &[Flight::up(rtmp("rtmp.example.net"))]);
    zoo.finish()
}

/// A client's side of RTMP up to what connects (Adobe's specification §5.2, §7.2.1.1).
fn rtmp(name: &str) -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat();
    let url = format!("rtmp://{name}/live");
    let command = [&[2][..], &text("connect"), &[0; 9], &[3], &text("tcUrl"), &[2], &text(&url), &[0, 0, 9]].concat();
    let header = [3, 0, 0, 0, 0, 0, command.len() as u8, 20, 0, 0, 0, 0];
    let hello = [&[3, 0, 0, 0, 9, 0, 0, 0, 0][..], &seeded::bytes(1_528 + 1_536)].concat();
    [&hello[..], &header, &command].concat()
}

/// Base64 with padding (RFC 4648 §4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { digit.into() } else { '=' });
        }
    }
    text
}

/// The hello of a short conversation, alone.
fn hello_packet(name: &'static str, port: u16) -> Vec<u8> {
    let (from, to) = (at(&format!("192.168.1.23:{port}")), at("203.0.113.80:443"));
    packet::tcp(from, to, (1_000, 1), packet::PUSH_ACK, &Hello::new(name).record())
}

fn tunnels() -> Vec<u8> {
    let ends = [at("192.168.1.99:50000"), at("198.51.100.9:0")];
    let outer = |protocol: u8, payload: Vec<u8>| ethernet(&ip(ends[0].ip(), ends[1].ip(), protocol, &payload));
    let outer_udp = |port: u16, payload: Vec<u8>| ethernet(&udp(ends[0], (ends[1].ip(), port), &payload));
    let with = |header: &[u8], inner: Vec<u8>| [header, &inner].concat();
    let hello = |name, port| hello_packet(name, port);
    let macs = |packet: &[u8]| packet::macs(packet).to_vec();
    let mpls = hello("mpls.example.net", 42_001);
    let ah = hello("ah.example.net", 42_008);
    let mut pptp = with(&[0, 0x21], hello("pptp.example.net", 42_006));
    pptp = [&[0x30, 0x01, 0x88, 0x0b][..], &(pptp.len() as u16).to_be_bytes(), &[0, 1, 0, 0, 0, 1], &pptp].concat();
    let nested = with(&[8, 0, 0, 0, 0, 0, 1, 0], ethernet(&hello("gre-vxlan.example.net", 42_010)));
    let nested = udp(at("10.0.0.1:5000"), at("10.0.0.2:4789"), &nested);
    let frames = [
        [macs(&mpls), vec![0x88, 0x47, 0, 1, 0, 64, 0, 2, 1, 64], mpls].concat(),
        outer(4, hello("ip-in-ip.example.net", 42_002)),
        outer(
            47,
            with(
                &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, 0, 0, 0, 0, 0],
                ethernet(&hello("erspan.example.net", 42_003)),
            ),
        ),
        outer_udp(6081, with(&[0, 0, 0x65, 0x58, 0, 0, 1, 0], ethernet(&hello("geneve.example.net", 42_004)))),
        outer_udp(1701, with(&[0, 2, 0, 1, 0, 1, 0xff, 3, 0, 0x21], hello("l2tp.example.net", 42_005))),
        outer(47, pptp),
        outer(97, with(&[0x30, 0], ethernet(&hello("etherip.example.net", 42_007)))),
        ethernet(&ip(
            at("192.168.1.23:0").ip(),
            at("203.0.113.80:0").ip(),
            51,
            &with(&[6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9], ah[20..].to_vec()),
        )),
        outer_udp(37_008, with(&[1, 0, 0, 1, 1], ethernet(&hello("tzsp.example.net", 42_009)))),
        outer(47, with(&[0, 0, 8, 0], nested)),
    ];
    let frames: Vec<Frame> = frames
        .into_iter()
        .zip(0..)
        .map(|(bytes, place)| Frame { time_us: super::scene::START_US + place * PAUSE_US, bytes })
        .collect();
    pcap_of(ETHERNET, &frames, false, false)
}

fn links() -> Vec<u8> {
    let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
    let wifi = [&[8, 1][..], &[0; 22], &snap].concat();
    let mut pflog = vec![61, 2];
    pflog.resize(64, 0);
    let mut prism = vec![0; 144];
    prism[3] = 0x44;
    let mut fibre = vec![0; 40];
    (fibre[0], fibre[8], fibre[13]) = (0x04, 5, 0x20);
    let mut infiniband = vec![0, 2, 0, 0, 0, 0, 0, 0, 0x64];
    infiniband.resize(28, 0);
    infiniband.extend([8, 0, 0, 0]);
    let cooked = [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 0x23, 0, 0][..], &[8, 0]].concat();
    let rows: [(u16, &'static str, Vec<u8>); 14] = [
        (0, "loopback.example.net", vec![2, 0, 0, 0]),
        (9, "ppp.example.net", vec![0xff, 3, 0, 0x21]),
        (104, "cisco-hdlc.example.net", vec![0x0f, 0, 8, 0]),
        (105, "wifi.example.net", wifi.clone()),
        (107, "frame-relay.example.net", vec![0x18, 0x41, 3, 0xcc]),
        (LINUX_COOKED, "cooked.example.net", cooked),
        (117, "pflog.example.net", pflog),
        (119, "prism.example.net", [prism, wifi.clone()].concat()),
        (127, "radiotap.example.net", [&[0, 0, 8, 0, 0, 0, 0, 0][..], &wifi].concat()),
        (178, "juniper.example.net", [&[0x4d, 0x47, 0x43, 1][..], &[2; 12], &[8, 0]].concat()),
        (219, "mpls-link.example.net", vec![0, 1, 1, 64]),
        (224, "fibre-channel.example.net", [fibre, snap.to_vec()].concat()),
        (247, "infiniband.example.net", infiniband),
        (RAW, "raw.example.net", Vec::new()),
    ];
    let mut file = Pcapng::default();
    file.section(false);
    for (link_type, name, _) in &rows {
        file.interface(*link_type, name.split('.').next().unwrap_or_default(), None);
    }
    file.interface(252, "exported", None);
    let start = super::scene::START_US;
    for ((interface, (_, name, header)), port) in (0..).zip(&rows).zip(43_000..) {
        let bytes = [&header[..], &hello_packet(name, port)].concat();
        file.packet(interface, start + u64::from(interface) * PAUSE_US, &bytes);
    }
    // Tags of the dissector, addresses and ports; then the data alone.
    let tag = |kind: u16, value: &[u8]| [&kind.to_be_bytes()[..], &(value.len() as u16).to_be_bytes(), value].concat();
    let tags = [
        tag(12, b"http"),
        tag(20, &[192, 168, 1, 23]),
        tag(21, &[203, 0, 113, 81]),
        tag(24, &2_u32.to_be_bytes()),
        tag(25, &43_100_u32.to_be_bytes()),
        tag(26, &80_u32.to_be_bytes()),
        tag(0, &[]),
    ];
    let data = b"GET / HTTP/1.1\r\nHost: exported.example.net\r\n\r\n";
    let count = rows.len() as u32;
    file.packet(count, start + u64::from(count) * PAUSE_US, &[&tags.concat()[..], data].concat());
    file.bytes
}
