//! Agora's network for live sound and video, whose opening a reader recognises. It is built into many apps, so the service is
//! named, and no app credited.

use super::{Confidence, Over, Probe, Says, Signature, probe};

pub(super) const SIGNATURE: Signature = Signature {
    name: "agora",
    says: Says::Platform("agora"),
    about: "UDP: the opening of Agora's network, with the server's name",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    (probe.is_udp && probe.application == probe::AGORA).then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::udp;
    use super::*;

    #[test]
    fn by_its_protocol() {
        let probe = udp(&[], &[], 8130, 0);
        assert_eq!(read(&Probe { application: "agora", ..probe }), Some(Confidence::Certain));
        assert_eq!(read(&probe), None);
    }
}
