//! Ten minutes of a phone in Taipei: messengers, videos, pictures, the makers' own services, and what runs beside them.
//!
//! The servers' addresses are real ones of the operators; what is said is made up. Round trips are such as the distance from
//! Taipei allows.

use super::dns::{self, Record};
use super::packet::at;
use super::scene::{Packet, Path, Scene};
use super::tls::{Flight, Hello};
use super::{quic, seeded};

const V4: &str = "192.168.1.23";
const V6: &str = "[2001:b011:3c0a:5d7::23]";
const RESOLVER: &str = "192.168.1.1:53";

struct Phone {
    scene: Scene,
    port: u16,
}

impl Phone {
    fn path(&mut self, server: &str, rtt_ms: u64) -> Path {
        self.port += 1;
        let own = if server.starts_with('[') { V6 } else { V4 };
        Path::new(&format!("{own}:{}", self.port), server, rtt_ms)
    }

    /// Asks the router for a name; `names` is the chain of aliases from the name asked for to the one with the address.
    fn ask(&mut self, at_ms: u64, names: &[&str], server: &str) -> u64 {
        let address = at(server).ip().to_string();
        let last = names.last().expect("a name to ask for");
        let mut records: Vec<Record> = names.windows(2).map(|pair| dns::alias(pair[0], pair[1])).collect();
        records.push(dns::address(last, &address));
        let path = self.path(RESOLVER, 6);
        self.scene.lookup(at_ms * 1_000, path, names[0], &records)
    }

    fn tls(&mut self, at_ms: u64, names: &[&'static str], server: &str, rtt_ms: u64, rounds: &[(usize, usize)]) {
        let at_us = self.ask(at_ms, names, server);
        let path = self.path(server, rtt_ms);
        self.scene.stream(at_us, path, &Hello::new(names[0]).talk(rounds));
    }

    fn quic(&mut self, at_ms: u64, names: &[&'static str], server: &str, rtt_ms: u64, rounds: &[(usize, usize)]) {
        let at_us = self.ask(at_ms, names, server);
        let path = self.path(server, rtt_ms);
        let hello = Hello { alpn: &["h3"], has_hybrid: names.len() > 1, ..Hello::new(names[0]) };
        self.scene.datagrams(at_us, path, &quic::talk(&hello, rounds));
    }

    fn stream(&mut self, at_us: u64, server: &str, rtt_ms: u64, flights: &[Flight]) {
        let path = self.path(server, rtt_ms);
        self.scene.stream(at_us, path, flights);
    }
}

/// The phone's packets.
pub(super) fn packets() -> Vec<Packet> {
    let mut phone = Phone { scene: Scene::default(), port: 40_000 };
    background(&mut phone);
    wechat(&mut phone);
    tiktok(&mut phone);
    whatsapp(&mut phone);
    line(&mut phone);
    meta(&mut phone);
    makers(&mut phone);
    phone.scene.packets()
}

/// Clock, neighbours, a public resolver over HTTPS, and a conversation that nothing names.
fn background(phone: &mut Phone) {
    let server = "216.239.35.0:123";
    let at_us = phone.ask(900, &["time.android.com"], server);
    let path = phone.path(server, 7);
    let mut ntp = vec![0x23, 0, 6, 0x20];
    ntp.resize(40, 0);
    ntp.extend([0xed, 0xc6, 0x60, 0x00, 0, 0, 0, 0]);
    phone.scene.udp(at_us, path, true, &ntp);
    ntp[0] = 0x24;
    ntp[1] = 1;
    phone.scene.udp(at_us + path.rtt_us, path, false, &ntp);

    let neighbours = Path::new(&format!("{V4}:5353"), "224.0.0.251:5353", 0);
    let question = dns::message(0, "_googlecast._tcp.local", dns::PTR, &[]);
    phone.scene.udp(1_500_000, neighbours, true, &question);

    phone.tls(2_000, &["dns.google"], "8.8.8.8:443", 5, &[(310, 520), (298, 468), (305, 512)]);

    seeded::seed("nameless");
    let flights = [Flight::up(seeded::bytes(96)), Flight::down(seeded::bytes(210)), Flight::up(seeded::bytes(1_800))];
    phone.stream(305_000_000, "52.69.10.10:9339", 36, &flights);
}

/// MMTLS records (Citizen Lab 2024): type, version F104, length.
fn mmtls(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 0xf1, 0x04][..], &(body.len() as u16).to_be_bytes(), body].concat()
}

