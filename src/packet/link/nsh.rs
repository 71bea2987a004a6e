//! Network Service Header (RFC 8300 §2.2).

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

/// Reads a Network Service Header.
pub(crate) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const WORD: usize = 4;
    let [first, second, _, protocol] = span.array(0)?;
    let inner = span.after(usize::from(second & 0x3f) * WORD)?;
    match protocol {
        _ if first >> 6 != 0 || second & 0x3f < 2 => Err(NotIp::Malformed),
        1 | 2 => Ok(Next::Ip(inner)),
        3 => Ok(Next::Ethernet(inner)),
        4 => Ok(Next::Nsh(inner)),
        5 => Ok(Next::Mpls(inner)),
        other => Err(NotIp::Protocol(u16::from(other))),
    }
}
