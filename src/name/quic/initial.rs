//! Turns the QUIC Initial packets of a client into the names in the ClientHello that they carry.
//!
//! RFC 9001 and RFC 9369 (packet protection), RFC 9000 §7.2 and §17.2.5 (which connection id the keys come from). The content
//! of a packet is used only if its authentication tag is right.

use super::frames::gather_crypto;
use super::hello::{APPLICATION, Hello, hello, whole_message};
use super::ids::ConnectionId;
use super::keys::InitialKeys;
use super::packet::{LongHeader, long_headers};
use super::versions::{Kind, Protection, is_known, is_reserved, protections};
use crate::name::findings::Findings;
use crate::name::reader::{Datagram, IncrementalReader, Reading};
use crate::name::reassembly::Reassembly;
use smallvec::SmallVec;

/// The first bytes of packets with a long header (RFC 8999 §5.1).
pub(crate) const FIRST_BYTES: &[u8] = &long_header_bytes();

const fn long_header_bytes() -> [u8; 128] {
    let mut bytes = [0; 128];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = 0x80 | at as u8;
        at += 1;
    }
    bytes
}

/// Whether a datagram holds an Initial packet of a known version, or may hold one of another version.
pub(crate) fn starts(datagram: &Datagram<'_>) -> bool {
    match datagram.payload {
        [0x80..=0xff, ..] => long_headers(datagram.payload).any(|header| may_open(&header, datagram.payload)),
        _ => false,
    }
}

/// Whether a datagram may hold a whole hello: it begins with an Initial packet that is long enough for one. The acknowledgements
/// that follow a hello are mostly shorter.
pub(crate) fn may_be_whole(datagram: &Datagram<'_>) -> bool {
    /// A hello with a server name and a key share, with its frame and its tag.
    const LEAST: usize = 200;
    long_headers(datagram.payload).next().is_some_and(|header| {
        may_open(&header, datagram.payload) && header.packet.is_some_and(|packet| packet.len() >= LEAST)
    })
}

/// Reads the opening of one side. The server's packets cannot be opened: their keys come from a connection id that only the
/// client's packets show.
pub(crate) fn read(datagrams: &[Datagram<'_>]) -> Reading {
    let mut reader = InitialReader::default();
    let mut reading = Reading::No;
    // The datagrams are added one by one, so that reading many gives the same as reading the first few that suffice.
    for datagram in datagrams.iter().take(DATAGRAM_LIMIT) {
        reading = reader.next(datagram);
        if matches!(reading, Reading::Done { .. }) {
            break;
        }
    }
    reading
}

/// Makes a reader that reads the opening of one side datagram by datagram, and derives each key once.
pub(crate) fn begin() -> Box<dyn IncrementalReader> {
    Box::new(InitialReader::default())
}

/// The hellos in these datagrams that are whole, each with the connection id and the protection that its keys come from.
pub(super) fn client_hellos<'a>(
    datagrams: impl Iterator<Item = &'a [u8]>,
) -> impl Iterator<Item = (Vec<u8>, ConnectionId, &'static Protection)> {
    let mut reader = InitialReader::default();
    datagrams.take(DATAGRAM_LIMIT).for_each(|payload| reader.add(payload));
    reader.origins.into_iter().filter_map(|origin| {
        let hello = whole_message(origin.stream?.prefix(), CLIENT_HELLO)?;
        Some((hello, origin.id, origin.protection))
    })
}

/// Whether opening a packet is worth trying: it is an Initial packet of a known version, or looks as the first packet of a
/// client must look in any version (RFC 9000 §7.2 and §14.1).
fn may_open(header: &LongHeader<'_>, datagram: &[u8]) -> bool {
    header.kind == Kind::Initial
        && (is_known(header.version)
            || (datagram.len() >= CLIENT_DATAGRAM
                && datagram.first().is_some_and(|first| first & 0x40 != 0)
                && header.destination.len() >= CLIENT_ID
                && header.packet.is_some()))
}

/// A connection id, the keys that are derived from it, and the stream that they opened.
struct Origin {
    id: ConnectionId,
    protection: &'static Protection,
    keys: InitialKeys,
    /// The CRYPTO stream, once a packet was opened.
    stream: Option<Reassembly>,
}

