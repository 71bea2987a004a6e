//! LISP data (RFC 9300 §5.1): flags, nonce, instance, then IP.

use crate::packet::ip;
use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

/// Reads the header of LISP data.
pub(super) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let inner = span.after(8)?;
    // Any flags are allowed, so only the length of the inner packet tells data from other uses of the port.
    if ip::fills(inner) { Ok(Next::Ip(inner)) } else { Err(NotIp::Malformed) }
}
