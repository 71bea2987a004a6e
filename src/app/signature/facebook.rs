//! Meta's QUIC library mvfst: versions `FACEB00x` in the long header of QUIC packets (RFC 8999 §5.1). They tell the operator,
//! not which of its apps.

use super::{Confidence, Probe, Says, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "mvfst",
    says: Says::Platform("meta-platform"),
    about: "QUIC long headers with a version FACEB00x: some app of Meta's",
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let is_mvfst = probe.is_udp
        && probe.sides().into_iter().any(|side| {
            side.bytes.first().is_some_and(|first| first & 0x80 != 0)
                && side.u32(1).is_some_and(|version| version & 0xffff_fff0 == 0xface_b000)
                && side.bytes.get(5).is_some_and(|&length| length <= 20)
        });
    is_mvfst.then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn versions_of_mvfst() {
        let bytes = hex("c9 faceb001 08 56de054b498059dc 00");
        assert_eq!(read(&udp(&bytes, &[], 443, 0)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&hex("c3 00000001 08 56de054b498059dc"), &[], 443, 0)), None);
        assert_eq!(read(&udp(&hex("49 faceb001 08"), &[], 443, 0)), None);
        for cut in 0..6 {
            assert_eq!(read(&udp(&bytes[..cut], &[], 443, 0)), None, "{cut}");
        }
    }
}
