//! Dropbox's LAN sync discovery: JSON broadcast from and to UDP port 17500.

use super::{Confidence, Over, Probe, Says, Signature};

pub(super) const SIGNATURE: Signature = Signature {
    name: "dropbox-lan-sync",
    says: Says::App("dropbox"),
    about: "UDP 17500: a JSON object with host_int and namespaces",
    over: Over::Udp,
    read,
};

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_udp || probe.server_port != 17500 {
        return None;
    }
    let bytes = probe.client.bytes;
    let has = |text: &[u8]| memchr::memmem::find(bytes, text).is_some();
    (bytes.first() == Some(&b'{') && (has(b"\"host_int\"") || (has(b"\"version\"") && has(b"\"port\": 17500"))))
        .then_some(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::udp;
    use super::*;

    #[test]
    fn json_with_the_host() {
        let bytes =
            br#"{"host_int": 1234567890, "version": [2, 0], "displayname": "", "port": 17500, "namespaces": [1]}"#;
        assert_eq!(read(&udp(bytes, &[], 17500, 0)), Some(Confidence::Certain));
        assert_eq!(read(&udp(bytes, &[], 17501, 0)), None);
        for cut in 0..11 {
            assert_eq!(read(&udp(&bytes[..cut], &[], 17500, 0)), None, "{cut}");
        }
    }
}
