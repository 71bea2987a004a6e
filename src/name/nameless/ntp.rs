//! Recognises NTP by its port, its first byte and its length (RFC 5905 §7.3).

use crate::name::findings::{Findings, Role};
use crate::name::reader::{Datagram, Reading};

/// Whether a datagram is one of NTP: port 123, a version from 1 to 4, and a length that fits.
pub(crate) fn starts(datagram: &Datagram<'_>) -> bool {
    mode(datagram).is_some()
}

fn mode(datagram: &Datagram<'_>) -> Option<u8> {
    if datagram.source_port != 123 && datagram.destination_port != 123 {
        return None;
    }
    let first = *datagram.payload.first()?;
    let (version, mode) = (first >> 3 & 7, first & 7);
    // The messages of modes 6 and 7, which are for control, are shorter.
    let minimum = if mode >= 6 { 12 } else { 48 };
    ((1..=4).contains(&version) && mode >= 1 && datagram.payload.len() >= minimum).then_some(mode)
}

/// Reads the last datagram.
pub(crate) fn read(datagrams: &[Datagram<'_>]) -> Reading {
    let Some(mode) = datagrams.last().and_then(mode) else { return Reading::No };
    let role = match mode {
        3 => Some(Role::Client),
        4 => Some(Role::Server),
        _ => None,
    };
    Reading::whole_datagram(Findings::of("ntp", role), datagrams)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(payload: &[u8], source_port: u16, destination_port: u16) -> Datagram<'_> {
        Datagram { payload, source_port, destination_port }
    }

    #[test]
    fn fixed_fields_tell() {
        let mut message = [0; 48];
        message[0] = 0x23;
        assert!(starts(&datagram(&message, 40_000, 123)));
        assert!(!starts(&datagram(&message, 40_000, 124)));
        assert!(!starts(&datagram(&message[..47], 40_000, 123)));
    }
}
