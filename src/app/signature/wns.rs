//! Tencent's WNS, a channel that Qzone and other apps of Tencent's share: both sides begin with `wns` and a zero. It tells
//! the operator, but not which of its apps.

use super::{Confidence, Over, Probe, Says, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "wns",
    says: Says::Platform("tencent-platform"),
    about: "TCP: both sides begin with `wns` and a zero: some app of Tencent's",
    over: Over::Tcp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    (probe.is_tcp && probe.sides().into_iter().all(|side| side.has(0, b"wns\0"))).then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::tcp;
    use super::*;

    #[test]
    fn both_sides_say_it() {
        assert_eq!(read(&tcp(b"wns\0\0\0", b"wns\0\0\0", 80, 0)), Some(Confidence::Certain));
        assert_eq!(read(&tcp(b"wns\0\0\0", &[], 80, 0)), None);
        assert_eq!(read(&tcp(b"wns1\0\0", b"wns\0\0\0", 80, 0)), None);
    }
}
