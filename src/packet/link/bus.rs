//! IP over serial buses: IEEE 1394 as Apple captures it (link type 138), InfiniBand (RFC 4391, 242).

use super::Next;
use crate::packet::NotIp;
use crate::packet::span::Span;

/// Both 8-byte addresses, EtherType.
pub(super) fn read_ieee1394(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::EtherType(span.u16(16)?, span.after(18)?))
}

/// A global routing header, then EtherType and two reserved bytes.
pub(super) fn read_infiniband(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::EtherType(span.u16(40)?, span.after(44)?))
}
