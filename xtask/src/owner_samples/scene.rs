//! From two apps' made-up conversations to IP packets with valid checksums.

use fixtures::dns;
use fixtures::ethernet::frame_with;
use fixtures::ip::{self, TCP, UDP};
use fixtures::transport::{self, ACK, FIN_ACK, PUSH_ACK, SYN};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) struct App {
    pub(super) label: &'static str,
    pub(super) package: &'static str,
    pub(super) path: &'static str,
    pub(super) pid: u32,
    pub(super) uid: u32,
}

pub(super) const APPS: [App; 2] = [
    App { label: "WhatsApp", package: "com.whatsapp", path: "/opt/whatsapp/whatsapp", pid: 5120, uid: 10_123 },
    App { label: "WeChat", package: "com.tencent.mm", path: "/opt/wechat/wechat", pid: 6400, uid: 10_200 },
];

/// The daemon that resolves names for apps on Apple's systems.
pub(super) const RESOLVER: (u32, &str) = (310, "mDNSResponder");

/// 2026-01-15T10:00:00Z.
pub(super) const START_US: u64 = 1_768_471_200_000_000;

/// The device and the resolver it asks.
pub(super) struct Device {
    pub(super) v4: Ipv4Addr,
    pub(super) v6: Ipv6Addr,
    pub(super) dns: Ipv4Addr,
}

pub(super) const PHONE: Device = Device {
    v4: Ipv4Addr::new(10, 215, 173, 1),
    v6: Ipv6Addr::new(0xfd00, 2, 0xfd00, 1, 0xfd00, 1, 0xfd00, 1),
    dns: Ipv4Addr::new(10, 215, 173, 2),
};
pub(super) const COMPUTER: Device = Device {
    v4: Ipv4Addr::new(192, 168, 1, 20),
    v6: Ipv6Addr::new(0x2001, 0xdb8, 0x20, 0, 0, 0, 0, 0x20),
    dns: Ipv4Addr::new(192, 168, 1, 1),
};

/// One IP packet of the scene.
pub(super) struct Packet {
    pub(super) app: &'static App,
    pub(super) time_us: u64,
    pub(super) is_outbound: bool,
    pub(super) is_dns: bool,
    pub(super) ip: Vec<u8>,
}

pub(super) type Endpoint = (IpAddr, u16);

/// A conversation, as side files tell of it.
pub(super) struct Conversation {
    pub(super) app: &'static App,
    pub(super) protocol: u8,
    pub(super) local: Endpoint,
    pub(super) remote: Endpoint,
    pub(super) first_us: u64,
    pub(super) last_us: u64,
}

pub(super) struct Scene {
    pub(super) packets: Vec<Packet>,
    pub(super) conversations: Vec<Conversation>,
}

/// Two name lookups and three TCP conversations, one of them over IPv6; packets in order of time.
pub(super) fn scene(device: &Device) -> Scene {
    let [whatsapp, wechat] = &APPS;
    let whatsapp_v4 = Ipv4Addr::new(157, 240, 20, 52);
    let whatsapp_v6 = Ipv6Addr::new(0x2a03, 0x2880, 0xf2ff, 0xc0, 0xface, 0xb00c, 0, 0x167);
    let wechat_v4 = Ipv4Addr::new(203, 205, 239, 154);
    let mut scene = Scene { packets: Vec::new(), conversations: Vec::new() };
    let (v4, v6) = (IpAddr::from(device.v4), IpAddr::from(device.v6));
    let dns = (IpAddr::from(device.dns), 53);
    scene.lookup(whatsapp, 0, ((v4, 40_001), dns), "g.whatsapp.net", whatsapp_v4);
    scene.talk(whatsapp, 30_000, 18_000, ((v4, 40_002), (whatsapp_v4.into(), 443)), &[(300, 1_380), (120, 600)]);
    scene.lookup(wechat, 45_000, ((v4, 40_003), dns), "long.weixin.qq.com", wechat_v4);
    scene.talk(wechat, 80_000, 190_000, ((v4, 40_004), (wechat_v4.into(), 8080)), &[(210, 700), (90, 1_200)]);
    scene.talk(whatsapp, 500_000, 21_000, ((v6, 40_005), (whatsapp_v6.into(), 443)), &[(250, 900)]);
    scene.packets.sort_by_key(|packet| packet.time_us);
    scene
}

impl Scene {
    fn packet(&mut self, app: &'static App, time_us: u64, is_outbound: bool, is_dns: bool, ip: Vec<u8>) {
        self.packets.push(Packet { app, time_us: START_US + time_us, is_outbound, is_dns, ip });
    }

