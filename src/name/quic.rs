//! A client's QUIC Initial packets into the names of the ClientHello they carry.
//!
//! RFC 9001 and RFC 9369 (packet protection), RFC 9000 §7.2 and §17.2.5 (which connection id the keys come from).
//! Nothing is believed of a packet before its authentication tag agrees.

use super::client_hello::{ClientHello, Dialect, LENGTH_LIMIT, server_name_in_piece};
use super::gquic::Table;
use super::quic_frames::gather_crypto;
use super::quic_keys::InitialKeys;
use super::quic_packet::{ID_LIMIT, LongHeader, long_headers};
use super::quic_versions::{Kind, Protection, is_known, is_reserved, protections};
use super::reassembly::Reassembly;
use super::table::{Datagram, GoesOn};
use super::wire::Wire;
use super::{Findings, NameSource, Reading, Role};
use smallvec::SmallVec;

/// Long headers (RFC 8999 §5.1).
pub(super) const FIRST_BYTES: &[u8] = &long_header_bytes();

const fn long_header_bytes() -> [u8; 128] {
    let mut bytes = [0; 128];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = 0x80 | at as u8;
        at += 1;
    }
    bytes
}

/// Whether a datagram holds an Initial packet of a version that is known, or may hold one of another version.
pub(super) fn starts(datagram: &Datagram<'_>) -> bool {
    match datagram.payload {
        [0x80..=0xff, ..] => long_headers(datagram.payload).any(|header| may_open(&header, datagram.payload)),
        _ => false,
    }
}

