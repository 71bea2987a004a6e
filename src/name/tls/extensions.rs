//! The extensions of a ClientHello that tell of names: where their block begins, and what stands in each.
//!
//! RFC 8446 §4.1.2, RFC 9147 §5.3 (the cookie), RFC 6066 §3 (server name), RFC 7301 (ALPN), RFC 9849 (ECH).

use super::dialect::Dialect;
use crate::name::alpn::Alpn;
use crate::name::findings::EchOffer;
use crate::name::host::host;
use crate::name::wire::Wire;

/// Extension types (IANA, TLS ExtensionType Values).
pub(super) const SERVER_NAME: u16 = 0;
pub(super) const ALPN: u16 = 16;
pub(super) const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
/// The extension of draft-ietf-tls-esni-02 §4.1.
pub(super) const ENCRYPTED_SERVER_NAME: u16 = 0xffce;

/// Protocols that are kept of one hello.
const ALPN_LIMIT: usize = 16;

/// The part of the extension block that is there. `None` if what stands before it is malformed; `Some(None)` if the hello is
/// cut before it, or has no extensions because it is older than they are.
#[expect(clippy::option_option, reason = "not a hello, no extensions so far, and extensions are three answers")]
pub(super) fn block(body: &[u8], dialect: Dialect) -> Option<Option<&[u8]>> {
    let mut wire = Wire::new(body);
    let fixed = |wire: &mut Wire<'_>| -> Option<bool> {
        wire.take(2 + 32)?;
        if wire.vector_u8()?.len() > 32 {
            return Some(false);
        }
        if dialect == Dialect::Dtls {
            wire.vector_u8()?;
        }
        let suites = wire.vector_u16()?;
        wire.vector_u8()?;
        Some(suites.len().is_multiple_of(2))
    };
    match fixed(&mut wire) {
        Some(true) => Some(wire.u16().map(|length| wire.take_at_most(usize::from(length)))),
        Some(false) => None,
        None => Some(None),
    }
}

/// The first host name of a `server_name` extension, if it can be a name. Host names are the only kind ever defined.
pub(super) fn server_name(content: &[u8]) -> Option<&str> {
    const HOST_NAME: u8 = 0;
    let mut list = Wire::new(Wire::new(content).vector_u16()?);
    while let (Some(kind), Some(name)) = (list.u8(), list.vector_u16()) {
        if kind == HOST_NAME {
            return host(name);
        }
    }
    None
}

/// The protocols of an ALPN extension that are text.
pub(super) fn protocols(content: &[u8]) -> Alpn {
    let mut list = Wire::new(Wire::new(content).vector_u16().unwrap_or_default());
    readable(std::iter::from_fn(|| list.vector_u8()))
}

/// The first protocols that are text, without GREASE.
pub(super) fn readable<'a>(protocols: impl Iterator<Item = &'a [u8]>) -> Alpn {
    protocols
        .filter(|protocol| !protocol.is_empty() && protocol.iter().all(u8::is_ascii_graphic) && !is_grease(protocol))
        .take(ALPN_LIMIT)
        .filter_map(|protocol| std::str::from_utf8(protocol).ok())
        .collect()
}

/// Whether a value is one of GREASE, which clients send so that servers stay tolerant of values they do not know (RFC 8701 §2).
pub(super) fn is_grease(value: &[u8]) -> bool {
    matches!(value, [first, second] if first == second && first & 0x0f == 0x0a)
}

/// An `encrypted_client_hello` extension of type outer. The inner type, a single byte, never travels in the clear.
pub(super) fn ech_outer(content: &[u8]) -> Option<EchOffer> {
    let mut wire = Wire::new(content);
    if wire.u8()? != 0 {
        return None;
    }
    let (kdf, aead, config_id) = (wire.u16()?, wire.u16()?, wire.u8()?);
    let enc_length = wire.u16()?;
    wire.take(usize::from(enc_length))?;
    let payload_length = wire.u16()?;
    wire.take(usize::from(payload_length))?;
    Some(EchOffer { kdf, aead, config_id, enc_length, payload_length })
}
