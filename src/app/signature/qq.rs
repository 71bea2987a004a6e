//! QQ's OICQ over UDP: `02`, a 16-bit version and a 16-bit command, and `03` at the end. These are few marks, so the
//! result is never more than probable.

use super::{Confidence, Over, Probe, Says, Signature, networks};

pub(super) const SIGNATURE: Signature = Signature {
    name: "oicq",
    says: Says::App("qq"),
    about: "OICQ datagrams on port 8000 or in Tencent's network",
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
        (true, true, _) | (true, _, true) => Some(Confidence::Probable),
        (true, false, false) | (false, true, true) => Some(Confidence::Weak),
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
        assert_eq!(read(&udp(&ask, &answer, 8000, 0)), Some(Confidence::Weak));
        assert_eq!(read(&udp(&ask, &[], 8000, 0)), None);
        assert_eq!(read(&udp(&ask, &[], 443, 45090)), Some(Confidence::Weak));
        for cut in 0..ask.len() {
            assert_eq!(read(&udp(&ask[..cut], &[], 8000, 45090)), None, "{cut}");
        }
    }
}
