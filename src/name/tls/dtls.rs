//! Turns the opening of a DTLS association into names: the server name that the client sends, and the names in the server's
//! certificate.
//!
//! Records and handshake fragments are those of DTLS 1.0 to 1.3 (RFC 6347 §4.1 and §4.2, RFC 9147 §4 and §5). A client sends
//! its hello twice if the server asks for a cookie; either hello will do.

use super::certificate::Leaf;
use super::client_hello::ClientHello;
use super::dialect::Dialect;
use super::server_hello::encrypts_certificates;
use super::{certificate, turn_channel};
use crate::name::findings::{Findings, Role};
use crate::name::reader::{Datagram, Reading};
use crate::name::reassembly::{LENGTH_LIMIT, Reassembly};
use crate::name::source::NameSource;
use crate::name::wire::Wire;

/// The content type of handshake records, and the first bytes of the TURN channels that carry such records between relay and
/// client.
pub(crate) const FIRST_BYTES: &[u8] = b"\x16@ABCDEFGHIJKLMNO";

/// Whether a datagram may hold a hello or the server's certificate in the clear.
pub(crate) fn starts(datagram: &Datagram<'_>) -> bool {
    matches!(
        bare(datagram.payload),
        [HANDSHAKE, 0xfe, 0xfd | 0xff, 0, 0, 0, 0, 0, _, _, _, _, _, kind, _, _, _, 0, ..]
            if matches!(*kind, CLIENT_HELLO | SERVER_HELLO | HELLO_VERIFY | CERTIFICATE)
    )
}

/// Whether a datagram that [`starts`] begins with a ClientHello.
pub(crate) fn starts_client(datagram: &Datagram<'_>) -> bool {
    bare(datagram.payload).get(13) == Some(&CLIENT_HELLO)
}

/// The records of a datagram, without the frame of a TURN channel around them.
fn bare(payload: &[u8]) -> &[u8] {
    match payload.first() {
        Some(&HANDSHAKE) => payload,
        _ => turn_channel::handshake_in(payload).unwrap_or_default(),
    }
}

