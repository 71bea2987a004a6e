//! QUIC datagrams, raw or sealed here: behind the authentication tag nothing would ever be reached by chance.

use fixtures::quic::{DRAFT_29, Initial, V1, V2, Version};

/// The versions, and one number that no one knows under the first.
const VERSIONS: [Version; 4] = [V1, V2, DRAFT_29, Version { number: 0x0bad_cafe, ..V1 }];

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
pub(crate) fn quic(data: &[u8]) {
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
    let version = VERSIONS[usize::from(which) % VERSIONS.len()];
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
fn seal(version: Version, id: &[u8], choices: u8, number: u32, frames: &[u8]) -> Vec<u8> {
    let number_length = usize::from(choices >> 2 & 3) + 1;
    let mut frames = frames.to_vec();
    // Clients pad; without, a packet of an unknown version is not tried.
    frames.resize(frames.len().max(if choices & 0x40 != 0 { 4 } else { 1200 }), 0);
    Initial { version, origin: IDS[0], destination: id, number, number_length }.seal(&frames, 0)
}

fn google(data: &[u8]) -> Vec<Vec<u8>> {
    let Some((digits, frames)) = data.split_first_chunk::<2>() else { return Vec::new() };
    let mut packet = vec![0x09, 1, 2, 3, 4, 5, 6, 7, 8, b'Q', b'0'];
    packet.extend(digits.map(|digit| b'0' + digit % 10));
    packet.extend([0; 14]);
    packet.extend(frames.iter().take(1500));
    vec![packet]
}
