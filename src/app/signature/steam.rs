//! Steam over UDP: connection manager datagrams that begin with `VS01`, discovery for streaming in the local network, which
//! gives the length of its header, and the pings of Valve's relays.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "steam",
    says: Says::App("steam"),
    about: "UDP `VS01`, the discovery magic FFFFFFFF 214C5FA0, or a relay's `sdping`",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_udp {
        return None;
    }
    let is_manager = probe.sides().into_iter().any(|side| side.has(0, b"VS01"));
    let client = probe.client;
    let is_header = client.u32_little(8).is_some_and(|length| (1..client.first_length()).contains(&(length as usize)));
    let is_discovery = client.has(0, &[0xff, 0xff, 0xff, 0xff, 0x21, 0x4c, 0x5f, 0xa0])
        && (is_header || (27031..=27036).contains(&probe.server_port));
    let is_ping = |side: Side<'_>| side.has(2, b"sdping") && side.first_length() >= 100;
    if probe.sides().into_iter().any(is_ping) {
        return Some(Confidence::Certain);
    }
    match (is_discovery, is_manager, (27000..=27100).contains(&probe.server_port)) {
        (true, _, _) | (_, true, true) => Some(Confidence::Certain),
        (_, true, false) => Some(Confidence::Probable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn magic_numbers() {
        assert_eq!(read(&udp(b"VS01\0\0\x01\0", &[], 27017, 0)), Some(Confidence::Certain));
        assert_eq!(read(&udp(b"VS01\0\0\x01\0", &[], 443, 0)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&hex("ffffffff214c5fa0 0d"), &[], 27036, 0)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&hex("ffffffff54536f75"), &[], 27036, 0)), None);
        assert_eq!(read(&udp(&hex("ffffffff214c5fa0 02000000 0801"), &[], 40_000, 0)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&hex("ffffffff214c5fa0 ff000000 0801"), &[], 40_000, 0)), None);
        let mut ping = b"\x01\x02sdping".to_vec();
        ping.resize(100, 0);
        assert_eq!(read(&udp(&ping, &[], 27018, 0)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&ping[..99], &[], 27018, 0)), None);
    }
}
