//! WeChat's media transfers over TCP (`AB` and a 32-bit length) and call datagrams over UDP. Both are accepted only
//! in Tencent's network, because there are few marks.

use super::{Confidence, Over, Probe, Says, Signature, networks};

pub(super) const SIGNATURE: Signature = Signature {
    name: "wechat-media",
    says: Says::App("wechat"),
    about: "TCP `AB` + length on WeChat's media ports, UDP heartbeats `D1 0A xx 0A`, within Tencent's network",
    over: Over::Either,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_in(networks::TENCENT) {
        return None;
    }
    let client = probe.client;
    if probe.is_tcp {
        let is_block = |side: super::Side<'_>| {
            side.bytes.first() == Some(&0xab)
                && side
                    .u32(1)
                    .is_some_and(|length| (25..1 << 26).contains(&length) && length as usize >= side.first_length())
        };
        return (matches!(probe.server_port, 80 | 443 | 8080 | 14000 | 10001)
            && is_block(client)
            && is_block(probe.server))
        .then_some(Confidence::Probable);
    }
    if !probe.is_udp {
        return None;
    }
    let is_heartbeat = |bytes: &[u8]| matches!(bytes, [0xd1, 0x0a, _, 0x0a, ..]);
    match (is_heartbeat(client.bytes), is_heartbeat(probe.server.bytes)) {
        (true, true) => Some(Confidence::Probable),
        (true, false) | (false, true) => Some(Confidence::Weak),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp, udp};
    use super::*;

    #[test]
    fn only_in_tencents_network() {
        let beat = hex("d10a180a 00112233");
        assert_eq!(read(&udp(&beat, &beat, 8000, 132203)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&beat, &[], 8000, 132203)), Some(Confidence::Weak));
        assert_eq!(read(&udp(&beat, &beat, 8000, 0)), None);
        let block = hex("ab 00000120 00000000");
        assert_eq!(read(&tcp(&block, &block, 443, 132203)), Some(Confidence::Probable));
        assert_eq!(read(&tcp(&block, &[], 443, 132203)), None);
    }
}
