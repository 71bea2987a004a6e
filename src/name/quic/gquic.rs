//! Turns Google's QUIC, versions Q009 to Q049, which came before the IETF's, into the server name of its CHLO.
//!
//! The packet layouts follow Chromium's wire specification of 2016 and the header of "Q044 and later". The CHLO travels in the
//! clear, as a table of tags (see [`TagTable`]).

use super::tag_table::{CHLO, TagTable};
use crate::name::findings::{Findings, Role};
use crate::name::reader::{Datagram, Reading};
use crate::name::reassembly::Reassembly;
use crate::name::source::NameSource;
use crate::name::wire::Wire;

/// The first bytes of packets with a long header, and of those whose public flags say that a version follows and that this is
/// no reset.
pub(crate) const FIRST_BYTES: &[u8] = &first_bytes();

const fn first_bytes() -> [u8; 160] {
    let mut bytes = [0; 160];
    let (mut byte, mut at) = (0usize, 0);
    while byte < 256 {
        if byte & 0x80 != 0 || byte & 0x03 == 0x01 {
            bytes[at] = byte as u8;
            at += 1;
        }
        byte += 1;
    }
    bytes
}

/// Whether a datagram carries a version of Google QUIC in the clear, which only clients send.
pub(crate) fn starts(datagram: &Datagram<'_>) -> bool {
    header(datagram.payload).is_some()
}

