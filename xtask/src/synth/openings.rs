//! What flows open with: a ClientHello (RFC 8446 §4.1.2), the server's answer, a QUIC Initial (RFC 9001 §5), a DNS question and
//! its answer (RFC 1035 §4), a request (RFC 9112 §3).

use super::random::Random;
use fixtures::quic::Initial;
use std::net::IpAddr;

/// A QUIC client's first datagram is at least this long (RFC 9000 §14.1).
const INITIAL_BYTES: usize = 1_200;
/// Seconds that an answer holds.
const TTL: u32 = 300;

/// Appends `write`'s bytes behind their length in this many bytes, big-endian.
fn with_length(out: &mut Vec<u8>, width: usize, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.resize(at + width, 0);
    write(out);
    let length = (out.len() - at - width).to_be_bytes();
    out[at..at + width].copy_from_slice(&length[length.len() - width..]);
}

fn extension(out: &mut Vec<u8>, kind: u16, write: impl FnOnce(&mut Vec<u8>)) {
    out.extend(kind.to_be_bytes());
    with_length(out, 2, write);
}

/// A ClientHello without its record. With `hybrid`, its key share is X25519MLKEM768's, and it takes two segments.
fn hello_message(out: &mut Vec<u8>, name: &str, random: &mut Random, hybrid: bool, alpn: &[&[u8]]) {
    let mut bytes = [0; 64];
    random.fill(&mut bytes);
    out.push(1);
    with_length(out, 3, |out| {
        out.extend([3, 3]);
        out.extend_from_slice(&bytes[..32]);
        with_length(out, 1, |out| out.extend_from_slice(&bytes[32..]));
        with_length(out, 2, |out| out.extend([0x13, 1, 0x13, 2, 0x13, 3, 0xc0, 0x2b, 0xc0, 0x2f]));
        out.extend([1, 0]);
        with_length(out, 2, |out| {
            extension(out, 0, |out| {
                with_length(out, 2, |out| {
                    out.push(0);
                    with_length(out, 2, |out| out.extend_from_slice(name.as_bytes()));
                });
            });
            extension(out, 10, |out| with_length(out, 2, |out| out.extend([0x11, 0xec, 0, 29, 0, 23])));
            extension(out, 13, |out| with_length(out, 2, |out| out.extend([4, 3, 8, 4, 4, 1, 5, 3])));
            extension(out, 16, |out| {
                with_length(out, 2, |out| {
                    for protocol in alpn {
                        with_length(out, 1, |out| out.extend_from_slice(protocol));
                    }
                });
            });
            extension(out, 43, |out| with_length(out, 1, |out| out.extend([3, 4])));
            extension(out, 51, |out| {
                with_length(out, 2, |out| {
                    let (group, length) = if hybrid { (0x11ec_u16, 1_216) } else { (29, 32) };
                    out.extend(group.to_be_bytes());
                    with_length(out, 2, |out| {
                        let at = out.len();
                        out.resize(at + length, 0);
                        random.fill(&mut out[at..]);
                    });
                });
            });
        });
    });
}

/// A ClientHello in its record.
pub(super) fn client_hello(out: &mut Vec<u8>, name: &str, random: &mut Random, hybrid: bool) {
    out.clear();
    out.extend([0x16, 3, 1]);
    with_length(out, 2, |out| hello_message(out, name, random, hybrid, &[b"h2", b"http/1.1"]));
}

/// A ServerHello in its record, as the start of the server's flight.
pub(super) fn server_hello(out: &mut Vec<u8>, random: &mut Random) {
    out.clear();
    out.extend([0x16, 3, 3]);
    with_length(out, 2, |out| {
        out.push(2);
        with_length(out, 3, |out| {
            let mut bytes = [0; 96];
            random.fill(&mut bytes);
            out.extend([3, 3]);
            out.extend_from_slice(&bytes[..32]);
            with_length(out, 1, |out| out.extend_from_slice(&bytes[32..64]));
            out.extend([0x13, 1, 0]);
            with_length(out, 2, |out| {
                extension(out, 43, |out| out.extend([3, 4]));
                extension(out, 51, |out| {
                    out.extend([0, 29]);
                    with_length(out, 2, |out| out.extend_from_slice(&bytes[64..]));
                });
            });
        });
    });
    out.extend([0x14, 3, 3, 0, 1, 1, 0x17, 3, 3]);
}

/// A client's Initial of QUIC version 1 with its ClientHello, protected as the RFC says.
pub(super) fn quic_initial(out: &mut Vec<u8>, name: &str, random: &mut Random) {
    let mut id = [0; 8];
    random.fill(&mut id);
    let mut frames = vec![6, 0];
    let mut hello = Vec::new();
    hello_message(&mut hello, name, random, false, &[b"h3"]);
    frames.extend((0x4000 | hello.len() as u16).to_be_bytes());
    frames.append(&mut hello);

    out.clear();
    out.extend(Initial::first(&id).seal(&frames, INITIAL_BYTES));
}

fn dns_name(out: &mut Vec<u8>, name: &str) {
    for label in name.split('.') {
        with_length(out, 1, |out| out.extend_from_slice(label.as_bytes()));
    }
    out.push(0);
}

fn record_type(is_v6: bool) -> u16 {
    if is_v6 { 28 } else { 1 }
}

/// A question for an address.
pub(super) fn dns_query(out: &mut Vec<u8>, id: u16, name: &str, is_v6: bool) {
    out.clear();
    out.extend(id.to_be_bytes());
    out.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    dns_name(out, name);
    out.extend(record_type(is_v6).to_be_bytes());
    out.extend([0, 1]);
}

/// The answer, with these addresses, all of one family.
pub(super) fn dns_answer(out: &mut Vec<u8>, id: u16, name: &str, addresses: impl IntoIterator<Item = IpAddr>) {
    let mut addresses = addresses.into_iter().peekable();
    let is_v6 = addresses.peek().is_some_and(IpAddr::is_ipv6);
    dns_query(out, id, name, is_v6);
    let mut count = 0_u16;
    for address in addresses {
        count += 1;
        // The name is the question's, at offset 12.
        out.extend([0xc0, 12]);
        out.extend(record_type(is_v6).to_be_bytes());
        out.extend([0, 1]);
        out.extend(TTL.to_be_bytes());
        with_length(out, 2, |out| match address {
            IpAddr::V4(ip) => out.extend(ip.octets()),
            IpAddr::V6(ip) => out.extend(ip.octets()),
        });
    }
    out[2..4].copy_from_slice(&[0x81, 0x80]);
    out[6..8].copy_from_slice(&count.to_be_bytes());
}

/// A request.
pub(super) fn http_request(out: &mut Vec<u8>, name: &str, random: &mut Random) {
    out.clear();
    let number = random.below(100_000);
    out.extend_from_slice(format!("GET /{number} HTTP/1.1\r\nHost: {name}\r\nAccept: */*\r\n\r\n").as_bytes());
}
