//! The connection ids by which a QUIC connection is known where its addresses change (RFC 9000 §5.1 and §9).
//!
//! Either end chooses the id that packets to it bear, and says it as the source of its packets with long headers. Packets with short
//! headers bear it after their first byte, without its length (RFC 9000 §17.3). Ids that are given later are encrypted.

use super::packet::{ID_LIMIT, long_headers};
use super::versions::{Kind, is_known};
use crate::name::reader::Datagram;
use smallvec::SmallVec;

/// A connection id.
pub(crate) type ConnectionId = SmallVec<[u8; ID_LIMIT]>;

/// Bytes that an id has at least for a connection to be known by it. Shorter ones are the same by chance.
const LEAST: usize = 4;

/// The id that the sender of a datagram wants packets to it to bear, if it says one.
pub(crate) fn chosen_id<'a>(datagram: &Datagram<'a>) -> Option<&'a [u8]> {
    long_headers(datagram.payload)
        .find(|header| matches!(header.kind, Kind::Initial | Kind::Handshake) && is_known(header.version))
        .map(|header| header.source)
        .filter(|id| is_telling(id.len()))
}

/// Whether an id of this many bytes tells a connection.
pub(crate) fn is_telling(length: usize) -> bool {
    (LEAST..=ID_LIMIT).contains(&length)
}

/// The id of so many bytes that a packet with a short header bears. The second bit of its first byte may be any (RFC 9287).
pub(crate) fn short_header_id(payload: &[u8], length: usize) -> Option<&[u8]> {
    let (first, rest) = payload.split_first()?;
    rest.get(..length).filter(|_| first & 0x80 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fixtures::quic::{answer, short};
    use proptest::prelude::*;

    fn chosen(payload: &[u8]) -> Option<Vec<u8>> {
        chosen_id(&Datagram { payload, source_port: 443, destination_port: 50_000 }).map(<[u8]>::to_vec)
    }

    #[test]
    fn the_id_that_a_sender_chose_is_that_of_its_later_packets() {
        let payload = answer(&[1; 8], &[7; 8]);
        assert_eq!(chosen(&payload), Some(vec![7; 8]));
        assert_eq!(short_header_id(&short(&[7; 8], 30), 8), Some(&[7; 8][..]));
        for length in 0..payload.len() {
            let cut = chosen(&payload[..length]);
            assert!(cut.is_none_or(|id| id == [7; 8]), "{length}");
        }
    }

    #[test]
    fn what_tells_nothing_is_none() {
        assert_eq!(
            [chosen(&answer(&[1; 8], &[])), chosen(&answer(&[1; 8], &[7; 3])), chosen(b"GET /")],
            [None, None, None]
        );
        assert_eq!((short_header_id(&[0xc0; 30], 8), short_header_id(&[0x40; 8], 8)), (None, None));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn survives_anything(first in any::<u8>(), bytes in prop::collection::vec(any::<u8>(), 0..60), length in 0_usize..30) {
            let payload = [&[first, 0, 0, 0, 1][..], &bytes].concat();
            prop_assert!(chosen(&payload).is_none_or(|id| is_telling(id.len())));
            short_header_id(&payload, length);
        }
    }
}
