//! TeamViewer's own protocol, over TCP and UDP: messages begin with `17 24`, or with `11 30` from newer servers; over
//! UDP these bytes are at 11. Its port is 5938, but it uses others where that is closed, and between peers.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "teamviewer",
    says: Says::App("teamviewer"),
    about: "`17 24` from the client and `11 30` or `17 24` from the server; on port 5938 from either",
    over: Over::Either,
    read,
};

const OLD: &[u8] = &[0x17, 0x24];
const NEW: &[u8] = &[0x11, 0x30];

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    // Between peers: a zero, and the mark at 11.
    let is_datagram = |side: &Side<'_>| side.has(0, &[0]) && side.has(11, OLD) && side.first_length() > 13;
    if probe.server_port != 5938 {
        let is_both = match probe.is_udp {
            true => is_datagram(&probe.client) && is_datagram(&probe.server),
            false => probe.client.has(0, OLD) && (probe.server.has(0, NEW) || probe.server.has(0, OLD)),
        };
        return (is_both && (probe.is_udp || probe.is_tcp)).then_some(Confidence::Probable);
    }
    let is_marked = |side: Side<'_>| side.has(0, OLD) || (probe.is_udp && side.has(11, OLD));
    match [is_marked(probe.client), is_marked(probe.server) || (probe.is_tcp && probe.server.has(0, NEW))] {
        [true, true] => Some(Confidence::Certain),
        [true, false] | [false, true] => Some(Confidence::Probable),
        [false, false] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp, udp};
    use super::*;

    #[test]
    fn on_its_port() {
        let bytes = hex("1724 0a20 00");
        assert_eq!(read(&tcp(&bytes, &bytes, 5938, 0)), Some(Confidence::Certain));
        assert_eq!(read(&tcp(&bytes, &hex("1130 3600"), 5938, 0)), Some(Confidence::Certain));
        assert_eq!(read(&tcp(&bytes, &[], 5938, 0)), Some(Confidence::Probable));
    }

    #[test]
    fn elsewhere_both_sides_must_speak_it() {
        let (ask, answer) = (hex("1724 0a20 00"), hex("1130 3600"));
        assert_eq!(read(&tcp(&ask, &answer, 443, 0)), Some(Confidence::Probable));
        assert_eq!(read(&tcp(&ask, &ask, 443, 0)), Some(Confidence::Probable));
        assert_eq!(read(&tcp(&ask, &[], 443, 0)), None);
        assert_eq!(read(&tcp(&answer, &ask, 443, 0)), None);
        let peer = hex("00 11223344556677889900 1724 0a20");
        assert_eq!(read(&udp(&peer, &peer, 40_000, 0)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&peer, &[], 40_000, 0)), None);
        assert_eq!(read(&udp(&peer[..13], &peer[..13], 40_000, 0)), None);
    }
}
