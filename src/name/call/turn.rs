//! Reads what a relay carries in the frames of TURN's channels over TCP (RFC 8656 §12.4): TLS or DTLS.

use crate::name::findings::Findings;
use crate::name::reader::{Datagram, Reading};
use crate::name::tls::turn_channel::frame;
use crate::name::tls::{dtls, stream as tls};

/// The first byte, which is the high byte of a channel's number.
pub(crate) static FIRST_BYTES: &[u8] = b"@ABCDEFGHIJKLMNO";

/// Frames that are read of one opening. A hello comes in one to three.
const FRAME_LIMIT: usize = 16;
const HANDSHAKE: u8 = 0x16;

/// Whether a segment begins with a frame that begins a handshake.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0x40..=0x4f, _, _, _, HANDSHAKE, 3, 0..=4, ..] | [0x40..=0x4f, _, _, _, HANDSHAKE, 0xfe, 0xfd | 0xff, ..]
    ) && frame(bytes).is_some_and(|(_, data, _)| is_handshake(data))
}

fn is_handshake(data: &[u8]) -> bool {
    match data.get(1) {
        Some(3) => tls::starts_client(data) || tls::starts_server(data),
        _ => dtls::starts(&datagram(data)),
    }
}

fn datagram(payload: &[u8]) -> Datagram<'_> {
    Datagram { payload, source_port: 0, destination_port: 0 }
}

/// Reads the data in the frames of one channel.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    if !starts_stream(bytes) {
        return Reading::No;
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    let mut channel = None;
    let mut consumed = 0;
    let mut reading = Reading::No;
    for _ in 0..FRAME_LIMIT {
        let Some((number, data, length)) = bytes.get(consumed..).and_then(frame) else { break };
        consumed += length;
        if *channel.get_or_insert(number) != number {
            continue;
        }
        parts.push(data);
        reading = read_parts(&parts);
        if matches!(reading, Reading::Done { .. } | Reading::No) {
            break;
        }
    }
    match reading {
        Reading::Done { findings, .. } if consumed > bytes.len() => Reading::NeedMore(Some(with_relay(findings))),
        Reading::Done { findings, .. } => Reading::Done { findings: with_relay(findings), consumed },
        Reading::NeedMore(findings) => Reading::NeedMore(findings.map(with_relay)),
        Reading::No => Reading::No,
    }
}

fn read_parts(parts: &[&[u8]]) -> Reading {
    match parts.first().and_then(|part| part.get(1)) {
        Some(3) => tls::read(&parts.concat()),
        _ => {
            let datagrams: Vec<_> = parts.iter().map(|part| datagram(part)).collect();
            match dtls::read(&datagrams) {
                // More frames may complete it.
                Reading::No => Reading::NeedMore(None),
                reading => reading,
            }
        }
    }
}

/// Removes the role from the findings. The name is that of the peer behind the relay, so it does not tell which end of this
/// stream is the client.
fn with_relay(mut findings: Box<Findings>) -> Box<Findings> {
    findings.role = None;
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::tls::dialect::Dialect;
    use crate::name::tls::samples::{body, message, sni};
    use proptest::prelude::*;

    fn hello() -> Vec<u8> {
        let message = message(1, &body(Dialect::Tls, &[sni(b"relayed.example")]));
        [&[0x16, 3, 1][..], &(message.len() as u16).to_be_bytes(), &message].concat()
    }

    fn framed(data: &[u8]) -> Vec<u8> {
        let mut bytes = [&[0x40, 0][..], &(data.len() as u16).to_be_bytes(), data].concat();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn a_hello_in_one_or_more_frames_is_read() {
        let hello = hello();
        for size in [hello.len(), 40, 21] {
            let bytes: Vec<u8> = hello.chunks(size).flat_map(framed).collect();
            assert!(starts_stream(&bytes));
            let Reading::Done { findings, consumed } = read_stream(&bytes) else { panic!("not done: {size}") };
            assert_eq!((&*findings.names[0].name, findings.role, consumed), ("relayed.example", None, bytes.len()));
            for cut in 0..bytes.len() - 4 {
                assert!(!matches!(read_stream(&bytes[..cut]), Reading::Done { .. }));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_frames_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..100), dtls: bool) {
            let start: &[u8] = if dtls { b"@\0\0\x40\x16\xfe\xfd\0\0\0\0\0" } else { b"@\0\0\x40\x16\x03\x01\0\x30\x01\0" };
            let bytes = [start, &bytes].concat();
            let _ = read_stream(&bytes);
        }
    }
}