/// A client's or server's MMTLS hello: its inner length, which of the two, version, and what looks like keys.
fn mmtls_hello(which: u8, size: usize) -> Vec<u8> {
    let body = [&[which, 0x04, 0xf1, 0x01, 0x00, 0xa8][..], &seeded::bytes(size)].concat();
    mmtls(0x16, &[&(body.len() as u32).to_be_bytes()[..], &body].concat())
}

fn wechat(phone: &mut Phone) {
    // The long link: one connection for the whole time, by name to Hong Kong and by bare address to Singapore.
    seeded::seed("mmtls");
    let mut flights = vec![
        Flight::up(mmtls_hello(1, 150)),
        Flight::down([mmtls_hello(2, 120), mmtls(0x16, &seeded::bytes(60))].concat()),
        Flight::up([mmtls(0x16, &seeded::bytes(55)), mmtls(0x17, &seeded::bytes(420))].concat()),
        Flight::down(mmtls(0x17, &seeded::bytes(1_900))),
    ];
    // A voice message goes up.
    flights.extend((0..8).map(|_| Flight::up(mmtls(0x17, &seeded::bytes(4_000)))));
    flights.push(Flight::down(mmtls(0x17, &seeded::bytes(180))));
    let server = "203.205.254.1:8080";
    let at_us = phone.ask(5_000, &["long.weixin.qq.com"], server);
    phone.stream(at_us, server, 19, &flights);
    phone.stream(9_000_000, "101.32.118.25:8080", 53, &flights[..4]);

    // The short link: MMTLS within HTTP.
    let early = [mmtls(0x19, &seeded::bytes(180)), mmtls(0x17, &seeded::bytes(900))].concat();
    let mut request = format!(
        "POST /mmtls/00005a1c HTTP/1.1\r\nAccept: */*\r\nCache-Control: no-cache\r\nConnection: close\r\n\
         Content-Length: {}\r\nContent-Type: application/octet-stream\r\nHost: hkshort.weixin.qq.com\r\n\
         Upgrade: mmtls\r\nUser-Agent: MicroMessenger Client\r\n\r\n",
        early.len()
    )
    .into_bytes();
    request.extend(early);
    let body = mmtls(0x17, &seeded::bytes(2_400));
    let mut response =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n", body.len())
            .into_bytes();
    response.extend(body);
    let server = "129.226.103.123:80";
    let at_us = phone.ask(14_000, &["hkshort.weixin.qq.com"], server);
    phone.stream(at_us, server, 20, &[Flight::up(request), Flight::down(response)]);

    // Moments: pictures come down from the mainland, one of the user's own goes up.
    phone.tls(20_000, &["mmsns.qpic.cn"], "109.244.216.15:443", 41, &[(600, 52_000), (610, 38_000)]);
    phone.tls(48_000, &["wx.qlogo.cn"], "203.205.239.154:443", 51, &[(480, 9_000), (470, 7_500)]);
    phone.tls(61_000, &["szextshort.weixin.qq.com"], "183.3.224.141:443", 45, &[(86_000, 700)]);
}

fn tiktok(phone: &mut Phone) {
    phone.quic(
        70_000,
        &["api16-normal-c-alisg.tiktokv.com"],
        "71.18.247.1:443",
        52,
        &[(2_600, 14_000), (1_900, 9_000)],
    );
    let video = ["v16m-default.tiktokcdn.com", "v16m-default.tiktokcdn.com.akamaized.net", "a1822.dscb.akamai.net"];
    phone.quic(74_000, &video, "210.242.127.90:443", 4, &[(900, 150_000), (420, 120_000)]);
    phone.tls(82_000, &["log16-normal-alisg.tiktokv.com"], "103.136.221.164:443", 54, &[(7_800, 400), (9_300, 380)]);
    phone.tls(90_000, &["mon-va.byteoversea.com"], "71.18.247.1:443", 53, &[(3_100, 260)]);
    phone.tls(93_000, &["p16-sign-sg.tiktokcdn.com", "a1.akamai.net"], "23.2.16.10:443", 22, &[(500, 31_000)]);
}

