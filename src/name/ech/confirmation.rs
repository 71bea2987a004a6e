//! Whether a server accepted Encrypted Client Hello: it says so in its random, in a way that only who knows the inner hello can read
//! (RFC 9849 §7.2, and §7.2.1 for a HelloRetryRequest). No further secret is needed.

use super::outer::ENCRYPTED_CLIENT_HELLO;
use crate::name::wire::Wire;
use hkdf::hmac::Hmac;
use hkdf::{GenericHkdf, HmacImpl};
use sha2::{Digest, Sha256, Sha384};

const SERVER_HELLO: u8 = 2;
const SUPPORTED_VERSIONS: u16 = 43;
/// Where the confirmation stands in a ServerHello: the last bytes of the random, behind the header and the version.
const IN_RANDOM: usize = 4 + 2 + 24;
/// Length of a confirmation.
const LENGTH: usize = 8;
/// The random that makes a ServerHello a HelloRetryRequest (RFC 8446 §4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Whether the server's first message confirms this inner hello; both are whole handshake messages. `None` if that cannot be told.
pub(crate) fn accepts(inner: &[u8], server: &[u8]) -> Option<bool> {
    let hello = Hello::read(server)?;
    if !hello.is_tls_13 {
        return Some(false);
    }
    let (place, label) = match (hello.is_retry, hello.confirmation) {
        (false, _) => (IN_RANDOM, &b"ech accept confirmation"[..]),
        (true, Some(place)) => (place, &b"hrr ech accept confirmation"[..]),
        (true, None) => return Some(false),
    };
    let said = server.get(place..place + LENGTH)?;
    let mut without = server.to_vec();
    without.get_mut(place..place + LENGTH)?.fill(0);
    let random = inner.get(6..38)?;
    let expected = match hello.suite {
        // TLS_AES_128_GCM_SHA256, TLS_CHACHA20_POLY1305_SHA256, TLS_AES_128_CCM_SHA256, TLS_AES_128_CCM_8_SHA256
        0x1301 | 0x1303 | 0x1304 | 0x1305 => {
            expand::<Hmac<Sha256>>(random, label, &transcript::<Sha256>(inner, &without, hello.is_retry))
        }
        // TLS_AES_256_GCM_SHA384
        0x1302 => expand::<Hmac<Sha384>>(random, label, &transcript::<Sha384>(inner, &without, hello.is_retry)),
        _ => return None,
    };
    Some(said == expected)
}

/// The hash of the messages so far. A HelloRetryRequest is preceded by the hash of the first hello (RFC 8446 §4.4.1).
fn transcript<D: Digest>(inner: &[u8], server: &[u8], is_retry: bool) -> Vec<u8> {
    const MESSAGE_HASH: u8 = 254;
    if !is_retry {
        return D::new().chain_update(inner).chain_update(server).finalize().to_vec();
    }
    let first = D::digest(inner);
    let header = [MESSAGE_HASH, 0, 0, first.len() as u8];
    D::new().chain_update(header).chain_update(first).chain_update(server).finalize().to_vec()
}

/// HKDF-Expand-Label of HKDF-Extract(0, random) (RFC 8446 §7.1).
fn expand<H: HmacImpl>(random: &[u8], label: &[u8], transcript: &[u8]) -> [u8; LENGTH] {
    const PREFIX: &[u8] = b"tls13 ";
    let mut output = [0; LENGTH];
    let lengths = [&(LENGTH as u16).to_be_bytes()[..], &[(PREFIX.len() + label.len()) as u8]].concat();
    let info: [&[u8]; 5] = [&lengths, PREFIX, label, &[transcript.len() as u8], transcript];
    // This fails only for more than 255 hash lengths.
    let _ = GenericHkdf::<H>::new(None, random).expand_multi_info(&info, &mut output);
    output
}

/// What a ServerHello says.
struct Hello {
    suite: u16,
    is_tls_13: bool,
    is_retry: bool,
    /// Where the confirmation in an extension stands.
    confirmation: Option<usize>,
}

impl Hello {
    fn read(message: &[u8]) -> Option<Self> {
        let mut wire = Wire::new(message);
        if wire.u8()? != SERVER_HELLO || wire.u24()? != wire.rest().len() {
            return None;
        }
        wire.u16()?;
        let is_retry = wire.take(32)? == RETRY;
        wire.vector_u8()?;
        let suite = wire.u16()?;
        wire.u8()?;
        let mut hello = Self { suite, is_tls_13: false, is_retry, confirmation: None };
        let mut extensions = Wire::new(if wire.is_empty() { &[] } else { wire.vector_u16()? });
        if !wire.is_empty() {
            return None;
        }
        while !extensions.is_empty() {
            let (kind, content) = (extensions.u16()?, extensions.vector_u16()?);
            match kind {
                SUPPORTED_VERSIONS => hello.is_tls_13 = content == [3, 4],
                // The extensions end with the message.
                ENCRYPTED_CLIENT_HELLO if content.len() == LENGTH => {
                    hello.confirmation = Some(message.len() - extensions.rest().len() - LENGTH);
                }
                _ => {}
            }
        }
        Some(hello)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::client;
    use super::*;

    #[test]
    fn only_the_right_confirmation_counts() {
        let (client, _) = client();
        for (suite, expected) in [(0x1301, Some(true)), (0x1302, Some(true)), (0x1303, Some(true)), (0x1399, None)] {
            for is_retry in [false, true] {
                let hello = client.server_hello(suite, is_retry, true);
                assert_eq!(accepts(&client.inner(), &hello), expected, "{suite:x} {is_retry}");
                if expected.is_some() {
                    let other = client.server_hello(suite, is_retry, false);
                    assert_eq!(accepts(&client.inner(), &other), Some(false), "{suite:x} {is_retry}");
                }
                for length in 0..hello.len() {
                    assert_eq!(accepts(&client.inner(), &hello[..length]), None);
                }
            }
        }
    }

    #[test]
    fn an_older_version_accepts_nothing() {
        let (client, _) = client();
        let mut hello = client.server_hello(0x1301, false, true);
        let at = hello.len() - 1;
        hello[at] = 3;
        assert_eq!(accepts(&client.inner(), &hello), Some(false));
    }
}
