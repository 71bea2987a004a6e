//! Headers of capturing hardware and software around frames of another kind: PPI (link type 192), Endace ERF (197, 175,
//! 176), netANALYZER (240, 241), Symantec's firewall (99).

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

/// Reads Per-Packet Information: version, flags, length, link type of the frame.
pub(crate) fn read_ppi(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let length = usize::from(span.u16_little(2)?);
    let link_type = u16::try_from(span.u32_little(4)?).map_err(|_| NotIp::Malformed)?;
    if length < 8 {
        return Err(NotIp::Malformed);
    }
    Ok(Next::Link(link_type, span.after(length)?))
}

/// Reads the Extensible Record Format: a header with the record's type, extension headers, then the frame.
pub(crate) fn read_erf(span: Span<'_>) -> Result<Next<'_>, NotIp> {
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
        // HDLC holds PPP or Cisco's protocol.
        1 => Ok(Next::Link(50, rest)),
        // Ethernet in its variants comes after an offset and padding.
        2 | 11 | 16 | 20 => Ok(Next::Ethernet(rest.after(2)?)),
        22 | 23 => Ok(Next::Ip(rest)),
        other => Err(NotIp::Protocol(u16::from(other))),
    }
}

/// Reads the header of netANALYZER: four bytes of its own, then Ethernet.
pub(crate) fn read_netanalyzer(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::Ethernet(span.after(4)?))
}

/// Reads the header of netANALYZER in the form that keeps the preamble before the frame.
pub(crate) fn read_netanalyzer_transparent(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::Ethernet(span.after(12)?))
}

/// Reads the header of Symantec's firewall in its second and third version, which holds an EtherType among many other fields.
pub(crate) fn read_symantec(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match (span.u16(6)?, span.u16(22)?) {
        (ether_type @ 1.., 0) => Ok(Next::EtherType(ether_type, span.after(44)?)),
        (0, ether_type @ 1..) => Ok(Next::EtherType(ether_type, span.after(56)?)),
        _ => Err(NotIp::Malformed),
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
    fn fixed_headers_are_passed_over() {
        let frame = Ok(Next::Ethernet(Span::new(&[7], 1)));
        assert_eq!(read_netanalyzer(Span::new(&[0, 0, 0, 0, 7], 5)), frame);
        assert_eq!(read_netanalyzer_transparent(Span::new(&[&[0; 12][..], &[7]].concat(), 13)), frame);
        let mut bytes = [0; 57];
        bytes[6] = 8;
        assert_eq!(read_symantec(Span::new(&bytes, 57)), Ok(Next::EtherType(0x0800, Span::new(&bytes[44..], 13))));
        bytes.swap(6, 22);
        assert_eq!(read_symantec(Span::new(&bytes, 57)), Ok(Next::EtherType(0x0800, Span::new(&[0], 1))));
        assert_eq!(read_symantec(Span::new(&[0; 57], 57)), Err(NotIp::Malformed));
    }

    #[test]
    fn erf_extensions_are_passed_over() {
        let mut bytes = [0; 27];
        bytes[8] = 0x82;
        assert_eq!(read_erf(Span::new(&bytes, 27)), Ok(Next::Ethernet(Span::new(&[0], 1))));
    }
}
