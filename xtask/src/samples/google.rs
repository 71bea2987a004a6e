//! Initials of the versions that Google deployed before the standard, Q050 to T051: the standard's protection with salts of their
//! own, and CRYPTO frames under another number. rustls does not know them.

use super::seeded;
use fixtures::quic::{Initial, V1, Version, varint};

/// Version Q050 and its salt (Chromium, `quic/core/crypto/crypto_utils.cc`).
pub(super) const Q050: Version = version(b"Q050", salt(0x5045_74ef, 0xd066_fe2f_9d94_5cfc_dbd3_a7f0_d3b5_6b45));
/// Version T051 and its salt.
pub(super) const T051: Version = version(b"T051", salt(0x7a4e_def4, 0xe7cc_ee5f_a450_6c19_124f_c8cc_da6e_033d));
/// Bytes of a full datagram.
const PADDED: usize = 1_200;

const fn version(number: &[u8; 4], salt: [u8; 20]) -> Version {
    Version { number: u32::from_be_bytes(*number), salt, ..V1 }
}

const fn salt(first: u32, rest: u128) -> [u8; 20] {
    let (mut bytes, first, rest) = ([0; 20], first.to_be_bytes(), rest.to_be_bytes());
    let mut at = 0;
    while at < 20 {
        bytes[at] = if at < 4 { first[at] } else { rest[at - 4] };
        at += 1;
    }
    bytes
}

/// A datagram with an Initial of this version that carries these bytes in a CRYPTO frame.
pub(super) fn initial(version: Version, crypto: &[u8]) -> Vec<u8> {
    let id = seeded::bytes(8);
    let frame = [&[0x08, 0][..], &varint(crypto.len()), crypto].concat();
    Initial { version, ..Initial::first(&id) }.seal(&frame, PADDED)
}
