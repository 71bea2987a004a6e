//! From rustls' QUIC handshake to datagrams: Initial, Handshake, 0-RTT, 1-RTT, Retry (RFC 9000 §17, RFC 9001 §5, RFC 9369).
//!
//! quinn's own endpoint cannot be used: it orders its transport parameters by the system's randomness.

use super::seeded;
use super::tls::{Flight, Hello};
use aes_gcm::{AeadInOut, Aes128Gcm, KeyInit};
use fixtures::quic::{crypto, varint};
use rustls::Side;
use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::quic::{ClientConnection, DirectionalKeys, KeyChange, Keys, ServerConnection, Suite, Version};
use std::sync::Arc;

/// Bytes that a datagram with a client's Initial has at least (RFC 9000 §14.1), as Chrome pads it.
const PADDED: usize = 1_250;

/// Kinds of long header packets of version 1.
const INITIAL: u8 = 0;
const ZERO_RTT: u8 = 1;
const HANDSHAKE: u8 = 2;

/// Key and nonce of a Retry's integrity tag (RFC 9001 §5.8).
const RETRY_KEY: [u8; 16] = 0xbe0c_690b_9f66_575a_1d76_6b54_e368_c84e_u128.to_be_bytes();
const RETRY_NONCE: [u8; 12] = [0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb];

fn suite() -> Suite {
    TLS13_AES_128_GCM_SHA256.tls13().and_then(|suite| suite.quic_suite()).expect("ring knows QUIC")
}

/// Bytes of a hello, from and up to.
pub(super) type Part = (usize, usize);

/// A client's opening: its hello and the keys for it.
pub(super) struct Opening {
    version: Version,
    /// What the header says the version is.
    number: u32,
    pub(super) destination: Vec<u8>,
    pub(super) source: Vec<u8>,
    /// The ClientHello, without a record around it.
    pub(super) hello: Vec<u8>,
    keys: Keys,
    client: ClientConnection,
}

/// A version's number on the wire.
fn number(version: Version) -> u32 {
    match version {
        Version::V2 => 0x6b33_43cf,
        Version::V1Draft => 0xff00_001d,
        _ => 1,
    }
}

/// What comes before the packet number, but for the length.
fn long_header(kind: u8, version: Version, destination: &[u8], source: &[u8], token: Option<&[u8]>) -> Vec<u8> {
    // Version 2 counts the kinds from another start (RFC 9369 §3.2).
    let kind = if matches!(version, Version::V2) { (kind + 1) % 4 } else { kind };
    let mut header = vec![0xc1 | kind << 4];
    header.extend(number(version).to_be_bytes());
    for id in [destination, source] {
        header.push(id.len() as u8);
        header.extend(id);
    }
    if let Some(token) = token {
        header.extend(varint(token.len()));
        header.extend(token);
    }
    header
}

/// An ACK of the first so many packets.
fn ack(largest: u8) -> Vec<u8> {
    vec![0x02, largest, 0x10, 0, largest]
}

/// Encrypts a packet whose header lacks length (long headers) and packet number.
fn seal(keys: &DirectionalKeys, mut header: Vec<u8>, packet_number: u16, mut frames: Vec<u8>) -> Vec<u8> {
    // Header protection samples 16 bytes from the fourth after the packet number's start.
    frames.resize(frames.len().max(4), 0);
    if header[0] & 0x80 != 0 {
        header.extend(varint(2 + frames.len() + 16));
    }
    let number_at = header.len();
    header.extend(packet_number.to_be_bytes());
    let tag = keys.packet.encrypt_in_place(packet_number.into(), &header, &mut frames).expect("sealing");
    let mut packet = [header, frames, tag.as_ref().to_vec()].concat();
    let sample = packet[number_at + 4..number_at + 20].to_vec();
    let (start, rest) = packet.split_at_mut(1);
    keys.header.encrypt_in_place(&sample, &mut start[0], &mut rest[number_at - 1..number_at + 1]).expect("masking");
    packet
}

impl Opening {
    pub(super) fn new(hello: &Hello, version: Version) -> Self {
        Self::numbered(hello, version, number(version))
    }

    /// The same under another version's number.
    pub(super) fn numbered(hello: &Hello, version: Version, number: u32) -> Self {
        seeded::seed(hello.name);
        let (destination, source) = (seeded::bytes(8), seeded::bytes(8));
        let params = parameters(&source);
        let mut client = ClientConnection::new(Arc::new(hello.client()), version, hello.server_name(), params)
            .expect("a valid config");
        let mut bytes = Vec::new();
        assert!(client.write_hs(&mut bytes).is_none());
        let keys = suite().keys(&destination, Side::Client, version);
        Self { version, number, destination, source, hello: bytes, keys, client }
    }

