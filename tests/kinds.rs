//! Kinds of situations in which the first look misleads: a clock that is set in mid capture, a device with several addresses, an answer
//! that nobody asked for, a conversation whose opening was not captured. Each is the smallest capture that shows it.

use fixtures::dns::{A, AAAA, Record, answer, query};
use fixtures::ethernet::frame_with;
use fixtures::pcap::{ETHERNET, RAW, file};
use fixtures::transport::{ACK, PUSH_ACK, SYN, SYN_ACK, sctp, sctp_chunk, tcp_packet, udp_packet};
use fixtures::{ip, pcapng, tls};
use std::net::{IpAddr, SocketAddr};
use whither::analysis::{self, Knowledge, Options};
use whither::app::Catalogue;
use whither::capture::{self, Progress, ReadOptions};
use whither::place::Places;

const DEVICE: &str = "192.168.1.23";
const DEVICE_V6: &str = "2001:db8:1::23";
const RESOLVER: &str = "192.168.1.1";
const SERVER: &str = "203.0.113.5";
const SERVER_V6: &str = "2001:db8:9::5";
/// A day in 2023, and one after a device has started without a clock, in microseconds.
const NOW: u64 = 1_700_000_000_000_000;
const NEVER_SET: u64 = 1_000_000_000;

fn at(ip: &str, port: u16) -> SocketAddr {
    SocketAddr::new(ip.parse().expect("an address"), port)
}

/// What is said of a flow: its ends, packets both ways, name with source, and the address that is located.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Seen {
    client: IpAddr,
    server: IpAddr,
    packets: (u64, u64),
    name: Option<(String, &'static str)>,
    located: IpAddr,
    round_trip_ns: Option<u64>,
}

/// What is said of all flows, however the capture is cut.
fn flows(bytes: &[u8]) -> Vec<Seen> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("capture.pcap");
    std::fs::write(&path, bytes).expect("written");
    let knowledge = Knowledge::new(Catalogue::embedded().expect("usable"), Places::open(&[]).expect("embedded"), None);
    let seen = |range_bytes| {
        let options = Options { read: ReadOptions { range_bytes, ..ReadOptions::default() }, ..Options::default() };
        let mut all = Vec::new();
        let sources = capture::open(&[&path]).expect("a capture").sources;
        analysis::flows(sources, &options, &knowledge, &Progress::default(), &mut |studied| {
            let flow = &studied.flow;
            all.push(Seen {
                client: flow.client_ip,
                server: flow.server_ip,
                packets: (flow.up.packets, flow.down.packets),
                name: flow.name().map(|name| (name.name.to_string(), name.source.word())),
                located: studied.learned.peer,
                round_trip_ns: flow.rtt.map(|rtt| rtt.ns),
            });
            true
        });
        all.sort_by_key(|seen| (seen.client, seen.server, seen.packets));
        all
    };
    let whole = seen(None);
    for range_bytes in [64, 200, 700] {
        assert_eq!(seen(Some(range_bytes)), whole, "in ranges of {range_bytes} bytes");
    }
    whole
}

/// The flow to a server.
#[track_caller]
fn to(all: &[Seen], server: &str) -> Seen {
    let server: IpAddr = server.parse().expect("an address");
    let mut found = all.iter().filter(|seen| seen.server == server);
    let first = found.next().unwrap_or_else(|| panic!("no flow to {server} in {all:?}"));
    assert_eq!(found.next(), None, "one flow to {server}");
    first.clone()
}

#[track_caller]
fn name(all: &[Seen], server: &str) -> Option<(String, &'static str)> {
    to(all, server).name
}

fn dns(name: &str) -> Option<(String, &'static str)> {
    Some((name.to_owned(), "dns"))
}

