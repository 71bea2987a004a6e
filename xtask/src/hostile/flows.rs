//! Flows without end: by client, by server, by protocol, in IPv6, and on links of every kind.

use super::block;
use super::kind::Kind;
use super::wire::{
    CLIENT, SERVER, SERVERS, START, UDP, client, closing, datagram, ip, ip6, port, public, record, scramble, udp,
};

/// Flows of [`SHED_AT_DEFAULT`]: more than the default limit of 4 GiB holds.
const MORE_THAN_DEFAULT: u64 = 2_600_000;
/// Flows that are more than a limit of 64M to 128M holds.
const MORE_THAN_SMALL: u64 = 45_000;

pub(super) const HARMLESS: Kind =
    Kind::pcap("harmless", "a few hundred flows of full-size packets: the measure of the others", harmless);

/// Only made, never run with the others: it takes 160 MB.
pub(super) const SHED_AT_DEFAULT: Kind = Kind::pcap(
    "shed_at_default",
    "more flows than the default limit holds, then the clock goes on (only to be made, with 160 MB or more)",
    |number, out| shed_then_later(number, MORE_THAN_DEFAULT, 300, out),
);

pub(super) const KINDS: &[Kind] = &[
    Kind::pcap("shed_then_later", "more flows than a small limit holds, then the clock goes on", |number, out| {
        shed_then_later(number, MORE_THAN_SMALL, 20, out);
    }),
    Kind::pcap("many_flows", "every packet begins a flow, all at one time", many_flows),
    Kind::pcap("many_clients", "every packet is of another client", many_clients),
    Kind::pcap("echo_requests", "an ICMP echo request to every address", echo_requests),
    Kind::pcap("protocols", "every protocol number, to every address", protocols),
    Kind::pcap("six_servers", "every packet goes to another IPv6 address", six_servers),
    Kind::pcap("six_clients", "every packet comes from another IPv6 address", six_clients),
    Kind::pcapng("ethertypes", "frames of every EtherType", ethertypes),
    Kind::pcapng("link_types", "an interface of every link type, each in a section of its own", link_types),
];

fn harmless(number: u64, out: &mut Vec<u8>) {
    let flow = number % 300;
    let packet = datagram(CLIENT, SERVERS + flow as u32, port(flow), &[b'x'; 1_200]);
    record(out, START + (number / 2_000) as u32, &packet);
}

fn shed_then_later(number: u64, flows: u64, per_second: u64, out: &mut Vec<u8>) {
    match number.checked_sub(flows) {
        None => {
            let packet = datagram(client(1 + number / 60_000), SERVER, port(number), b"xxxxxxxx");
            record(out, START, &packet);
        }
        Some(later) => {
            let packet = ip(CLIENT, SERVER, UDP, &udp(5_000, 6_000, &[b'x'; 600][..(12_000 / per_second) as usize]));
            record(out, START + 200 + (later / per_second) as u32, &packet);
        }
    }
}

fn many_flows(number: u64, out: &mut Vec<u8>) {
    let server = SERVERS + (number & 0xffff) as u32;
    record(out, START, &datagram(client(number >> 12), server, port(number), b""));
}

fn many_clients(number: u64, out: &mut Vec<u8>) {
    record(out, closing(number), &datagram(client(number), SERVER, 5_000, b""));
}

fn echo_requests(number: u64, out: &mut Vec<u8>) {
    let [high, low] = (number as u16).to_be_bytes();
    record(out, closing(number), &ip(CLIENT, public(number), 1, &[8, 0, 0, 0, high, low, 0, 0]));
}

fn protocols(number: u64, out: &mut Vec<u8>) {
    record(out, closing(number), &ip(CLIENT, public(number / 256), number as u8, b"xxxxxxxx"));
}

fn six_servers(number: u64, out: &mut Vec<u8>) {
    let scrambled = u128::from(scramble(number));
    let (from, to) = (0xfd << 120 | 1, 0x2 << 124 | scrambled << 92 | u128::from(number));
    let packet = ip6(u128::to_be_bytes(from), u128::to_be_bytes(to), UDP, &udp(port(number), 443, b""));
    record(out, closing(number), &packet);
}

fn six_clients(number: u64, out: &mut Vec<u8>) {
    let (from, to) = (0xfd << 120 | u128::from(number), 0x2a00_1450_4001_0800 << 64 | u128::from(number % 1_000));
    let packet = ip6(u128::to_be_bytes(from), u128::to_be_bytes(to), UDP, &udp(port(number), 443, b""));
    record(out, closing(number), &packet);
}

fn ethertypes(number: u64, out: &mut Vec<u8>) {
    if number == 0 {
        out.extend(block::section(1));
    }
    let [high, low] = (number as u16).to_be_bytes();
    let frame = [&[2; 12][..], &[high, low, 0, 0, 0, 0, 0, 0]].concat();
    out.extend(block::packet(&frame, &[]));
}

fn link_types(number: u64, out: &mut Vec<u8>) {
    out.extend(block::section(number as u16));
    out.extend(block::packet(&[2; 12], &[]));
}
