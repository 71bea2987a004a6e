//! Recognises the packets that open an OpenVPN association ("Network protocol" in OpenVPN's documentation, `ssl_pkt.h`), and reads the
//! TLS hellos in its control channel: the name that the client asks for, if any, and those in the server's certificate.

use super::openvpn_control::{self as control, CODES, CONTROL, is_control};
use crate::name::findings::{Findings, Role};
use crate::name::reader::{Datagram, IncrementalReader, Reading};
use crate::name::wire::Wire;
use smallvec::SmallVec;

/// The first bytes of opening packets and of those with TLS: the operation, and a key number of 0.
pub(crate) static FIRST_BYTES: &[u8] = &[CONTROL, HARD_RESET_CLIENT, HARD_RESET_SERVER];
/// The same in a stream: the high byte of the length of an opening packet.
pub(crate) static STREAM_FIRST_BYTES: &[u8] = &[0];

const HARD_RESET_CLIENT: u8 = 7 << 3;
const HARD_RESET_SERVER: u8 = 8 << 3;
/// Packets that are read: those of a handshake, with the acknowledgements between them.
const PACKET_LIMIT: usize = 64;

/// Whether a datagram opens an association, or may carry a part of its TLS stream.
pub(crate) fn starts(datagram: &Datagram<'_>) -> bool {
    opener(datagram.payload).is_some() || is_control(datagram.payload)
}

