//! Recognises datagram protocols that name no server by their fixed fields: NTP (RFC 5905 §7.3), DHCP (RFC 2131 §2,
//! RFC 8415 §8), WireGuard (its white paper §5.4), OpenVPN, SNMP (RFC 3411), CoAP and such are left unnamed.

use super::table::Datagram;
use super::wire::{u16_at, u32_at};
use super::{Findings, Reading, Role};

/// Whether a datagram is one of NTP: port 123, versions 1 to 4, and a length that fits.
pub(super) fn starts_ntp(datagram: &Datagram<'_>) -> bool {
    ntp_mode(datagram).is_some()
}

fn ntp_mode(datagram: &Datagram<'_>) -> Option<u8> {
    if datagram.source_port != 123 && datagram.destination_port != 123 {
        return None;
    }
    let first = *datagram.payload.first()?;
    let (version, mode) = (first >> 3 & 7, first & 7);
    // Modes 6 and 7, control, have shorter messages.
    let minimum = if mode >= 6 { 12 } else { 48 };
    ((1..=4).contains(&version) && mode >= 1 && datagram.payload.len() >= minimum).then_some(mode)
}

/// Reads a datagram of NTP.
pub(super) fn read_ntp(datagrams: &[Datagram<'_>]) -> Reading {
    let Some(mode) = datagrams.last().and_then(ntp_mode) else { return Reading::No };
    let role = match mode {
        3 => Some(Role::Client),
        4 => Some(Role::Server),
        _ => None,
    };
    done("ntp", role, datagrams)
}

/// The options' first bytes in DHCP for IPv4.
const DHCP_COOKIE: u32 = 0x6382_5363;

/// Whether a datagram is one of DHCP, by its ports and fixed fields.
pub(super) fn starts_dhcp(datagram: &Datagram<'_>) -> bool {
    dhcp(datagram).is_some()
}

fn dhcp(datagram: &Datagram<'_>) -> Option<(&'static str, Role)> {
    match (datagram.source_port, datagram.destination_port) {
        (67 | 68, 67 | 68) => match (datagram.payload.first()?, u32_at(datagram.payload, 236)?) {
            (1, DHCP_COOKIE) => Some(("dhcp", Role::Client)),
            (2, DHCP_COOKIE) => Some(("dhcp", Role::Server)),
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

/// Reads a datagram of DHCP.
pub(super) fn read_dhcp(datagrams: &[Datagram<'_>]) -> Reading {
    match datagrams.last().and_then(dhcp) {
        Some((word, role)) => done(word, Some(role), datagrams),
        None => Reading::No,
    }
}

/// Whether a datagram is a handshake of WireGuard: type, three zero bytes and exactly its length.
pub(super) fn starts_wireguard(datagram: &Datagram<'_>) -> bool {
    matches!((datagram.payload, datagram.payload.len()), ([1, 0, 0, 0, ..], 148) | ([2, 0, 0, 0, ..], 92))
}

/// Reads a handshake of WireGuard: the initiation comes from the client, for the time being.
pub(super) fn read_wireguard(datagrams: &[Datagram<'_>]) -> Reading {
    let Some(datagram) = datagrams.last().filter(|datagram| starts_wireguard(datagram)) else { return Reading::No };
    let role = if datagram.payload.first() == Some(&1) { Role::Client } else { Role::Server };
    done("wireguard", Some(role), datagrams)
}

/// First bytes of OpenVPN's openings: the operation and a key number of 0.
pub(super) static OPENVPN_FIRST_BYTES: &[u8] = &[HARD_RESET_CLIENT, HARD_RESET_SERVER];

const HARD_RESET_CLIENT: u8 = 7 << 3;
const HARD_RESET_SERVER: u8 = 8 << 3;

/// Whether a datagram opens an association of OpenVPN ("Network protocol", `ssl_pkt.h`).
pub(super) fn starts_openvpn(datagram: &Datagram<'_>) -> bool {
    openvpn(datagram.payload).is_some()
}

/// Reads a datagram that opens an association of OpenVPN.
pub(super) fn read_openvpn(datagrams: &[Datagram<'_>]) -> Reading {
    match datagrams.last().and_then(|datagram| openvpn(datagram.payload)) {
        Some(role) => done("openvpn", Some(role), datagrams),
        None => Reading::No,
    }
}

/// Who opens: session, where keys are shared beforehand a code with number and time, acknowledgements, the number 0.
pub(super) fn openvpn(payload: &[u8]) -> Option<Role> {
    /// Operation and session.
    const START: usize = 9;
    /// Code (none, MD5, SHA-1, SHA-256, SHA-512), number and time.
    const CODES: [usize; 5] = [0, 16 + 8, 20 + 8, 32 + 8, 64 + 8];
    let at = |length: usize| CODES.into_iter().find(|code| payload.len() == START + code + length);
    match *payload.first()? {
        // Nothing to acknowledge yet.
        HARD_RESET_CLIENT => (payload.get(START + at(5)?..)? == [0; 5]).then_some(Role::Client),
        // The client's number 0, and its session.
        HARD_RESET_SERVER => {
            let rest = payload.get(START + at(17)?..)?;
            (rest.starts_with(&[1, 0, 0, 0, 0]) && rest.ends_with(&[0; 4])).then_some(Role::Server)
        }
        _ => None,
    }
}

/// Whether a datagram on SNMP's ports is a SEQUENCE that begins with a version (RFC 1157 §4, RFC 3412 §6).
pub(super) fn starts_snmp(datagram: &Datagram<'_>) -> bool {
    if !matches!(datagram.source_port, 161 | 162) && !matches!(datagram.destination_port, 161 | 162) {
        return false;
    }
    let header = match datagram.payload {
        [0x30, 0x81, ..] => 3,
        [0x30, 0x82, ..] => 4,
        [0x30, ..=0x7f, ..] => 2,
        _ => return false,
    };
    u16_at(datagram.payload, header) == Some(0x0201)
        && datagram.payload.get(header + 2).is_some_and(|&version| version <= 3)
}

/// Reads a datagram of SNMP.
pub(super) fn read_snmp(datagrams: &[Datagram<'_>]) -> Reading {
    match datagrams.last() {
        Some(datagram) if starts_snmp(datagram) => done("snmp", None, datagrams),
        _ => Reading::No,
    }
}

fn done(application: &'static str, role: Option<Role>, datagrams: &[Datagram<'_>]) -> Reading {
    let consumed = datagrams.last().map_or(0, |datagram| datagram.payload.len());
    Reading::Done { findings: Box::new(Findings::of(application, role)), consumed }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(payload: &[u8], source_port: u16, destination_port: u16) -> Datagram<'_> {
        Datagram { payload, source_port, destination_port }
    }

    #[test]
    fn fixed_fields_tell() {
        let mut ntp = [0; 48];
        ntp[0] = 0x23;
        assert!(starts_ntp(&datagram(&ntp, 40_000, 123)));
        assert!(!starts_ntp(&datagram(&ntp, 40_000, 124)));
        assert!(!starts_ntp(&datagram(&ntp[..47], 40_000, 123)));

        let mut dhcp = [0; 300];
        dhcp[0] = 1;
        dhcp[236..240].copy_from_slice(&DHCP_COOKIE.to_be_bytes());
        assert!(starts_dhcp(&datagram(&dhcp, 68, 67)));
        assert!(!starts_dhcp(&datagram(&dhcp[..239], 68, 67)));

        let mut wireguard = [7; 148];
        wireguard[..4].copy_from_slice(&[1, 0, 0, 0]);
        assert!(starts_wireguard(&datagram(&wireguard, 1, 2)));
        assert!(!starts_wireguard(&datagram(&wireguard[..147], 1, 2)));

        let mut openvpn = [0; 42];
        openvpn[..37].fill(5);
        openvpn[0] = HARD_RESET_CLIENT;
        assert!(starts_openvpn(&datagram(&openvpn, 40_000, 1194)));
        assert!(!starts_openvpn(&datagram(&openvpn[..41], 40_000, 1194)));
        let server = [&[HARD_RESET_SERVER][..], &[5; 8], &[1, 0, 0, 0, 0], &[6; 8], &[0; 4]].concat();
        assert_eq!(super::openvpn(&server), Some(Role::Server));

        assert!(starts_snmp(&datagram(b"\x30\x26\x02\x01\x01\x04\x06public", 40_000, 161)));
        assert!(!starts_snmp(&datagram(b"\x30\x26\x02\x02\x01", 40_000, 161)));
    }
}
