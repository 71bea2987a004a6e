//! Recognises protocols that many games share, by their fixed words: RakNet, KCP, netcode.io and the queries of game servers.
//! None of them tells the game.

use crate::name::findings::Findings;
use crate::name::reader::{Datagram, Reading};

/// The mark of RakNet's messages outside of a connection.
const RAKNET: [u8; 16] =
    [0x00, 0xff, 0xff, 0x00, 0xfe, 0xfe, 0xfe, 0xfe, 0xfd, 0xfd, 0xfd, 0xfd, 0x12, 0x34, 0x56, 0x78];

/// A query of a game server (Valve, "Server queries"), whose text is the same for all games.
const QUERY: &[u8] = b"\xff\xff\xff\xffTSource Engine Query\0";

/// netcode.io's connection request: packet type 0 and the version.
const NETCODE: &[u8] = b"\0NETCODE ";

/// Length of KCP's header.
const KCP_HEADER: usize = 24;

/// Whether a datagram is RakNet's: its mark behind the type of the message, behind that and a time, or behind both and the
/// server's number.
pub(crate) fn starts_raknet(datagram: &Datagram<'_>) -> bool {
    [1, 9, 17].into_iter().any(|at| datagram.payload.get(at..at + RAKNET.len()) == Some(&RAKNET))
}

/// Reads the last datagram as RakNet.
pub(crate) fn read_raknet(datagrams: &[Datagram<'_>]) -> Reading {
    read("raknet", starts_raknet, datagrams)
}

/// Whether a datagram is KCP's: one of its four commands, and the length of what follows.
pub(crate) fn starts_kcp(datagram: &Datagram<'_>) -> bool {
    let payload = datagram.payload;
    matches!(payload.get(4), Some(0x51..=0x54))
        && payload
            .get(20..KCP_HEADER)
            .and_then(|bytes| bytes.try_into().ok())
            .is_some_and(|length| (u32::from_le_bytes(length) as usize).checked_add(KCP_HEADER) == Some(payload.len()))
        // A number of the conversation, and no more fragments to come than a window holds.
        && payload.get(..4) != Some(&[0; 4])
        && payload.get(5).is_some_and(|&fragments| fragments < 128)
}

/// Reads the last datagram as KCP.
pub(crate) fn read_kcp(datagrams: &[Datagram<'_>]) -> Reading {
    read("kcp", starts_kcp, datagrams)
}

/// Whether a datagram asks for a connection of netcode.io.
pub(crate) fn starts_netcode(datagram: &Datagram<'_>) -> bool {
    datagram.payload.starts_with(NETCODE)
}

/// Reads the last datagram as netcode.io.
pub(crate) fn read_netcode(datagrams: &[Datagram<'_>]) -> Reading {
    read("netcode", starts_netcode, datagrams)
}

/// Whether a datagram asks a game server what it offers.
pub(crate) fn starts_query(datagram: &Datagram<'_>) -> bool {
    datagram.payload.starts_with(QUERY)
}

/// Reads the last datagram as such a query.
pub(crate) fn read_query(datagrams: &[Datagram<'_>]) -> Reading {
    read("source-query", starts_query, datagrams)
}

fn read(word: &'static str, starts: fn(&Datagram<'_>) -> bool, datagrams: &[Datagram<'_>]) -> Reading {
    match datagrams.last() {
        Some(datagram) if starts(datagram) => Reading::whole_datagram(Findings::of(word, None), datagrams),
        _ => Reading::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::testing::datagram;

    #[test]
    fn raknets_mark_at_its_places() {
        for at in [1, 9, 17] {
            let bytes = [&[5; 17][..at], &RAKNET, &[1]].concat();
            assert!(starts_raknet(&datagram(&bytes, 1, 2)));
            assert!(!starts_raknet(&datagram(&bytes[..at + 15], 1, 2)));
        }
        assert!(!starts_raknet(&datagram(&[&[5; 2][..], &RAKNET].concat(), 1, 2)));
    }

    #[test]
    fn kcps_length_must_fit() {
        let mut bytes = vec![1, 2, 3, 4, 0x51, 0, 128, 0];
        bytes.resize(20, 0);
        bytes.extend([3, 0, 0, 0, b'a', b'b', b'c']);
        assert!(starts_kcp(&datagram(&bytes, 1, 2)));
        for cut in 0..bytes.len() {
            assert!(!starts_kcp(&datagram(&bytes[..cut], 1, 2)), "{cut}");
        }
        bytes[4] = 0x55;
        assert!(!starts_kcp(&datagram(&bytes, 1, 2)));
    }

    #[test]
    fn words_in_the_clear() {
        assert!(starts_netcode(&datagram(b"\0NETCODE 1.02\0", 1, 2)));
        assert!(!starts_netcode(&datagram(b"\x01NETCODE 1.02\0", 1, 2)));
        assert!(starts_query(&datagram(QUERY, 1, 2)));
        assert!(!starts_query(&datagram(&QUERY[..24], 1, 2)));
        assert_eq!(read_query(&[datagram(b"\xff\xff\xff\xffUabcd", 1, 2)]), Reading::No);
    }
}
