//! Recognises the packets that open an OpenVPN association ("Network protocol" in OpenVPN's documentation, `ssl_pkt.h`).

use crate::name::findings::{Findings, Role};
use crate::name::reader::{Datagram, Reading};

/// The first bytes of opening packets: the operation, and a key number of 0.
pub(crate) static FIRST_BYTES: &[u8] = &[HARD_RESET_CLIENT, HARD_RESET_SERVER];

const HARD_RESET_CLIENT: u8 = 7 << 3;
const HARD_RESET_SERVER: u8 = 8 << 3;

/// Whether a datagram opens an association.
pub(crate) fn starts(datagram: &Datagram<'_>) -> bool {
    opener(datagram.payload).is_some()
}

/// Reads the last datagram.
pub(crate) fn read(datagrams: &[Datagram<'_>]) -> Reading {
    match datagrams.last().and_then(|datagram| opener(datagram.payload)) {
        Some(role) => Reading::whole_datagram(Findings::of("openvpn", Some(role)), datagrams),
        None => Reading::No,
    }
}

/// The role of the sender, if a packet opens an association. Such a packet has a session number; where keys were shared
/// beforehand, a code with its packet number and time; acknowledgements; and the message number 0.
pub(crate) fn opener(payload: &[u8]) -> Option<Role> {
    /// Length of the operation and the session number.
    const START: usize = 9;
    /// Length of the code (none, MD5, SHA-1, SHA-256, SHA-512) with packet number and time.
    const CODES: [usize; 5] = [0, 16 + 8, 20 + 8, 32 + 8, 64 + 8];
    let at = |length: usize| CODES.into_iter().find(|code| payload.len() == START + code + length);
    match *payload.first()? {
        // The client has nothing to acknowledge yet.
        HARD_RESET_CLIENT => (payload.get(START + at(5)?..)? == [0; 5]).then_some(Role::Client),
        // The server acknowledges the client's message 0, and names the client's session.
        HARD_RESET_SERVER => {
            let rest = payload.get(START + at(17)?..)?;
            (rest.starts_with(&[1, 0, 0, 0, 0]) && rest.ends_with(&[0; 4])).then_some(Role::Server)
        }
        _ => None,
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
        let mut client = [0; 42];
        client[..37].fill(5);
        client[0] = HARD_RESET_CLIENT;
        assert!(starts(&datagram(&client, 40_000, 1194)));
        assert!(!starts(&datagram(&client[..41], 40_000, 1194)));
        let server = [&[HARD_RESET_SERVER][..], &[5; 8], &[1, 0, 0, 0, 0], &[6; 8], &[0; 4]].concat();
        assert_eq!(opener(&server), Some(Role::Server));
    }
}