    /// An Initial with CRYPTO frames of these parts of the hello, padded to a full datagram.
    pub(super) fn initial(&self, packet_number: u16, parts: &[Part]) -> Vec<u8> {
        self.initial_with(&self.keys, &self.destination, &[], packet_number, parts, PADDED)
    }

    /// The first Initial, with the whole hello.
    pub(super) fn whole(&self) -> Vec<u8> {
        self.initial(0, &[(0, self.hello.len())])
    }

    /// An Initial after a Retry: to the new connection id, with its keys and the token.
    pub(super) fn initial_after_retry(&self, destination: &[u8], token: &[u8]) -> Vec<u8> {
        let keys = suite().keys(destination, Side::Client, self.version);
        self.initial_with(&keys, destination, token, 1, &[(0, self.hello.len())], PADDED)
    }

    /// A short Initial, to be followed by other packets in its datagram.
    pub(super) fn short_initial(&self) -> Vec<u8> {
        self.initial_with(&self.keys, &self.destination, &[], 0, &[(0, self.hello.len())], 0)
    }

    fn initial_with(
        &self,
        keys: &Keys,
        destination: &[u8],
        token: &[u8],
        packet_number: u16,
        parts: &[Part],
        size: usize,
    ) -> Vec<u8> {
        let mut header = long_header(INITIAL, self.version, destination, &self.source, Some(token));
        header[1..5].copy_from_slice(&self.number.to_be_bytes());
        let mut frames = Vec::new();
        for part in parts {
            frames.extend(crypto(part.0, &self.hello[part.0..part.1]));
            // Chrome scatters PING and PADDING between the parts.
            frames.extend(if parts.len() > 1 { &[0x01, 0, 0][..] } else { &[] });
        }
        let overhead = header.len() + 2 + 2 + 16;
        frames.resize(frames.len().max(size.saturating_sub(overhead)), 0);
        seal(&keys.local, header, packet_number, frames)
    }

    /// Something that looks like a 0-RTT packet: only the two ends have its keys.
    pub(super) fn zero_rtt(&self, size: usize) -> Vec<u8> {
        let mut packet = long_header(ZERO_RTT, self.version, &self.destination, &self.source, None);
        packet.extend(varint(size));
        packet.extend(seeded::bytes(size));
        packet
    }

    /// The server's Retry in version 1: a new connection id and a token, with the integrity tag of RFC 9001 §5.8.
    pub(super) fn retry(&self, id: &[u8], token: &[u8]) -> Vec<u8> {
        let mut packet = long_header(3, self.version, &self.source, id, None);
        packet.extend(token);
        let pseudo = [&[self.destination.len() as u8][..], &self.destination, &packet].concat();
        let cipher = Aes128Gcm::new(&RETRY_KEY.into());
        let tag = cipher
            .encrypt_inout_detached(&RETRY_NONCE.into(), &pseudo, (&mut [][..]).into())
            .expect("nothing is short enough to seal");
        packet.extend(tag);
        packet
    }

    /// The server's Version Negotiation (RFC 9000 §17.2.1).
    pub(super) fn version_negotiation(&self, versions: &[u32]) -> Vec<u8> {
        let mut packet = vec![0x8a, 0, 0, 0, 0, self.source.len() as u8];
        packet.extend(&self.source);
        packet.push(self.destination.len() as u8);
        packet.extend(&self.destination);
        packet.extend(versions.iter().flat_map(|version| version.to_be_bytes()));
        packet
    }

