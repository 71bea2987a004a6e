//! Epic's online games (Fortnite and others): the opening is a word, and 24 zero bytes from the tenth on; the answer begins
//! with the same word with one bit set.

use super::{Confidence, Over, Probe, Says, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "epic",
    says: Says::App("epic"),
    about: "UDP: a word and 24 zero bytes at 10, answered by the same word with bit 3 set",
    over: Over::Udp,
    read,
};

const BIT: u32 = 8;

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_udp || !probe.application.is_empty() || probe.client.first_length() < 34 {
        return None;
    }
    let (asked, answered) = (probe.client.u32(0)?, probe.server.u32(0)?);
    let is_zero = probe.client.bytes.get(10..34)?.iter().all(|&byte| byte == 0);
    (is_zero && asked != 0 && asked & BIT == 0 && answered == asked | BIT).then_some(Confidence::Probable)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn word_and_answer() {
        let mut ask = hex("a1b2c3d4 0102030405 06");
        ask.resize(34, 0);
        let answer = hex("a1b2c3dc 1122");
        assert_eq!(read(&udp(&ask, &answer, 9000, 0)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&ask, &[], 9000, 0)), None);
        assert_eq!(read(&udp(&ask, &hex("a1b2c3d4"), 9000, 0)), None);
        assert_eq!(read(&udp(&ask[..33], &answer, 9000, 0)), None);
        assert_eq!(read(&udp(&[0; 34], &hex("00000008"), 9000, 0)), None);
        ask[20] = 1;
        assert_eq!(read(&udp(&ask, &answer, 9000, 0)), None);
    }
}
