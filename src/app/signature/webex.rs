//! Webex: its media servers on UDP port 9000 answer `0100 0000` with `0200 0000`, in eight bytes each.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "webex-media",
    says: Says::App("webex"),
    about: "UDP 9000: eight bytes that begin with 01000000, answered by eight that begin with 02000000",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let begins = |side: Side<'_>, kind| side.first_length() == 8 && side.has(0, &[kind, 0, 0, 0]);
    (probe.is_udp && probe.server_port == 9000 && begins(probe.client, 1) && begins(probe.server, 2))
        .then_some(Confidence::Probable)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn asked_and_answered_on_its_port() {
        let (ask, answer) = (hex("01000000 0a0b0c0d"), hex("02000000 0a0b0c0d"));
        assert_eq!(read(&udp(&ask, &answer, 9000, 0)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&ask, &[], 9000, 0)), None);
        assert_eq!(read(&udp(&ask, &ask, 9000, 0)), None);
        assert_eq!(read(&udp(&ask, &answer, 9001, 0)), None);
        assert_eq!(read(&udp(&ask[..7], &answer, 9000, 0)), None);
    }
}
