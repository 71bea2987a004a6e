//! Zalo's calls over UDP: `01010000` of some lengths, answered by `02010000` or by itself. The marks are few and no capture
//! that shows them was at hand, so they are a hint only.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "zalo-call",
    says: Says::App("zalo"),
    about: "UDP: 01010000 answered by 02010000 or 01010000, with the lengths of such messages",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let begins = |side: Side<'_>, kind| side.has(0, &[kind, 1, 0, 0]);
    let lengths = (probe.client.first_length(), probe.server.first_length());
    let is_set_up = begins(probe.server, 2) && matches!(lengths, (180..=185, 52..=56));
    let is_echo = begins(probe.server, 1) && lengths.0 == lengths.1 && matches!(lengths.0, 26 | 27 | 34 | 42);
    (probe.is_udp && begins(probe.client, 1) && (is_set_up || is_echo)).then_some(Confidence::Weak)
}

#[cfg(test)]
mod tests {
    use super::super::testing::udp;
    use super::*;

    #[test]
    fn types_and_lengths() {
        let message = |kind, length| {
            let mut bytes = vec![kind, 1, 0, 0];
            bytes.resize(length, 9);
            bytes
        };
        let shown = |a: &[u8], b: &[u8]| read(&udp(a, b, 20_000, 0));
        assert_eq!(shown(&message(1, 180), &message(2, 52)), Some(Confidence::Weak));
        assert_eq!(shown(&message(1, 26), &message(1, 26)), Some(Confidence::Weak));
        assert_eq!(shown(&message(1, 26), &message(1, 27)), None);
        assert_eq!(shown(&message(1, 180), &[]), None);
        assert_eq!(shown(&message(1, 186), &message(2, 52)), None);
    }
}
