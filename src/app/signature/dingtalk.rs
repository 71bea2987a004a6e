//! DingTalk's LWP handshake over TCP: after four bytes, items of type, 16-bit length and value, of which the second says `dk`.

use super::{Confidence, Over, Probe, Says, Signature, networks};

pub(super) const SIGNATURE: Signature = Signature {
    name: "dingtalk",
    says: Says::App("dingtalk"),
    about: "TCP: items 01 (one byte), 02 `dk`, 03 (32 bytes) after four bytes, surer in Alibaba's network",
    over: Over::Tcp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let is_marked =
        probe.is_tcp && probe.client.has(4, &[1, 0, 1]) && probe.client.has(8, &[2, 0, 2, b'd', b'k', 3, 0, 0x20]);
    probe.judge(is_marked, networks::ALIBABA)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp};
    use super::*;

    #[test]
    fn items_in_order() {
        let bytes = hex("10648780 010001 00 020002 646b 030020 166ddd35");
        assert_eq!(read(&tcp(&bytes, &[], 443, 45102)), Some(Confidence::Certain));
        assert_eq!(read(&tcp(&bytes, &[], 443, 0)), Some(Confidence::Probable));
        for cut in 0..16 {
            assert_eq!(read(&tcp(&bytes[..cut], &[], 443, 45102)), None, "{cut}");
        }
    }
}
