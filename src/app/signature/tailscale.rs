//! Tailscale: the messages by which its peers find paths to each other begin with `TS` and a speech bubble in UTF-8. Source:
//! `disco/disco.go` of Tailscale. The port is anything; 41641 is only the default.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "tailscale-disco",
    says: Says::App("tailscale"),
    about: "UDP datagrams of 62 bytes or more that begin with `TS` and F09F92AC",
    over: Over::Udp,
    read,
};

/// The mark, a key and a nonce.
const SHORTEST: usize = 6 + 32 + 24;

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let is_message = |side: Side<'_>| side.has(0, b"TS\xf0\x9f\x92\xac") && side.first_length() >= SHORTEST;
    (probe.is_udp && probe.sides().into_iter().any(is_message)).then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn mark_and_length() {
        let mut bytes = hex("5453f09f92ac");
        bytes.resize(110, 7);
        assert_eq!(read(&udp(&bytes, &[], 41_641, 0)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&[], &bytes, 50_000, 0)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&bytes[..61], &[], 41_641, 0)), None);
        assert_eq!(read(&udp(&[&b"TS"[..], &[7; 100]].concat(), &[], 41_641, 0)), None);
    }
}
