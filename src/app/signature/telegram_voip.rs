//! Telegram calls over UDP through its reflectors: a 16-byte peer tag, then twelve bytes FF and a request word;
//! answers look the same. Source: the published code of libtgvoip and tgcalls.

use super::{Confidence, Over, Probe, Says, Signature, networks};

pub(super) const SIGNATURE: Signature = Signature {
    name: "telegram-voip",
    says: Says::App("telegram"),
    about: "UDP: a peer tag, twelve bytes FF and a reflector request, surer in Telegram's own network",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_udp {
        return None;
    }
    let is_reflector = probe.sides().into_iter().any(|side| {
        side.has(16, &[0xff; 12])
            && side.bytes.get(..16).is_some_and(|tag| tag.iter().any(|&byte| byte != 0xff && byte != 0))
            && side.bytes.get(28).is_some_and(|&word| word >= 0xf8)
    });
    probe.judge(is_reflector, networks::TELEGRAM)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, udp};
    use super::*;

    #[test]
    fn reflector_request() {
        let bytes = hex("0102030405060708090a0b0c0d0e0f10 ffffffffffffffffffffffff feffffff 1122334455667788");
        assert_eq!(read(&udp(&bytes, &[], 533, 62041)), Some(Confidence::Certain));
        assert_eq!(read(&udp(&[], &bytes, 533, 0)), Some(Confidence::Probable));
        for cut in 0..29 {
            assert_eq!(read(&udp(&bytes[..cut], &[], 533, 62041)), None, "{cut}");
        }
        assert_eq!(read(&udp(&[0xff; 64], &[], 533, 62041)), None);
    }
}