    /// The rest of the conversation: the server's flight, the client's end of the handshake, then rounds of bytes.
    pub(super) fn rest(mut self, hello: &Hello, rounds: &[(usize, usize)]) -> Vec<Flight> {
        let id = seeded::bytes(8);
        let id_of_server = &id;
        let mut server =
            ServerConnection::new(Arc::new(hello.server()), self.version, parameters(&id)).expect("a config");
        server.read_hs(&self.hello).expect("rustls understands rustls");
        let (server_hello, handshake) = flight(|bytes| server.write_hs(bytes));
        let (encrypted, one_rtt) = flight(|bytes| server.write_hs(bytes));
        self.client.read_hs(&server_hello).expect("rustls understands rustls");
        let (_, client_handshake) = flight(|bytes| self.client.write_hs(bytes));
        self.client.read_hs(&encrypted).expect("rustls understands rustls");
        let (finished, client_one_rtt) = flight(|bytes| self.client.write_hs(bytes));

        let initial = suite().keys(&self.destination, Side::Server, self.version);
        let header = |kind| long_header(kind, self.version, &self.source, &id, (kind == INITIAL).then_some(&[][..]));
        let mut down = seal(&initial.local, header(INITIAL), 0, [ack(0), crypto(0, &server_hello)].concat());
        down.extend(seal(&handshake.local, header(HANDSHAKE), 0, crypto(0, &encrypted)));
        let header = |kind| long_header(kind, self.version, &id, &self.source, (kind == INITIAL).then_some(&[][..]));
        let mut up = seal(&self.keys.local, header(INITIAL), 2, ack(0));
        let mut frames = [ack(0), crypto(0, &finished)].concat();
        frames.resize(PADDED - up.len() - 60, 0);
        up.extend(seal(&client_handshake.local, header(HANDSHAKE), 0, frames));
        let mut flights = vec![Flight::down(down), Flight::up(up)];
        let (mut numbers, mut offsets) = ([0_u16; 2], [0_u32; 2]);
        for (round_up, round_down) in rounds {
            for (is_up, count) in [(true, *round_up), (false, *round_down)] {
                let (keys, id) =
                    if is_up { (&client_one_rtt.local, id_of_server) } else { (&one_rtt.local, &self.source) };
                let side = usize::from(is_up);
                for part in seeded::bytes(count).chunks(1_180) {
                    // STREAM with offset and length.
                    let mut frames = vec![0x0e, 0];
                    frames.extend((offsets[side] | 0x8000_0000).to_be_bytes());
                    frames.extend(varint(part.len()));
                    frames.extend(part);
                    let packet = seal(keys, [&[0x41], id.as_slice()].concat(), numbers[side], frames);
                    flights.push(Flight { is_up, bytes: packet });
                    numbers[side] += 1;
                    offsets[side] += part.len() as u32;
                }
                let acknowledged = (numbers[side] as u8 & 0x3f).max(1);
                let (keys, id) =
                    if is_up { (&one_rtt.local, &self.source) } else { (&client_one_rtt.local, id_of_server) };
                let packet = seal(keys, [&[0x41], id.as_slice()].concat(), numbers[1 - side], ack(acknowledged));
                flights.push(Flight { is_up: !is_up, bytes: packet });
                numbers[1 - side] += 1;
            }
        }
        flights
    }
}

/// Bytes up to a change of keys, and those keys.
fn flight(mut write: impl FnMut(&mut Vec<u8>) -> Option<KeyChange>) -> (Vec<u8>, Keys) {
    let mut bytes = Vec::new();
    for _ in 0..4 {
        match write(&mut bytes) {
            Some(KeyChange::Handshake { keys } | KeyChange::OneRtt { keys, .. }) => return (bytes, keys),
            None => {}
        }
    }
    panic!("the handshake ends");
}

/// Transport parameters (RFC 9000 §18.2): idle timeout, limits, and the connection id.
fn parameters(source: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x01, 4, 0x80, 0, 0x75, 0x30, 0x03, 2, 0x45, 0xc0];
    for kind in 4..8 {
        bytes.extend([kind, 4, 0x80, 0x60, 0, 0]);
    }
    bytes.extend([0x08, 2, 0x40, 0x64, 0x09, 2, 0x40, 0x67, 0x0f, source.len() as u8]);
    bytes.extend(source);
    bytes
}

/// A conversation in version 1 from hello to end; a hello that is large takes two Initials.
pub(super) fn talk(hello: &Hello, rounds: &[(usize, usize)]) -> Vec<Flight> {
    let opening = Opening::new(hello, Version::V1);
    let parts = halves(opening.hello.len());
    let mut flights: Vec<Flight> =
        (0_u16..).zip(&parts).map(|(n, part)| Flight::up(opening.initial(n, std::slice::from_ref(part)))).collect();
    flights.extend(opening.rest(hello, rounds));
    flights
}

/// One range, or two where one Initial cannot hold it.
pub(super) fn halves(length: usize) -> Vec<Part> {
    if length < 1_150 { vec![(0, length)] } else { vec![(0, 1_100), (1_100, length)] }
}
