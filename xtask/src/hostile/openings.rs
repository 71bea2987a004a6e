//! Streams that open and never come to a point: hellos and requests without an end, byte by byte, backwards, overlapping.

use super::kind::Kind;
use super::wire::{PUSH_ACK, SERVER, START, SYN, TCP, client, ip, record, scramble, tcp};

/// A record header and the beginning of a ClientHello that claims 16,380 bytes.
const HELLO: &[u8] = b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\x00";
/// A request whose last header does not end.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nX: y\r\nA: ";
/// Segments of a stream that starts again with each.
const STARTS: u64 = 40;
/// Segments of a stream that comes backwards.
const BACKWARDS: u64 = 33;
/// The first byte of a stream behind its SYN.
const FIRST: u32 = 1_001;

pub(super) const KINDS: &[Kind] = &[
    Kind::pcap("hellos_small", "forty beginnings of a ClientHello in segments of 60 bytes", |number, out| {
        starts(number, HELLO, 60, out);
    }),
    Kind::pcap("hellos_large", "the same in segments of 600 bytes", |number, out| starts(number, HELLO, 600, out)),
    Kind::pcap("requests_small", "forty beginnings of a request in segments of 100 bytes", |number, out| {
        starts(number, REQUEST, 100, out);
    }),
    Kind::pcap("requests_large", "the same in segments of 600 bytes", |number, out| starts(number, REQUEST, 600, out)),
    Kind::pcap("hello_by_bytes", "a ClientHello in segments of one byte", hello_by_bytes),
    Kind::pcap("hello_backwards", "a ClientHello, its last segment first", |number, out| {
        backwards(number, HELLO, 60, out);
    }),
    Kind::pcap("request_backwards", "a request, its last segment first", |number, out| {
        backwards(number, REQUEST, 100, out);
    }),
    Kind::pcap("request_backwards_large", "the same in segments of 600 bytes", |number, out| {
        backwards(number, REQUEST, 600, out);
    }),
    Kind::pcap("stream_of_hellos", "one stream of nothing but beginnings of ClientHellos", |number, out| {
        one_stream(number, FIRST.wrapping_add(number as u32 * 60), HELLO, 60, out);
    }),
    Kind::pcap("stream_of_requests", "one stream of nothing but beginnings of requests", |number, out| {
        one_stream(number, FIRST.wrapping_add(number as u32 * 600), REQUEST, 600, out);
    }),
    Kind::pcap("hellos_overlapping", "beginnings of ClientHellos that overlap each other", |number, out| {
        one_stream(number, FIRST + (number * 7_919 % 1_900) as u32, HELLO, 60, out);
    }),
    Kind::pcap("quic_junk", "ten sealed QUIC packets of nothing in each flow", quic_junk),
];

/// The head, with bytes that go on with it up to a length.
fn filled(head: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = head.to_vec();
    bytes.resize(length, if head == HELLO { 0 } else { b'a' });
    bytes
}

fn segment(stream: u64, sequence: u32, flags: u8, payload: &[u8], out: &mut Vec<u8>) {
    let port = 1_024 + (stream & 0x3fff) as u16;
    record(out, START, &ip(client(stream >> 14), SERVER, TCP, &tcp(port, sequence, flags, payload)));
}

fn starts(number: u64, head: &[u8], length: usize, out: &mut Vec<u8>) {
    let (stream, at) = (number / STARTS, (number % STARTS) as u32);
    if at == 0 {
        segment(stream, FIRST - 1, SYN, b"", out);
    }
    segment(stream, FIRST + at * length as u32, PUSH_ACK, &filled(head, length), out);
}

fn hello_by_bytes(number: u64, out: &mut Vec<u8>) {
    let hello = filled(HELLO, HELLO.len() + 300);
    segment(number, FIRST - 1, SYN, b"", out);
    for (sequence, byte) in (FIRST..).zip(hello.chunks(1)) {
        segment(number, sequence, PUSH_ACK, byte, out);
    }
}

fn backwards(number: u64, head: &[u8], length: usize, out: &mut Vec<u8>) {
    let (stream, at) = (number / BACKWARDS, number % BACKWARDS);
    if at == 0 {
        segment(stream, FIRST - 1, SYN, b"", out);
    }
    let place = (BACKWARDS - at) as u32;
    segment(stream, FIRST + place * length as u32, PUSH_ACK, &filled(head, length), out);
}

fn one_stream(number: u64, sequence: u32, head: &[u8], length: usize, out: &mut Vec<u8>) {
    if number == 0 {
        segment(0, FIRST - 1, SYN, b"", out);
    }
    segment(0, sequence, PUSH_ACK, &filled(head, length), out);
}

fn quic_junk(number: u64, out: &mut Vec<u8>) {
    let id = [scramble(number).to_be_bytes(), scramble(!number).to_be_bytes()].concat();
    let packet = [&b"\xc3\0\0\0\x01\x08"[..], &id, b"\0\0\x40\x40", &[b'z'; 64]].concat();
    let packet = super::wire::datagram(client(number / 10), SERVER, 5_000, &packet);
    record(out, START + (number / 5_000) as u32, &packet);
}
