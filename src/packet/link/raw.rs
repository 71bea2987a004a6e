//! Raw IP (link types 12, 14, 101, 228, 229), BSD's SLIP (8) and BSD/OS's (102).

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

pub(crate) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::Ip(span))
}

/// Reads SLIP as BSD captures it: a direction byte, the compressed header as it was received (RFC 1144), then the packet with
/// its header restored.
pub(crate) fn read_slip(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::Ip(span.after(16)?))
}

/// Reads SLIP as BSD/OS captures it, with a longer header.
pub(crate) fn read_slip_bsdos(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::Ip(span.after(24)?))
}
