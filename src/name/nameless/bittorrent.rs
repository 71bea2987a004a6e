//! Recognises BitTorrent: the peer handshake (BEP 3), the distributed hash table (BEP 5), the search for peers in the local
//! network (BEP 14), and what is asked of trackers over UDP (BEP 15).

use crate::name::findings::Findings;
use crate::name::reader::{Datagram, Reading};

/// The first byte of the handshake, which is the length of the protocol's name.
pub(crate) static STREAM_FIRST_BYTES: &[u8] = &[0x13];

const HANDSHAKE: &[u8] = b"\x13BitTorrent protocol";

/// Length of a handshake with its hash and peer number.
const HANDSHAKE_LENGTH: usize = 68;

/// The beginnings of messages of the hash table. The keys of a dictionary are sorted, so only these come first.
static TABLE_MESSAGES: &[&[u8]] = &[b"d1:ad2:id20:", b"d1:rd2:id20:", b"d2:ip4:", b"d2:ip6:", b"d1:eli20"];

/// The first bytes of datagrams.
pub(crate) static DATAGRAM_FIRST_BYTES: &[u8] = b"dB\0";

/// The search for peers.
const SEARCH: &[u8] = b"BT-SEARCH * HTTP/1.";

/// What a tracker is asked first: the protocol's number, and 0 for a connection. Four bytes follow that come back.
const TRACKER: &[u8] = &[0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80, 0, 0, 0, 0];

/// Whether a segment begins with the handshake.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    bytes.starts_with(HANDSHAKE)
}

/// Reads the handshake, which both peers send.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    if !starts_stream(bytes) {
        return Reading::No;
    }
    Reading::Done { findings: Box::new(Findings::of("bittorrent", None)), consumed: bytes.len().min(HANDSHAKE_LENGTH) }
}

/// Whether a datagram begins as a message of the hash table, a search or a question to a tracker does.
pub(crate) fn starts_datagram(datagram: &Datagram<'_>) -> bool {
    let payload = datagram.payload;
    match payload.first() {
        Some(b'd') => TABLE_MESSAGES.iter().any(|start| payload.starts_with(start)),
        Some(b'B') => payload.starts_with(SEARCH),
        Some(0) => payload.len() >= TRACKER.len() + 4 && payload.starts_with(TRACKER),
        _ => false,
    }
}

/// Reads such a message.
pub(crate) fn read_datagrams(datagrams: &[Datagram<'_>]) -> Reading {
    match datagrams.last() {
        Some(datagram) if starts_datagram(datagram) => {
            Reading::Done { findings: Box::new(Findings::of("bittorrent", None)), consumed: datagram.payload.len() }
        }
        _ => Reading::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handshakes_and_table_messages_are_told() {
        let handshake = [HANDSHAKE, &[0; 48], b"more"].concat();
        assert!(matches!(read_stream(&handshake), Reading::Done { consumed: 68, .. }));
        assert_eq!(read_stream(b"\x13BitTorrent protoco"), Reading::No);
        let datagram = |payload| Datagram { payload, source_port: 6881, destination_port: 6881 };
        assert!(starts_datagram(&datagram(b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe")));
        assert!(!starts_datagram(&datagram(b"d1:x")));
        assert!(starts_datagram(&datagram(b"BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\n")));
        assert!(!starts_datagram(&datagram(b"BT-SEARCH")));
        let asked = [TRACKER, &[1, 2, 3, 4]].concat();
        assert!(starts_datagram(&datagram(&asked)));
        assert!(!starts_datagram(&datagram(&asked[..15])));
    }
}
