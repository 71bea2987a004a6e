//! Recognises eDonkey (eMule) by the greeting that opens a connection: the protocol's byte, the length of the message, the
//! kind of message.

use crate::name::findings::{Findings, Role};
use crate::name::reader::Reading;

/// The byte of the protocol.
pub(crate) static FIRST_BYTES: &[u8] = &[0xe3];

const HELLO: u8 = 1;
/// The number of who greets, address and port, and the count of what is said further.
const SHORTEST: usize = 1 + 16 + 6 + 4;
/// A greeting says a name and some versions.
const LONGEST: usize = 1024;

/// Whether a segment is a greeting.
pub(crate) fn starts_stream(bytes: &[u8]) -> bool {
    let [0xe3, a, b, c, d, HELLO, ..] = *bytes else { return false };
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    (SHORTEST..=LONGEST).contains(&length) && length + 5 == bytes.len()
}

/// Reads the greeting.
pub(crate) fn read_stream(bytes: &[u8]) -> Reading {
    // More bytes may have come since; the greeting is the first of them.
    let [_, a, b, c, d, ..] = *bytes else { return Reading::No };
    let length = (u32::from_le_bytes([a, b, c, d]) as usize).saturating_add(5);
    match bytes.get(..length) {
        Some(greeting) if starts_stream(greeting) => {
            Reading::Done { findings: Box::new(Findings::of("edonkey", Some(Role::Client))), consumed: length }
        }
        _ => Reading::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_and_kind_tell() {
        let mut greeting = vec![0xe3, 40, 0, 0, 0, HELLO, 16];
        greeting.resize(45, 7);
        assert!(starts_stream(&greeting));
        assert!(matches!(read_stream(&greeting), Reading::Done { consumed: 45, .. }));
        for cut in 0..45 {
            assert!(!starts_stream(&greeting[..cut]), "{cut}");
            assert_eq!(read_stream(&greeting[..cut]), Reading::No, "{cut}");
        }
        greeting[5] = 2;
        assert!(!starts_stream(&greeting));
    }
}
