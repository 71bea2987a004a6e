//! WhatsApp's chat connection over TCP: an optional edge-routing block (the letters `ED`, 00 01, a 24-bit length),
//! then the letters `WA` with a major and a minor version, from the client, before the Noise handshake.

use super::{Confidence, Over, Probe, Says, Signature, networks};

pub(super) const SIGNATURE: Signature = Signature {
    name: "whatsapp",
    says: Says::App("whatsapp"),
    about: "`WA` with a known version from the client, plain or after an `ED 00 01` routing block",
    over: Over::Tcp,
    read,
};

/// Versions seen or documented: (major, minor). Clients of the kind of WhatsApp Web say 6.3.
const VERSIONS: [(u8, u8); 9] = [(1, 2), (1, 3), (1, 4), (1, 5), (2, 1), (4, 2), (6, 2), (6, 3), (6, 5)];

fn read(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_tcp {
        return None;
    }
    let routing = match probe.client.bytes {
        [b'E', b'D', 0, 1, a, b, c, ..] => Some(7 + (usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c))),
        _ => None,
    };
    let (marked, known) = match probe.client.bytes.get(routing.unwrap_or(0)..)? {
        [b'W', b'A', major, minor, ..] => (true, VERSIONS.contains(&(*major, *minor))),
        _ => (false, false),
    };
    let known = known || (marked && probe.is_in(networks::META));
    match (known, routing.is_some()) {
        // After a routing block, any version will do.
        (_, true) if marked => Some(Confidence::Certain),
        // Four bytes alone match by chance once in 2^29, and less often if the port or the network fits.
        (true, false) if matches!(probe.server_port, 443 | 5222 | 80) => Some(Confidence::Certain),
        (true, false) => Some(Confidence::Probable),
        (_, true) if probe.is_in(networks::META) => Some(Confidence::Probable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp};
    use super::*;

    #[test]
    fn plain_and_routed_openings() {
        assert_eq!(read(&tcp(b"WA\x06\x03", &[], 443, 0)), Some(Confidence::Certain));
        assert_eq!(read(&tcp(b"WA\x07\x07", &[], 443, 0)), None);
        assert_eq!(read(&tcp(b"WA\x07\x07", &[], 443, 32934)), Some(Confidence::Certain));
        assert_eq!(read(&tcp(b"WA\x01\x05", &[], 5222, 0)), Some(Confidence::Certain));
        assert_eq!(read(&tcp(b"WA\x01\x05\0\0\x01", &[], 9000, 0)), Some(Confidence::Probable));
        let routed = hex("45440001 000004 08050802 57410201 0000ee12");
        let newer = hex("45440001 000004 08050802 57410904 0000ee12");
        assert_eq!(read(&tcp(&newer, &[], 5222, 0)), Some(Confidence::Certain));
        assert_eq!(read(&tcp(&routed, &[], 5222, 0)), Some(Confidence::Certain));
        for cut in 0..15 {
            assert_eq!(read(&tcp(&routed[..cut], &[], 5222, 0)), None, "{cut}");
        }
        assert_eq!(read(&tcp(&routed[..9], &[], 5222, 32934)), None);
        assert_eq!(read(&tcp(b"EDITOR=vi; WAIT", &[], 5222, 0)), None);
    }
}
