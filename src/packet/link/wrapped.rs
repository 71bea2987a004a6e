//! Headers of capturing hardware and software around frames of another kind: PPI (link type 192), Endace ERF (197),
//! Juniper Ethernet (178).

use super::Next;
use crate::packet::NotIp;
use crate::packet::span::Span;

/// Per-Packet Information: version, flags, length, link type of the frame.
pub(super) fn read_ppi(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let length = usize::from(span.u16_little(2)?);
    let link_type = u16::try_from(span.u32_little(4)?).map_err(|_| NotIp::Malformed)?;
    if length < 8 {
        return Err(NotIp::Malformed);
    }
    Ok(Next::Link(link_type, span.after(length)?))
}

/// Extensible Record Format: a header with the record's type, extension headers, then the frame.
pub(super) fn read_erf(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const HEADER: usize = 16;
    const TYPE: usize = 8;
    const EXTENSION: usize = 8;
    const EXTENSION_LIMIT: usize = 16;
    const MORE: u8 = 0x80;
    let kind = span.byte(TYPE)?;
    let mut rest = span.after(HEADER)?;
    let mut has_extension = kind & MORE != 0;
    for _ in 0..EXTENSION_LIMIT {
        if !has_extension {
            break;
        }
        has_extension = rest.byte(0)? & MORE != 0;
        rest = rest.after(EXTENSION)?;
    }
    match kind & 0x7f {
        // HDLC: PPP or Cisco's.
        1 => Ok(Next::Link(50, rest)),
        // Ethernet in its variants, behind an offset and padding.
        2 | 11 | 16 | 20 => Ok(Next::Ethernet(rest.after(2)?)),
        22 | 23 => Ok(Next::Ip(rest)),
        other => Err(NotIp::Protocol(u16::from(other))),
    }
}

/// Juniper's own header: a magic number, flags, extensions where the flags say so.
pub(super) fn read_juniper_ethernet(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const MAGIC: [u8; 3] = [0x4d, 0x47, 0x43];
    const NO_LINK_LAYER: u8 = 0x02;
    const HAS_EXTENSION: u8 = 0x80;
    if span.array(0)? != MAGIC {
        return Err(NotIp::Malformed);
    }
    let flags = span.byte(3)?;
    let extension = if flags & HAS_EXTENSION != 0 { 2 + usize::from(span.u16(4)?) } else { 0 };
    let frame = span.after(4 + extension)?;
    match flags & NO_LINK_LAYER {
        0 => Ok(Next::Ethernet(frame)),
        // The address family comes first.
        _ => Ok(Next::Ip(frame.after(4)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ppi_names_the_inner_link_type() {
        let bytes = [0, 0, 8, 0, 105, 0, 0, 0, 8];
        assert_eq!(read_ppi(Span::new(&bytes, 9)), Ok(Next::Link(105, Span::new(&[8], 1))));
        assert_eq!(read_ppi(Span::new(&bytes[..7], 9)), Err(NotIp::CutShort));
        assert_eq!(read_ppi(Span::new(&[0; 9], 9)), Err(NotIp::Malformed));
    }

    #[test]
    fn erf_extensions_are_passed_over() {
        let mut bytes = [0; 27];
        bytes[8] = 0x82;
        assert_eq!(read_erf(Span::new(&bytes, 27)), Ok(Next::Ethernet(Span::new(&[0], 1))));
    }
}
