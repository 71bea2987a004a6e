//! Snapchat calls over UDP: Google QUIC of version Q046 whose ClientHello contains no server name. Browsers of that
//! time always sent one; Snapchat's relays, in the clouds of Amazon and Google, are reached by address. This was seen
//! in captures published with nDPI (`snapchat_call.pcapng`). Judged by these marks alone, it could be any program
//! that uses the same library.

use super::{Confidence, Over, Probe, Says, Signature, networks};

pub(super) const SIGNATURE: Signature = Signature {
    name: "snapchat-call",
    says: Says::App("snapchat"),
    about: "Google QUIC Q046 with a hello of twelve tags and no server name, surer in the clouds it uses",
    over: Over::Udp,
    read,
};

/// Tags of the hello, in order; each is followed by the end of its value.
const TAGS: [&[u8; 4]; 10] =
    [b"PAD\0", b"VER\0", b"CCS\0", b"PDMD", b"SMHL", b"ICSL", b"NONP", b"MIDS", b"SCLS", b"CSCT"];
/// Where the hello begins: header, connection id, packet number, hash, frame header.
const HELLO: usize = 34;

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    let client = probe.client;
    let is_hello = probe.is_udp
        && client.bytes.first().is_some_and(|first| first & 0xf0 == 0xc0)
        && client.has(1, b"Q046\x50")
        && client.has(HELLO, b"CHLO\x0c\0")
        && TAGS.iter().enumerate().all(|(at, tag)| client.has(HELLO + 8 + 8 * at, *tag));
    let is_cloud = probe.is_in(networks::AMAZON) || probe.is_in(networks::GOOGLE);
    is_hello.then_some(if is_cloud { Confidence::Probable } else { Confidence::Weak })
}

#[cfg(test)]
mod tests {
    use super::super::testing::udp;
    use super::*;

    #[test]
    fn hellos_without_a_server_name() {
        let mut bytes = b"\xc3Q046\x50".to_vec();
        bytes.resize(HELLO, 7);
        bytes.extend(b"CHLO\x0c\0\0\0");
        for tag in TAGS {
            bytes.extend(tag);
            bytes.extend([1, 0, 0, 0]);
        }
        assert_eq!(read(&udp(&bytes, &[], 443, 16509)), Some(Confidence::Probable));
        assert_eq!(read(&udp(&bytes, &[], 443, 0)), Some(Confidence::Weak));
        for cut in 0..bytes.len() - 4 {
            assert_eq!(read(&udp(&bytes[..cut], &[], 443, 16509)), None, "{cut}");
        }
        bytes[HELLO + 16..HELLO + 20].copy_from_slice(b"SNI\0");
        assert_eq!(read(&udp(&bytes, &[], 443, 16509)), None);
    }
}
