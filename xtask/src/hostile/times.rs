//! Times that no clock tells: the far future, back and forth, each packet years from the last.

use super::kind::Kind;
use super::wire::{CLIENT, SERVER, SERVERS, START, client, datagram, hello, opening, port, public, record, scramble};

/// The last minute of the year that 32 bits of seconds can tell: 2106.
const FUTURE: u32 = 0xffff_fff0;

pub(super) const KINDS: &[Kind] = &[
    Kind::pcap("one_from_the_future", "ordinary flows, and one packet of 2106", |number, out| {
        let seconds = if number == 3_000 { FUTURE } else { START + (number / 500) as u32 };
        let server = SERVERS + (number % 30_000) as u32;
        record(out, seconds, &datagram(CLIENT, server, port(number), &[b'x'; 100]));
    }),
    Kind::pcap("some_from_the_future", "every thousandth packet is of 2106", |number, out| {
        let seconds = if number.is_multiple_of(1_000) { FUTURE } else { START + (number / 100) as u32 };
        record(out, seconds, &datagram(client(number), SERVER, 5_000, b"xxxxxxxx"));
    }),
    Kind::pcap("times_at_random", "every packet at some time, one server", |number, out| {
        record(out, scramble(number), &datagram(client(number), SERVER, 5_000, b"x"));
    }),
    Kind::pcap(
        "times_at_random_everywhere",
        "every packet at some time, years apart, to some address",
        |number, out| {
            flow(number, scramble(number) & 0x7fff_ffff, out);
        },
    ),
    Kind::pcap("times_at_random_named", "the same, each with a name", |number, out| {
        let packet = opening(client(number >> 10), public(number), port(number), &hello(&format!("d{number:09}.com")));
        record(out, scramble(number) & 0x7fff_ffff, &packet);
    }),
    Kind::pcap("times_going_back", "every packet forty seconds before the last", |number, out| {
        let server = SERVERS + (number % 3_000) as u32;
        record(out, 0xf000_0000_u32.wrapping_sub(number as u32 * 40), &datagram(CLIENT, server, 5_000, b"x"));
    }),
    Kind::pcap("times_forth_and_back", "days forth and back with every packet", |number, out| {
        flow(number, START + (number % 2) as u32 * 1_000_000, out);
    }),
    Kind::pcap("minutes_of_hundreds", "a hundred flows in every minute", |number, out| {
        flow(number, START + (number / 100 * 60) as u32, out);
    }),
    Kind::pcap("minutes_of_one", "a flow in every minute", |number, out| {
        flow(number, START.wrapping_add(number as u32 * 60), out);
    }),
    Kind::pcap("all_in_one_minute", "many short flows that are over in one minute", |number, out| {
        flow(number, START + (number / 60_000 % 2) as u32, out);
    }),
    Kind::pcap(
        "over_when_it_comes",
        "the clock is years ahead, so that every flow is over when it comes",
        |number, out| {
            if number == 0 {
                record(out, START + 100_000_000, &datagram(CLIENT, SERVER, 5_000, b"x"));
            }
            flow(number, START + (number / 1_000) as u32, out);
        },
    ),
    Kind::pcap(
        "over_and_waiting",
        "flows that are over and wait for the first minute that is not complete",
        |number, out| {
            flow(number, START + if number.is_multiple_of(64) { 170 } else { 0 }, out);
        },
    ),
];

/// A packet that begins a flow, to some address.
fn flow(number: u64, seconds: u32, out: &mut Vec<u8>) {
    record(out, seconds, &datagram(client(number >> 10), public(number), port(number), b""));
}
