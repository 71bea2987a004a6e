//! QUIC datagrams, raw or sealed here: behind the authentication tag nothing would ever be reached by chance.

use aes::Aes128;
use aes::cipher::BlockCipherEncrypt;
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, KeyInit as _};
use hkdf::Hkdf;
use sha2::Sha256;

/// A version with its salt and the labels of key, initialisation vector and header protection.
struct Version {
    number: u32,
    initial: u8,
    salt: [u8; 20],
    labels: [&'static str; 3],
}

const LABELS: [&str; 3] = ["quic key", "quic iv", "quic hp"];

/// RFC 9001 §5.2, RFC 9369 §3.3.1, draft-ietf-quic-tls-29 §5.2, and one number that no one knows under the first.
const VERSIONS: [Version; 4] = [
    Version { number: 1, initial: 0xc0, salt: V1_SALT, labels: LABELS },
    Version {
        number: 0x6b33_43cf,
        initial: 0xd0,
        salt: *b"\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9",
        labels: ["quicv2 key", "quicv2 iv", "quicv2 hp"],
    },
    Version {
        number: 0xff00_001d,
        initial: 0xc0,
        salt: *b"\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99",
        labels: LABELS,
    },
    Version { number: 0x0bad_cafe, initial: 0xc0, salt: V1_SALT, labels: LABELS },
];
const V1_SALT: [u8; 20] = *b"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a";

/// Ids that packets are addressed to; the keys are those of the first.
const IDS: [&[u8]; 4] = [&[0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08], &[1, 2, 3, 4], &[], &[9; 20]];

/// Longest payload sealed into one packet.
const PAYLOAD_LIMIT: usize = 4096;

/// What the first byte of an input says of the rest.
pub(crate) const RAW: u8 = 0;
/// Packets to be sealed, each behind a byte of choices and two of length.
pub(crate) const SEALED: u8 = 1;
/// Frames behind a sound header of Google's QUIC, so that frames and tags are reached at once.
pub(crate) const GOOGLE: u8 = 2;

/// QUIC of all kinds.
pub fn quic(data: &[u8]) {
    let Some((&mode, data)) = data.split_first() else { return };
    let datagrams = match mode {
        SEALED => sealed(data),
        GOOGLE => google(data),
        _ => pieces(data).map(|(_, payload)| payload.to_vec()).collect(),
    };
    crate::names::quic(&datagrams);
}

/// Pieces, each behind a byte of choices and two of length.
fn pieces(data: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let (&[choices, high, low], more) = rest.split_first_chunk()?;
        let (piece, more) = more.split_at(usize::from(u16::from_be_bytes([high, low])).min(more.len()));
        rest = more;
        Some((choices, piece))
    })
    .take(32)
}

fn sealed(data: &[u8]) -> Vec<Vec<u8>> {
    let Some((&which, data)) = data.split_first() else { return Vec::new() };
    let version = &VERSIONS[usize::from(which) % VERSIONS.len()];
    let mut datagrams: Vec<Vec<u8>> = Vec::new();
    for (number, (choices, frames)) in pieces(data).enumerate() {
        let frames = frames.get(..PAYLOAD_LIMIT).unwrap_or(frames);
        let packet = seal(version, IDS[usize::from(choices & 3)], choices, number as u32, frames);
        match datagrams.last_mut().filter(|_| choices & 0x80 != 0) {
            Some(datagram) => datagram.extend(packet),
            None => datagrams.push(packet),
        }
    }
    datagrams
}

/// An Initial packet under the keys of the first id (RFC 9001 §5).
fn seal(version: &Version, id: &[u8], choices: u8, number: u32, frames: &[u8]) -> Vec<u8> {
    let number_length = usize::from(choices >> 2 & 3) + 1;
    let mut header = vec![version.initial | (number_length as u8 - 1)];
    header.extend(version.number.to_be_bytes());
    header.push(id.len() as u8);
    header.extend(id);
    header.extend([0, 0]);
    let mut payload = frames.to_vec();
    // Clients pad; without, a packet of an unknown version is not tried.
    payload.resize(payload.len().max(if choices & 0x40 != 0 { 4 } else { 1200 }), 0);
    header.extend(((number_length + payload.len() + 16) as u16 | 0x4000).to_be_bytes());
    let number_at = header.len();
    header.extend(&number.to_be_bytes()[4 - number_length..]);

    let (initial, _) = Hkdf::<Sha256>::extract(Some(&version.salt), IDS[0]);
    let client: [u8; 32] = expand(&initial, "client in");
    let key: [u8; 16] = expand(&client, version.labels[0]);
    let mut nonce: [u8; 12] = expand(&client, version.labels[1]);
    let protection: [u8; 16] = expand(&client, version.labels[2]);
    for (place, byte) in nonce[8..].iter_mut().zip(number.to_be_bytes()) {
        *place ^= byte;
    }
    let cipher = Aes128Gcm::new(&key.into());
    let Ok(tag) = cipher.encrypt_inout_detached(&nonce.into(), &header, payload.as_mut_slice().into()) else {
        return header;
    };
    let mut packet = [header.as_slice(), &payload, &tag].concat();
    let mut mask = [0; 16];
    mask.copy_from_slice(&packet[number_at + 4..number_at + 20]);
    let mut mask = mask.into();
    Aes128::new(&protection.into()).encrypt_block(&mut mask);
    packet[0] ^= mask[0] & 0x0f;
    for (byte, mask) in packet[number_at..number_at + number_length].iter_mut().zip(&mask[1..]) {
        *byte ^= mask;
    }
    packet
}

/// HKDF-Expand-Label of TLS 1.3 (RFC 8446 §7.1).
fn expand<const N: usize>(secret: &[u8], label: &str) -> [u8; N] {
    let mut info = vec![0, N as u8, label.len() as u8 + 6];
    info.extend(b"tls13 ");
    info.extend(label.as_bytes());
    info.push(0);
    let mut out = [0; N];
    Hkdf::<Sha256>::from_prk(secret).expect("32 bytes").expand(&info, &mut out).expect("short");
    out
}

fn google(data: &[u8]) -> Vec<Vec<u8>> {
    let Some((digits, frames)) = data.split_first_chunk::<2>() else { return Vec::new() };
    let mut packet = vec![0x09, 1, 2, 3, 4, 5, 6, 7, 8, b'Q', b'0'];
    packet.extend(digits.map(|digit| b'0' + digit % 10));
    packet.extend([0; 14]);
    packet.extend(frames.iter().take(1500));
    vec![packet]
}