    fn conversation(&mut self, app: &'static App, protocol: u8, ends: (Endpoint, Endpoint), times: (u64, u64)) {
        let (first_us, last_us) = (START_US + times.0, START_US + times.1);
        self.conversations.push(Conversation { app, protocol, local: ends.0, remote: ends.1, first_us, last_us });
    }

    /// A DNS question for an address and its answer.
    fn lookup(&mut self, app: &'static App, at_us: u64, ends: (Endpoint, Endpoint), name: &str, answer: Ipv4Addr) {
        let (local, remote) = ends;
        let id = 0x1200 | (local.1 & 0xff);
        let answer = [dns::Record::address(name, answer.into())];
        self.packet(app, at_us, true, true, udp(local, remote, &dns::query(id, name, dns::A)));
        let answer = dns::answer(id, name, dns::A, 60, &answer);
        self.packet(app, at_us + 9_000, false, true, udp(remote, local, &answer));
        self.conversation(app, 17, ends, (at_us, at_us + 9_000));
    }

    /// A TCP conversation: handshake, rounds of bytes up and down, and the end.
    fn talk(
        &mut self,
        app: &'static App,
        at_us: u64,
        rtt_us: u64,
        ends: (Endpoint, Endpoint),
        rounds: &[(usize, usize)],
    ) {
        let (local, remote) = ends;
        let (mut ours, mut theirs) = (1_000 * u32::from(local.1), 77_000);
        let mut now = at_us;
        self.packet(app, now, true, false, tcp(local, remote, (ours, 0), SYN, &[]));
        now += rtt_us;
        ours += 1;
        self.packet(app, now, false, false, tcp(remote, local, (theirs, ours), SYN | ACK, &[]));
        theirs += 1;
        now += 200;
        self.packet(app, now, true, false, tcp(local, remote, (ours, theirs), ACK, &[]));
        for (up, down) in rounds {
            now += 1_000;
            self.packet(app, now, true, false, tcp(local, remote, (ours, theirs), PUSH_ACK, &payload(*up)));
            ours += *up as u32;
            now += rtt_us;
            self.packet(app, now, false, false, tcp(remote, local, (theirs, ours), PUSH_ACK, &payload(*down)));
            theirs += *down as u32;
        }
        now += 500;
        self.packet(app, now, true, false, tcp(local, remote, (ours, theirs), FIN_ACK, &[]));
        now += rtt_us;
        self.packet(app, now, false, false, tcp(remote, local, (theirs, ours + 1), FIN_ACK, &[]));
        now += 200;
        self.packet(app, now, true, false, tcp(local, remote, (ours + 1, theirs + 1), ACK, &[]));
        self.conversation(app, 6, ends, (at_us, now));
    }
}

/// Bytes that are no protocol's.
pub(super) fn payload(length: usize) -> Vec<u8> {
    (0..length).map(|at| 0x80 | (at * 7 % 128) as u8).collect()
}

pub(super) fn udp(from: Endpoint, to: Endpoint, payload: &[u8]) -> Vec<u8> {
    packet(from.0, to.0, UDP, transport::udp((from.1, to.1), payload))
}

pub(super) fn tcp(from: Endpoint, to: Endpoint, numbers: (u32, u32), flags: u8, payload: &[u8]) -> Vec<u8> {
    packet(from.0, to.0, TCP, transport::tcp((from.1, to.1), numbers.0, numbers.1, flags, payload))
}

/// An IP packet around a datagram or segment.
fn packet(from: IpAddr, to: IpAddr, protocol: u8, segment: Vec<u8>) -> Vec<u8> {
    let segment = transport::summed(from, to, protocol, segment);
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            ip::v4_fragment(from.octets(), to.octets(), protocol, &segment, (1, ip::WHOLE))
        }
        (from, to) => ip::between(from, to, protocol, &segment),
    }
}

/// An Ethernet frame around an IP packet.
pub(super) fn ethernet(addresses: [u8; 12], packet: &Packet) -> Vec<u8> {
    frame_with(addresses, &[], &packet.ip)
}

/// Addresses of the device and its router, in the order of a frame's direction.
pub(super) fn addresses(packet: &Packet) -> [u8; 12] {
    let [device, router] = [[2, 0, 0, 0, 0, 0x20], [2, 0, 0, 0, 0, 1]];
    let ends = if packet.is_outbound { [router, device] } else { [device, router] };
    std::array::from_fn(|at| ends[at / 6][at % 6])
}
