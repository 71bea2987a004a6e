//! Pieces of datagrams: never complete, all of one datagram, from the future, and of many flows.

use super::kind::Kind;
use super::wire::{ACK, CLIENT, MORE, SERVER, START, SYN, TCP, UDP, client, fragment, ip, record, tcp, udp};

pub(super) const KINDS: &[Kind] = &[
    Kind::pcap("fragments_first_only", "first fragments of eight bytes, never completed", first_only),
    Kind::pcap("fragments_one_datagram", "the same first fragment again and again, at one time", |_, out| {
        record(out, START, &fragment(CLIENT, SERVER, UDP, b"xxxxxxxx", (1, MORE)));
    }),
    Kind::pcap("fragments_each_minute", "the same first fragment once a minute", |number, out| {
        record(out, START + number as u32 * 61, &fragment(CLIENT, SERVER, UDP, b"xxxxxxxx", (1, MORE)));
    }),
    Kind::pcap("fragments_of_the_future", "one fragment of the year 2106, then others", of_the_future),
    Kind::pcap("fragments_of_many_flows", "datagrams in two pieces, each a flow", of_many_flows),
    Kind::pcap(
        "fragments_of_one_key",
        "SYNs of one flow's key without end, and fragments that belong to one of them",
        of_one_key,
    ),
];

fn first_only(number: u64, out: &mut Vec<u8>) {
    let place = (number as u16, MORE);
    record(out, START, &fragment(client(number >> 16), SERVER, UDP, b"xxxxxxxx", place));
}

fn of_the_future(number: u64, out: &mut Vec<u8>) {
    if number == 0 {
        record(out, 0xffff_fff0, &fragment(CLIENT, SERVER, UDP, b"xxxxxxxx", (1, MORE)));
    }
    let place = (number as u16, MORE);
    let packet = fragment(client(number >> 16), SERVER, UDP, b"xxxxxxxx", place);
    record(out, START + (number / 100) as u32, &packet);
}

fn of_many_flows(number: u64, out: &mut Vec<u8>) {
    let (seconds, from, whole) = (START + (number / 500) as u32, client(number), udp(5_000, 6_000, b"xxxxxxxx"));
    record(out, seconds, &fragment(from, SERVER, UDP, &whole[..8], (number as u16, MORE)));
    record(out, seconds, &fragment(from, SERVER, UDP, &whole[8..], (number as u16, 1)));
}

fn of_one_key(number: u64, out: &mut Vec<u8>) {
    let seconds = START + (number / 100_000) as u32;
    record(out, seconds, &ip(CLIENT, SERVER, TCP, &tcp(1_024, number as u32 * 7, SYN, b"")));
    if number.is_multiple_of(4) {
        let (whole, id) = (tcp(1_024, 5, ACK, &[b'x'; 12]), (number / 4) as u16);
        record(out, seconds, &fragment(CLIENT, SERVER, TCP, &whole[..24], (id, MORE)));
        record(out, seconds, &fragment(CLIENT, SERVER, TCP, &whole[24..], (id, 3)));
    }
}