/// What is remembered of the datagrams of one side.
#[derive(Default)]
struct InitialReader {
    /// Destination connection ids that were seen, in order.
    ids: SmallVec<[ConnectionId; 4]>,
    /// The keys that were derived so far. After a Retry or a version negotiation a second set of keys opens packets.
    origins: Vec<Origin>,
    /// Number of datagrams with an Initial packet of a known version in which no packet could be opened.
    failed: usize,
    /// Number of datagrams of a reserved version in which no packet could be opened.
    reserved: usize,
    /// Number of datagrams that were read.
    count: usize,
}

impl IncrementalReader for InitialReader {
    fn next(&mut self, datagram: &Datagram<'_>) -> Reading {
        self.count += 1;
        self.add(datagram.payload);
        self.reading(self.count >= DATAGRAM_LIMIT)
    }
}

impl InitialReader {
    fn add(&mut self, payload: &[u8]) {
        let mut trials = TRIALS_PER_DATAGRAM;
        let (mut opened, mut known, mut reserved) = (false, false, false);
        for header in long_headers(payload) {
            if header.kind == Kind::Prefix {
                continue;
            }
            let id = ConnectionId::from_slice(header.destination);
            if may_open(&header, payload) {
                known |= is_known(header.version);
                reserved |= is_reserved(header.version);
                if let Some(packet) = header.packet {
                    opened |= self.open(packet, &header, &id, &mut trials);
                }
            }
            if !id.is_empty() && self.ids.len() < ID_COUNT && !self.ids.contains(&id) {
                self.ids.push(id);
            }
        }
        self.failed += usize::from(known && !opened);
        self.reserved += usize::from(reserved && !opened);
    }

    /// Tries all keys there may be: first those that opened a packet before, then those of the packet's own destination id,
    /// then those of ids seen before.
    fn open(&mut self, packet: &[u8], header: &LongHeader<'_>, own: &ConnectionId, trials: &mut usize) -> bool {
        let protections = protections(header.version);
        for origin in &mut self.origins {
            if let Some(stream) = &mut origin.stream
                && protections.contains(origin.protection)
                && let Some(frames) = attempt(&origin.keys, packet, header, trials)
            {
                gather_crypto(&frames, stream);
                return true;
            }
        }
        let others: SmallVec<[ConnectionId; 4]> = self.ids.iter().filter(|id| *id != own).cloned().collect();
        for id in std::iter::once(own).chain(&others).filter(|id| !id.is_empty()) {
            for protection in protections {
                let Some(origin) = self.origin(id, protection) else { return false };
                // Keys that have opened a packet were tried above.
                if origin.stream.is_some() {
                    continue;
                }
                if let Some(frames) = attempt(&origin.keys, packet, header, trials) {
                    gather_crypto(&frames, origin.stream.insert(Reassembly::default()));
                    return true;
                }
            }
        }
        false
    }

    /// The keys of a connection id, which are derived once.
    fn origin(&mut self, id: &ConnectionId, protection: &'static Protection) -> Option<&mut Origin> {
        let same = |origin: &Origin| origin.id == *id && origin.protection == protection;
        let index = match self.origins.iter().position(same) {
            Some(index) => index,
            None if self.origins.len() < ORIGIN_LIMIT => {
                let keys = InitialKeys::derive(id, protection);
                // Most flows have one set of keys, so there is room for exactly one at first.
                self.origins.reserve_exact(usize::from(self.origins.is_empty()));
                self.origins.push(Origin { id: id.clone(), protection, keys, stream: None });
                self.origins.len() - 1
            }
            None => return None,
        };
        self.origins.get_mut(index)
    }

    fn streams(&self) -> impl Iterator<Item = &Reassembly> {
        self.origins.iter().filter_map(|origin| origin.stream.as_ref())
    }

