//! Packets of every kind that is cut in tests: handshakes, names in pieces, answers of resolvers, captures within packets, probes.

use fixtures::dice::Dice;
use fixtures::transport::{tcp, udp};
use fixtures::{dns, ethernet, ip, pcap, tls};

pub(crate) fn packet(source: [u8; 4], destination: [u8; 4], protocol: u8, transport: &[u8]) -> Vec<u8> {
    ethernet::frame(&ip::v4(source, destination, protocol, transport))
}

pub(crate) fn classic(packets: &[(u64, Vec<u8>)]) -> Vec<u8> {
    pcap::file(pcap::ETHERNET, packets)
}

/// Packets with their times in microseconds, never back.
pub(crate) fn packets(seed: u64) -> Vec<(u64, Vec<u8>)> {
    const CLIENT: [u8; 4] = [192, 168, 1, 2];
    const NAMES: [&str; 5] = ["www.whatsapp.com", "a.example.org", "long.weixin.qq.com", "b.example.net", "dns.google"];
    let mut dice = Dice::new(seed);
    let mut packets = Vec::new();
    for _ in 0..120 {
        let at = dice.throw(5);
        let (server, name) = ([57, 144, 1, 1 + at as u8], NAMES[at as usize]);
        let port = 50_000 + dice.throw(30) as u16;
        let up = |transport: Vec<u8>, protocol| packet(CLIENT, server, protocol, &transport);
        match dice.throw(6) {
            0 => {
                let isn = dice.throw(1 << 32) as u32;
                packets.push(up(tcp((port, 443), isn, 0, 2, &[]), 6));
                packets.push(packet(server, CLIENT, 6, &tcp((443, port), 7, isn.wrapping_add(1), 0x12, &[])));
                let hello = tls::hello(name, dice.throw(3000) as usize);
                let mut sequence = isn.wrapping_add(1);
                for piece in hello.chunks(1 + dice.throw(1400) as usize + hello.len() / 20) {
                    packets.push(up(tcp((port, 443), sequence, 0, 0x18, piece), 6));
                    sequence = sequence.wrapping_add(piece.len() as u32);
                }
            }
            1 => packets.push(packet([8, 8, 8, 8], CLIENT, 17, &udp((53, port), &dns::addresses(name, [server])))),
            2 => {
                let request = format!("GET / HTTP/1.1\r\nHost: {name}\r\n\r\n");
                packets.push(up(tcp((port, 80), dice.throw(1 << 32) as u32, 0, 0x18, request.as_bytes()), 6));
            }
            // A capture carried in packets: what looks like a record is none.
            3 => {
                let inner: Vec<_> = packets.iter().rev().take(6).map(|inner| (7, inner.clone())).collect();
                for piece in classic(&inner).chunks(1400) {
                    packets.push(up(udp((port, 9999), piece), 17));
                }
            }
            // A packet that runs out of hops, and mostly what a router says of it.
            4 => {
                let hops = 1 + dice.throw(12) as u8;
                let mut probe = ip::v4(CLIENT, server, 17, &udp((port, 33_434), &[0; 12]));
                probe[8] = hops;
                packets.push(ethernet::frame(&probe));
                if dice.throw(3) > 0 {
                    let message = [&[11, 0, 0, 0, 0, 0, 0, 0][..], &probe[..28]].concat();
                    packets.push(packet([62, 115, 1, hops], CLIENT, 1, &message));
                }
            }
            _ => packets.push(up(udp((port, 3478), &[dice.throw(256) as u8; 33]), 17)),
        }
    }
    let mut now_us = 1_700_000_000_000_000;
    let mut pause = |bytes| {
        // Mostly short; now and then longer than a session lasts.
        now_us += [1, 50, 1000, 1_000_000][dice.throw(4) as usize];
        now_us += if dice.throw(60) == 0 { 130_000_000 } else { 0 };
        (now_us, bytes)
    };
    packets.into_iter().map(&mut pause).collect()
}
