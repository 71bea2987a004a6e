//! Turns Remote Desktop over UDP in its reliable mode (MS-RDPEUDP §2.2, MS-RDPEUDP2 §2.2) into the name in the TLS hello that
//! it begins with.

use crate::name::findings::{Findings, Role};
use crate::name::reader::{Datagram, Reading};
use crate::name::tls::stream as tls;

const PORT: u16 = 3389;

/// The port of Remote Desktop.
pub(crate) static PORTS: &[u16] = &[PORT];

/// Bytes of a datagram within which the hello begins. Sequence numbers and acknowledgements come before it.
const HEADER_LIMIT: usize = 48;
/// Lengths of the datagrams with the SYN flag (§3.1.5.1.1), which probe the path.
const SYN_LENGTHS: std::ops::RangeInclusive<usize> = 1_132..=1_232;

/// The role of the sender of a datagram that opens a connection, by its first fields: no acknowledgement yet or the peer's
/// number; the window; SYN, perhaps with ACK.
fn opens(payload: &[u8]) -> Option<Role> {
    let [a, b, c, d, _, _, high, low, ..] = *payload else { return None };
    let flags = u16::from_be_bytes([high, low]);
    if !SYN_LENGTHS.contains(&payload.len()) || flags & 0x0001 == 0 {
        return None;
    }
    match flags & 0x0004 {
        0 if [a, b, c, d] == [0xff; 4] => Some(Role::Client),
        0 => None,
        _ => Some(Role::Server),
    }
}

/// Whether a datagram on the port opens a connection, or may hold a hello near its start.
pub(crate) fn starts_datagram(datagram: &Datagram<'_>) -> bool {
    (datagram.source_port == PORT || datagram.destination_port == PORT)
        && (hello_in(datagram.payload).is_some() || opens(datagram.payload).is_some())
}

/// The bytes from the first handshake record on whose lengths agree.
fn hello_in(payload: &[u8]) -> Option<&[u8]> {
    let window = payload.get(..HEADER_LIMIT.min(payload.len()))?;
    memchr::memchr_iter(0x16, window).filter_map(|at| payload.get(at..)).find(|rest| match rest {
        [_, 3, 1..=3, high, low, 1, 0, inner_high, inner_low, 3, ..] => {
            u16::from_be_bytes([*high, *low]).checked_sub(4) == Some(u16::from_be_bytes([*inner_high, *inner_low]))
        }
        _ => false,
    })
}

/// Reads the last datagram.
pub(crate) fn read_datagrams(datagrams: &[Datagram<'_>]) -> Reading {
    let Some(datagram) = datagrams.last().filter(|datagram| starts_datagram(datagram)) else { return Reading::No };
    if let Some(rest) = hello_in(datagram.payload) {
        return tls::read(rest);
    }
    match opens(datagram.payload) {
        Some(role) => {
            let findings = Box::new(Findings::of("rdp", Some(role)));
            Reading::Done { findings, consumed: datagram.payload.len() }
        }
        None => Reading::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::tls::dialect::Dialect;
    use crate::name::tls::samples::{body, message, sni};
    use proptest::prelude::*;

    fn of(payload: &[u8]) -> Datagram<'_> {
        Datagram { payload, source_port: 50_000, destination_port: PORT }
    }

    #[test]
    fn the_hello_behind_the_header_is_read() {
        let message = message(1, &body(Dialect::Tls, &[sni(b"Desk.office.example")]));
        let record = [&[0x16, 3, 2][..], &(message.len() as u16).to_be_bytes(), &message].concat();
        let bytes = [&[0, 0x14, 0xc1, 1, 0xf4, 1, 0x64, 0xe0, 0x64, 0, 1, 0][..], &record].concat();
        let Reading::Done { findings, .. } = read_datagrams(&[of(&bytes)]) else { panic!("not done") };
        assert_eq!((&*findings.names[0].name, findings.role), ("desk.office.example", Some(Role::Client)));
        assert!(!starts_datagram(&Datagram { destination_port: 3390, ..of(&bytes) }));
        for cut in 0..bytes.len() {
            let _ = read_datagrams(&[of(&bytes[..cut])]);
        }
    }

    #[test]
    fn the_opening_is_told_by_its_flags() {
        let mut bytes = vec![0; 1_232];
        bytes[..8].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0, 0x40, 0x18, 1]);
        let Reading::Done { findings, .. } = read_datagrams(&[of(&bytes)]) else { panic!("not done") };
        assert_eq!((findings.application.map(|word| word.0), findings.role), (Some("rdp"), Some(Role::Client)));
        bytes[0] = 0;
        assert_eq!(read_datagrams(&[of(&bytes)]), Reading::No);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn random_datagrams_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let bytes = [&[0, 0x14, 0xc1, 1, 0x16, 3, 1, 0, 44, 1, 0, 0, 40, 3, 3][..], &bytes].concat();
            let _ = read_datagrams(&[of(&bytes)]);
        }
    }
}
