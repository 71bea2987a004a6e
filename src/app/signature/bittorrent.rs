//! Programs that speak BitTorrent, by the first letters of the number that they give themselves in the handshake (BEP 20):
//! `-qB4630-` is qBittorrent 4.6.3. The protocol alone tells no program, and libraries (`-LT`, `-lt`) tell none either.

use super::{Confidence, Over, Probe, Says, Signature};

pub(super) const QBITTORRENT: Signature = Signature {
    name: "bittorrent-qb",
    says: Says::App("qbittorrent"),
    about: "TCP: BitTorrent's handshake with a number that begins with -qB",
    over: Over::Tcp,
    read: |probe| names(probe, *b"qB"),
};

pub(super) const TRANSMISSION: Signature = Signature {
    name: "bittorrent-tr",
    says: Says::App("transmission"),
    about: "TCP: BitTorrent's handshake with a number that begins with -TR",
    over: Over::Tcp,
    read: |probe| names(probe, *b"TR"),
};

pub(super) const UTORRENT: Signature = Signature {
    name: "bittorrent-ut",
    says: Says::App("utorrent"),
    about: "TCP: BitTorrent's handshake with a number that begins with -UT",
    over: Over::Tcp,
    read: |probe| names(probe, *b"UT"),
};

/// Whether the client's handshake has the number of a program with these letters: `-`, the letters, four characters of the
/// version, `-`.
fn names(probe: &Probe<'_>, letters: [u8; 2]) -> Option<Confidence> {
    let [b'-', first, second, version @ .., b'-'] = probe.client.bytes.get(48..56)? else { return None };
    (probe.is_tcp
        && probe.client.has(0, b"\x13BitTorrent protocol")
        && [*first, *second] == letters
        && version.iter().all(u8::is_ascii_alphanumeric))
    .then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::tcp;
    use super::*;

    #[test]
    fn letters_of_the_number() {
        let handshake = |number: &[u8]| [&b"\x13BitTorrent protocol"[..], &[0; 28], number, &[9; 12]].concat();
        let read = |bytes: &[u8]| names(&tcp(bytes, &[], 6881, 0), *b"qB");
        let own = handshake(b"-qB4630-");
        assert_eq!(read(&own), Some(Confidence::Certain));
        for cut in 0..56 {
            assert_eq!(read(&own[..cut]), None, "{cut}");
        }
        for other in [b"-UT3550-", b"-qB463\x010", b"qB04630-"] {
            assert_eq!(read(&handshake(other)), None);
        }
        // The server is the peer, whose program is not the one that is asked for.
        assert_eq!(names(&tcp(&[], &own, 6881, 0), *b"qB"), None);
    }
}