/// A connection without a name, its segments a few milliseconds apart.
fn connection(client: &str, server: &str, from_us: u64) -> Vec<(u64, Vec<u8>)> {
    let (client, server) = (at(client, 50_000), at(server, 443));
    [
        tcp_packet(client, server, 100, 0, SYN, &[]),
        tcp_packet(server, client, 900, 101, SYN_ACK, &[]),
        tcp_packet(client, server, 101, 901, ACK, &[]),
        tcp_packet(client, server, 101, 901, PUSH_ACK, &[7; 40]),
        tcp_packet(server, client, 901, 141, PUSH_ACK, &[8; 60]),
        tcp_packet(client, server, 141, 961, ACK, &[]),
    ]
    .into_iter()
    .zip(0..)
    .map(|(packet, number)| (from_us + number * 5_000, packet))
    .collect()
}

/// A lookup and its answer with this number.
fn lookup(client: &str, resolver: &str, asked: &str, address: &str, number: u16, from_us: u64) -> Vec<(u64, Vec<u8>)> {
    let (client, resolver) = (at(client, 40_000), at(resolver, 53));
    let address: IpAddr = address.parse().expect("an address");
    let kind = if address.is_ipv4() { A } else { AAAA };
    let said = answer(number, asked, kind, 60, &[Record::address(asked, address)]);
    vec![
        (from_us, udp_packet(client, resolver, &query(7, asked, kind))),
        (from_us + 9_000, udp_packet(resolver, client, &said)),
    ]
}

#[test]
fn a_clock_that_is_set_ends_no_connection_and_no_answer() {
    for (before, after) in [(NEVER_SET, NOW), (NOW, NEVER_SET), (NOW, NOW + 400 * 86_400 * 1_000_000)] {
        let asked = lookup(DEVICE, RESOLVER, "www.example.org", SERVER, 7, before);
        let connected = connection(DEVICE, SERVER, before + 1_000_000);
        let all: Vec<(u64, Vec<u8>)> = [asked, connected].concat();
        for jump in 2..all.len() {
            let mut all = all.clone();
            all[jump..].iter_mut().for_each(|(time_us, _)| *time_us = *time_us - before + after);
            let seen = to(&flows(&file(RAW, &all)), SERVER);
            assert_eq!((seen.packets, seen.name), ((4, 2), dns("www.example.org")), "{before} {after} {jump}");
            // Between the SYN and its answer nothing is measured.
            assert_eq!(seen.round_trip_ns, (jump != 3).then_some(5_000_000), "{before} {after} {jump}");
        }
    }
}

#[test]
fn a_connection_that_is_silent_for_long_ends_where_its_ports_are_used_again() {
    let mut all = connection(DEVICE, SERVER, NEVER_SET);
    let (client, server) = (at(DEVICE, 50_000), at(SERVER, 443));
    all.push((NOW, tcp_packet(client, server, 90_000_000, 70_000_000, PUSH_ACK, &[7; 40])));
    assert_eq!(flows(&file(RAW, &all)).len(), 2);
}

#[test]
fn an_answer_counts_for_what_was_asked() {
    let after = |lookups: Vec<(u64, Vec<u8>)>| {
        name(&flows(&file(RAW, &[lookups, connection(DEVICE, SERVER, NOW + 1_000_000)].concat())), SERVER)
    };
    let right = lookup(DEVICE, RESOLVER, "a.example", SERVER, 7, NOW);
    assert_eq!(after(right.clone()), dns("a.example"));
    assert_eq!(after(lookup(DEVICE, RESOLVER, "a.example", SERVER, 8, NOW)), None, "another number");
    assert_eq!(after(right[1..].to_vec()), dns("a.example"), "the question was not captured");
    let other = lookup(DEVICE, RESOLVER, "b.example", SERVER, 7, NOW);
    assert_eq!(after(vec![right[0].clone(), other[1].clone()]), None, "another question");
    assert_eq!(
        after(vec![right[0].clone(), other[1].clone(), right[1].clone()]),
        dns("a.example"),
        "and then the right one"
    );
}