    /// The first hello that is whole, or the best findings while no hello is.
    fn reading(&self, is_last: bool) -> Reading {
        let mut best: Option<Findings> = None;
        for stream in self.streams() {
            match hello(stream) {
                Hello::Whole(findings) => return Reading::Done { findings: Box::new(findings), consumed: 0 },
                Hello::Cut(findings) => {
                    if best.as_ref().is_none_or(|best| best.names.is_empty() && !findings.names.is_empty()) {
                        best = Some(findings);
                    }
                }
            }
        }
        match best {
            Some(findings) if is_last => Reading::Done { findings: Box::new(findings), consumed: 0 },
            Some(findings) => Reading::NeedMore(Some(Box::new(findings))),
            // These are packets of the server, or of a client whose first packet is not in the capture.
            None if self.failed > 0 => {
                let findings = Box::new(Findings::of(APPLICATION, None));
                if self.failed >= FAILURE_LIMIT || is_last {
                    Reading::Done { findings, consumed: 0 }
                } else {
                    Reading::NeedMore(Some(findings))
                }
            }
            // A client that provokes version negotiation sends a packet of a real version next.
            None if (1..FAILURE_LIMIT).contains(&self.reserved) && !is_last => Reading::NeedMore(None),
            None => Reading::No,
        }
    }
}

/// Opens a packet, and counts the trial.
fn attempt(keys: &InitialKeys, packet: &[u8], header: &LongHeader<'_>, trials: &mut usize) -> Option<Vec<u8>> {
    *trials = trials.checked_sub(1)?;
    keys.open(packet, header.number_at)
}

const CLIENT_HELLO: u8 = 1;
/// Datagrams that are read of one sender. A hello takes one to four, and Initial packets that timers repeat may come between.
const DATAGRAM_LIMIT: usize = 16;
/// Least length of the datagram that carries a client's Initial packet (RFC 9000 §14.1).
const CLIENT_DATAGRAM: usize = 1200;
/// Least length of the destination id that a client makes up (RFC 9000 §7.2).
const CLIENT_ID: usize = 8;
/// Keys that are tried on one datagram, at some 3 µs each. This is every salt for two ids.
const TRIALS_PER_DATAGRAM: usize = 20;
/// Connection ids that are remembered: the client's first, one after Retry, one after version negotiation, and one more.
const ID_COUNT: usize = 4;
/// Keys that are remembered: every salt for each id and for the packets' own.
const ORIGIN_LIMIT: usize = 64;
/// Datagrams that are tried in vain before the reader gives up. A server sends about so many in a handshake.
const FAILURE_LIMIT: usize = 6;

#[cfg(test)]
mod tests {
    use super::super::keys::tests::{SAMPLE_ID, hex, protect, sample_frames};
    use super::super::samples::{V1, V2, crypto, initial, tls_hello};
    use super::*;
    use crate::name::findings::Role;
    use crate::name::source::NameSource;
    use crate::name::tls::dialect::Dialect;
    use crate::name::tls::samples::{body, message, sni};
    use fixtures::quic::client_tags as tags;
    use proptest::prelude::*;

    fn read_all(payloads: &[Vec<u8>]) -> Reading {
        let datagrams: Vec<_> =
            payloads.iter().map(|payload| Datagram { payload, source_port: 50_000, destination_port: 443 }).collect();
        read(&datagrams)
    }

    fn names(reading: &Reading) -> Vec<&str> {
        match reading {
            Reading::Done { findings, .. } | Reading::NeedMore(Some(findings)) => {
                findings.names.iter().map(|found| &*found.name).collect()
            }
            _ => Vec::new(),
        }
    }

    #[track_caller]
    fn assert_done(payloads: &[Vec<u8>], name: &str) {
        for payload in payloads {
            assert!(starts(&Datagram { payload, source_port: 50_000, destination_port: 443 }));
        }
        let reading = read_all(payloads);
        assert!(matches!(reading, Reading::Done { .. }), "{reading:?}");
        assert_eq!(names(&reading), [name]);
    }

    /// RFC 9001 §A.2 and RFC 9369 §A.2.
    #[test]
    fn reads_the_samples_of_the_standards() {
        for (version, header) in
            [(V1, "c300000001088394c8f03e5157080000449e00000002"), (V2, "d36b3343cf088394c8f03e5157080000449e00000002")]
        {
            let keys = InitialKeys::derive(&SAMPLE_ID, &protections(version)[0]);
            let packet = protect(&keys, &hex(header), &sample_frames());
            let reading = read_all(&[packet]);
            let Reading::Done { findings, .. } = &reading else { panic!("{reading:?}") };
            assert_eq!(names(&reading), ["example.com"]);
            assert_eq!((findings.role, &findings.alpn), (Some(Role::Client), &["alpn"].into_iter().collect()));
            assert_eq!(findings.names[0].source, NameSource::QuicSni);
        }
    }

