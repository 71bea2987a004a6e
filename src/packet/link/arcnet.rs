//! ARCNET as BSD (link type 7) and Linux (129) capture it: RFC 1201, and RFC 1051 before it.

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const IP: u8 = 212;
const IP_OLD: u8 = 240;
const IPV6: u8 = 196;

fn lead(kind: u8, inner: Span<'_>) -> Result<Next<'_>, NotIp> {
    match kind {
        IP | IP_OLD | IPV6 => Ok(Next::Ip(inner)),
        other => Err(NotIp::Protocol(u16::from(other))),
    }
}

/// Reads a frame as BSD captures it: source, destination and type; in RFC 1201 also a split flag and a sequence number.
pub(crate) fn read_bsd(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    /// The flag that marks a frame as made longer. The frame's own flag follows.
    const EXCEPTION: u8 = 0xff;
    let kind = span.byte(2)?;
    if kind == IP_OLD {
        return lead(kind, span.after(3)?);
    }
    let (flag, header) = match span.byte(3)? {
        EXCEPTION => (span.byte(7)?, 10),
        flag => (flag, 6),
    };
    // Only a frame that was not split holds a whole packet.
    if flag == 0 { lead(kind, span.after(header)?) } else { Err(NotIp::Protocol(u16::from(kind))) }
}

/// Reads a frame as Linux captures it. The kernel puts together what was split, and adds an offset.
pub(crate) fn read_linux(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let kind = span.byte(4)?;
    lead(kind, span.after(if kind == IP_OLD { 5 } else { 8 })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_headers_lead_to_ip() {
        let ip = Ok(Next::Ip(Span::new(&[0x45], 1)));
        assert_eq!(read_bsd(Span::new(&[1, 2, 212, 0, 0, 1, 0x45], 7)), ip);
        assert_eq!(read_bsd(Span::new(&[1, 2, 212, 255, 0, 0, 0, 0, 0, 1, 0x45], 11)), ip);
        assert_eq!(read_bsd(Span::new(&[1, 2, 240, 0x45], 4)), ip);
        assert_eq!(read_linux(Span::new(&[1, 2, 0, 0, 212, 0, 0, 1, 0x45], 9)), ip);
        assert_eq!(read_linux(Span::new(&[1, 2, 0, 0, 240, 0x45], 6)), ip);
        assert_eq!(read_bsd(Span::new(&[1, 2, 212, 2, 0, 1, 0x45], 7)), Err(NotIp::Protocol(212)));
        assert_eq!(read_bsd(Span::new(&[1, 2, 213, 0, 0, 1], 6)), Err(NotIp::Protocol(213)));
    }
}
