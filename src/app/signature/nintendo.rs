//! Nintendo's online play: `32AB9864 02` over UDP.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "nintendo",
    says: Says::App("nintendo"),
    about: "UDP datagrams of more than 48 bytes that begin with 32AB986402",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let is_marked = |side: Side<'_>| side.has(0, &[0x32, 0xab, 0x98, 0x64, 2]) && side.first_length() > 48;
    (probe.is_udp && probe.sides().into_iter().any(is_marked)).then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn mark_and_length() {
        let mut bytes = hex("32ab986402");
        bytes.resize(49, 1);
        assert_eq!(read(&udp(&bytes, &[], 40_000, 0)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&bytes[..48], &[], 40_000, 0)), None);
        bytes[4] = 3;
        assert_eq!(read(&udp(&bytes, &[], 40_000, 0)), None);
    }
}
