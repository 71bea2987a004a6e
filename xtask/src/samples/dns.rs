//! From names and answers to DNS messages (RFC 1035 §4, RFC 9460 for HTTPS).

use super::scene::{Path, Scene};
use std::net::IpAddr;

pub(super) const A: u16 = 1;
pub(super) const CNAME: u16 = 5;
pub(super) const PTR: u16 = 12;
pub(super) const AAAA: u16 = 28;
pub(super) const HTTPS: u16 = 65;

/// A record of an answer: owner, type, data.
pub(super) type Record = (String, u16, Vec<u8>);

/// A name in labels.
pub(super) fn name(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        bytes.push(label.len() as u8);
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

pub(super) fn address(owner: &str, address: &str) -> Record {
    match address.parse().expect("addresses of samples are valid") {
        IpAddr::V4(address) => (owner.to_owned(), A, address.octets().to_vec()),
        IpAddr::V6(address) => (owner.to_owned(), AAAA, address.octets().to_vec()),
    }
}

pub(super) fn alias(owner: &str, target: &str) -> Record {
    (owner.to_owned(), CNAME, name(target))
}

/// A question, or with records its answer.
pub(super) fn message(id: u16, question: &str, kind: u16, records: &[Record]) -> Vec<u8> {
    let flags: u16 = if records.is_empty() { 0x0100 } else { 0x8180 };
    let mut bytes = Vec::new();
    for field in [id, flags, 1, records.len() as u16, 0, 0] {
        bytes.extend(field.to_be_bytes());
    }
    bytes.extend(name(question));
    bytes.extend([kind.to_be_bytes(), 1_u16.to_be_bytes()].concat());
    for (owner, kind, data) in records {
        // The question's own name is pointed at, as servers do.
        bytes.extend(if owner == question { vec![0xc0, 12] } else { name(owner) });
        bytes.extend([kind.to_be_bytes(), 1_u16.to_be_bytes()].concat());
        bytes.extend(300_u32.to_be_bytes());
        bytes.extend((data.len() as u16).to_be_bytes());
        bytes.extend(data);
    }
    bytes
}

impl Scene {
    /// Asks for a name over UDP and is told these records; returns when.
    pub(super) fn lookup(&mut self, at_us: u64, path: Path, question: &str, records: &[Record]) -> u64 {
        let kind = records.last().map_or(A, |(_, kind, _)| *kind);
        let id = path.client.port() ^ question.len() as u16;
        self.udp(at_us, path, true, &message(id, question, kind, &[]));
        self.udp(at_us + path.rtt_us, path, false, &message(id, question, kind, records));
        at_us + path.rtt_us + 400
    }
}
