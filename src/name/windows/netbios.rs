//! Turns packets of NetBIOS's name and datagram services into the sender's name (RFC 1002 §4.2, §4.4; names in RFC 1001 §14).

use crate::name::findings::{Findings, Role};
use crate::name::reader::{Datagram, Reading};
use crate::name::source::NameSource;
use crate::name::wire::u16_at;

const PORT_NAMES: u16 = 137;
const PORT_DATAGRAMS: u16 = 138;

/// The ports of both services.
pub(crate) static PORTS: &[u16] = &[PORT_NAMES, PORT_DATAGRAMS];

const HEADER_LENGTH: usize = 12;

/// Whether a packet on one of the two ports has a header that fits.
pub(crate) fn starts_datagram(datagram: &Datagram<'_>) -> bool {
    match (datagram.source_port, datagram.destination_port) {
        (PORT_NAMES, _) | (_, PORT_NAMES) => is_name_header(datagram.payload),
        (_, PORT_DATAGRAMS) => is_datagram_header(datagram.payload),
        _ => false,
    }
}

/// Reads the last packet.
pub(crate) fn read_datagrams(datagrams: &[Datagram<'_>]) -> Reading {
    let Some(datagram) = datagrams.last().filter(|datagram| starts_datagram(datagram)) else { return Reading::No };
    let payload = datagram.payload;
    let findings = if PORT_NAMES == datagram.source_port || PORT_NAMES == datagram.destination_port {
        name_service(payload)
    } else {
        let mut findings = Findings::of("netbios", Some(Role::Client));
        // The sender's name follows 14 bytes of header.
        if let Some(name) = name_at(payload, 14) {
            findings.push_name(NameSource::Netbios, &name);
        }
        findings
    };
    Reading::Done { findings: Box::new(findings), consumed: payload.len() }
}

/// Whether operation and counts are those of a name service packet, which has at most one record of each kind.
fn is_name_header(payload: &[u8]) -> bool {
    let Some(flags) = u16_at(payload, 2) else { return false };
    let counts = [4, 6, 8, 10].map(|offset| u16_at(payload, offset));
    matches!(flags >> 11 & 0xf, 0 | 5..=9)
        && flags & 0x0060 == 0
        && counts.iter().all(|count| count.is_some_and(|count| count <= 1))
        && counts.contains(&Some(1))
}

/// Whether this is the header of a datagram, by its type and the reserved bits of its flags.
fn is_datagram_header(payload: &[u8]) -> bool {
    matches!(payload, [0x10..=0x16, flags, ..] if flags & 0xf0 == 0) && payload.len() >= 14
}

fn name_service(payload: &[u8]) -> Findings {
    let flags = u16_at(payload, 2).unwrap_or_default();
    let is_response = flags & 0x8000 != 0;
    let mut findings = Findings::of("netbios", Some(if is_response { Role::Server } else { Role::Client }));
    // A query asks for the name of another host. A registration, a refresh, a release, and an answer without error give the
    // sender's own name.
    let is_own = if is_response { flags & 0x000f == 0 } else { flags >> 11 & 0xf >= 5 };
    if is_own && let Some(name) = name_at(payload, HEADER_LENGTH) {
        findings.push_name(NameSource::Netbios, &name);
    }
    findings
}

/// The name at `offset`: 16 bytes written as 32 letters. The last byte is the kind of service.
pub(crate) fn name_at(payload: &[u8], offset: usize) -> Option<String> {
    let (&length, rest) = payload.get(offset..)?.split_first()?;
    let letters: &[u8; 32] = rest.first_chunk()?;
    if length != 32 {
        return None;
    }
    let (pairs, _) = letters.as_chunks::<2>();
    let mut name = String::with_capacity(15);
    for &[high, low] in pairs.iter().take(15) {
        let (high, low) = (high.wrapping_sub(b'A'), low.wrapping_sub(b'A'));
        if high > 15 || low > 15 {
            return None;
        }
        let byte = high << 4 | low;
        // A zero byte ends the name `*`. Other bytes that are not printable belong to control names such as __MSBROWSE__.
        match byte {
            0 => break,
            b' '..=b'~' => name.push(byte.into()),
            _ => return None,
        }
    }
    let name = name.trim_end();
    (!name.is_empty() && name != "*").then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(name: &[u8]) -> Vec<u8> {
        let mut bytes = vec![32];
        for place in 0..16 {
            let byte = name.get(place).copied().unwrap_or(b' ');
            bytes.extend([b'A' + (byte >> 4), b'A' + (byte & 15)]);
        }
        bytes.push(0);
        bytes
    }

    fn read(payload: &[u8], port: u16) -> Option<Vec<String>> {
        let datagram = Datagram { payload, source_port: port, destination_port: port };
        match read_datagrams(&[datagram]) {
            Reading::Done { findings, .. } => Some(findings.names.iter().map(|found| found.name.to_string()).collect()),
            _ => None,
        }
    }

    #[test]
    fn names_are_those_of_the_sender() {
        let registration =
            [b"\x12\x34\x29\x10\0\x01\0\0\0\0\0\x01", &encode(b"WORKSTATION")[..], b"\0\x20\0\x01"].concat();
        assert_eq!(read(&registration, 137), Some(vec!["workstation".into()]));
        let query = [b"\x12\x34\x01\x10\0\x01\0\0\0\0\0\0", &encode(b"OTHER")[..], b"\0\x20\0\x01"].concat();
        assert_eq!(read(&query, 137), Some(vec![]));
        let datagram =
            [b"\x11\x0a\x12\x34\xc0\0\x02\x01\0\x8a\0\xbb\0\0", &encode(b"DESK-1")[..], &encode(b"GROUP")].concat();
        assert_eq!(read(&datagram, 138), Some(vec!["desk-1".into()]));
        for cut in 0..registration.len() {
            let _ = read(&registration[..cut], 137);
        }
        assert_eq!(read(b"\x12\x34\x29\x10\0\x09\0\0\0\0\0\x01", 137), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&[b"\0\0\x80\0\0\0\0\x01\0\0\0\0", &bytes[..]].concat(), 137);
            let _ = read(&[b"\x10\x0a", &bytes[..]].concat(), 138);
        }
    }
}
