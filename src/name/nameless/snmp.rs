//! Recognises SNMP by its ports and the first fields of its message (RFC 1157 §4, RFC 3412 §6).

use crate::name::findings::Findings;
use crate::name::reader::{Datagram, Reading};
use crate::name::wire::u16_at;

/// Whether a datagram on one of its ports is a SEQUENCE that begins with a version.
pub(crate) fn starts(datagram: &Datagram<'_>) -> bool {
    let header = match datagram.payload {
        [0x30, 0x81, ..] => 3,
        [0x30, 0x82, ..] => 4,
        [0x30, ..=0x7f, ..] => 2,
        _ => return false,
    };
    u16_at(datagram.payload, header) == Some(0x0201)
        && datagram.payload.get(header + 2).is_some_and(|&version| version <= 3)
}

/// Reads the last datagram.
pub(crate) fn read(datagrams: &[Datagram<'_>]) -> Reading {
    match datagrams.last() {
        Some(datagram) if starts(datagram) => Reading::whole_datagram(Findings::of("snmp", None), datagrams),
        _ => Reading::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::testing::datagram;

    #[test]
    fn fixed_fields_tell() {
        assert!(starts(&datagram(b"\x30\x26\x02\x01\x01\x04\x06public", 40_000, 161)));
        assert!(!starts(&datagram(b"\x30\x26\x02\x02\x01", 40_000, 161)));
    }
}
