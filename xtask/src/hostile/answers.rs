//! Answers of resolvers without end: again and again, for many names, for many addresses, and written to be slow to read.

use super::kind::Kind;
use super::wire::{CLIENT, SERVER, SERVERS, START, answer, client, closing, datagram, port, public, record, told};
use std::iter;

pub(super) const KINDS: &[Kind] = &[
    Kind::pcap("answers_each_second", "one name, one address, told again each second", |number, out| {
        record(out, START + number as u32, &told(CLIENT, &answer("a.example.org", iter::once(SERVER))));
    }),
    Kind::pcap("answers_beside_a_flow", "the same, beside a flow that uses the address and never ends", beside_a_flow),
    Kind::pcap("answers_of_weeks", "forty names, each told every few minutes for weeks, and flows to them", of_weeks),
    Kind::pcap("answers_many_names", "a name for every address, and a flow to each", many_names),
    Kind::pcap("answers_many_addresses", "twenty new addresses in every answer", many_addresses),
    Kind::pcap(
        "names_of_one_address",
        "thousands of long names for one address, twenty times in each answer",
        one_address,
    ),
    Kind::pcap("answers_compressed", "eighty records whose names are chains of pointers", compressed),
];

fn beside_a_flow(number: u64, out: &mut Vec<u8>) {
    let seconds = START + number as u32;
    record(out, seconds, &told(CLIENT, &answer("a.example.org", iter::once(SERVER))));
    record(out, seconds, &datagram(CLIENT, SERVER, 5_000, b"x"));
}

fn of_weeks(number: u64, out: &mut Vec<u8>) {
    let seconds = START + number as u32 * 20;
    let server = SERVERS + (number % 40) as u32;
    let name = format!("host{}.example.org", number % 40);
    record(out, seconds, &told(CLIENT, &answer(&name, iter::once(server))));
    if number.is_multiple_of(3) {
        record(out, seconds + 1, &datagram(CLIENT, server, port(number), &[b'x'; 20]));
    }
}

fn many_names(number: u64, out: &mut Vec<u8>) {
    let server = public(number);
    record(out, closing(number), &told(CLIENT, &answer(&format!("a{number}.example.org"), iter::once(server))));
    record(out, closing(number), &datagram(CLIENT, server, port(number), b""));
}

fn many_addresses(number: u64, out: &mut Vec<u8>) {
    let first = SERVERS.wrapping_add(number as u32 * 20);
    let message = answer(&format!("n{number:07}.example.org"), (0..20).map(|at| first.wrapping_add(at)));
    record(out, START, &told(client(number % 251), &message));
}

fn one_address(number: u64, out: &mut Vec<u8>) {
    let name = format!("{}.{}.{:06}.example.org", "a".repeat(60), "b".repeat(60), number % 5_000);
    record(out, START + (number / 200) as u32, &told(CLIENT, &answer(&name, iter::repeat_n(SERVER, 20))));
}

fn compressed(number: u64, out: &mut Vec<u8>) {
    let mut message = answer(&["a"; 100].join("."), iter::empty());
    message[7] = 80;
    for at in 0..80_u8 {
        // Behind the header, every second byte begins a label.
        message.extend([0xc0, 12 + 2 * (at % 60), 0, 1, 0, 1, 0, 0, 0, 0x3c, 0, 4]);
        message.extend((SERVERS + u32::from(at)).to_be_bytes());
    }
    record(out, START + (number / 1_000) as u32, &told(CLIENT, &message));
}
