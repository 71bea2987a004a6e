//! ClientHellos for tests.

use super::dialect::Dialect;
use super::extensions::SERVER_NAME;

/// An extension in its frame.
pub(crate) fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_be_bytes().to_vec();
    bytes.extend((content.len() as u16).to_be_bytes());
    bytes.extend(content);
    bytes
}

/// A `server_name` extension.
pub(crate) fn sni(name: &[u8]) -> Vec<u8> {
    let mut content = ((name.len() + 3) as u16).to_be_bytes().to_vec();
    content.push(0);
    content.extend((name.len() as u16).to_be_bytes());
    content.extend(name);
    extension(SERVER_NAME, &content)
}

/// A ClientHello body with these extensions.
pub(crate) fn body(dialect: Dialect, extensions: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = if dialect == Dialect::Tls { vec![3, 3] } else { vec![0xfe, 0xfd] };
    bytes.extend([7; 32]);
    bytes.push(0);
    if dialect == Dialect::Dtls {
        bytes.extend([3, 1, 2, 3]);
    }
    bytes.extend([0, 4, 0x1a, 0x1a, 0x13, 0x01, 1, 0]);
    let block = extensions.concat();
    bytes.extend((block.len() as u16).to_be_bytes());
    bytes.extend(block);
    bytes
}

/// The handshake message around a body.
pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend(&(body.len() as u32).to_be_bytes()[1..]);
    bytes.extend(body);
    bytes
}
