//! From names and answers to DNS messages (RFC 1035 §4, RFC 9460 for HTTPS).

use super::scene::{Path, Scene};
use fixtures::dns;

pub(super) use fixtures::dns::{A, HTTPS, PTR, Record, name};

/// Seconds that an answer holds.
const TTL: u32 = 300;

pub(super) fn address(owner: &str, address: &str) -> Record {
    Record::address(owner, address.parse().expect("addresses of samples are valid"))
}

pub(super) fn alias(owner: &str, target: &str) -> Record {
    Record::alias(owner, target)
}

/// A question, or with records its answer.
pub(super) fn message(id: u16, question: &str, kind: u16, records: &[Record]) -> Vec<u8> {
    if records.is_empty() { dns::query(id, question, kind) } else { dns::answer(id, question, kind, TTL, records) }
}

impl Scene {
    /// Asks for a name over UDP and is told these records; returns when.
    pub(super) fn lookup(&mut self, at_us: u64, path: Path, question: &str, records: &[Record]) -> u64 {
        let kind = records.last().map_or(A, |record| record.kind);
        let id = path.client.port() ^ question.len() as u16;
        self.udp(at_us, path, true, &message(id, question, kind, &[]));
        self.udp(at_us + path.rtt_us, path, false, &message(id, question, kind, records));
        at_us + path.rtt_us + 400
    }
}