/// A packet behind the headers of Linux' cooked capture, of its device or of the router.
fn cooked(packet: &[u8]) -> Vec<u8> {
    let source = ip::addresses(packet).0;
    let is_own = [DEVICE, DEVICE_V6].iter().any(|own| own.parse() == Ok(source));
    let ether_type: [u8; 2] = if ip::is_v6(packet) { [0x86, 0xdd] } else { [8, 0] };
    let address = [2, 0, 0, 0, 0, if is_own { 7 } else { 1 }];
    [&[0, if is_own { 4 } else { 0 }, 0, 1, 0, 6][..], &address, &[0, 0], &ether_type, packet].concat()
}

#[test]
fn a_device_is_known_by_the_address_of_its_interface_in_any_link_layer() {
    const COOKED: u16 = 113;
    const LOOPBACK: u16 = 0;
    let asked = lookup(DEVICE, RESOLVER, "www.example.org", SERVER_V6, 7, NOW);
    let all = [asked, connection(DEVICE_V6, SERVER_V6, NOW + 1_000_000)].concat();
    let each = |of: &dyn Fn(&[u8]) -> Vec<u8>| -> Vec<(u64, Vec<u8>)> {
        all.iter().map(|(time_us, packet)| (*time_us, of(packet))).collect()
    };
    let framed = |packet: &[u8]| {
        let cooked = cooked(packet);
        frame_with([&[2, 0, 0, 0, 0, 9][..], &cooked[6..12]].concat().try_into().expect("two addresses"), &[], packet)
    };
    let in_vxlan = |packet: &[u8]| {
        let carried = [&[8, 0, 0, 0, 0, 0, 1, 0][..], &framed(packet)].concat();
        frame_with([5; 12], &[], &udp_packet(at("198.18.0.1", 40_001), at("198.18.0.2", 4_789), &carried))
    };
    let without = |packet: &[u8]| [&[if ip::is_v6(packet) { 30 } else { 2 }, 0, 0, 0][..], packet].concat();
    for (link_type, frames) in [
        (COOKED, each(&cooked)),
        (ETHERNET, each(&framed)),
        (ETHERNET, each(&in_vxlan)),
        (LOOPBACK, each(&without)),
        (RAW, all.clone()),
    ] {
        assert_eq!(name(&flows(&file(link_type, &frames)), SERVER_V6), dns("www.example.org"), "{link_type}");
    }
}

#[test]
fn an_address_that_a_network_translates_is_placed_where_it_leads() {
    const GATEWAY: &str = "2001:db8:1::1";
    let shown = lookup(DEVICE_V6, GATEWAY, "ipv4only.arpa", "2001:db8:64::192.0.0.170", 7, NOW);
    let translated = "2001:db8:64::203.0.113.5";
    let without = flows(&file(RAW, &connection(DEVICE_V6, translated, NOW + 1_000_000)));
    assert_eq!(to(&without, translated).located, translated.parse::<IpAddr>().unwrap());
    let asked = lookup(DEVICE_V6, GATEWAY, "www.example.org", SERVER, 7, NOW + 500_000);
    let all = flows(&file(RAW, &[shown, asked, connection(DEVICE_V6, translated, NOW + 1_000_000)].concat()));
    let seen = to(&all, translated);
    assert_eq!((seen.located, seen.name), (SERVER.parse().unwrap(), dns("www.example.org")));
    // A device that translates by itself is told the address outside, and its programs connect to that inside.
    let asked = lookup(DEVICE_V6, GATEWAY, "www.example.org", "64:ff9b::203.0.113.5", 7, NOW);
    let all = flows(&file(RAW, &[asked, connection("192.0.0.4", SERVER, NOW + 1_000_000)].concat()));
    assert_eq!(name(&all, SERVER), dns("www.example.org"));
}

