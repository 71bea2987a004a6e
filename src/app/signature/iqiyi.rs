//! iQIYI's exchange between viewers, which it took over from PPStream: its datagrams carry that name.

use super::{Confidence, Over, Probe, Says, Side, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "iqiyi-peers",
    says: Says::App("iqiyi"),
    about: "UDP datagrams of 121 to 299 bytes with the text PPStream",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let is_marked = |side: Side<'_>| {
        (121..=299).contains(&side.first_length()) && memchr::memmem::find(side.bytes, b"PPStream").is_some()
    };
    (probe.is_udp && probe.application.is_empty() && probe.sides().into_iter().any(is_marked))
        .then_some(Confidence::Probable)
}

#[cfg(test)]
mod tests {
    use super::super::testing::udp;
    use super::*;

    #[test]
    fn text_and_length() {
        let mut bytes = vec![3; 96];
        bytes.extend(b"PPStream");
        bytes.resize(121, 3);
        assert_eq!(read(&udp(&bytes, &[], 30_000, 0)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&bytes[..120], &[], 30_000, 0)), None);
        assert_eq!(read(&udp(&[3; 125], &[], 30_000, 0)), None);
        assert_eq!(read(&Probe { application: "http", ..udp(&bytes, &[], 30_000, 0) }), None);
    }
}