/// Reads a client's opening.
pub(crate) fn read(datagrams: &[Datagram<'_>]) -> Reading {
    let packets = datagrams.iter().take(DATAGRAM_LIMIT).filter_map(|datagram| header(datagram.payload));
    let pieces: Vec<_> = packets.map(|(version, frames)| crypto_piece(version, frames)).collect();
    // The pieces are added one by one, so that reading many datagrams gives the same as reading the first few that suffice.
    let mut reading = Reading::No;
    for count in 1..=pieces.len() {
        reading = evaluate(pieces.get(..count).unwrap_or_default());
        if matches!(reading, Reading::Done { .. }) {
            break;
        }
    }
    reading
}

/// What the pieces of the crypto stream that have come so far say.
fn evaluate(pieces: &[Option<(u64, &[u8])>]) -> Reading {
    // A hello that is repeated after a rejection continues at a later offset. The first one that is seen counts.
    let start = pieces.iter().flatten().find(|(_, data)| data.starts_with(CHLO)).map_or(0, |(offset, _)| *offset);
    let mut hello = Reassembly::default();
    for (offset, data) in pieces.iter().flatten() {
        if let Some(offset) = offset.checked_sub(start) {
            hello.insert(offset, data);
        }
    }
    let mut findings = Findings::of(APPLICATION, Some(Role::Client));
    match TagTable::read(hello.prefix()) {
        TagTable::Whole(Some(name)) => findings.push_name(NameSource::QuicSni, name),
        TagTable::Cut if pieces.len() < DATAGRAM_LIMIT => return Reading::NeedMore(Some(Box::new(findings))),
        _ => {}
    }
    Reading::Done { findings: Box::new(findings), consumed: 0 }
}

/// The number of the version, and the frames of a packet with either header.
fn header(payload: &[u8]) -> Option<(u8, &[u8])> {
    let mut wire = Wire::new(payload);
    let flags = wire.u8()?;
    if flags & 0x80 != 0 {
        // Q044 and later have the long header that the IETF's drafts had then, with both lengths of connection ids in one byte.
        let version = number(wire.array()?).filter(|number| (44..50).contains(number))?;
        let lengths = wire.u8()?;
        for nibble in [lengths >> 4, lengths & 0x0f] {
            wire.take(if nibble == 0 { 0 } else { usize::from(nibble) + 3 })?;
        }
        wire.take(PACKET_NUMBER_LENGTH + HASH_LENGTH)?;
        return Some((version, wire.rest()));
    }
    // An opening packet with the older header has a version and is no reset.
    if flags & 0x03 != 0x01 {
        return None;
    }
    // Versions differ in what these two bits mean, so the length of the connection id is found by the place where the version
    // stands.
    let lengths: &[usize] = match flags & 0x0c {
        0x00 => &[0],
        0x04 => &[1],
        0x08 => &[8, 4],
        _ => &[8],
    };
    let mut found = None;
    for length in lengths {
        let mut at = wire;
        if at.take(*length).is_some()
            && let Some(number) = at.array().and_then(number).filter(|number| *number < 44)
        {
            found = Some((number, at));
            break;
        }
    }
    let (version, mut wire) = found?;
    let number_length = match flags & 0x30 {
        0x00 => 1,
        0x10 => 2,
        0x20 => 4,
        _ => 6,
    };
    wire.take(number_length + HASH_LENGTH)?;
    if version <= 33 {
        // This byte holds private flags.
        wire.u8()?;
    }
    Some((version, wire.rest()))
}

/// The number of a version that is written as `Q0dd`.
fn number(version: [u8; 4]) -> Option<u8> {
    match version {
        [b'Q', b'0', tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + ones - b'0'),
        _ => None,
    }
}

/// The piece of the crypto stream, which is stream 1, that a packet holds, and its offset in the stream.
fn crypto_piece(version: u8, frames: &[u8]) -> Option<(u64, &[u8])> {
    stream_frame(version, frames).or_else(|| {
        // After frames that are not read here, such as an ACK, the CHLO is found by its tag. Its table must be well-formed too.
        let at = memchr::memmem::find(frames.get(..SEARCH_LIMIT).unwrap_or(frames), CHLO)?;
        Some((0, frames.get(at..)?))
    })
}

/// Offset and data of a STREAM frame of the crypto stream.
fn stream_frame(version: u8, frames: &[u8]) -> Option<(u64, &[u8])> {
    let mut wire = Wire::new(frames);
    // PADDING fills the rest of a packet and PING is one byte. Either could come first.
    let kind = (0..PREFIX_LIMIT).find_map(|_| match wire.u8() {
        Some(0x07) => None,
        other => Some(other),
    })??;
    if kind & 0x80 == 0 {
        return None;
    }
    let integer = |wire: &mut Wire<'_>, length: usize| -> Option<u64> {
        let bytes = wire.take(length)?;
        let fold = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
        // Q039 changed the byte order.
        Some(if version >= 39 { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) })
    };
    if integer(&mut wire, usize::from(kind & 0x03) + 1)? != 1 {
        return None;
    }
    let offset_length = match (kind >> 2) & 0x07 {
        0 => 0,
        more => usize::from(more) + 1,
    };
    let offset = integer(&mut wire, offset_length)?;
    let data = match kind & 0x20 {
        0 => wire.rest(),
        _ => {
            let length = integer(&mut wire, 2)?;
            wire.take_at_most(usize::try_from(length).ok()?)
        }
    };
    Some((offset, data))
}

const APPLICATION: &str = "quic";
const PACKET_NUMBER_LENGTH: usize = 4;
/// The hash that takes the place of authentication while there are no keys.
const HASH_LENGTH: usize = 12;
/// Datagrams that are read of one sender. A CHLO takes one or two.
const DATAGRAM_LIMIT: usize = 16;
/// Frames of one byte that are skipped before the STREAM frame.
const PREFIX_LIMIT: usize = 8;
/// Bytes that are searched for a CHLO after other frames. An early ACK is shorter.
const SEARCH_LIMIT: usize = 128;

#[cfg(test)]
mod tests {
    use super::super::tag_table::tests::tags;
    use super::*;
    use proptest::prelude::*;

    fn chlo() -> Vec<u8> {
        tags(&[(b"PAD\0", &[b'-'; 40]), (b"SNI\0", b"Example.com"), (b"VER\0", b"Q043")])
    }

