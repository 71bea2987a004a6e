//! FaceTime: media datagrams that begin with `DEADBEEFCAFE` or `DEADBEEFDEAD`, on the ports that Apple names for it. No
//! capture that shows them was at hand, so they are a hint only, and only in Apple's network.

use super::{Confidence, Over, Probe, Says, Side, Signature, networks};

pub(super) const SIGNATURE: Signature = Signature {
    name: "facetime",
    says: Says::App("apple-services"),
    about: "UDP to Apple's network, on the ports of FaceTime: DEADBEEFCAFE or DEADBEEFDEAD",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let is_port = |port| matches!(port, 3478..=3497 | 16384..=16387 | 16393..=16402);
    let is_marked = |side: Side<'_>| {
        side.has(0, &[0xde, 0xad, 0xbe, 0xef, 0xca, 0xfe]) || side.has(0, &[0xde, 0xad, 0xbe, 0xef, 0xde, 0xad])
    };
    (probe.is_udp
        && probe.is_in(networks::APPLE)
        && (is_port(probe.server_port) || is_port(probe.client_port))
        && probe.sides().into_iter().any(is_marked))
    .then_some(Confidence::Weak)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn only_in_apples_network() {
        let bytes = hex("deadbeefcafe 0001");
        assert_eq!(read(&udp(&bytes, &[], 3478, 714)), Some(Confidence::Weak));
        assert_eq!(read(&udp(&bytes, &[], 3478, 0)), None);
        assert_eq!(read(&udp(&bytes, &[], 443, 714)), None);
        assert_eq!(read(&udp(&bytes[..5], &[], 3478, 714)), None);
    }
}
