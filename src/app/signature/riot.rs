//! Riot's games over UDP: datagrams that end in `AAAAAAAA BBBBBBBB`, or of 53 bytes with an end of their own; and Wild
//! Rift's opening of 22 bytes. Only datagrams of which the end was kept can be told.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "riot",
    says: Says::App("riot"),
    about: "UDP datagrams that end in AAAAAAAABBBBBBBB, or in 3CB11F2DEA23460C after 45 bytes; Wild Rift's opening",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let is_marked = |side: Side<'_>| {
        let is_whole = side.bytes.len() == side.first_length();
        let is_ended = side.bytes.ends_with(&[0xaa, 0xaa, 0xaa, 0xaa, 0xbb, 0xbb, 0xbb, 0xbb])
            || (side.bytes.len() == 53 && side.bytes.ends_with(&[0x3c, 0xb1, 0x1f, 0x2d, 0xea, 0x23, 0x46, 0x0c]));
        let is_wild_rift = side.first_length() == 22 && side.has(0, &[1, 2, 0xc8, 0x41]) && side.has(18, &[0xa0, 0xb1]);
        (is_whole && is_ended) || is_wild_rift
    };
    (probe.is_udp && probe.sides().into_iter().any(is_marked)).then_some(Confidence::Probable)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn ends_of_datagrams() {
        let ended = hex("0102030405060708 aaaaaaaabbbbbbbb");
        assert_eq!(read(&udp(&ended, &[], 8181, 0)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&ended[..15], &[], 8181, 0)), None);
        // The kept bytes end so, but not the datagram.
        let cut = Side { bytes: &ended, lengths: &[200] };
        assert_eq!(read(&Probe { client: cut, ..udp(&[], &[], 8181, 0) }), None);
        let mut other = vec![5; 45];
        other.extend(hex("3cb11f2dea23460c"));
        assert_eq!(read(&udp(&[], &other, 8181, 0)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&[], &other[1..], 8181, 0)), None);
    }

    #[test]
    fn wild_rift() {
        let mut opening = hex("0102c841");
        opening.resize(18, 3);
        opening.extend(hex("a0b10000"));
        assert_eq!(read(&udp(&opening, &[], 10_001, 0)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&opening[..21], &[], 10_001, 0)), None);
    }
}