    /// A packet of the older header, eight bytes of id, with one STREAM frame.
    fn packet(version: &[u8; 4], offset: u16, data: &[u8]) -> Vec<u8> {
        let little = version < b"Q039";
        let integer = |value: u16| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let mut bytes = vec![0x09];
        bytes.extend([7; 8]);
        bytes.extend(version);
        bytes.push(1);
        bytes.extend([9; HASH_LENGTH]);
        if version <= b"Q033" {
            bytes.push(0);
        }
        bytes.extend([0xa4, 1]);
        bytes.extend(integer(offset));
        bytes.extend(integer(data.len() as u16));
        bytes.extend(data);
        bytes.extend([0; 20]);
        bytes
    }

    fn packet_q046(data: &[u8]) -> Vec<u8> {
        let mut bytes = [&[0xc3][..], b"Q046", &[0x50], &[7; 8], &[0, 0, 0, 1], &[9; HASH_LENGTH]].concat();
        bytes.extend([0xa0, 1]);
        bytes.extend((data.len() as u16).to_be_bytes());
        bytes.extend(data);
        bytes
    }

    fn read_all(payloads: &[Vec<u8>]) -> Reading {
        let datagrams: Vec<_> =
            payloads.iter().map(|payload| Datagram { payload, source_port: 50_000, destination_port: 443 }).collect();
        read(&datagrams)
    }

    fn named() -> Reading {
        let mut findings = Findings::of("quic", Some(Role::Client));
        findings.push_name(NameSource::QuicSni, "example.com");
        Reading::Done { findings: Box::new(findings), consumed: 0 }
    }

    #[test]
    fn reads_every_layout() {
        for version in [b"Q025", b"Q033", b"Q034", b"Q038", b"Q039", b"Q043"] {
            assert_eq!(read_all(&[packet(version, 0, &chlo())]), named());
        }
        assert_eq!(read_all(&[packet_q046(&chlo())]), named());
        let mut without_id = packet(b"Q043", 0, &chlo());
        without_id.drain(1..9);
        without_id[0] = 0x01;
        assert_eq!(read_all(&[without_id]), named());
    }

    #[test]
    fn joins_a_hello_of_two_packets() {
        let chlo = chlo();
        let (first, second) = chlo.split_at(50);
        let packets = [packet(b"Q043", 50, second), packet(b"Q043", 0, first)];
        assert!(matches!(read_all(&packets[..1]), Reading::NeedMore(Some(_))));
        assert_eq!(read_all(&packets), named());
    }

    #[test]
    fn reads_a_hello_repeated_after_a_rejection() {
        assert_eq!(read_all(&[packet(b"Q043", 1024, &chlo())]), named());
    }

    #[test]
    fn finds_the_hello_behind_an_ack() {
        let mut packet = packet(b"Q035", 0, &chlo());
        packet.splice(26..26, [0x40, 1, 2, 3, 4, 5]);
        assert_eq!(read_all(&[packet]), named());
    }

    #[test]
    fn reads_packets_cut_at_any_length() {
        for packet in [packet(b"Q043", 0, &chlo()), packet_q046(&chlo())] {
            let name_end = memchr::memmem::find(&packet, b"Example.com").unwrap() + 11;
            for length in 0..packet.len() {
                let reading = read_all(&[packet[..length].to_vec()]);
                assert_eq!(reading == named(), length >= name_end, "{length}");
            }
        }
    }

    #[test]
    fn other_payloads_do_not_start() {
        for payload in [&b"\x09\0\0\0\0\0\0\0\0X043\x01"[..], b"\xc3\0\0\0\x01\x08", b"\x0bQ043", b""] {
            assert_eq!(read_all(&[payload.to_vec()]), Reading::No);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn survives_damage(at in 13_usize..100, bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut payload = packet(b"Q043", 0, &chlo());
            let end = payload.len().min(at + bytes.len());
            payload.splice(at.min(end)..end, bytes);
            read_all(&[payload]);
        }
    }
}
