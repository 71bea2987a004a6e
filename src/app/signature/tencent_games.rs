//! Tencent's games over TCP (PUBG Mobile, Honor of Kings, Call of Duty: Mobile and others): the first words of the
//! connection library that they share; and Call of Duty: Mobile's ping over UDP. They tell the maker, but not which game.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "tencent-games",
    says: Says::App("tencent-games"),
    about: "TCP: the first words of Tencent's games (3366000B000B, 33660009, 4366AA00, 4215F787); UDP 7500: `ping` at 8",
    over: Over::Either,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let is_opening = |side: Side<'_>| {
        side.has(0, &[0x33, 0x66, 0, 0x0b, 0, 0x0b])
            || side.has(0, &[0x33, 0x66, 0, 0x09])
            || side.has(0, &[0x43, 0x66, 0xaa, 0])
            || (side.has(0, &[0x42, 0x15, 0xf7, 0x87]) && side.has(6, &[0, 0]))
    };
    let is_ping = |side: Side<'_>| side.first_length() == 12 && side.has(8, b"ping");
    let is_it = (probe.is_tcp && is_opening(probe.client))
        || (probe.is_udp && probe.server_port == 7500 && is_ping(probe.client));
    is_it.then_some(Confidence::Probable)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp, udp};
    use super::*;

    #[test]
    fn first_words() {
        for text in ["3366000b000b0001", "3366000900010001", "4366aa0000010000", "4215f787abcd0000"] {
            assert_eq!(read(&tcp(&hex(text), &[], 8085, 0)), Some(Confidence::Probable), "{text}");
            assert_eq!(read(&tcp(&[], &hex(text), 8085, 0)), None, "{text}");
            assert_eq!(read(&udp(&hex(text), &[], 8085, 0)), None, "{text}");
        }
        assert_eq!(read(&tcp(&hex("4215f787abcd0001"), &[], 8085, 0)), None);
        assert_eq!(read(&tcp(&hex("3366000b000c"), &[], 8085, 0)), None);
    }

    #[test]
    fn ping_on_its_port() {
        assert_eq!(read(&udp(b"\x01\0\0\0\x02\0\0\0ping", &[], 7500, 0)), Some(Confidence::Probable));
        assert_eq!(read(&udp(b"\x01\0\0\0\x02\0\0\0ping", &[], 7501, 0)), None);
        assert_eq!(read(&udp(b"\x01\0\0\0\x02\0\0\0ping!", &[], 7500, 0)), None);
    }
}
