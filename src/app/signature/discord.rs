//! Discord voice over UDP: IP discovery (Discord developer documentation, "Voice connections"): `0001 0046` and an SSRC with
//! 66 bytes of zeros, answered by `0002 0046`, the SSRC and the client's address as text. Beside it runs a keep-alive of
//! eight bytes, `1337 CAFE` and a counter, which comes back unchanged.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "discord-voice",
    says: Says::App("discord"),
    about: "UDP: IP discovery of 74 bytes, asked or answered, or a keep-alive of 8 bytes that begins with 1337CAFE",
    over: Over::Udp,
    read,
};

const LENGTH: usize = 74;

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_udp {
        return None;
    }
    let (client, server) = (probe.client, probe.server);
    let is_asked = client.first_length() == LENGTH
        && client.has(0, &[0, 1, 0, 70])
        && client.bytes.get(8..LENGTH).is_some_and(|rest| rest.iter().all(|&byte| byte == 0))
        && client.u32(4).is_some_and(|ssrc| ssrc != 0);
    let is_answered = server.first_length() == LENGTH
        && server.has(0, &[0, 2, 0, 70])
        && server.bytes.get(8).is_some_and(|byte| byte.is_ascii_hexdigit());
    let is_alive = |side: Side<'_>| side.first_length() == 8 && side.has(0, &[0x13, 0x37, 0xca, 0xfe]);
    if probe.sides().into_iter().any(is_alive) {
        return Some(Confidence::Certain);
    }
    match (is_asked, is_answered) {
        (true, true) => Some(Confidence::Certain),
        (true, false) | (false, true) => Some(Confidence::Probable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn keep_alive() {
        let alive = hex("1337cafe 02000000");
        assert_eq!(read(&udp(&alive, &alive, 50_004, 0)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&alive[..7], &[], 50_004, 0)), None);
        assert_eq!(read(&udp(&[&alive[..], &[0]].concat(), &[], 50_004, 0)), None);
    }

    #[test]
    fn discovery_of_the_own_address() {
        let mut ask = hex("00010046 00011d3f");
        ask.resize(74, 0);
        let mut answer = hex("00020046 00011d3f");
        answer.extend(b"203.0.113.9");
        answer.resize(74, 0);
        assert_eq!(read(&udp(&ask, &answer, 50001, 0)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&ask, &[], 50001, 0)), Some(Confidence::Probable));
        for cut in 0..74 {
            assert_eq!(read(&udp(&ask[..cut], &[], 50001, 0)), None, "{cut}");
        }
    }
}
