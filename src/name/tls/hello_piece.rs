//! The server name in a piece from the middle of a ClientHello, where the hello's start is not in the capture.

use super::extensions::is_grease;
use crate::name::wire::Wire;

/// Finds the server name in a piece from the middle of a ClientHello.
///
/// The name is taken only where it cannot be mistaken: the three nested lengths of the extension agree, the name is an ASCII
/// host name with a dot, another extension header or the end follows, and there is only one such place.
pub(crate) fn server_name_in_piece(piece: &[u8]) -> Option<Box<str>> {
    let mut found = None;
    for at in memchr::memmem::find_iter(piece, &[0, 0]) {
        let Some(name) = piece.get(at..).and_then(extension_here) else { continue };
        if found.is_some_and(|earlier: &str| earlier != name) {
            return None;
        }
        found = Some(name);
    }
    found.map(Into::into)
}

fn extension_here(bytes: &[u8]) -> Option<&str> {
    let mut wire = Wire::new(bytes);
    wire.u16()?;
    let mut content = Wire::new(wire.vector_u16()?);
    let mut list = Wire::new(content.vector_u16()?);
    let kind = list.u8()?;
    let name = list.vector_u16()?;
    if kind != 0 || !content.is_empty() || !list.is_empty() || name.len() < 4 {
        return None;
    }
    // Another extension must follow. Its type is below 64, or GREASE, or one of the few high ones in use.
    if let Some(next) = wire.u16() {
        let likely = next < 0x0040 || is_grease(&next.to_be_bytes()) || matches!(next >> 8, 0x33 | 0x44 | 0xfe | 0xff);
        if !likely {
            return None;
        }
    }
    let letters = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    (name.contains(&b'.') && name.iter().all(letters)).then(|| std::str::from_utf8(name).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{extension, sni};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_piece_yields_only_an_unmistakable_name() {
        let piece = [&[1, 2, 3][..], &sni(b"a.example"), &extension(16, b"\0\x03\x02h2")].concat();
        assert_eq!(server_name_in_piece(&piece).as_deref(), Some("a.example"));
        for length in 0..3 + 9 + 9 {
            assert_eq!(server_name_in_piece(&piece[..length]), None);
        }
        assert_eq!(server_name_in_piece(&[&piece[..], &sni(b"b.example")].concat()), None);
        assert_eq!(server_name_in_piece(&[sni(b"a.example"), vec![0x77, 0x77, 0, 0]].concat()), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn survives_anything(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            server_name_in_piece(&bytes);
        }
    }
}
