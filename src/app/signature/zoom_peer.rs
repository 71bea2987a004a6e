//! Zoom between peers: the probe for address translation, an older STUN (RFC 3489) without cookie whose attributes 0101
//! and 0103 no RFC has, and the hello of a meeting of two, `1F 02 01`, whose lengths add up to that of the datagram.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "zoom-peer",
    says: Says::App("zoom"),
    about: "UDP: the probe `0001 0018` with attribute 0101 and its answer, or the hello `1F 02 01` between peers",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_udp {
        return None;
    }
    let is_certain = is_probe(probe.client) || is_answer(probe.server) || probe.sides().into_iter().any(is_hello);
    let is_older = |side: Side<'_>| side.has(0, &[0x1f, 1, 1, 0]) && (72..=90).contains(&side.first_length());
    match is_certain {
        true => Some(Confidence::Certain),
        false => (is_older(probe.client) && is_older(probe.server)).then_some(Confidence::Probable),
    }
}

fn is_probe(side: Side<'_>) -> bool {
    side.first_length() == 44 && side.has(0, &[0, 1, 0, 24]) && side.has(20, &[1, 1, 0, 20])
}

fn is_answer(side: Side<'_>) -> bool {
    side.first_length() == 32 && side.has(0, &[0, 2, 0, 12]) && side.has(20, &[1, 3, 0, 8])
}

/// A header of 24 bytes, the length of an address and the address as text, the length of an id and the id, four zeros.
fn is_hello(side: Side<'_>) -> bool {
    let Some(address) = side.u32(24).map(|length| length as usize).filter(|length| (2..=45).contains(length)) else {
        return false;
    };
    let is_text = side
        .bytes
        .get(28..28 + address)
        .is_some_and(|text| text.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':' | b'%')));
    let id = side.u32(28 + address).map(|length| length as usize);
    side.has(0, &[0x1f, 2, 1])
        && is_text
        && id.is_some_and(|id| side.first_length().checked_sub(24 + 4 + address + 4 + 4) == Some(id))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn probe_and_answer() {
        let mut ask = hex("0001 0018 000102030405060708090a0b0c0d0e0f 0101 0014");
        ask.resize(44, 7);
        let mut answer = hex("0002 000c 000102030405060708090a0b0c0d0e0f 0103 0008");
        answer.resize(32, 7);
        assert_eq!(read(&udp(&ask, &[], 3478, 0)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&[], &answer, 3479, 0)), Some(Confidence::Certain));
        for cut in 0..44 {
            assert_eq!(read(&udp(&ask[..cut], &[], 3478, 0)), None, "{cut}");
        }
        // What others ask of such servers: CHANGE-REQUEST.
        let plain = hex("0001 0008 000102030405060708090a0b0c0d0e0f 0003 0004 00000000");
        assert_eq!(read(&udp(&plain, &[], 3478, 0)), None);
    }

    #[test]
    fn lengths_of_a_hello_add_up() {
        let mut hello = hex("1f0201");
        hello.resize(24, 9);
        hello.extend([0, 0, 0, 11]);
        hello.extend(b"192.168.1.7");
        hello.extend([0, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0]);
        assert_eq!(read(&udp(&hello, &[], 40_000, 0)), Some(Confidence::Certain));
        for cut in 0..hello.len() {
            assert_eq!(read(&udp(&hello[..cut], &[], 40_000, 0)), None, "{cut}");
        }
        hello[30] = b'/';
        assert_eq!(read(&udp(&hello, &[], 40_000, 0)), None);
        let mut older = hex("1f010100");
        older.resize(72, 3);
        assert_eq!(read(&udp(&older, &older, 40_000, 0)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&older, &[], 40_000, 0)), None);
    }
}
