//! IP over cable and air: DOCSIS (link type 143), EPON (259), ATSC 3.0 (A/330 §5, 289).

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

/// Reads a DOCSIS frame: frame control, parameter, length, an extended header as long as the parameter says, checksum, then
/// Ethernet.
pub(crate) fn read_docsis(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const HEADER: usize = 6;
    const HAS_EXTENDED: u8 = 0x01;
    let [control, parameter] = span.array(0)?;
    let extended = if control & HAS_EXTENDED != 0 { usize::from(parameter) } else { 0 };
    match control >> 6 {
        0b00 => Ok(Next::Ethernet(span.after(HEADER + extended)?)),
        // The others are ATM, reserved or isolated types, and messages of the media access layer.
        _ => Err(NotIp::LinkControl),
    }
}

/// Reads an EPON frame: a preamble with the number of the logical link, then Ethernet.
pub(crate) fn read_epon(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const DELIMITER: u8 = 0xd5;
    match span.byte(2)? {
        DELIMITER => Ok(Next::Ethernet(span.after(8)?)),
        _ => Err(NotIp::Malformed),
    }
}

/// Reads a packet of the link layer of ATSC 3.0, which holds one IPv4 packet.
pub(crate) fn read_atsc(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const IS_PARTIAL: u8 = 0x10;
    const HAS_MORE: u8 = 0x08;
    const HAS_STREAM: u8 = 0x02;
    const HAS_EXTENSION: u8 = 0x01;
    let first = span.byte(0)?;
    match first >> 5 {
        0 if first & IS_PARTIAL != 0 => Err(NotIp::Protocol(0)),
        0 if first & HAS_MORE == 0 => Ok(Next::Ip(span.after(2)?)),
        0 => {
            let flags = span.byte(2)?;
            let mut at = 3 + usize::from(flags & HAS_STREAM != 0);
            if flags & HAS_EXTENSION != 0 {
                at += 3 + usize::from(span.byte(at + 1)?);
            }
            Ok(Next::Ip(span.after(at)?))
        }
        4 | 6 => Err(NotIp::LinkControl),
        other => Err(NotIp::Protocol(u16::from(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extended_header_is_passed_over() {
        let frame = Ok(Next::Ethernet(Span::new(&[7], 1)));
        assert_eq!(read_docsis(Span::new(&[0, 0, 0, 9, 0, 0, 7], 7)), frame);
        assert_eq!(read_docsis(Span::new(&[1, 2, 0, 9, 5, 5, 0, 0, 7], 9)), frame);
        assert_eq!(read_docsis(Span::new(&[0xc2; 9], 9)), Err(NotIp::LinkControl));
        assert_eq!(read_epon(Span::new(&[0x55, 0x55, 0xd5, 0x55, 0x55, 0, 1, 9, 7], 9)), frame);
    }

    #[test]
    fn packets_of_atsc_are_ip() {
        let ip = Ok(Next::Ip(Span::new(&[0x45], 1)));
        assert_eq!(read_atsc(Span::new(&[0, 1, 0x45], 3)), ip);
        assert_eq!(read_atsc(Span::new(&[8, 1, 2, 9, 0x45], 5)), ip);
        assert_eq!(read_atsc(Span::new(&[0x80, 1, 2], 3)), Err(NotIp::LinkControl));
    }
}
