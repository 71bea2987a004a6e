//! Token Ring (IEEE 802.5, link type 6), FDDI (10) and IP over Fibre Channel (RFC 2625, 122): each leads to LLC.

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

/// Reads a Token Ring frame: access control, frame control, addresses. The source address says whether a route follows.
pub(crate) fn read_ring(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const HEADER: usize = 14;
    const SOURCE: usize = 8;
    const LLC_FRAME: u8 = 0x40;
    const HAS_ROUTE: u8 = 0x80;
    if span.byte(1)? & 0xc0 != LLC_FRAME {
        return Err(NotIp::LinkControl);
    }
    let route = if span.byte(SOURCE)? & HAS_ROUTE != 0 { usize::from(span.byte(HEADER)? & 0x1f) } else { 0 };
    Ok(Next::Llc(span.after(HEADER + route)?))
}

/// Reads an FDDI frame: frame control and addresses.
pub(crate) fn read_fddi(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match span.byte(0)? & 0xf0 {
        // These are asynchronous and synchronous LLC frames.
        0x50 | 0xd0 => Ok(Next::Llc(span.after(13)?)),
        _ => Err(NotIp::LinkControl),
    }
}

/// Reads the network header of IP over Fibre Channel: both port names.
pub(crate) fn read_fibre_channel(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::Llc(span.after(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_passed_over() {
        let mut bytes = [0; 17];
        bytes[1] = 0x40;
        bytes[8] = 0x80;
        bytes[14] = 0xc2;
        assert_eq!(read_ring(Span::new(&bytes, 17)), Ok(Next::Llc(Span::new(&[0], 1))));
        assert_eq!(read_ring(Span::new(&[0; 20], 20)), Err(NotIp::LinkControl));
    }

    #[test]
    fn fddi_carries_llc() {
        let mut bytes = [0; 14];
        bytes[0] = 0x57;
        assert_eq!(read_fddi(Span::new(&bytes, 14)), Ok(Next::Llc(Span::new(&[0], 1))));
        assert_eq!(read_fddi(Span::new(&[0x41; 14], 14)), Err(NotIp::LinkControl));
    }
}
