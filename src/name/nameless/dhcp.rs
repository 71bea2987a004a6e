//! Recognises DHCP for IPv4 (RFC 2131 §2) and IPv6 (RFC 8415 §8) by ports and fixed fields.

use crate::name::findings::{Findings, Role};
use crate::name::reader::{Datagram, Reading};
use crate::name::wire::u32_at;

/// The first bytes of the options in DHCP for IPv4.
const COOKIE: u32 = 0x6382_5363;

/// Whether a datagram is one of DHCP, by its ports and fixed fields.
pub(crate) fn starts(datagram: &Datagram<'_>) -> bool {
    protocol_and_role(datagram).is_some()
}

fn protocol_and_role(datagram: &Datagram<'_>) -> Option<(&'static str, Role)> {
    match (datagram.source_port, datagram.destination_port) {
        (67 | 68, 67 | 68) => match (datagram.payload.first()?, u32_at(datagram.payload, 236)?) {
            (1, COOKIE) => Some(("dhcp", Role::Client)),
            (2, COOKIE) => Some(("dhcp", Role::Server)),
            _ => None,
        },
        (_, 546 | 547) => match datagram.payload.first()? {
            1 | 3..=6 | 8 | 9 | 11 => Some(("dhcpv6", Role::Client)),
            2 | 7 | 10 => Some(("dhcpv6", Role::Server)),
            _ => None,
        },
        _ => None,
    }
}

/// Reads the last datagram.
pub(crate) fn read(datagrams: &[Datagram<'_>]) -> Reading {
    match datagrams.last().and_then(protocol_and_role) {
        Some((word, role)) => Reading::whole_datagram(Findings::of(word, Some(role)), datagrams),
        None => Reading::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(payload: &[u8], source_port: u16, destination_port: u16) -> Datagram<'_> {
        Datagram { payload, source_port, destination_port }
    }

    #[test]
    fn fixed_fields_tell() {
        let mut message = [0; 300];
        message[0] = 1;
        message[236..240].copy_from_slice(&COOKIE.to_be_bytes());
        assert!(starts(&datagram(&message, 68, 67)));
        assert!(!starts(&datagram(&message[..239], 68, 67)));
    }
}
