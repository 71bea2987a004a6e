//! Telegram calls over UDP through its reflectors: a 16-byte peer tag, then twelve bytes FF and a request word;
//! answers look the same. Source: the published code of libtgvoip and tgcalls.
//!
//! RTP with silence in G.711 also is a run of `FF`, so the whole request word counts, and nothing that is RTP does.

use super::{Confidence, Over, Probe, Says, Signature, networks};

pub(super) const SIGNATURE: Signature = Signature {
    name: "telegram-voip",
    says: Says::App("telegram"),
    about: "UDP: a peer tag, twelve bytes FF and a reflector request, surer in Telegram's own network",
    over: Over::Udp,
    read,
};

/// Twelve bytes `FF`, and the number -2 that begins a request (little-endian).
const REQUEST: [u8; 16] =
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff];

/// Whether the bytes begin as RTP does whose payload is G.711 (RFC 3551: types 0 and 8) or comfort noise (9 and 13).
fn is_telephone_sound(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80..=0xbf, kind, ..] if matches!(kind & 0x7f, 0 | 8 | 9 | 13))
}

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_udp {
        return None;
    }
    let is_reflector = probe.sides().into_iter().any(|side| {
        side.has(16, &REQUEST)
            && !is_telephone_sound(side.bytes)
            && side.bytes.get(..16).is_some_and(|tag| tag.iter().any(|&byte| byte != 0xff && byte != 0))
    });
    probe.judge(is_reflector, networks::TELEGRAM)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn reflector_request() {
        let bytes = hex("0102030405060708090a0b0c0d0e0f10 ffffffffffffffffffffffff feffffff 1122334455667788");
        assert_eq!(read(&udp(&bytes, &[], 533, 62041)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&[], &bytes, 533, 0)), Some(Confidence::Probable));
        for cut in 0..32 {
            assert_eq!(read(&udp(&bytes[..cut], &[], 533, 62041)), None, "{cut}");
        }
        assert_eq!(read(&udp(&[0xff; 64], &[], 533, 62041)), None);
    }

    #[test]
    fn silence_on_the_telephone_is_no_request() {
        let mut sound = hex("8008 0001 000000a0 11223344 01020304");
        sound.extend([0xff; 160]);
        assert_eq!(read(&udp(&sound, &sound, 533, 62041)), None);
        sound[28] = 0xfe;
        assert_eq!(read(&udp(&sound, &sound, 533, 62041)), None);
    }
}
