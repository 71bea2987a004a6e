//! Initials of the versions that Google deployed before the standard, Q050 to T051: the standard's protection with salts of their
//! own, and CRYPTO frames under another number. rustls does not know them.

use super::seeded;
use aes_gcm::aes::Aes128;
use aes_gcm::aes::cipher::BlockCipherEncrypt;
use aes_gcm::{AeadInOut, Aes128Gcm, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;

/// Version Q050 and its salt (Chromium, `quic/core/crypto/crypto_utils.cc`).
pub(super) const Q050: (&[u8; 4], [u8; 20]) = (b"Q050", salt(0x5045_74ef, 0xd066_fe2f_9d94_5cfc_dbd3_a7f0_d3b5_6b45));
/// Version T051 and its salt.
pub(super) const T051: (&[u8; 4], [u8; 20]) = (b"T051", salt(0x7a4e_def4, 0xe7cc_ee5f_a450_6c19_124f_c8cc_da6e_033d));
/// Bytes of a full datagram.
const PADDED: usize = 1_200;

const fn salt(first: u32, rest: u128) -> [u8; 20] {
    let (mut bytes, first, rest) = ([0; 20], first.to_be_bytes(), rest.to_be_bytes());
    let mut at = 0;
    while at < 20 {
        bytes[at] = if at < 4 { first[at] } else { rest[at - 4] };
        at += 1;
    }
    bytes
}

/// HKDF-Expand-Label (RFC 8446 §7.1) of at most 32 bytes.
fn expand<const LENGTH: usize>(secret: &Hkdf<Sha256>, label: &str) -> [u8; LENGTH] {
    let label = format!("tls13 {label}");
    let info = [&(LENGTH as u16).to_be_bytes()[..], &[label.len() as u8], label.as_bytes(), &[0]].concat();
    let mut bytes = [0; LENGTH];
    secret.expand(&info, &mut bytes).expect("at most a digest");
    bytes
}

/// A datagram with an Initial of this version that carries these bytes in a CRYPTO frame.
pub(super) fn initial((version, salt): (&[u8; 4], [u8; 20]), crypto: &[u8]) -> Vec<u8> {
    let id = seeded::bytes(8);
    let secret = expand::<32>(&Hkdf::new(Some(&salt), &id), "client in");
    let secret = Hkdf::from_prk(&secret).expect("a digest");
    let length = |value: usize| (value as u16 | 0x4000).to_be_bytes();
    let mut header = [&[0xc1][..], version, &[8], &id, &[0, 0]].concat();
    let mut frames = [&[0x08, 0][..], &length(crypto.len()), crypto].concat();
    frames.resize(PADDED - header.len() - 4 - 16, 0);
    header.extend(length(2 + frames.len() + 16));
    let number_at = header.len();
    header.extend([0, 0]);
    // Packet number 0: the nonce is the initialisation vector as it is.
    let cipher = Aes128Gcm::new(&expand::<16>(&secret, "quic key").into());
    let nonce = expand::<12>(&secret, "quic iv");
    let tag = cipher.encrypt_inout_detached(&nonce.into(), &header, frames.as_mut_slice().into()).expect("sealing");
    let mut packet = [&header[..], &frames, &tag[..]].concat();
    let mut mask = *packet[number_at + 4..].first_chunk::<16>().expect("long enough");
    let mut block = mask.into();
    Aes128::new(&expand::<16>(&secret, "quic hp").into()).encrypt_block(&mut block);
    mask.copy_from_slice(&block);
    packet[0] ^= mask[0] & 0x0f;
    packet[number_at] ^= mask[1];
    packet[number_at + 1] ^= mask[2];
    packet
}
