//! Turns DCE/RPC over TCP (C706 §12.6.4, MS-RPCE §2.2.2.11) into the server's name, if a request to bind or its answer carries
//! a login.

use super::security_token;
use crate::name::findings::{Findings, Role};
use crate::name::reader::Reading;
use crate::name::wire::{u16_le_at, u32_le_at};

/// The first byte, which is the major version.
pub(crate) static FIRST_BYTES: &[u8] = &[5];

const HEADER: usize = 16;
const FIRST_FRAGMENT: u8 = 0x01;
/// Bytes of a message with a login that are read and waited for. Logins with large tickets stay below.
const LENGTH_LIMIT: usize = 20 * 1024;

/// Whether a segment begins with such a message. Only little-endian messages are read, since no others are seen.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    let [5, 0 | 1, 11..=15, flags, 0x10, 0, 0, 0, ..] = *bytes else { return false };
    flags & FIRST_FRAGMENT != 0 && u16_le_at(bytes, 8).is_some_and(|length| usize::from(length) > HEADER)
}

/// Reads one message.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    if !starts_stream(bytes) {
        return Reading::No;
    }
    let length = usize::from(u16_le_at(bytes, 8).unwrap_or_default());
    let Some(login_length) = u32_le_at(bytes, 8).map(|lengths| lengths >> 16) else {
        return Reading::NeedMore(None);
    };
    let awaited = length.min(LENGTH_LIMIT);
    let message = bytes.get(..awaited).unwrap_or(bytes);
    // These are the answers to a bind and to a change of it, and refusals.
    let role = if matches!(bytes.get(2), Some(12 | 13 | 15)) { Role::Server } else { Role::Client };
    let mut findings = Box::new(Findings::of("dcerpc", Some(role)));
    if login_length > 0 {
        security_token::add_names(message, &mut findings);
        if bytes.len() < awaited {
            return Reading::NeedMore(Some(findings));
        }
    }
    Reading::Done { findings, consumed: length.min(bytes.len()) }
}

#[cfg(test)]
mod tests {
    use super::super::security_token::tests::challenge;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_server_is_named_by_its_login() {
        let body = [&[0; 8][..], &challenge(&[(3, "dc.example")])].concat();
        let length = (16 + body.len() as u16).to_le_bytes();
        let answer = [&[5, 0, 12, 3, 0x10, 0, 0, 0, length[0], length[1], 200, 0, 1, 0, 0, 0][..], &body].concat();
        let Reading::Done { findings, consumed } = read_stream(&answer) else { panic!("not done") };
        assert_eq!((&*findings.names[0].name, consumed), ("dc.example", answer.len()));
        let mut long = [&answer[..], &[0; LENGTH_LIMIT]].concat();
        long[8..10].fill(0xff);
        assert!(matches!(read_stream(&long[..100]), Reading::NeedMore(_)), "whatever length it claims");
        assert!(matches!(read_stream(&long), Reading::Done { .. }));
        assert_eq!(findings.role, Some(Role::Server));
        for cut in 0..answer.len() {
            assert_eq!(starts_stream(&answer[..cut]), cut >= 10);
            assert!(!matches!(read_stream(&answer[..cut]), Reading::Done { .. }));
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        assert!(!starts_stream(b"\x05\0\0\x03\x10\0\0\0\x48\0\0\0\x01\0\0\0"));
        assert!(!starts_stream(b"\x05\0\x0c\x03\0\0\0\0\x48\0\0\0\x01\0\0\0"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_messages_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..150)) {
            let _ = read_stream(&[&b"\x05\0\x0c\x03\x10\0\0\0"[..], &bytes].concat());
        }
    }
}