fn whatsapp(phone: &mut Phone) {
    // Noise after a routing block; frames have a length in three bytes.
    seeded::seed("whatsapp");
    let noise = |size: usize| [&[0, (size >> 8) as u8, size as u8][..], &seeded::bytes(size)].concat();
    let mut opening = b"ED\0\x01\0\0\x04\x08\x05\x08\x02WA\x06\x02".to_vec();
    opening.extend(noise(292));
    let mut flights =
        vec![Flight::up(opening), Flight::down(noise(350)), Flight::up(noise(420)), Flight::down(noise(900))];
    flights.extend([
        Flight::up(noise(2_300)),
        Flight::down(noise(160)),
        Flight::up(noise(800)),
        Flight::down(noise(3_100)),
    ]);
    let server = "157.240.15.60:5222";
    let at_us = phone.ask(120_000, &["g.whatsapp.net", "chat.cdn.whatsapp.net"], server);
    phone.stream(at_us, server, 56, &flights);
    // The same to the port of HTTPS after a change of networks, with nothing asked.
    phone.stream(180_000_000, "31.13.87.52:443", 6, &flights[..4]);
    phone.tls(
        131_000,
        &["mmg.whatsapp.net", "mmx-ds.cdn.whatsapp.net"],
        "31.13.87.51:443",
        6,
        &[(64_000, 500), (380, 24_000)],
    );
    phone.tls(140_000, &["static.whatsapp.net"], "31.13.87.52:443", 6, &[(350, 6_200)]);
}

fn line(phone: &mut Phone) {
    phone.tls(200_000, &["legy-jp.line-apps.com"], "147.92.242.100:443", 35, &[(1_400, 5_200), (900, 2_100)]);
    phone.tls(206_000, &["obs-tw.line-apps.com"], "147.92.165.194:443", 36, &[(72_000, 300), (420, 18_000)]);
    phone.tls(
        214_000,
        &["profile.line-scdn.net", "line-scdn.net.akamaized.net"],
        "23.59.252.10:443",
        37,
        &[(390, 12_000)],
    );
}

fn meta(phone: &mut Phone) {
    let facebook = ["graph.facebook.com", "star.c10r.facebook.com"];
    phone.quic(240_000, &facebook, "[2a03:2880:f244:e0:face:b00c:0:4420]:443", 7, &[(3_300, 26_000)]);
    phone.tls(246_000, &["edge-mqtt.facebook.com"], "[2a03:2880:f244:e0:face:b00c:0:1ea5]:443", 7, &[(900, 1_200)]);
    let pages = ["www.facebook.com", "star-mini.c10r.facebook.com"];
    phone.quic(248_000, &pages, "[2a03:2880:f244:e0:face:b00c:0:25de]:443", 7, &[(4_100, 41_000), (900, 12_000)]);
    phone.quic(250_000, &["scontent-tpe1-1.xx.fbcdn.net"], "31.13.87.9:443", 6, &[(500, 64_000)]);
    phone.quic(270_000, &["i.instagram.com"], "31.13.87.63:443", 6, &[(2_200, 33_000)]);
}

/// The phone's maker, kits for counting users and for advertisements, a CDN, and the check for a captive portal.
fn makers(phone: &mut Phone) {
    phone.tls(330_000, &["query.hicloud.com"], "159.138.86.130:443", 55, &[(1_200, 2_600)]);
    phone.tls(338_000, &["metrics-drcn.dt.dbankcloud.cn"], "121.36.80.1:443", 58, &[(11_000, 200)]);
    phone.tls(350_000, &["app-measurement.com"], "142.250.196.206:443", 6, &[(2_900, 300)]);
    phone.tls(352_000, &["t.appsflyer.com"], "13.33.183.10:443", 21, &[(1_700, 220)]);
    phone.tls(355_000, &["cdn.jsdelivr.net"], "104.16.133.229:443", 5, &[(360, 15_000)]);
    let request = "GET /generate_204 HTTP/1.1\r\nHost: connectivitycheck.gstatic.com\r\nConnection: close\r\n\r\n";
    let server = "142.250.204.46:80";
    let at_us = phone.ask(360_000, &["connectivitycheck.gstatic.com"], server);
    let answer = "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    phone.stream(at_us, server, 6, &[Flight::up(request), Flight::down(answer)]);
    phone.tls(590_000, &["long.weixin.qq.com"], "203.205.254.1:443", 19, &[(700, 900)]);
}
