//! Steam over UDP: connection manager datagrams that begin with `VS01`, and discovery for streaming in the local network.

use super::{Confidence, Over, Probe, Says, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "steam",
    says: Says::App("steam"),
    about: "UDP `VS01`, or the discovery magic FFFFFFFF 214C5FA0 on ports 27031 to 27036",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_udp {
        return None;
    }
    let is_manager = probe.sides().into_iter().any(|side| side.has(0, b"VS01"));
    let is_discovery = (27031..=27036).contains(&probe.server_port)
        && probe.client.has(0, &[0xff, 0xff, 0xff, 0xff, 0x21, 0x4c, 0x5f, 0xa0]);
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
    }
}
