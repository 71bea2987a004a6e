//! Turns the opening of a TLS connection into names: the server name that the client sends, and the names in the server's
//! certificate.
//!
//! Records (RFC 8446 §5.1) are joined into handshake messages, which may span several records and segments. Versions from SSL
//! 3.0 to TLS 1.3 are read, and the hello in SSL 2.0 framing that old clients open with (RFC 5246 §E.2).

use super::certificate::{self, Leaf};
use super::client_hello::{ClientHello, LENGTH_LIMIT};
use super::dialect::Dialect;
use super::flight::{Flight, RECORD_LIMIT};
use super::server_hello::encrypts_certificates;
use super::ssl2;
use crate::name::findings::{Findings, Role};
use crate::name::reader::Reading;
use crate::name::source::NameSource;
use crate::name::wire::{Wire, agrees};

/// The first byte of a handshake record, and the first bytes that the length of an SSL 2.0 hello can have.
pub(crate) const FIRST_BYTES: &[u8] = &[HANDSHAKE, 0x80, 0x81, 0x82, 0x83];

/// Whether a segment may begin with a ClientHello, or is too short to tell.
pub(crate) fn starts_client(payload: &[u8]) -> bool {
    payload.get(5) != Some(&SERVER_HELLO) && starts(payload)
        || matches!(payload.first(), Some(0x80..=0x83)) && starts(payload)
}

/// Whether a segment begins with a ServerHello.
pub(crate) fn starts_server(payload: &[u8]) -> bool {
    payload.first() == Some(&HANDSHAKE) && payload.get(5) == Some(&SERVER_HELLO) && starts(payload)
}

/// Whether a segment may begin with a ClientHello or ServerHello.
fn starts(payload: &[u8]) -> bool {
    match payload.first() {
        Some(&HANDSHAKE) => starts_record(payload),
        Some(0x80..=0x83) => ssl2::starts(payload),
        _ => false,
    }
}

/// Reads the opening of a client or a server.
pub(crate) fn read(stream: &[u8]) -> Reading {
    match stream.first() {
        None => Reading::NeedMore(None),
        Some(_) if !starts(stream) => Reading::No,
        Some(&HANDSHAKE) => {
            let flight = Flight::gather(stream);
            match flight.handshake.first() {
                None if flight.closed => Reading::No,
                None => Reading::NeedMore(None),
                Some(&CLIENT_HELLO) => read_client(&flight),
                Some(&SERVER_HELLO) => read_server(&flight),
                Some(_) => Reading::No,
            }
        }
        Some(_) => ssl2::read(stream),
    }
}

/// The handshake message at the start of a stream, with its header, if all of it is there.
pub(crate) fn first_message(stream: &[u8]) -> Option<Vec<u8>> {
    let flight = Flight::gather(stream);
    let mut wire = Wire::new(&flight.handshake);
    wire.u8()?;
    let length = wire.u24()?;
    wire.take(length)?;
    flight.handshake.get(..4 + length).map(<[u8]>::to_vec)
}

fn starts_record(payload: &[u8]) -> bool {
    let length = match payload {
        [_, _, _, high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])),
        _ => RECORD_LIMIT,
    };
    agrees(payload, 1, |major| major == 3)
        && agrees(payload, 2, |minor| minor <= 4)
        && agrees(payload, 5, |kind| matches!(kind, CLIENT_HELLO | SERVER_HELLO))
        && (1..=RECORD_LIMIT).contains(&length)
        // A hello that is cut into very short records has other bytes here.
        && (length < 2 || agrees(payload, 6, |high| high == 0))
        // Servers of draft versions of TLS 1.3 answered with 0x7f.
        && (length < 5 || agrees(payload, 9, |major| matches!(major, 3 | 0x7f)))
}

