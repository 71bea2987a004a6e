//! Recognises the handshake of WireGuard by its fixed bytes and lengths (WireGuard's white paper §5.4).

use crate::name::findings::{Findings, Role};
use crate::name::reader::{Datagram, Reading};

/// Whether a datagram is a message of the handshake: its type, three zero bytes, and exactly the length of that type.
pub(crate) fn starts(datagram: &Datagram<'_>) -> bool {
    matches!(
        (datagram.payload, datagram.payload.len()),
        ([1, 0, 0, 0, ..], 148) | ([2, 0, 0, 0, ..], 92) | ([3, 0, 0, 0, ..], 64)
    )
}

/// Reads the last datagram. Either peer may begin a handshake, and the one that does counts as the client.
pub(crate) fn read(datagrams: &[Datagram<'_>]) -> Reading {
    let Some(datagram) = datagrams.last().filter(|datagram| starts(datagram)) else { return Reading::No };
    let role = if datagram.payload.first() == Some(&1) { Role::Client } else { Role::Server };
    Reading::whole_datagram(Findings::of("wireguard", Some(role)), datagrams)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::testing::datagram;

    #[test]
    fn fixed_fields_tell() {
        let mut initiation = [7; 148];
        initiation[..4].copy_from_slice(&[1, 0, 0, 0]);
        assert!(starts(&datagram(&initiation, 1, 2)));
        assert!(!starts(&datagram(&initiation[..147], 1, 2)));
        let cookie = [&[3, 0, 0, 0][..], &[7; 60]].concat();
        assert!(starts(&datagram(&cookie, 1, 2)));
        assert!(!starts(&datagram(&cookie[..63], 1, 2)));
    }
}
