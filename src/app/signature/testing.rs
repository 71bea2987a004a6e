//! What the tests of signatures share.

use super::{Probe, Side};

/// A UDP probe with one datagram each way.
pub(crate) fn udp<'a>(client: &'a [u8], server: &'a [u8], server_port: u16, asn: u32) -> Probe<'a> {
    let side = |bytes| Side { bytes, lengths: &[] };
    Probe { is_udp: true, client: side(client), server: side(server), server_port, asn, ..Probe::default() }
}

/// A TCP probe.
pub(crate) fn tcp<'a>(client: &'a [u8], server: &'a [u8], server_port: u16, asn: u32) -> Probe<'a> {
    Probe { is_tcp: true, is_udp: false, ..udp(client, server, server_port, asn) }
}

/// Bytes from hexadecimal text.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter_map(|b| (b as char).to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |sum, d| sum * 16 + d)).collect()
}
