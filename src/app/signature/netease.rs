//! NetEase's games over UDP: an opening of 12 bytes, or first words of their own (`B3AF8DE8`; Naraka: `0708080C`).

use super::{Confidence, Over, Probe, Says, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "netease-games",
    says: Says::App("netease"),
    about: "UDP: 12 bytes with D001 at 2 and 00010101 at 8, or B3AF8DE8; weaker 0708080C",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_udp {
        return None;
    }
    let client = probe.client;
    let is_opening =
        client.first_length() == 12 && client.has(0, &[1]) && client.has(2, &[0xd0, 1]) && client.has(8, &[0, 1, 1, 1]);
    let is_other = client.has(0, &[0xb3, 0xaf, 0x8d, 0xe8]) && client.first_length() >= 30;
    match is_opening || is_other {
        true => Some(Confidence::Probable),
        false => client.has(0, &[7, 8, 8, 0x0c]).then_some(Confidence::Weak),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn openings() {
        let opening = hex("0105 d001 0a0b0c0d 00010101");
        assert_eq!(read(&udp(&opening, &[], 30_000, 0)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&opening[..11], &[], 30_000, 0)), None);
        let mut other = hex("b3af8de8");
        other.resize(30, 1);
        assert_eq!(read(&udp(&other, &[], 30_000, 0)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&other[..29], &[], 30_000, 0)), None);
        assert_eq!(read(&udp(&hex("0708080c 01"), &[], 30_000, 0)), Some(Confidence::Weak));
    }
}
