//! Meta's QUIC library mvfst: versions `FACEB00x` in the long header of QUIC packets (RFC 8999 §5.1). They identify
//! the operator, but not which of its apps.

use super::{Confidence, Over, Probe, Says, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "mvfst",
    says: Says::Platform("meta-platform"),
    about: "QUIC long headers with a version FACEB00x: some app of Meta's",
    over: Over::Udp,
    read,
};

/// Recognises the Facebook app. Meta's SDKs in other developers' apps use the HTTP library of the system; only Meta's
/// own apps contain mvfst. So mvfst to a name under facebook.com is taken for the Facebook app, though Meta's other
/// apps use these names now and then.
pub(super) const OWN_APP: Signature = Signature {
    name: "mvfst-facebook",
    says: Says::App("facebook"),
    about: "mvfst to a name under facebook.com: Meta's own app, not its SDK in another's",
    over: Over::Udp,
    read: read_own_app,
};

fn read_own_app(probe: &Probe<'_>) -> Option<Confidence> {
    let is_facebook =
        probe.name.strip_suffix("facebook.com").is_some_and(|host| host.is_empty() || host.ends_with('.'));
    read(probe).filter(|_| is_facebook).map(|_| Confidence::Probable)
}

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
    fn own_app_by_name() {
        let bytes = hex("c9 faceb001 08 56de054b498059dc 00");
        for (name, expected) in [
            ("graph.facebook.com", Some(Confidence::Probable)),
            ("notfacebook.com", None),
            ("i.instagram.com", None),
            ("", None),
        ] {
            assert_eq!(read_own_app(&Probe { name, ..udp(&bytes, &[], 443, 32934) }), expected, "{name}");
        }
        let other = hex("c3 00000001 08 56de054b498059dc");
        assert_eq!(read_own_app(&Probe { name: "graph.facebook.com", ..udp(&other, &[], 443, 32934) }), None);
    }

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