/// Reads one side's opening. A server's never opens: its keys come from an id that only the client's packets show.
pub(super) fn read(datagrams: &[Datagram<'_>]) -> Reading {
    let mut reader = Reader::default();
    let mut reading = Reading::No;
    // Datagram by datagram, so that the reading of many is that of the first few that sufficed.
    for datagram in datagrams.iter().take(DATAGRAM_LIMIT) {
        reading = reader.next(datagram);
        if matches!(reading, Reading::Done { .. }) {
            break;
        }
    }
    reading
}

/// Begins to read one side's opening datagram by datagram: keys are derived once.
pub(super) fn begin() -> Box<dyn GoesOn> {
    Box::new(Reader::default())
}

/// Whether a packet is worth trying: an Initial of a known version, or what a client's first packet of another version
/// must look like (RFC 9000 §7.2 and §14.1).
fn may_open(header: &LongHeader<'_>, datagram: &[u8]) -> bool {
    header.kind == Kind::Initial
        && (is_known(header.version)
            || (datagram.len() >= CLIENT_DATAGRAM
                && datagram.first().is_some_and(|first| first & 0x40 != 0)
                && header.destination.len() >= CLIENT_ID
                && header.packet.is_some()))
}

type ConnectionId = SmallVec<[u8; ID_LIMIT]>;

/// A connection id with the keys it may be the origin of, and what opened under them.
struct Origin {
    id: ConnectionId,
    protection: &'static Protection,
    keys: InitialKeys,
    /// The CRYPTO stream, once a packet opened.
    stream: Option<Reassembly>,
}

#[derive(Default)]
struct Reader {
    /// Destination ids seen, in order.
    ids: SmallVec<[ConnectionId; 4]>,
    /// Keys derived so far. After a Retry or a version negotiation a second one opens packets.
    origins: Vec<Origin>,
    /// Datagrams with an Initial of a known version of which nothing opened.
    failed: usize,
    /// Datagrams of a reserved version of which nothing opened.
    reserved: usize,
    /// Datagrams read.
    count: usize,
}

impl GoesOn for Reader {
    fn next(&mut self, datagram: &Datagram<'_>) -> Reading {
        self.count += 1;
        self.add(datagram.payload);
        self.reading(self.count >= DATAGRAM_LIMIT)
    }
}

impl Reader {
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

    /// Tries what keys there may be: those that opened a packet before, those of the packet's own destination id, those
    /// of ids seen before.
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
                // Tried above.
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

    /// The keys of an id, derived once.
    fn origin(&mut self, id: &ConnectionId, protection: &'static Protection) -> Option<&mut Origin> {
        let same = |origin: &Origin| origin.id == *id && origin.protection == protection;
        let index = match self.origins.iter().position(same) {
            Some(index) => index,
            None if self.origins.len() < ORIGIN_LIMIT => {
                let keys = InitialKeys::derive(id, protection);
                // One is all there is, about always.
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

    /// The first hello that is whole, or the best that can be said while none is.
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
            // The server's side, or a client whose first packet is not in the capture.
            None if self.failed > 0 => {
                let findings = Box::new(Findings::of(APPLICATION, None));
                if self.failed >= FAILURE_LIMIT || is_last {
                    Reading::Done { findings, consumed: 0 }
                } else {
                    Reading::NeedMore(Some(findings))
                }
            }
            // A client that provokes version negotiation comes back with a real version.
            None if (1..FAILURE_LIMIT).contains(&self.reserved) && !is_last => Reading::NeedMore(None),
            None => Reading::No,
        }
    }
}

/// Opens a packet, counting the trial.
fn attempt(keys: &InitialKeys, packet: &[u8], header: &LongHeader<'_>, trials: &mut usize) -> Option<Vec<u8>> {
    *trials = trials.checked_sub(1)?;
    keys.open(packet, header.number_at)
}

/// A hello in a CRYPTO stream.
enum Hello {
    /// All of it, or something else that will not become one.
    Whole(Findings),
    /// More is to come; what is certain by now.
    Cut(Findings),
}

fn hello(stream: &Reassembly) -> Hello {
    let prefix = stream.prefix();
    let mut findings = Findings::of(APPLICATION, Some(Role::Client));
    if prefix.first() == Some(&b'C') {
        // Q050 carries the CHLO of its forerunners.
        return match Table::read(prefix) {
            Table::Cut => Hello::Cut(findings),
            Table::Whole(Some(name)) => {
                findings.push_name(NameSource::QuicSni, name);
                Hello::Whole(findings)
            }
            Table::Whole(None) | Table::Foreign => Hello::Whole(findings),
        };
    }
    let mut wire = Wire::new(prefix);
    let kind = wire.u8();
    if kind.is_some_and(|kind| kind != CLIENT_HELLO) {
        return Hello::Whole(findings);
    }
    let length = wire.u24();
    let body = wire.take_at_most(length.unwrap_or_default());
    match ClientHello::read(prefix, Dialect::Tls) {
        Some(hello) => findings = hello.into_findings(APPLICATION, NameSource::QuicSni),
        None => return Hello::Whole(findings),
    }
    if length.is_some_and(|length| length == body.len() || length > LENGTH_LIMIT) {
        return Hello::Whole(findings);
    }
    if findings.names.is_empty() {
        // The piece with the name may be there while one before it is not.
        let mut names = stream.pieces().filter_map(server_name_in_piece);
        if let (Some(name), None) = (names.next(), names.next()) {
            findings.push_name(NameSource::QuicSni, &name);
        }
    }
    Hello::Cut(findings)
}

const APPLICATION: &str = "quic";
const CLIENT_HELLO: u8 = 1;
/// Datagrams read of one sender: a hello takes one to four; Initials repeated by timers may come between.
const DATAGRAM_LIMIT: usize = 16;
/// Bytes of the datagram that a client's Initial comes in, at least (RFC 9000 §14.1).
const CLIENT_DATAGRAM: usize = 1200;
/// Bytes of the destination id that a client invents, at least (RFC 9000 §7.2).
const CLIENT_ID: usize = 8;
/// Keys tried on one datagram, at some 3 µs each: every salt for two ids.
const TRIALS_PER_DATAGRAM: usize = 20;
/// Ids remembered: the client's first, one after Retry, one after version negotiation, one to spare.
const ID_COUNT: usize = 4;
/// Keys remembered: every salt for each id and the packets' own.
const ORIGIN_LIMIT: usize = 64;
/// Datagrams tried in vain before giving up: the server's share of a handshake.
const FAILURE_LIMIT: usize = 6;

#[cfg(test)]
pub(crate) mod tests {
    use super::super::client_hello::tests::{body, extension, message, sni};
    use super::super::gquic::tests::tags;
    use super::super::quic_keys::tests::{SAMPLE_ID, hex, protect, sample_frames};
    use super::*;
    pub(crate) use fixtures::quic::crypto;
    use proptest::prelude::*;

    const V1: u32 = 1;
    const V2: u32 = 0x6b33_43cf;

    /// A client's Initial with these frames, padded to 1200 bytes, under the keys of an origin's id.
    pub(crate) fn initial(
        version: u32,
        salt_of: u32,
        id: &[u8],
        origin: &[u8],
        token: &[u8],
        frames: &[u8],
    ) -> Vec<u8> {
        let mut header = vec![if version == V2 { 0xd3 } else { 0xc3 }];
        header.extend(version.to_be_bytes());
        header.push(id.len() as u8);
        header.extend(id);
        header.push(0);
        header.push(token.len() as u8);
        header.extend(token);
        let mut frames = frames.to_vec();
        frames.resize(frames.len().max(1200 - header.len() - 6 - 16), 0);
        header.extend(((4 + frames.len() + 16) as u16 | 0x4000).to_be_bytes());
        header.extend([0, 0, 0, 1]);
        protect(&InitialKeys::derive(origin, &protections(salt_of)[0]), &header, &frames)
    }

    pub(crate) fn tls_hello() -> Vec<u8> {
        let share = extension(0x33, &[9; 1216]);
        message(CLIENT_HELLO, &body(Dialect::Tls, &[share, sni(b"Example.com"), extension(16, b"\0\x03\x02h3")]))
    }

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
