//! Fibre Channel frames (FC-FS-5 §8; link types 224, and 225 with their delimiters) that carry IP (RFC 4338 §3).

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const HEADER: usize = 24;
const TYPE: usize = 8;
const DATA_FIELD_CONTROL: usize = 13;
/// The frame types of LLC, whether its frames are in order or not.
const TYPE_LLC: [u8; 2] = [4, 5];
/// Extended headers that come before the frame's own: virtual fabric, routing between fabrics, and encapsulation.
const EXTENDED: [(u8, usize); 3] = [(0x50, 8), (0x51, 8), (0x52, 24)];
const HAS_NETWORK_HEADER: u8 = 0x20;

pub(crate) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let mut frame = span;
    for (kind, length) in EXTENDED {
        if frame.byte(0)? == kind {
            frame = frame.after(length)?;
        }
    }
    // Routing bits of 0 mean device data, and not link services or control.
    let routing = frame.byte(0)?;
    let (kind, control) = (frame.byte(TYPE)?, frame.byte(DATA_FIELD_CONTROL)?);
    let inner = frame.after(HEADER)?;
    match kind {
        _ if routing >> 4 != 0 => Err(NotIp::LinkControl),
        _ if !TYPE_LLC.contains(&kind) => Err(NotIp::Protocol(u16::from(kind))),
        _ if control & HAS_NETWORK_HEADER != 0 => Ok(Next::Llc(inner.after(16)?)),
        _ => Ok(Next::Llc(inner)),
    }
}

/// Reads a frame after a word that marks its start.
pub(crate) fn read_delimited(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    read(span.after(4)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_header_is_passed_over() {
        let mut bytes = [0; 4 + 24 + 16 + 3];
        bytes[4] = 0x04;
        bytes[4 + TYPE] = 5;
        bytes[4 + DATA_FIELD_CONTROL] = HAS_NETWORK_HEADER;
        bytes[44..].copy_from_slice(&[0xaa, 0xaa, 3]);
        let llc = Ok(Next::Llc(Span::new(&[0xaa, 0xaa, 3], 3)));
        assert_eq!((read(Span::new(&bytes[4..], 43)), read_delimited(Span::new(&bytes, 47))), (llc, llc));
        assert_eq!(read(Span::new(&[0; 24], 24)), Err(NotIp::Protocol(0)));
        assert_eq!(read(Span::new(&[0x22; 24], 24)), Err(NotIp::LinkControl));
        assert_eq!(read(Span::new(&bytes[4..17], 43)), Err(NotIp::CutShort));
    }
}
