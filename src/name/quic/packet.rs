//! Splits a datagram into the QUIC packets with long headers that it holds (RFC 9000 §12.2 and §17.2, RFC 8999 §5.1).

use super::versions::{Kind, is_known, kind};
use crate::name::wire::Wire;

/// The header of a packet, up to the part that is protected.
#[derive(Clone, Copy, Debug)]
pub(super) struct LongHeader<'a> {
    /// QUIC version.
    pub(super) version: u32,
    /// The kind of the packet.
    pub(super) kind: Kind,
    /// Destination connection id, at most 20 bytes.
    pub(super) destination: &'a [u8],
    /// Source connection id, at most 20 bytes.
    pub(super) source: &'a [u8],
    /// Offset of the packet number, or of the packet's end for a kind without a number.
    pub(super) number_at: usize,
    /// The whole packet; `None` if the capture cut it.
    pub(super) packet: Option<&'a [u8]>,
}

/// The packets of a datagram, up to the first bytes that are no long header.
pub(super) fn long_headers(datagram: &[u8]) -> impl Iterator<Item = LongHeader<'_>> {
    let mut rest = Some(datagram);
    std::iter::from_fn(move || {
        let datagram = rest?;
        let header = LongHeader::read(datagram);
        rest = header.and_then(|header| datagram.get(header.packet?.len()..));
        header
    })
    .take(PACKET_LIMIT)
}

/// How many bytes of a datagram are under keys that anyone can derive, or under none: its Initial packets, up to the first packet of
/// another kind, of which the header is meant too. None where it is not of a version known here.
pub(in crate::name) fn shown(datagram: &[u8]) -> Option<usize> {
    // Version negotiation (RFC 9000 §17.2.1).
    if matches!(datagram, [0x80..=0xff, 0, 0, 0, 0, ..]) {
        return Some(datagram.len());
    }
    let mut end = 0;
    for header in long_headers(datagram) {
        if !is_known(header.version) && header.kind != Kind::Prefix {
            return (end > 0).then_some(end);
        }
        match (header.kind, header.packet) {
            (Kind::Retry, _) | (Kind::Initial, None) => return Some(datagram.len()),
            (Kind::Initial | Kind::Prefix, Some(packet)) => end += packet.len(),
            (Kind::ZeroRtt | Kind::Handshake, _) | (Kind::Prefix, None) => return Some(end + header.number_at),
        }
    }
    (end > 0).then_some(end)
}

impl<'a> LongHeader<'a> {
    fn read(datagram: &'a [u8]) -> Option<Self> {
        let mut wire = Wire::new(datagram);
        let first_byte = wire.u8()?;
        let version = wire.u32()?;
        // Version 0 marks a server's version negotiation.
        if first_byte & 0x80 == 0 || version == 0 {
            return None;
        }
        let destination = wire.vector_u8()?;
        let source = wire.vector_u8()?;
        if destination.len() > ID_LIMIT || source.len() > ID_LIMIT {
            return None;
        }
        let kind = kind(version, first_byte);
        let read = |wire: &Wire<'_>| datagram.len() - wire.rest().len();
        let (number_at, end) = match kind {
            Kind::Prefix => (read(&wire), read(&wire)),
            Kind::Retry => (datagram.len(), datagram.len()),
            Kind::Initial | Kind::ZeroRtt | Kind::Handshake => {
                if kind == Kind::Initial {
                    let token_length = usize::try_from(wire.varint()?).ok()?;
                    wire.take(token_length)?;
                }
                let length = usize::try_from(wire.varint()?).ok()?;
                (read(&wire), read(&wire).checked_add(length)?)
            }
        };
        Some(Self { version, kind, destination, source, number_at, packet: datagram.get(..end) })
    }
}

/// Length of the longest connection id in the known versions.
pub(super) const ID_LIMIT: usize = 20;
/// Packets that are read of one datagram. One of each kind is usual, and tests send a handful.
const PACKET_LIMIT: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ZERO_RTT: [u8; 13] = [0xd0, 0, 0, 0, 1, 1, 0xaa, 0, 4, 1, 2, 3, 4];
    const PREFIX: [u8; 9] = [0xff, 0x6f, 0x7d, 0xc0, 0xfd, 1, 0xaa, 1, 0xbb];
    const INITIAL: [u8; 14] = [0xc0, 0, 0, 0, 1, 1, 0xaa, 0, 1, 0x77, 3, 5, 6, 7];

    #[test]
    fn walks_packets_by_their_length() {
        let datagram = [&PREFIX[..], &ZERO_RTT, &INITIAL, &[0x40, 9, 9]].concat();
        let headers: Vec<_> = long_headers(&datagram).collect();
        assert_eq!(
            headers.iter().map(|header| header.kind).collect::<Vec<_>>(),
            [Kind::Prefix, Kind::ZeroRtt, Kind::Initial]
        );
        assert_eq!(headers[2].packet, Some(&INITIAL[..]));
        assert_eq!((headers[2].number_at, headers[2].destination), (11, &[0xaa][..]));
    }

    #[test]
    fn a_cut_packet_has_a_header_only() {
        for length in 0..INITIAL.len() {
            let header = long_headers(&INITIAL[..length]).next();
            assert_eq!(header.is_some(), length >= 11);
            assert!(header.is_none_or(|header| header.packet.is_none()));
        }
    }

    #[test]
    fn other_payloads_have_no_long_header() {
        for payload in [&[0x40, 0, 0, 0, 1, 0, 0, 0, 0][..], &[0xc0, 0, 0, 0, 0, 0, 0], &[0xc0, 0, 0, 0, 1, 21], &[]] {
            assert!(long_headers(payload).next().is_none());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn survives_anything(first in any::<u8>(), bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let datagram = [&[first | 0x80, 0, 0, 0, 1][..], &bytes].concat();
            long_headers(&datagram).for_each(drop);
        }
    }
}