/// Reads the datagrams of one side.
pub(crate) fn read(datagrams: &[Datagram<'_>]) -> Reading {
    let mut reader = Association::default();
    let mut reading = Reading::No;
    // One by one, so that reading many gives the same as reading the first few that suffice.
    for datagram in datagrams {
        reading = reader.next(datagram);
        if matches!(reading, Reading::Done { .. }) {
            break;
        }
    }
    reading
}

/// Makes a reader that is given one datagram after the other.
pub(crate) fn begin() -> Box<dyn IncrementalReader> {
    Box::new(Association::default())
}

/// The packets of one side so far.
#[derive(Default)]
struct Association {
    role: Option<Role>,
    /// Those with a part of the TLS stream.
    packets: Vec<Vec<u8>>,
    count: usize,
}

impl IncrementalReader for Association {
    fn next(&mut self, datagram: &Datagram<'_>) -> Reading {
        self.count += 1;
        self.role = self.role.or_else(|| opener(datagram.payload));
        let mut reading = None;
        if is_control(datagram.payload) {
            self.packets.push(datagram.payload.to_vec());
        }
        if !self.packets.is_empty() {
            let packets: SmallVec<[&[u8]; 16]> = self.packets.iter().map(Vec::as_slice).collect();
            reading = control::read(&packets);
        }
        let known = || self.role.map(|role| Box::new(Findings::of("openvpn", Some(role))));
        let findings = match reading {
            Some(Reading::Done { findings, .. }) => return Reading::Done { findings, consumed: 0 },
            Some(Reading::NeedMore(Some(findings))) => Some(findings),
            _ => known(),
        };
        match findings {
            Some(findings) if self.count >= PACKET_LIMIT => Reading::Done { findings, consumed: 0 },
            Some(findings) => Reading::NeedMore(Some(findings)),
            None => Reading::No,
        }
    }
}

/// Whether a segment may begin with a packet that opens an association, behind its length.
pub(crate) fn starts_stream(payload: &[u8]) -> bool {
    let [0, rest @ ..] = payload else { return false };
    let Some((&length, packet)) = rest.split_first() else { return true };
    match packet.get(..usize::from(length)) {
        Some(packet) => opener(packet).is_some(),
        // Cut short: an opening packet has one of a few lengths.
        None => {
            let is_of = |base: usize| CODES.iter().any(|code| base + code == usize::from(length));
            match packet.first() {
                None => is_of(CLIENT_OPENER) || is_of(SERVER_OPENER),
                Some(&HARD_RESET_CLIENT) => is_of(CLIENT_OPENER),
                Some(&HARD_RESET_SERVER) => is_of(SERVER_OPENER),
                Some(_) => false,
            }
        }
    }
}

/// Reads a stream: packets behind their lengths.
pub(crate) fn read_stream(stream: &[u8]) -> Reading {
    if !starts_stream(stream) {
        return Reading::No;
    }
    let mut wire = Wire::new(stream);
    let mut packets: SmallVec<[&[u8]; 16]> = SmallVec::new();
    let mut end = 0;
    while let Some(packet) = wire.vector_u16().filter(|_| packets.len() < PACKET_LIMIT) {
        packets.push(packet);
        end = stream.len() - wire.rest().len();
        if let Some(Reading::Done { findings, .. }) = control::read(&packets) {
            return Reading::Done { findings, consumed: end };
        }
    }
    let Some(role) = packets.first().and_then(|packet| opener(packet)) else { return Reading::NeedMore(None) };
    let findings = match control::read(&packets) {
        Some(Reading::NeedMore(Some(findings))) => findings,
        _ => Box::new(Findings::of("openvpn", Some(role))),
    };
    if packets.len() >= PACKET_LIMIT {
        Reading::Done { findings, consumed: end }
    } else {
        Reading::NeedMore(Some(findings))
    }
}

/// Length of the operation and the session number.
const START: usize = 9;
/// Length of an opening packet of the client without a code, and of the server's.
const CLIENT_OPENER: usize = START + 5;
const SERVER_OPENER: usize = START + 17;

/// The role of the sender, if a packet opens an association. Such a packet has a session number; where keys were shared
/// beforehand, a code with its packet number and time; acknowledgements; and the message number 0.
fn opener(payload: &[u8]) -> Option<Role> {
    let code = |length: usize| CODES.into_iter().find(|code| payload.len() == code + length);
    match *payload.first()? {
        // The client has nothing to acknowledge yet.
        HARD_RESET_CLIENT => (payload.get(START + code(CLIENT_OPENER)?..)? == [0; 5]).then_some(Role::Client),
        // The server acknowledges the client's message 0, and names the client's session.
        HARD_RESET_SERVER => {
            let rest = payload.get(START + code(SERVER_OPENER)?..)?;
            (rest.starts_with(&[1, 0, 0, 0, 0]) && rest.ends_with(&[0; 4])).then_some(Role::Server)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::source::NameSource;
    use crate::name::testing::datagram;
    use fixtures::openvpn::{Sender, framed};
    use proptest::prelude::*;

    const CODE_LENGTHS: [usize; 5] = [0, 16, 20, 32, 64];

    /// A client's packets, its hello in pieces.
    fn packets(code: usize, piece: usize) -> Vec<Vec<u8>> {
        let hello = fixtures::tls::hello("vpn.example", 300);
        let mut sender = Sender::client(code);
        let first = vec![sender.reset()];
        first.into_iter().chain(hello.chunks(piece).map(|piece| sender.control(piece, 1))).collect()
    }

    fn read_packets(packets: &[Vec<u8>]) -> Reading {
        let datagrams: Vec<_> = packets.iter().map(|packet| datagram(packet, 40_000, 1194)).collect();
        read(&datagrams)
    }

    #[track_caller]
    fn assert_named(reading: &Reading) {
        let Reading::Done { findings, .. } = reading else { panic!("{reading:?}") };
        assert_eq!((findings.application.unwrap().0, findings.role), ("openvpn", Some(Role::Client)));
        assert_eq!((findings.names[0].source, &*findings.names[0].name), (NameSource::TlsSni, "vpn.example"));
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

    #[test]
    fn the_hello_in_a_stream_is_read_however_it_is_cut() {
        for code in CODE_LENGTHS {
            let stream: Vec<u8> = packets(code, 100).iter().flat_map(|packet| framed(packet)).collect();
            assert_named(&read_stream(&stream));
            for length in 1..stream.len() {
                assert!(starts_stream(&stream[..length]), "{code} {length}");
                assert!(matches!(read_stream(&stream[..length]), Reading::NeedMore(_)), "{code} {length}");
            }
        }
    }

    #[test]
    fn without_tls_it_is_still_openvpn() {
        let first = packets(20, 100).swap_remove(0);
        let findings = Box::new(Findings::of("openvpn", Some(Role::Client)));
        assert_eq!(read_packets(std::slice::from_ref(&first)), Reading::NeedMore(Some(findings.clone())));
        let mut sender = Sender::client(20);
        sender.reset();
        // Encrypted parts look like anything.
        let noise: Vec<Vec<u8>> = [vec![first], (0..3).map(|_| sender.control(&[0x99; 200], 0)).collect()].concat();
        assert_eq!(read_packets(&noise), Reading::NeedMore(Some(findings)));
        assert!(!starts(&datagram(&noise[1], 40_000, 1194)));
        assert_eq!(read_packets(&noise[1..]), Reading::No);
    }

    #[test]
    fn other_payloads_do_not_start() {
        for payload in [&[0x20; 100][..], &[0, 14, 0x20], &[0, 15], &[0, 0, 0, 8, 4], &[1, 14, 0x38]] {
            assert!(!starts_stream(payload) && !starts(&datagram(payload, 1, 1194)), "{payload:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        /// Packets in any order, some of them twice: the hello is whole with the last of its pieces.
        #[test]
        fn the_hello_is_read_in_any_order(
            code in 0_usize..5,
            piece in 20_usize..200,
            order in prop::collection::vec(any::<u32>(), 40),
            again in 0_usize..5,
        ) {
            let mut sent = packets(CODE_LENGTHS[code], piece);
            sent.extend(sent.iter().take(again).cloned().collect::<Vec<_>>());
            let mut keyed: Vec<_> = order.into_iter().cycle().zip(sent).collect();
            keyed.sort();
            let sent: Vec<_> = keyed.into_iter().map(|(_, packet)| packet).collect();
            for packet in &sent {
                prop_assert!(starts(&datagram(packet, 40_000, 1194)));
            }
            assert_named(&read_packets(&sent));
        }

        #[test]
        fn survives_anything(bytes in prop::collection::vec(any::<u8>(), 0..120), at in 0_usize..200, code in 0_usize..5) {
            let mut stream: Vec<u8> =
                packets(CODE_LENGTHS[code], 80).iter().flat_map(|packet| framed(packet)).collect();
            let end = stream.len().min(at + bytes.len());
            read_packets(&[[&[CONTROL][..], &bytes].concat(), bytes.clone()]);
            stream.splice(at.min(end)..end, bytes);
            read_stream(&stream);
        }
    }
}
