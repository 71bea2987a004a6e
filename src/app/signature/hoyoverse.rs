//! miHoYo's games (Genshin Impact and others): the opening, answer and end of a connection are datagrams of 20 bytes with
//! fixed words at both ends, before KCP; an older form over TCP says its length and has a mark at 16.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "hoyoverse",
    says: Says::App("hoyoverse"),
    about: "UDP: 20 bytes with the fixed words of an opening, an answer or an end; TCP: length, and 4DA6 at 16",
    over: Over::Either,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let is_control = |side: Side<'_>| {
        let words = (side.u32(0), side.u32(12), side.u32(16));
        side.first_length() == 20
            && (words == (Some(0xff), Some(1_234_567_890), Some(u32::MAX))
                || matches!(words, (Some(0x145), _, Some(0x1451_4545)) | (Some(0x194), _, Some(0x1941_9494))))
    };
    let is_older = |side: Side<'_>| {
        side.has(0, &[1])
            && side.u32(1).is_some_and(|length| length as usize == side.first_length())
            && matches!(side.bytes.get(5), Some(1 | 7))
            && side.has(16, &[0x4d, 0xa6])
    };
    let is_it = (probe.is_udp && probe.sides().into_iter().any(is_control))
        || (probe.is_tcp && probe.sides().into_iter().any(is_older));
    is_it.then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp, udp};
    use super::*;

    #[test]
    fn control_messages() {
        let opening = hex("000000ff 0000000000000000 499602d2 ffffffff");
        let answer = hex("00000145 0000012345678901 499602d2 14514545");
        let end = hex("00000194 0000012345678901 00000001 19419494");
        for bytes in [&opening, &answer, &end] {
            assert_eq!(read(&udp(bytes, &[], 22101, 0)), Some(Confidence::Certain));
            assert_eq!(read(&tcp(bytes, &[], 22101, 0)), None);
            for cut in 0..20 {
                assert_eq!(read(&udp(&bytes[..cut], &[], 22101, 0)), None, "{cut}");
            }
        }
        assert_eq!(read(&udp(&hex("000000ff 0000000000000000 499602d3 ffffffff"), &[], 22101, 0)), None);
    }

    #[test]
    fn older_messages() {
        let bytes = hex("01 00000014 01 00010203040506070809 4da6 0000");
        assert_eq!(read(&tcp(&bytes, &[], 22101, 0)), Some(Confidence::Certain));
        assert_eq!(read(&tcp(&bytes[..19], &[], 22101, 0)), None);
    }
}
