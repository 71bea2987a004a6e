//! AnyDesk: its relays show a certificate that its maker signed for itself, `CN=AnyNet Relay` of philandro Software GmbH, on
//! whatever port is open (80, 443, 6568).

use super::{Confidence, Over, Probe, Says, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "anydesk-certificate",
    says: Says::App("anydesk"),
    about: "TLS with a certificate for philandro Software GmbH, the maker of AnyDesk",
    over: Over::Tcp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    (probe.is_tcp && probe.organisation == "philandro Software GmbH").then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::tcp;
    use super::*;

    #[test]
    fn organisation_of_the_certificate() {
        let probe = tcp(b"\x16\x03\x01", &[], 80, 0);
        let organisation = "philandro Software GmbH";
        assert_eq!(read(&Probe { organisation, ..probe }), Some(Confidence::Certain));
        assert_eq!(read(&Probe { organisation: "Philandro", ..probe }), None);
        assert_eq!(read(&probe), None);
    }
}