#[test]
fn who_opens_other_connections_is_the_client() {
    let (device, server) = (at("198.51.100.23", 61_234), at(SERVER, 50_007));
    let call = [
        udp_packet(server, device, &[1; 40]),
        udp_packet(device, server, &[2; 40]),
        udp_packet(server, device, &[3; 40]),
    ];
    let call = call.into_iter().zip(0..).map(|(packet, number)| (NOW + number * 20_000, packet));
    let opened = connection("198.51.100.23", "203.0.113.9", NOW - 1_000_000);
    let all = flows(&file(RAW, &opened.into_iter().chain(call).collect::<Vec<_>>()));
    assert_eq!(to(&all, SERVER).packets, (1, 2));
    // The endpoint that others were opened to is the server.
    let (client, other) = (at(SERVER, 50_007), at("203.0.113.77", 61_234));
    let late = vec![(NOW + 9_000, tcp_packet(client, other, 5, 6, PUSH_ACK, &[1; 9]))];
    let mut opened = connection("198.51.100.23", SERVER, NOW);
    for (_, packet) in &mut opened {
        let (source, _) = ip::addresses(packet);
        let at = if source == server.ip() { 20 } else { 22 };
        packet[at..at + 2].copy_from_slice(&50_007_u16.to_be_bytes());
    }
    let all = flows(&file(RAW, &[opened, late].concat()));
    assert!(all.iter().any(|seen| seen.client == other.ip() && seen.packets == (0, 1)), "{all:?}");
}

#[test]
fn messages_of_sctp_are_read() {
    let (client, server) = (DEVICE.parse::<IpAddr>().unwrap(), SERVER.parse::<IpAddr>().unwrap());
    let message = |bytes: &[u8]| sctp_chunk(0, 3, &[&[0; 12][..], bytes].concat());
    let packet = |bytes: &[u8]| ip::between(client, server, 132, &sctp((5_000, 5_001), &message(bytes)));
    let all = flows(&file(RAW, &[(NOW, packet(&tls::hello("sctp.example.org", 20)))]));
    assert_eq!(name(&all, SERVER), Some(("sctp.example.org".to_owned(), "tls-sni")));
    let all = flows(&file(RAW, &[(NOW, packet(b"GET / HTTP/1.1\r\nHost: sctp.example.net\r\n\r\n"))]));
    assert_eq!(name(&all, SERVER), Some(("sctp.example.net".to_owned(), "http-host")));
}

/// A frame of Wi-Fi from a station to its access point.
fn wifi(packet: &[u8], number: u8, is_retry: bool) -> Vec<u8> {
    let ether_type: [u8; 2] = if ip::is_v6(packet) { [0x86, 0xdd] } else { [8, 0] };
    let header = [&[8, if is_retry { 9 } else { 1 }, 0, 0][..], &[1; 6], &[7; 6], &[9; 6], &[number << 4, 0]].concat();
    [&header[..], &[0xaa, 0xaa, 3, 0, 0, 0], &ether_type, packet].concat()
}

#[test]
fn what_wifi_sends_again_counts_once() {
    const WIFI: u16 = 105;
    let mut frames = Vec::new();
    for (number, (time_us, packet)) in (0..).zip(connection(DEVICE, SERVER, NOW)) {
        frames.push((time_us, wifi(&packet, number, false)));
        if number % 2 == 0 {
            frames.push((time_us + 900, wifi(&packet, number, true)));
        }
    }
    assert_eq!(to(&flows(&file(WIFI, &frames)), SERVER).packets, (4, 2));
    // A frame of which only the second transmission was heard counts.
    let heard: Vec<(u64, Vec<u8>)> = frames.into_iter().filter(|(_, frame)| frame[1] & 8 != 0).collect();
    assert_eq!(to(&flows(&file(WIFI, &heard)), SERVER).packets, (2, 1));
}

#[test]
fn files_of_other_kinds_that_were_joined_are_read_on() {
    let one = connection(DEVICE, "203.0.113.1", NOW);
    let other = connection(DEVICE, "203.0.113.2", NOW + 1_000_000);
    let framed: Vec<(u64, Vec<u8>)> =
        other.iter().map(|(time_us, packet)| (*time_us, fixtures::ethernet::frame(packet))).collect();
    let files = [file(RAW, &one), file(ETHERNET, &framed), pcapng::file(ETHERNET, &framed), pcapng::file(RAW, &one)];
    for first in &files {
        for second in &files {
            let count: u64 =
                flows(&[&first[..], second].concat()).iter().map(|seen| seen.packets.0 + seen.packets.1).sum();
            assert_eq!(count, 12);
        }
    }
}
