//! Push services. They carry messages for many apps, so the service is named, and no app credited.
//!
//! Xiaomi's (MiPush): `C2FE 0005`, a length, the body, and a checksum (Adler-32); a heartbeat has no body, so it is always
//! the same twelve bytes. Apple's and Google's are TLS, to ports and networks of their own; the ports alone are also used
//! by others.

use super::{Confidence, Over, Probe, Says, Side, Signature, networks};

pub(super) const XIAOMI: Signature = Signature {
    name: "mi-push",
    says: Says::Platform("mi-push"),
    about: "TCP: `C2FE 0005`, and the length of the message",
    over: Over::Tcp,
    read: read_xiaomi,
};

pub(super) const APPLE: Signature = Signature {
    name: "apns",
    says: Says::Platform("apple-push"),
    about: "TCP 5223 and 2197 in Apple's network",
    over: Over::Tcp,
    read: read_apple,
};

pub(super) const GOOGLE: Signature = Signature {
    name: "fcm",
    says: Says::Platform("google-firebase"),
    about: "TCP 5228 to 5230 in Google's network",
    over: Over::Tcp,
    read: read_google,
};

/// Header and checksum of a message.
const AROUND: usize = 12;

fn read_xiaomi(probe: &Probe<'_>) -> Option<Confidence> {
    if !probe.is_tcp {
        return None;
    }
    let is_message = |side: Side<'_>| {
        side.has(0, &[0xc2, 0xfe, 0, 5])
            && side.u32(4).is_some_and(|length| (length as usize).checked_add(AROUND) == Some(side.first_length()))
    };
    let is_heartbeat = |side: Side<'_>| side.bytes.starts_with(&[0xc2, 0xfe, 0, 5, 0, 0, 0, 0, 0x0d, 0x23, 0x01, 0xc6]);
    let sides = probe.sides();
    match sides.map(is_message) {
        [true, true] => Some(Confidence::Certain),
        _ if sides.into_iter().any(is_heartbeat) => Some(Confidence::Certain),
        [true, false] | [false, true] => Some(Confidence::Probable),
        _ => None,
    }
}

fn read_apple(probe: &Probe<'_>) -> Option<Confidence> {
    (probe.is_tcp && matches!(probe.server_port, 2197 | 5223) && probe.is_in(networks::APPLE) && is_tls(probe))
        .then_some(Confidence::Probable)
}

fn read_google(probe: &Probe<'_>) -> Option<Confidence> {
    (probe.is_tcp && matches!(probe.server_port, 5228..=5230) && probe.is_in(networks::GOOGLE) && is_tls(probe))
        .then_some(Confidence::Probable)
}

/// Whether a side begins with a record of TLS (RFC 8446 §5.1): a handshake, or data of a connection that was there before.
fn is_tls(probe: &Probe<'_>) -> bool {
    probe.sides().into_iter().any(|side| matches!(side.bytes, [0x15..=0x17, 3, 0..=4, ..]))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{hex, tcp};
    use super::*;

    #[test]
    fn xiaomis_messages() {
        let message = hex("c2fe0005 00000004 01020304 aabbccdd");
        assert_eq!(read_xiaomi(&tcp(&message, &message, 5222, 0)), Some(Confidence::Certain));
        assert_eq!(read_xiaomi(&tcp(&message, &[], 5222, 0)), Some(Confidence::Probable));
        let heartbeat = hex("c2fe0005 00000000 0d2301c6");
        assert_eq!(read_xiaomi(&tcp(&[], &heartbeat, 443, 0)), Some(Confidence::Certain));
        for cut in 0..message.len() {
            assert_eq!(read_xiaomi(&tcp(&message[..cut], &[], 5222, 0)), None, "{cut}");
        }
        let other = hex("c2fe0004 00000004 01020304 aabbccdd");
        assert_eq!(read_xiaomi(&tcp(&other, &other, 5222, 0)), None);
    }

    #[test]
    fn ports_count_only_in_the_operators_network() {
        let hello = hex("160301 0200 01");
        assert_eq!(read_apple(&tcp(&hello, &[], 5223, 714)), Some(Confidence::Probable));
        assert_eq!(read_apple(&tcp(&hello, &[], 5223, 15169)), None);
        assert_eq!(read_apple(&tcp(&hello, &[], 443, 714)), None);
        assert_eq!(read_apple(&tcp(b"<stream:stream", &[], 5223, 714)), None);
        assert_eq!(read_google(&tcp(&hello, &[], 5228, 15169)), Some(Confidence::Probable));
        assert_eq!(read_google(&tcp(&hello, &[], 5228, 714)), None);
        assert_eq!(read_google(&tcp(&hello, &[], 443, 15169)), None);
    }
}
