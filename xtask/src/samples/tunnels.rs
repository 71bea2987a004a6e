//! Samples of the same short TLS conversation within each tunnel and tag.

use super::capture::{ETHERNET, framed, pcap_of};
use super::names::short;
use super::packet::{at, ethernet, ethernet_with, ip, macs, udp};
use super::scene::{Path, Scene};
use super::tls::Hello;
use super::{Sample, sample};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        sample(
            "vlan.pcap",
            "behind a VLAN tag: `vlan.example.net`",
            around("vlan.example.net", |ip| ethernet_with(ip, &[0x81, 0, 0, 100])),
        ),
        sample(
            "qinq.pcap",
            "behind two VLAN tags: `qinq.example.net`",
            around("qinq.example.net", |ip| ethernet_with(ip, &[0x88, 0xa8, 0, 100, 0x81, 0, 0, 200])),
        ),
        sample("pppoe.pcap", "in PPPoE: `pppoe.example.net`", around("pppoe.example.net", pppoe)),
        sample(
            "gre.pcap",
            "in GRE: `gre.example.net`",
            around("gre.example.net", |packet| outer(packet, 47, &[&[0, 0, 8, 0], packet].concat())),
        ),
        sample("vxlan.pcap", "in VXLAN: `vxlan.example.net`", around("vxlan.example.net", vxlan)),
        sample("gtp-u.pcap", "in GTP-U: `gtp.example.net`", around("gtp.example.net", gtp)),
        sample(
            "6in4.pcap",
            "IPv6 in IPv4: `sixinfour.example.net`",
            around_v6("sixinfour.example.net", |packet| outer(packet, 41, packet)),
        ),
        sample(
            "teredo.pcap",
            "IPv6 in Teredo: `teredo.example.net`",
            around_v6("teredo.example.net", |packet| outer_udp(packet, 3544, packet)),
        ),
    ]
}

fn around(name: &'static str, frame: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    pcap_of(ETHERNET, &framed(&short(name), frame), false, false)
}

fn around_v6(name: &'static str, frame: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut scene = Scene::default();
    // A Teredo address (RFC 4380 §4) talks to one of Google's.
    let path = Path::new("[2001:0:c633:6409:0:f227:3f57:fec8]:40001", "[2404:6800:4012:4::200e]:443", 60);
    scene.stream(0, path, &Hello::new(name).talk(&[(200, 300)]));
    pcap_of(ETHERNET, &framed(&scene.packets(), frame), false, false)
}

/// Whether the inner packet comes from the client; its port tells.
fn is_up(packet: &[u8]) -> bool {
    let port_at = if packet[0] >> 4 == 4 { 20 } else { 40 };
    packet[port_at..port_at + 2] == 40_001_u16.to_be_bytes()
}

/// An IPv4 packet between the tunnel's ends.
fn outer(inner: &[u8], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let ends = [at("192.168.1.99:0").ip(), at("198.51.100.9:0").ip()];
    let (from, to) = if is_up(inner) { (ends[0], ends[1]) } else { (ends[1], ends[0]) };
    ethernet(&ip(from, to, protocol, payload))
}

fn outer_udp(inner: &[u8], port: u16, payload: &[u8]) -> Vec<u8> {
    let ends = [(at("192.168.1.99:0").ip(), 50_000), (at("198.51.100.9:0").ip(), port)];
    let (from, to) = if is_up(inner) { (ends[0], ends[1]) } else { (ends[1], ends[0]) };
    ethernet(&udp(from, to, payload))
}

/// Session stage (RFC 2516 §4), PPP's protocol for IPv4.
fn pppoe(packet: &[u8]) -> Vec<u8> {
    let length = (packet.len() as u16 + 2).to_be_bytes();
    [&macs(packet)[..], &[0x88, 0x64, 0x11, 0, 0, 2], &length, &[0, 0x21], packet].concat()
}

/// RFC 7348 §5.
fn vxlan(packet: &[u8]) -> Vec<u8> {
    outer_udp(packet, 4789, &[&[0x08, 0, 0, 0, 0, 0, 42, 0][..], &ethernet(packet)].concat())
}

/// A G-PDU (3GPP TS 29.281 §5.1).
fn gtp(packet: &[u8]) -> Vec<u8> {
    let header = [&[0x30, 0xff][..], &(packet.len() as u16).to_be_bytes(), &[0, 0, 0, 7]].concat();
    outer_udp(packet, 2152, &[&header, packet].concat())
}
