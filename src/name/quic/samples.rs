//! Initial packets for tests.

use super::keys::InitialKeys;
use super::keys::tests::protect;
use super::versions::protections;
use crate::name::tls::dialect::Dialect;
use crate::name::tls::samples::{body, extension, message, sni};

pub(super) use fixtures::quic::crypto;

const CLIENT_HELLO: u8 = 1;
pub(super) const V1: u32 = 1;
pub(super) const V2: u32 = 0x6b33_43cf;

/// A client's Initial with these frames, padded to 1200 bytes, under the keys of an origin's id.
pub(crate) fn initial(version: u32, salt_of: u32, id: &[u8], origin: &[u8], token: &[u8], frames: &[u8]) -> Vec<u8> {
    let mut header = vec![if version == V2 { 0xd3 } else { 0xc3 }];
    header.extend(version.to_be_bytes());
    header.push(id.len() as u8);
    header.extend(id);
    header.push(0);
    header.push(token.len() as u8);
    header.extend(token);
    let mut frames = frames.to_vec();
    frames.resize(frames.len().max(1200 - header.len() - 6 - 16), 0);
    header.extend(((4 + frames.len() + 16) as u16 | 0x4000).to_be_bytes());
    header.extend([0, 0, 0, 1]);
    protect(&InitialKeys::derive(origin, &protections(salt_of)[0]), &header, &frames)
}

pub(crate) fn tls_hello() -> Vec<u8> {
    let share = extension(0x33, &[9; 1216]);
    message(CLIENT_HELLO, &body(Dialect::Tls, &[share, sni(b"Example.com"), extension(16, b"\0\x03\x02h3")]))
}
