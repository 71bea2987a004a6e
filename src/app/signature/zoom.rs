//! Zoom's media over UDP (ports 8801 to 8810): the server's first answer repeats the client's 16-byte cookie; media begins
//! with a server header of type 5.

use super::{Confidence, Over, Probe, Says, Signature, networks};

pub(super) const SIGNATURE: Signature = Signature {
    name: "zoom",
    says: Says::App("zoom"),
    about: "UDP 8801 to 8810: `01 00 0x` + cookie answered by `02 00 0x` + the same cookie, or Zoom's network",
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
        (true, false) if is_hello => Some(Confidence::Weak),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

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