fn read_client(flight: &Flight<'_>) -> Reading {
    let mut wire = Wire::new(&flight.handshake);
    let (Some(_), Some(length)) = (wire.u8(), wire.u24()) else {
        return if flight.closed { Reading::No } else { Reading::NeedMore(None) };
    };
    if length > LENGTH_LIMIT {
        return Reading::No;
    }
    let body = wire.take_at_most(length);
    let Some(hello) = ClientHello::read(&flight.handshake, Dialect::Tls) else { return Reading::No };
    if body.is_empty() {
        return if flight.closed { Reading::No } else { Reading::NeedMore(None) };
    }
    let findings = hello.into_findings(APPLICATION, NameSource::TlsSni);
    if body.len() == length {
        return Reading::Done { findings: Box::new(findings), consumed: flight.consumed(4 + length) };
    }
    flight.so_far(findings)
}

fn read_server(flight: &Flight<'_>) -> Reading {
    let mut findings = Findings::of(APPLICATION, Some(Role::Server));
    let mut wire = Wire::new(&flight.handshake);
    for _ in 0..MESSAGE_LIMIT {
        let (Some(kind), Some(length)) = (wire.u8(), wire.u24()) else { return flight.so_far(findings) };
        let body = wire.take_at_most(length);
        let whole = body.len() == length;
        // The number of bytes that are read of this message, if it is the last that matters.
        let read = match kind {
            SERVER_HELLO if whole && encrypts_certificates(body) => Some(length),
            SERVER_HELLO_DONE => Some(0),
            CERTIFICATE => match Leaf::read(body) {
                Leaf::Whole(leaf) => {
                    certificate::read(leaf, &mut findings);
                    Some(6 + leaf.len())
                }
                Leaf::None => Some(3),
                Leaf::Cut => whole.then_some(length),
            },
            _ => None,
        };
        if let Some(read) = read {
            let body_at = flight.handshake.len() - wire.rest().len() - body.len();
            return Reading::Done { findings: Box::new(findings), consumed: flight.consumed(body_at + read) };
        }
        if !whole {
            return flight.so_far(findings);
        }
    }
    Reading::Done { findings: Box::new(findings), consumed: flight.consumed(flight.handshake.len()) }
}

const APPLICATION: &str = "tls";
/// Messages that are read of a server's flight. One or two come before the certificate.
const MESSAGE_LIMIT: usize = 8;
const HANDSHAKE: u8 = 0x16;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const SERVER_HELLO_DONE: u8 = 14;

#[cfg(test)]
mod tests {
    use super::super::certificate::tests::{body as certificates, certificate};
    use super::super::samples::{body, extension, message, sni};
    use super::*;
    use proptest::prelude::*;

    fn records(handshake: &[u8], size: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for fragment in handshake.chunks(size) {
            bytes.extend([HANDSHAKE, 3, 1]);
            bytes.extend((fragment.len() as u16).to_be_bytes());
            bytes.extend(fragment);
        }
        bytes
    }

    fn hello() -> Vec<u8> {
        message(CLIENT_HELLO, &body(Dialect::Tls, &[sni(b"Example.com"), extension(21, &[0; 80])]))
    }

    fn server_hello(extensions: &[u8]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([5; 32]);
        body.extend([0, 0xc0, 0x2f, 0]);
        body.extend((extensions.len() as u16).to_be_bytes());
        body.extend(extensions);
        message(SERVER_HELLO, &body)
    }

    fn names(findings: &Findings) -> Vec<&str> {
        findings.names.iter().map(|found| &*found.name).collect()
    }

