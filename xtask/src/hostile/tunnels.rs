//! Packets in packets, captures in packets, and records that look like others.

use super::block::{self, fields, one, small};
use super::kind::Kind;
use super::wire::{CLIENT, SERVER, START, client, datagram, ip, record};
use std::sync::LazyLock;

/// IPv4 in IPv4 (RFC 2003).
const IP_IN_IP: u8 = 4;
/// Most that a datagram carries of a capture.
const CARRIED: usize = 60_000;

pub(super) const KINDS: &[Kind] = &[
    Kind::pcap("nested_tunnels", "packets in sixty packets, each a flow", nested),
    Kind::pcap("captures_in_packets", "packets that carry records of a pcap file", |number, out| {
        static INNER: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let mut inner = Vec::new();
            (0..1_200).for_each(|at| record(&mut inner, START, &small(at)));
            inner
        });
        record(out, START, &carrier(number, &INNER[number as usize % 97..]));
    }),
    Kind::pcap("chains_in_packets", "packets of bytes that each begin a chain of empty records", |number, out| {
        let inner = fields(&[START, 0, 0, 0]).repeat(CARRIED / 16);
        record(out, START, &carrier(number, &inner));
    }),
    Kind::pcap("empty_records", "one packet, then records of nothing", |number, out| {
        let packet = if number == 0 { one() } else { Vec::new() };
        record(out, START, &packet);
    }),
    Kind::pcap(
        "zeros_between_records",
        "four thousand zeros, which read as empty records, before each packet",
        |_, out| {
            out.extend([0; 4_000]);
            record(out, START, &one());
        },
    ),
    Kind::pcapng("captures_in_packets_ng", "packets that carry blocks of a pcapng file", |number, out| {
        static INNER: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let packets = (0..900).flat_map(|at| block::packet(&small(at), &[]));
            block::section(block::RAW_IP).into_iter().chain(packets).collect()
        });
        out.extend(block::packet(&carrier(number, &INNER[number as usize % 97 * 4..]), &[]));
    }),
];

fn nested(number: u64, out: &mut Vec<u8>) {
    let mut packet = datagram(client(number), SERVER, 5_000, b"x");
    for _ in 0..60 {
        packet = ip(CLIENT, SERVER, IP_IN_IP, &packet);
    }
    record(out, START, &packet);
}

fn carrier(number: u64, inner: &[u8]) -> Vec<u8> {
    datagram(client(number), SERVER, 5_000, &inner[..inner.len().min(CARRIED)])
}
