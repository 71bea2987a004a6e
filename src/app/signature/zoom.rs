//! Zoom's media over UDP (ports 8801 to 8810): the server's first answer repeats the client's 16-byte cookie; media begins
//! with a server header of type 5: a number, a cookie, the direction, then the type of the medium, behind which RTP or RTCP
//! stands at a fixed place. Source: Michel et al., "Enabling passive measurement of Zoom performance", IMC 2022. PFCP
//! lives on port 8805 too, and begins with 20 or 21.

use super::{Confidence, Over, Probe, Says, Side, Signature, networks};

pub(super) const SIGNATURE: Signature = Signature {
    name: "zoom",
    says: Says::App("zoom"),
    about: "UDP 8801 to 8810: `01 00 0x` + cookie answered by `02 00 0x` + the same cookie, media, or Zoom's network",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_udp || !(8801..=8810).contains(&probe.server_port) {
        return None;
    }
    let (client, server) = (probe.client.bytes, probe.server.bytes);
    let is_hello = matches!(client, [1, 0, 1..=3, ..]) && client.len() >= 19;
    let cookie = |bytes: &[u8]| bytes.get(3..19).is_some_and(|cookie| client.get(3..19) == Some(cookie));
    if is_hello && matches!(server, [2, 0, 1..=3, ..]) && cookie(server) {
        return Some(Confidence::Certain);
    }
    let is_media = matches!(client, [1..=5 | 7, ..]) || matches!(server, [1..=5 | 7, ..]);
    match (is_hello || is_media, probe.is_in(networks::ZOOM)) {
        (true, true) => Some(Confidence::Probable),
        _ if is_rtp(probe.client, 0) || is_rtp(probe.server, 4) => Some(Confidence::Probable),
        (true, false) if is_hello => Some(Confidence::Weak),
        // The web client.
        (false, true) if matches!(probe.application, "stun" | "dtls") && !client.is_empty() => Some(Confidence::Weak),
        _ => None,
    }
}

/// Whether a side's first datagram carries RTP or RTCP where its type of medium says so, and more datagrams follow. The
/// directions of the client are 0 and 1, those of the server 4 and 5.
fn is_rtp(side: Side<'_>, direction: u8) -> bool {
    let [5, _, _, _, _, _, _, to, kind, ..] = *side.bytes else { return false };
    let place = match kind {
        // Audio, video, shared screens, reports.
        0x0f => 19,
        0x10 => 24,
        0x0d => 27,
        0x1e => 20,
        0x21..=0x23 => 16,
        _ => return false,
    };
    let version = side.bytes.get(8 + place).map(|first| first >> 6);
    to & !1 == direction && version == Some(2) && side.lengths.len() >= 3
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn media_by_their_header() {
        let mut audio = hex("05 0001 01020304 00 0f");
        audio.resize(27, 1);
        audio.extend(hex("90 70 0001 00000000 11223344"));
        let side = Side { bytes: &audio, lengths: &[140, 140, 140] };
        let probe = Probe { client: side, ..udp(&[], &[], 8801, 0) };
        assert_eq!(read(&probe), Some(Confidence::Probable));
        assert_eq!(read(&Probe { server_port: 8811, ..probe }), None);
        // The wrong direction, a single datagram, no RTP.
        assert_eq!(read(&Probe { client: Side::default(), server: side, ..probe }), None);
        assert_eq!(read(&Probe { client: Side { lengths: &[140], ..side }, ..probe }), None);
        audio[27] = 0x10;
        let side = Side { bytes: &audio, lengths: &[140, 140, 140] };
        assert_eq!(read(&Probe { client: side, ..udp(&[], &[], 8801, 0) }), None);
    }

    #[test]
    fn cookie_comes_back() {
        let ask = hex("010003 c84ac4528718cda2b8477a1b899f3383 0000000000000002");
        let answer = hex("020003 c84ac4528718cda2b8477a1b899f3383 004f8378");
        assert_eq!(read(&udp(&ask, &answer, 8801, 0)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&ask, &[], 8801, 0)), Some(Confidence::Weak));
        assert_eq!(read(&udp(&ask, &[], 8801, 30103)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&ask, &answer, 443, 30103)), None);
        for cut in 0..19 {
            assert_eq!(read(&udp(&ask[..cut], &answer, 8801, 0)), None, "{cut}");
        }
    }
}