/// Reads the opening of one side.
pub(crate) fn read(datagrams: &[Datagram<'_>]) -> Reading {
    let mut messages: Vec<Message> = Vec::new();
    let mut reading = Reading::No;
    for (index, datagram) in datagrams.iter().take(DATAGRAM_LIMIT).enumerate() {
        if starts(datagram) {
            gather(bare(datagram.payload), &mut messages);
        }
        reading = evaluate(&messages, index + 1 == DATAGRAM_LIMIT);
        if matches!(reading, Reading::Done { .. }) {
            break;
        }
    }
    reading
}

/// What the messages that have come so far say.
fn evaluate(messages: &[Message], is_last: bool) -> Reading {
    let mut so_far = None;
    for message in messages {
        let prefix = message.bytes.prefix();
        let whole = prefix.len() == message.length;
        let (findings, last) = match message.kind {
            CLIENT_HELLO => match ClientHello::read(&message.in_one_fragment(), Dialect::Dtls) {
                Some(hello) => (hello.into_findings(APPLICATION, NameSource::DtlsSni), whole),
                None => continue,
            },
            SERVER_HELLO => (server(), whole && encrypts_certificates(prefix)),
            CERTIFICATE => {
                let mut findings = server();
                match Leaf::read(prefix) {
                    Leaf::Whole(leaf) => {
                        certificate::read(leaf, &mut findings);
                        (findings, true)
                    }
                    Leaf::None => (findings, true),
                    Leaf::Cut => (findings, whole),
                }
            }
            HELLO_VERIFY => (server(), false),
            _ => continue,
        };
        if last {
            return Reading::Done { findings: Box::new(findings), consumed: 0 };
        }
        // The second hello may have the name if the first was cut before it.
        if so_far.as_ref().is_none_or(|earlier: &Findings| earlier.names.is_empty()) {
            so_far = Some(findings);
        }
    }
    match so_far {
        Some(findings) if !is_last => Reading::NeedMore(Some(Box::new(findings))),
        Some(findings) => Reading::Done { findings: Box::new(findings), consumed: 0 },
        None => Reading::No,
    }
}

fn server() -> Findings {
    Findings::of(APPLICATION, Some(Role::Server))
}

/// A handshake message of which fragments have come.
struct Message {
    number: u16,
    kind: u8,
    length: usize,
    bytes: Reassembly,
}

impl Message {
    /// The message as far as it is known, in the form of a single fragment, which [`ClientHello::read`] asks for.
    fn in_one_fragment(&self) -> Vec<u8> {
        let [_, length @ ..] = (self.length as u32).to_be_bytes();
        let mut bytes = vec![self.kind];
        bytes.extend(length);
        bytes.extend(self.number.to_be_bytes());
        bytes.extend([0; 3]);
        bytes.extend(length);
        bytes.extend(self.bytes.prefix());
        bytes
    }
}

/// Adds the handshake fragments in the unencrypted records of a datagram.
fn gather(payload: &[u8], messages: &mut Vec<Message>) {
    let mut wire = Wire::new(payload);
    for _ in 0..RECORD_LIMIT {
        let (Some(kind), Some(_), Some(epoch), Some(_)) = (wire.u8(), wire.u16(), wire.u16(), wire.take(6)) else {
            return;
        };
        let Some(length) = wire.u16() else { return };
        let mut record = Wire::new(wire.take_at_most(usize::from(length)));
        if kind != HANDSHAKE || epoch != 0 {
            continue;
        }
        while let Some(()) = fragment(&mut record, messages) {}
    }
}

/// Adds one fragment, or as much of it as is there.
fn fragment(record: &mut Wire<'_>, messages: &mut Vec<Message>) -> Option<()> {
    let kind = record.u8()?;
    let length = record.u24()?;
    let number = record.u16()?;
    let offset = record.u24()?;
    let size = record.u24()?;
    let piece = record.take_at_most(size);
    if length > LENGTH_LIMIT || offset.saturating_add(size) > length {
        return None;
    }
    let same = |message: &Message| (message.number, message.kind, message.length) == (number, kind, length);
    let index = match messages.iter().position(same) {
        Some(index) => index,
        None if messages.len() < MESSAGE_LIMIT => {
            messages.push(Message { number, kind, length, bytes: Reassembly::default() });
            messages.len() - 1
        }
        None => return None,
    };
    messages.get_mut(index)?.bytes.insert(offset as u64, piece);
    Some(())
}

const APPLICATION: &str = "dtls";
/// Datagrams that are read of one sender. A post-quantum hello takes two, a certificate chain up to six.
const DATAGRAM_LIMIT: usize = 16;
/// Records that are read of one datagram. A server's whole flight is six messages.
const RECORD_LIMIT: usize = 64;
/// Messages that are kept. A side sends at most seven before it encrypts.
const MESSAGE_LIMIT: usize = 16;
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const HELLO_VERIFY: u8 = 3;
const CERTIFICATE: u8 = 11;

#[cfg(test)]
mod tests {
    use super::super::certificate::tests::{body as certificates, certificate};
    use super::super::samples::{body, extension, sni};
    use super::*;
    use proptest::prelude::*;

    /// A message in fragments of a size, each in a record of its own.
    fn records(kind: u8, number: u16, body: &[u8], size: usize) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        for (index, piece) in body.chunks(size).enumerate() {
            let mut bytes = vec![HANDSHAKE, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, index as u8];
            bytes.extend(((piece.len() + 12) as u16).to_be_bytes());
            bytes.push(kind);
            bytes.extend(&(body.len() as u32).to_be_bytes()[1..]);
            bytes.extend(number.to_be_bytes());
            bytes.extend(&((index * size) as u32).to_be_bytes()[1..]);
            bytes.extend(&(piece.len() as u32).to_be_bytes()[1..]);
            bytes.extend(piece);
            records.push(bytes);
        }
        records
    }

    fn hello() -> Vec<u8> {
        body(Dialect::Dtls, &[sni(b"Example.com"), extension(21, &[0; 80])])
    }

    fn datagrams(payloads: &[Vec<u8>]) -> Vec<Datagram<'_>> {
        payloads.iter().map(|payload| Datagram { payload, source_port: 50_000, destination_port: 4433 }).collect()
    }

    fn names(reading: &Reading) -> Vec<&str> {
        match reading {
            Reading::Done { findings, .. } | Reading::NeedMore(Some(findings)) => {
                findings.names.iter().map(|found| &*found.name).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn reads_a_fragmented_hello_in_any_order() {
        let mut payloads = records(CLIENT_HELLO, 1, &hello(), 30);
        payloads.reverse();
        assert!(payloads.len() > 3);
        let reading = read(&datagrams(&payloads));
        assert!(matches!(reading, Reading::Done { .. }));
        assert_eq!(names(&reading), ["example.com"]);
        let reading = read(&datagrams(&[payloads.concat()]));
        assert_eq!(names(&reading), ["example.com"]);
        payloads.pop();
        assert!(matches!(read(&datagrams(&payloads)), Reading::NeedMore(Some(_))));
    }

    #[test]
    fn reads_a_hello_cut_at_any_length() {
        let whole = records(CLIENT_HELLO, 0, &hello(), 4000).concat();
        for length in 0..whole.len() {
            let payloads = [whole[..length].to_vec()];
            let reading = read(&datagrams(&payloads));
            assert!(!matches!(reading, Reading::Done { .. }), "{length}");
            assert_eq!(names(&reading).is_empty(), length < whole.len() - 84, "{length}");
        }
    }

    #[test]
    fn reads_the_servers_certificate() {
        let certificate = certificate("www.example.com", &[]);
        let mut hello = vec![0xfe, 0xfd];
        hello.extend([5; 32]);
        hello.extend([0, 0xc0, 0x2f, 0, 0, 0]);
        let mut payloads = records(SERVER_HELLO, 1, &hello, 4000);
        assert_eq!(names(&read(&datagrams(&payloads))), Vec::<&str>::new());
        let mut newer = hello.clone();
        newer.splice(38.., [0, 6, 0, 43, 0, 2, 0xfe, 0xfc]);
        let newer = records(SERVER_HELLO, 1, &newer, 4000);
        assert_eq!(read(&datagrams(&newer)), Reading::Done { findings: Box::new(server()), consumed: 0 });
        payloads.extend(records(CERTIFICATE, 2, &certificates(&[&certificate]), 100));
        assert_eq!(names(&read(&datagrams(&payloads))), ["www.example.com"]);
    }

    #[test]
    fn other_payloads_do_not_start() {
        let mut record = records(CLIENT_HELLO, 0, &hello(), 4000).concat();
        record[0] = 23;
        assert_eq!(read(&datagrams(&[record, vec![HANDSHAKE, 3, 1], vec![]])), Reading::No);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn survives_damage(at in 13_usize..150, bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut payload = records(CLIENT_HELLO, 0, &hello(), 40).concat();
            let end = payload.len().min(at + bytes.len());
            payload.splice(at.min(end)..end, bytes);
            read(&datagrams(&[payload]));
        }
    }
}
