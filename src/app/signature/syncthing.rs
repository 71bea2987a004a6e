//! Syncthing: announcements in the local network (`2EA7D90B`) and its relays' protocol (`9E79BC40`). Source: the
//! specifications of Syncthing (Local Discovery v4, Relay v1).

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "syncthing",
    says: Says::App("syncthing"),
    about: "UDP 2EA7D90B, certain on port 21027; TCP 9E79BC40 with type and length",
    over: Over::Either,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if probe.is_udp && probe.client.has(0, &[0x2e, 0xa7, 0xd9, 0x0b]) {
        return Some(if probe.server_port == 21027 { Confidence::Certain } else { Confidence::Probable });
    }
    // Ping to RelayFull are the types 0 to 7. No message is longer than 1 KiB.
    let is_relayed = |side: Side<'_>| {
        side.has(0, &[0x9e, 0x79, 0xbc, 0x40])
            && side.u32(4).is_some_and(|kind| kind <= 7)
            && side.u32(8).is_some_and(|length| length <= 1024)
    };
    (probe.is_tcp && probe.sides().into_iter().any(is_relayed)).then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp, udp};
    use super::*;

    #[test]
    fn announcements_and_relays() {
        let announced = hex("2ea7d90b 0a20");
        assert_eq!(read(&udp(&announced, &[], 21027, 0)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&announced, &[], 40_000, 0)), Some(Confidence::Probable));
        assert_eq!(read(&tcp(&announced, &[], 21027, 0)), None);
        let relayed = hex("9e79bc40 00000002 00000000");
        assert_eq!(read(&tcp(&relayed, &[], 22067, 0)), Some(Confidence::Certain));
        for cut in 0..relayed.len() {
            assert_eq!(read(&tcp(&relayed[..cut], &[], 22067, 0)), None, "{cut}");
        }
        assert_eq!(read(&tcp(&hex("9e79bc40 00000102 00000000"), &[], 22067, 0)), None);
    }
}
