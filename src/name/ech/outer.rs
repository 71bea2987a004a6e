//! The parts of a ClientHello that an encrypted one stands in (ClientHelloOuter, RFC 9849 §5).

use crate::name::tls::client_hello::LENGTH_LIMIT;
use crate::name::wire::Wire;
use smallvec::SmallVec;
use std::ops::Range;

pub(super) const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
pub(super) const CLIENT_HELLO: u8 = 1;
/// Extensions that are looked at. Browsers send about twenty.
const EXTENSION_LIMIT: usize = 256;

/// Extensions by type, with their content.
pub(super) type Extensions<'a> = SmallVec<[(u16, &'a [u8]); 24]>;

/// The fields of a ClientHello.
pub(super) struct Fields<'a> {
    pub(super) random: &'a [u8],
    pub(super) session_id: &'a [u8],
    /// Cipher suites and compression methods, with their lengths.
    pub(super) between: &'a [u8],
    pub(super) extensions: Extensions<'a>,
    /// What stands behind the extensions.
    pub(super) rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Reads the body of a ClientHello. `None` if it is cut short or malformed.
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut wire = Wire::new(body);
        wire.u16()?;
        let random = wire.take(32)?;
        let session_id = wire.vector_u8()?;
        let before = wire.rest();
        wire.vector_u16()?;
        wire.vector_u8()?;
        let between = before.get(..before.len() - wire.rest().len())?;
        let mut block = Wire::new(wire.vector_u16()?);
        let mut extensions = Extensions::new();
        while !block.is_empty() {
            if extensions.len() >= EXTENSION_LIMIT {
                return None;
            }
            extensions.push((block.u16()?, block.vector_u16()?));
        }
        Some(Self { random, session_id, between, extensions, rest: wire.rest() })
    }
}

/// A hello with an encrypted one in it.
pub(super) struct Outer<'a> {
    /// The body of the message.
    pub(super) body: &'a [u8],
    pub(super) fields: Fields<'a>,
    pub(super) kdf: u16,
    pub(super) aead: u16,
    /// Whether the encapsulated key is left out, as in the hello that answers a HelloRetryRequest (RFC 9849 §6.1.5).
    pub(super) is_second: bool,
    /// Where in the body the encrypted hello is.
    payload: Range<usize>,
}

impl<'a> Outer<'a> {
    /// Reads a whole handshake message. `None` if it is no ClientHello, or none with an encrypted one.
    pub(super) fn read(message: &'a [u8]) -> Option<Self> {
        let mut wire = Wire::new(message);
        let (kind, length) = (wire.u8()?, wire.u24()?);
        if kind != CLIENT_HELLO || length > LENGTH_LIMIT {
            return None;
        }
        let body = wire.take(length)?;
        let fields = Fields::read(body).filter(|fields| fields.rest.is_empty())?;
        let at = fields.extensions.iter().position(|(kind, _)| *kind == ENCRYPTED_CLIENT_HELLO)?;
        let mut content = Wire::new(fields.extensions.get(at)?.1);
        const OUTER: u8 = 0;
        if content.u8()? != OUTER {
            return None;
        }
        let (kdf, aead, _) = (content.u16()?, content.u16()?, content.u8()?);
        let is_second = content.vector_u16()?.is_empty();
        let length = content.vector_u16().filter(|_| content.is_empty())?.len();
        // The payload ends with its extension; other extensions, with four bytes before each, are all that follows.
        let behind: usize = fields.extensions.get(at + 1..)?.iter().map(|(_, content)| 4 + content.len()).sum();
        let end = body.len().checked_sub(behind)?;
        Some(Self { body, fields, kdf, aead, is_second, payload: end.checked_sub(length)?..end })
    }

    /// The encrypted hello.
    pub(super) fn payload(&self) -> &'a [u8] {
        self.body.get(self.payload.clone()).unwrap_or_default()
    }

    /// What is authenticated with it: this hello, with zeros in place of the payload (ClientHelloOuterAAD, RFC 9849 §5.2).
    pub(super) fn associated(&self) -> Vec<u8> {
        let mut body = self.body.to_vec();
        body.get_mut(self.payload.clone()).unwrap_or_default().fill(0);
        body
    }
}

/// Hellos for tests, with what opens them.
#[cfg(test)]
pub(crate) mod samples {
    use super::super::EchKeys;
    use fixtures::ech::{Client, Seal};

    /// A client whose hello is opened by the keys beside it.
    pub(crate) fn client() -> (Client, EchKeys) {
        let client = Client::new("public.example", "hidden.example", Seal::Aes128Gcm);
        let mut keys = EchKeys::default();
        keys.read(client.key_log().as_bytes());
        (client, keys)
    }
}
