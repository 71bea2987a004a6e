//! Roblox: RakNet whose first bytes plain RakNet lacks, within Roblox's network. Elsewhere, RakNet is a protocol of many
//! games.

use super::{Confidence, Over, Probe, Says, Side, Signature, networks};

pub(super) const SIGNATURE: Signature = Signature {
    name: "roblox",
    says: Says::App("roblox"),
    about: "UDP to Roblox's network: RakNet's mark at 32, or at 1 behind a first byte that plain RakNet lacks",
    over: Over::Udp,
    read,
};

/// The mark of RakNet's messages outside of a connection.
pub(super) const RAKNET: [u8; 16] =
    [0x00, 0xff, 0xff, 0x00, 0xfe, 0xfe, 0xfe, 0xfe, 0xfd, 0xfd, 0xfd, 0xfd, 0x12, 0x34, 0x56, 0x78];

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let is_marked = |side: Side<'_>| {
        let is_plain = matches!(side.bytes, [0x00..=0x1c | 0x80..=0x8d | 0xa0 | 0xc0, ..]);
        side.has(32, &RAKNET) || (side.has(1, &RAKNET) && !is_plain && side.first_length() >= 1200)
    };
    (probe.is_udp && probe.is_in(networks::ROBLOX) && probe.sides().into_iter().any(is_marked))
        .then_some(Confidence::Probable)
}

#[cfg(test)]
mod tests {
    use super::super::testing::udp;
    use super::*;

    #[test]
    fn only_in_its_network() {
        let mut bytes = vec![0x7b];
        bytes.extend(RAKNET);
        bytes.resize(1200, 0);
        assert_eq!(read(&udp(&bytes, &[], 50_000, 22697)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&bytes, &[], 50_000, 0)), None);
        assert_eq!(read(&udp(&bytes[..1199], &[], 50_000, 22697)), None);
        bytes[0] = 5;
        assert_eq!(read(&udp(&bytes, &[], 50_000, 22697)), None);
        let later = [&[1; 32][..], &RAKNET].concat();
        assert_eq!(read(&udp(&later, &[], 50_000, 22697)), Some(Confidence::Probable));
    }
}
