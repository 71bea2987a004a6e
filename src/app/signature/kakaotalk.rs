//! KakaoTalk's LOCO over TCP: the secure handshake consists of little-endian 32-bit numbers (a key length of 256, and
//! the kinds of key and cipher), then the key.

use super::{Confidence, Over, Probe, Says, Signature, networks};

pub(super) const SIGNATURE: Signature = Signature {
    name: "kakaotalk-loco",
    says: Says::App("kakaotalk"),
    about: "TCP: LOCO's secure handshake (256, key kind, cipher kind, 256 bytes), surer in Kakao's network",
    over: Over::Tcp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let client = probe.client;
    let is_handshake = probe.is_tcp
        && client.u32_little(0)? == 256
        && (1..=32).contains(&client.u32_little(4)?)
        && (1..=4).contains(&client.u32_little(8)?)
        && client.lengths.iter().map(|&n| n as usize).sum::<usize>().max(client.bytes.len()) >= 64
        && client.bytes.get(12..).is_some_and(|key| key.iter().filter(|&&byte| byte == 0).count() < key.len() / 4 + 1);
    probe.judge(is_handshake, networks::KAKAO)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp};
    use super::*;

    #[test]
    fn secure_handshake() {
        let mut bytes = hex("00010000 05000000 02000000");
        bytes.extend((0..116u8).map(|n| n.wrapping_mul(91).wrapping_add(3)));
        assert_eq!(read(&tcp(&bytes, &[], 8080, 38099)), Some(Confidence::Certain));
        assert_eq!(read(&tcp(&bytes, &[], 8080, 0)), Some(Confidence::Probable));
        for cut in 0..64 {
            assert_eq!(read(&tcp(&bytes[..cut], &[], 8080, 38099)), None, "{cut}");
        }
    }
}
