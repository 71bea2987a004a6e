//! TeamViewer's own protocol on port 5938: messages begin with `17 24`, over TCP and UDP.

use super::{Confidence, Over, Probe, Says, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "teamviewer",
    says: Says::App("teamviewer"),
    about: "port 5938: `17 24` from either side",
    over: Over::Either,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if probe.server_port != 5938 {
        return None;
    }
    let marked = probe.sides().map(|side| side.has(0, &[0x17, 0x24]) || (probe.is_udp && side.has(11, &[0x17, 0x24])));
    match marked {
        [true, true] => Some(Confidence::Certain),
        [true, false] | [false, true] => Some(Confidence::Probable),
        [false, false] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp};
    use super::*;

    #[test]
    fn on_its_port_only() {
        let bytes = hex("1724 0a20 00");
        assert_eq!(read(&tcp(&bytes, &bytes, 5938, 0)), Some(Confidence::Certain));
        assert_eq!(read(&tcp(&bytes, &[], 5938, 0)), Some(Confidence::Probable));
        assert_eq!(read(&tcp(&bytes, &bytes, 443, 0)), None);
    }
}
