//! QQ's OICQ over UDP: `02`, a 16-bit version and a 16-bit command, and `03` at the end. These are few marks, so the
//! result is never more than probable. Version and command alone also fit SLP and H.323: the `03` at the end is what
//! tells QQ from them, so a datagram of which the end was not kept counts only in Tencent's network.

use super::{Confidence, Over, Probe, Says, Signature, networks};

pub(super) const SIGNATURE: Signature = Signature {
    name: "oicq",
    says: Says::App("qq"),
    about: "OICQ datagrams: `02`, a known command, `03` at the end, on port 8000 or in Tencent's network",
    over: Over::Udp,
    read,
};

/// Client versions; those known from published captures lie between 0x0900 and 0x3fff.
const VERSIONS: std::ops::RangeInclusive<u16> = 0x0900..=0x3fff;

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let client = probe.client;
    if !probe.is_udp || client.bytes.first() != Some(&2) || client.first_length() < 12 {
        return None;
    }
    let is_command = matches!(client.u16(3)?, 0x0001..=0x00b5 | 0x03f7 | 0x0825 | 0x0836 | 0x0828);
    // If the whole datagram was kept, it must end in 03.
    let whole = client.bytes.len() == client.first_length();
    if !VERSIONS.contains(&client.u16(1)?) || !is_command || (whole && client.bytes.last() != Some(&3)) {
        return None;
    }
    // An answer repeats version and command.
    let is_answered = probe.server.bytes.get(..5).is_some_and(|start| client.bytes.get(..5) == Some(start));
    match (probe.is_in(networks::TENCENT), probe.server_port == 8000, is_answered) {
        (false, true, _) if whole => Some(Confidence::Probable),
        (true, true, _) | (true, _, true) => Some(Confidence::Probable),
        (true, false, false) => Some(Confidence::Weak),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn needs_network_or_answer() {
        let ask = hex("02 3b0b 0091 1234 00000001 aabbcc 03");
        let answer = hex("02 3b0b 0091 1234 00000001 dd 03");
        assert_eq!(read(&udp(&ask, &answer, 8000, 45090)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&ask, &answer, 8000, 0)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&ask, &[], 8000, 0)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&ask, &answer, 427, 0)), None);
        assert_eq!(read(&udp(&ask, &[], 443, 45090)), Some(Confidence::Weak));
        for cut in 0..ask.len() {
            assert_eq!(read(&udp(&ask[..cut], &[], 8000, 45090)), None, "{cut}");
        }
        // SLP begins alike, but does not end in 03.
        let slp = hex("02 0900 0031 0000 00000001 0002 656e 00");
        assert_eq!(read(&udp(&slp, &[], 8000, 0)), None);
    }
}