    #[test]
    fn joins_a_hello_scattered_over_packets() {
        let hello = tls_hello();
        let first = [crypto(900, &hello[900..1000]), vec![1, 0, 0], crypto(0, &hello[..700])].concat();
        let second = [crypto(1000, &hello[1000..]), vec![2, 0, 0, 0, 0], crypto(650, &hello[650..950])].concat();
        let first = initial(V1, V1, &SAMPLE_ID, &SAMPLE_ID, &[], &first);
        // The server's id by now; the keys stay.
        let second = initial(V1, V1, &[1, 2, 3, 4], &SAMPLE_ID, &[], &second);
        assert!(matches!(read_all(std::slice::from_ref(&first)), Reading::NeedMore(Some(_))));
        assert_done(&[first.clone(), first, second], "example.com");
    }

    #[test]
    fn gives_the_name_before_the_hello_is_whole() {
        let hello = tls_hello();
        let end = initial(V1, V1, &SAMPLE_ID, &SAMPLE_ID, &[], &crypto(1200, &hello[1200..]));
        let reading = read_all(&[end]);
        assert!(matches!(reading, Reading::NeedMore(_)));
        assert_eq!(names(&reading), ["example.com"]);
    }

    #[test]
    fn takes_new_keys_after_retry_and_version_change() {
        let hello = tls_hello();
        let piece = crypto(0, &hello[..1000]);
        let rest = crypto(1000, &hello[1000..]);
        let lost = initial(V1, V1, &SAMPLE_ID, &SAMPLE_ID, &[], &piece);
        let retry_id = [9, 8, 7, 6, 5];
        let again = initial(V1, V1, &retry_id, &retry_id, b"token", &piece);
        let then = initial(V1, V1, &[4; 6], &retry_id, b"token", &rest);
        assert_done(&[lost.clone(), again, then], "example.com");
        let switched = initial(V2, V2, &[4; 6], &SAMPLE_ID, &[], &piece);
        let switched_rest = initial(V2, V2, &[4; 6], &SAMPLE_ID, &[], &rest);
        assert_done(&[lost, switched, switched_rest], "example.com");
    }

    #[test]
    fn tries_every_salt_on_a_version_not_known() {
        let hello = message(CLIENT_HELLO, &body(Dialect::Tls, &[sni(b"Example.com")]));
        for version in [0x0a0a_0a0a, 0x1234_5678] {
            for salt_of in [V1, 0xff00_001d, 0xff00_0017, 0xface_b014] {
                let packet = initial(version, salt_of, &SAMPLE_ID, &SAMPLE_ID, &[], &crypto(0, &hello));
                assert_done(&[packet], "example.com");
            }
        }
        let closed = initial(0x0a0a_0a0a, V1, &SAMPLE_ID, b"another!", &[], &crypto(0, &hello));
        assert_eq!(read_all(std::slice::from_ref(&closed)), Reading::NeedMore(None));
        let packet = initial(V1, V1, &SAMPLE_ID, &SAMPLE_ID, &[], &crypto(0, &hello));
        assert_done(&[closed, packet], "example.com");
        let foreign = initial(0x1234_5678, V1, &SAMPLE_ID, b"another!", &[], &crypto(0, &hello));
        assert_eq!(read_all(&[foreign]), Reading::No);
    }

    #[test]
    fn reads_behind_early_data_and_prefixes() {
        let hello = message(CLIENT_HELLO, &body(Dialect::Tls, &[sni(b"Example.com")]));
        let packet = initial(V1, V1, &SAMPLE_ID, &SAMPLE_ID, &[], &crypto(0, &hello));
        let prefix = [0xff, 0x6f, 0x7d, 0xc0, 0xfd, 1, 0xaa, 0];
        let early = [&[0xd0, 0, 0, 0, 1, 8][..], &SAMPLE_ID, &[0, 20], &[7; 20]].concat();
        assert_done(&[[&prefix[..], &early, &packet, &[0x41, 1, 2]].concat()], "example.com");
    }

