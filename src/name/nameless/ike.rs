//! Recognises IKE, by which IPsec agrees on its keys (RFC 7296 §3.1, RFC 2408 §3.1), also where it shares a port with IPsec
//! itself (RFC 3948 §2.2).

use crate::name::findings::{Findings, Role};
use crate::name::reader::{Datagram, Reading};
use crate::name::wire::u32_at;

/// The ports of IKE, and of IPsec behind address translation.
pub(crate) const PORTS: &[u16] = &[500, TRANSLATED];

const TRANSLATED: u16 = 4500;
const HEADER_LENGTH: usize = 28;

/// Whether a datagram is a message of IKE.
pub(crate) fn starts(datagram: &Datagram<'_>) -> bool {
    message(datagram).is_some()
}

/// Reads the last datagram. In the first message the other side has no number yet.
pub(crate) fn read(datagrams: &[Datagram<'_>]) -> Reading {
    let Some(message) = datagrams.last().and_then(message) else { return Reading::No };
    let role = (message.get(8..16) == Some(&[0; 8])).then_some(Role::Client);
    Reading::whole_datagram(Findings::of("ike", role), datagrams)
}

/// The message: the number of who began, version 1.0 or 2.0, a known kind of exchange, and the length of all.
fn message<'a>(datagram: &Datagram<'a>) -> Option<&'a [u8]> {
    let is_translated = datagram.source_port == TRANSLATED || datagram.destination_port == TRANSLATED;
    let message = match datagram.payload.strip_prefix(&[0; 4]) {
        Some(message) if is_translated => message,
        // On the first port there is no marker.
        _ => datagram.payload,
    };
    let is_begun = message.get(..8)? != [0; 8];
    let is_known = matches!(message.get(17..19)?, [0x10 | 0x20, 2 | 4 | 5 | 34..=37]);
    let length = u32_at(message, 24)? as usize;
    (is_begun && is_known && length == message.len() && length >= HEADER_LENGTH).then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::testing::datagram;

    fn init() -> Vec<u8> {
        let mut bytes =
            vec![1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x20, 34, 8, 0, 0, 0, 0, 0, 0, 0, 40];
        bytes.resize(40, 9);
        bytes
    }

    #[test]
    fn fixed_fields_and_length_tell() {
        let bytes = init();
        let Reading::Done { findings, .. } = read(&[datagram(&bytes, 500, 500)]) else { panic!("not read") };
        assert_eq!((findings.application.map(|word| word.0), findings.role), (Some("ike"), Some(Role::Client)));
        for cut in 0..bytes.len() {
            assert!(!starts(&datagram(&bytes[..cut], 500, 500)), "{cut}");
        }
        let mut other = bytes.clone();
        other[18] = 6;
        assert!(!starts(&datagram(&other, 500, 500)));
        let mut unbegun = bytes;
        unbegun[..8].fill(0);
        assert!(!starts(&datagram(&unbegun, 500, 500)));
    }

    #[test]
    fn behind_translation_it_has_a_marker() {
        let marked = [&[0; 4][..], &init()].concat();
        assert!(starts(&datagram(&marked, 4500, 4500)));
        assert!(!starts(&datagram(&marked, 500, 500)));
        // IPsec itself.
        assert!(!starts(&datagram(&[0xc0; 100], 4500, 4500)));
    }
}
