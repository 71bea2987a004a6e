//! TeamSpeak 3 over UDP: its opening datagrams begin with `TS3INIT1`.

use super::{Confidence, Over, Probe, Says, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "teamspeak",
    says: Says::App("teamspeak"),
    about: "UDP datagrams that begin with TS3INIT1",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    (probe.is_udp && probe.sides().into_iter().any(|side| side.has(0, b"TS3INIT1"))).then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::udp;
    use super::*;

    #[test]
    fn begins_with_its_name() {
        let bytes = b"TS3INIT1\0\x65\0\0\x88";
        assert_eq!(read(&udp(bytes, &[], 9987, 0)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&bytes[..7], &[], 9987, 0)), None);
    }
}