    /// A finished reading's findings and length.
    fn done(stream: &[u8]) -> (Findings, usize) {
        match read(stream) {
            Reading::Done { findings, consumed } => (*findings, consumed),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_a_hello_in_any_records() {
        for size in [1, 2, 3, 5, 7, 60, 4000] {
            let mut stream = records(&hello(), size);
            let length = stream.len();
            stream.extend([0x14, 3, 3, 0, 1, 1]);
            let (findings, consumed) = done(&stream);
            assert_eq!((findings.role, names(&findings)), (Some(Role::Client), vec!["example.com"]));
            assert_eq!(findings.names[0].source, NameSource::TlsSni);
            assert_eq!(consumed, length);
        }
    }

    #[test]
    fn a_cut_hello_asks_for_more_and_gives_its_name_early() {
        let stream = records(&hello(), 50);
        let mut early = 0;
        for length in 1..stream.len() {
            assert!(starts(&stream[..length]), "{length}");
            let Reading::NeedMore(findings) = read(&stream[..length]) else { panic!("{length}") };
            early += usize::from(findings.is_some_and(|findings| names(&findings) == ["example.com"]));
        }
        assert!(early > 80, "{early}");
    }

    #[test]
    fn a_hello_that_breaks_off_keeps_what_it_said() {
        let handshake = hello();
        let mut stream = records(&handshake[..handshake.len() - 40], 4000);
        stream.extend([0x15, 3, 3, 0, 2, 2, 40]);
        let (findings, consumed) = done(&stream);
        assert_eq!((names(&findings), consumed), (vec!["example.com"], stream.len() - 7));
    }

    #[test]
    fn reads_the_servers_certificate() {
        let certificate = certificate("www.example.com", &["example.com"]);
        let handshake =
            [server_hello(&[]), message(CERTIFICATE, &certificates(&[&certificate, &[0x30; 3000]]))].concat();
        for size in [100, 16_000] {
            let stream = records(&handshake, size);
            let (findings, _) = done(&stream);
            assert_eq!(names(&findings), ["www.example.com", "example.com"]);
            assert_eq!(findings.role, Some(Role::Server));
        }
        let stream = records(&handshake, 100);
        let whole = read(&stream);
        for length in 1..stream.len() {
            assert!(starts(&stream[..length]));
            let reading = read(&stream[..length]);
            assert!(matches!(reading, Reading::NeedMore(_)) || reading == whole && length > 250, "{length}");
        }
    }

    #[test]
    fn a_resumed_or_newer_session_has_no_certificate() {
        let mut stream = records(&server_hello(&[]), 4000);
        assert!(matches!(read(&stream), Reading::NeedMore(Some(_))));
        stream.extend([0x14, 3, 3, 0, 1, 1]);
        assert_eq!(done(&stream).0, Findings::of("tls", Some(Role::Server)));
        let stream = records(&server_hello(&extension(43, &[3, 4])), 4000);
        assert_eq!(done(&stream), (Findings::of("tls", Some(Role::Server)), stream.len()));
    }

    #[test]
    fn reads_the_framing_of_ssl_2() {
        let mut stream = vec![0x80, 9 + 6 + 16, 1, 3, 1, 0, 6, 0, 0, 0, 16, 1, 0, 0x80, 0, 0, 4];
        stream.extend([7; 16]);
        for length in 1..stream.len() {
            assert!(starts(&stream[..length]), "{length}");
            assert!(matches!(read(&stream[..length]), Reading::NeedMore(_)));
        }
        assert_eq!(done(&stream), (Findings::of("tls", Some(Role::Client)), stream.len()));
        stream[1] += 1;
        assert!(!starts(&stream));
        assert_eq!(read(&stream), Reading::No);
    }

    #[test]
    fn other_payloads_do_not_start() {
        for payload in [
            &b"GET / HTTP/1.1\r\n"[..],
            &[0x17, 3, 3, 0, 40, 1],
            &[0x16, 3, 3, 0, 40, 20],
            &[0x16, 3, 3, 0x7f, 40, 1],
            &[0x16, 3, 3, 0, 40, 1, 9, 0, 0, 3],
            &[0x16, 0xfe, 0xff, 0, 0],
            &[0x80, 0x2e, 1, 4],
        ] {
            assert!(!starts(payload), "{payload:?}");
            assert_eq!(read(payload), Reading::No);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn survives_anything(mut bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0_usize..200) {
            read(&bytes);
            let mut stream = records(&hello(), 70);
            let end = stream.len().min(at + bytes.len());
            stream.splice(at.min(end)..end, bytes.drain(..));
            read(&stream);
        }
    }
}