    #[test]
    fn reads_the_chlo_of_q050() {
        let version = u32::from_be_bytes(*b"Q050");
        let mut frames = crypto(0, &tags(&[(b"PAD\0", &[b'-'; 40]), (b"SNI\0", b"Example.com")]));
        frames[0] = 8;
        assert_done(&[initial(version, version, &SAMPLE_ID, &SAMPLE_ID, &[], &frames)], "example.com");
    }

    #[test]
    fn a_servers_packets_tell_the_protocol_only() {
        let packet = initial(V1, V1, &[5; 8], b"original", &[], &crypto(0, b"\x02\0\0\0"));
        let findings = Box::new(Findings::of("quic", None));
        assert_eq!(read_all(std::slice::from_ref(&packet)), Reading::NeedMore(Some(findings.clone())));
        let all = vec![packet; FAILURE_LIMIT];
        assert_eq!(read_all(&all), Reading::Done { findings, consumed: 0 });
    }

    #[test]
    fn a_cut_packet_never_gives_a_name() {
        let packet = initial(V1, V1, &SAMPLE_ID, &SAMPLE_ID, &[], &sample_frames());
        for length in (0..packet.len()).step_by(7) {
            assert!(names(&read_all(&[packet[..length].to_vec()])).is_empty());
        }
    }

    #[test]
    fn other_payloads_do_not_start() {
        for payload in [
            &[0x80, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10][..],
            &[0xc0, 0, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0],
            &[0xe0, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 4, 1, 1, 1, 1],
            &[0x45; 40],
        ] {
            assert!(!starts(&Datagram { payload, source_port: 1, destination_port: 443 }));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn survives_damage(at in 0_usize..60, bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut packet = initial(V1, V1, &SAMPLE_ID, &SAMPLE_ID, &[], &sample_frames());
            let end = packet.len().min(at + bytes.len());
            packet.splice(at.min(end)..end, bytes);
            read_all(&[packet]);
        }

        #[test]
        fn survives_hostile_frames(frames in prop::collection::vec(0_u8..0x20, 0..200)) {
            read_all(&[initial(V1, V1, &SAMPLE_ID, &SAMPLE_ID, &[], &frames)]);
        }

        /// After each datagram, what goes on says what reading all up to it at once says: pieces of a hello in any order,
        /// repeated, under the keys of another id, and datagrams of other versions and of noise between them.
        #[test]
        fn going_on_is_reading_again(picks in prop::collection::vec(0_usize..9, 1..12)) {
            let hello = tls_hello();
            let piece = |range: std::ops::Range<usize>| crypto(range.start, &hello[range]);
            let of = |version, origin: &[u8], frames: &[u8]| initial(version, version, &SAMPLE_ID, origin, &[], frames);
            let other = [7; 8];
            let reserved = [&[0xc3, 0x0a, 0x0a, 0x0a, 0x0a, 8][..], &[5; 1300]].concat();
            let pool = [
                of(V1, &SAMPLE_ID, &piece(0..500)),
                of(V1, &SAMPLE_ID, &piece(500..1000)),
                of(V1, &SAMPLE_ID, &piece(1000..hello.len())),
                of(V1, &other, &piece(0..500)),
                of(V2, &SAMPLE_ID, &piece(0..1000)),
                of(V2, &SAMPLE_ID, &piece(1000..hello.len())),
                of(V1, &SAMPLE_ID, &[1, 1]),
                reserved,
                vec![0xc3; 1200],
            ];
            let payloads: Vec<Vec<u8>> = picks.iter().map(|&pick| pool[pick].clone()).collect();
            let mut goes_on = begin();
            for count in 1..=payloads.len() {
                let payload = &payloads[count - 1];
                let seen = goes_on.next(&Datagram { payload, source_port: 50_000, destination_port: 443 });
                prop_assert_eq!(&seen, &read_all(&payloads[..count]), "after {}", count);
                if matches!(seen, Reading::Done { .. }) {
                    break;
                }
            }
        }
    }
}
