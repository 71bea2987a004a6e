//! Telegram's MTProto over TCP (core.telegram.org/mtproto/mtproto-transports): plain abridged, intermediate and padded
//! intermediate transports, and "obfuscated2", whose first 64 bytes carry their own AES-256-CTR key.

use super::{Confidence, Over, Probe, Says, Signature, networks};
use aes::Aes256;
use ctr::cipher::{KeyIvInit, StreamCipher};

pub(super) const SIGNATURE: Signature = Signature {
    name: "telegram",
    says: Says::App("telegram"),
    about: "MTProto: the transport tag, plain or where the first 64 bytes decrypt to it with the key they carry",
    over: Over::Tcp,
    read,
};

/// Transport tags: abridged, intermediate, padded intermediate.
const TAGS: [u32; 3] = [0xefef_efef, 0xeeee_eeee, 0xdddd_dddd];

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_tcp || !probe.application.is_empty() {
        return None;
    }
    plain(probe).or_else(|| obfuscated(probe.client.bytes).then_some(Confidence::Certain))
}

/// Recognises the tag in clear, followed by a message whose length fits what was sent. An unencrypted first message
/// (`req_pq`) has an auth_key_id of zero.
fn plain(probe: &Probe<'_>) -> Option<Confidence> {
    let client = probe.client;
    let (start, length) = match client.bytes {
        [0xef, 0x7f, a, b, c, ..] => (5, 4 * (usize::from(*a) | usize::from(*b) << 8 | usize::from(*c) << 16)),
        [0xef, words, ..] if *words > 0 => (2, 4 * usize::from(*words & 0x7f)),
        [tag, ..] if (*tag == 0xee || *tag == 0xdd) && client.has(0, &[*tag; 4]) => (8, client.u32_little(4)? as usize),
        _ => return None,
    };
    // 8 bytes of key identifier and 16 of message key, or a message identifier and a length, are in every message.
    if !(24..1 << 24).contains(&length) {
        return None;
    }
    let is_tagged = client.bytes.first() != Some(&0xef);
    let is_unencrypted =
        client.has(start, &[0; 8]) && client.u32_little(start + 16).is_some_and(|n| n as usize + 20 <= length);
    let fits = client.lengths.iter().map(|&n| n as usize).sum::<usize>() >= start + length;
    match probe.is_in(networks::TELEGRAM) {
        _ if is_unencrypted => Some(Confidence::Certain),
        true => Some(Confidence::Certain),
        false if is_tagged && fits => Some(Confidence::Probable),
        false => None,
    }
}

/// Whether the first 64 bytes decrypt to a tag at offset 56, with the key at 8 to 40 and the counter at 40 to 56
/// taken from these bytes themselves. By chance this holds once in 1.4 × 10^9. First bytes that the format forbids
/// are ruled out before the cipher runs.
fn obfuscated(bytes: &[u8]) -> bool {
    let Some(head) = bytes.get(..64) else {
        return false;
    };
    let is_forbidden = matches!(head, [0xef, ..] | [_, _, _, _, 0, 0, 0, 0, ..])
        || [&b"HEAD"[..], b"POST", b"GET ", b"OPTI", b"PUT ", b"SSH-", b"CONN", &[0xee; 4], &[0xdd; 4]]
            .iter()
            .any(|start| head.starts_with(start))
        || matches!(head, [0x14..=0x17, 3, 0..=4, ..]);
    let (Some(key), Some(counter)) = (head.get(8..40), head.get(40..56)) else {
        return false;
    };
    if is_forbidden {
        return false;
    }
    let Ok(mut cipher) = ctr::Ctr128BE::<Aes256>::new_from_slices(key, counter) else {
        return false;
    };
    let mut block = [0u8; 64];
    block.copy_from_slice(head);
    cipher.apply_keystream(&mut block);
    let [.., a, b, c, d, _, _, _, _] = block;
    TAGS.contains(&u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp};
    use super::*;

    /// The first 64 bytes as a client makes them.
    fn opening(tag: [u8; 4]) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..64u8).map(|n| n.wrapping_mul(37).wrapping_add(11)).collect();
        let mut stream = vec![0u8; 64];
        let mut cipher = ctr::Ctr128BE::<Aes256>::new_from_slices(&bytes[8..40], &bytes[40..56]).expect("lengths fit");
        cipher.apply_keystream(&mut stream);
        for (at, byte) in (56..60).zip(tag) {
            bytes[at] = byte ^ stream[at];
        }
        bytes
    }

    #[test]
    fn obfuscated_openings() {
        for tag in [[0xef; 4], [0xee; 4], [0xdd; 4]] {
            let bytes = opening(tag);
            assert_eq!(read(&tcp(&bytes, &[], 443, 0)), Some(Confidence::Certain));
            for cut in 0..64 {
                assert_eq!(read(&tcp(&bytes[..cut], &[], 443, 0)), None, "{cut}");
            }
            let mut other = bytes.clone();
            other[20] ^= 1;
            assert_eq!(read(&tcp(&other, &[], 443, 0)), None);
        }
        assert_eq!(read(&tcp(&opening([0xaa; 4]), &[], 443, 0)), None);
    }

    #[test]
    fn plain_openings() {
        // req_pq_multi: key 0, message id, length 20.
        let message = "0000000000000000 0102030405060708 14000000 f18e7ebe";
        let mut abridged = hex(&format!("ef0a {message}"));
        abridged.resize(42, 7);
        assert_eq!(read(&tcp(&abridged, &[], 443, 0)), Some(Confidence::Certain));
        let mut intermediate = hex(&format!("eeeeeeee 28000000 {message}"));
        intermediate.resize(48, 7);
        assert_eq!(read(&tcp(&intermediate, &[], 443, 0)), Some(Confidence::Certain));
        let encrypted = hex("ef1a 1122334455667788 99");
        assert_eq!(read(&tcp(&encrypted, &[], 443, 62041)), Some(Confidence::Certain));
        assert_eq!(read(&tcp(&encrypted, &[], 443, 0)), None);
    }
}
