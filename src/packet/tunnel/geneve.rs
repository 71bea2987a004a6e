//! Geneve (RFC 8926 §3.4).

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const HEADER: usize = 8;
const CONTROL: u8 = 0x80;

pub(super) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let [first, flags, ..]: [u8; HEADER] = span.array(0)?;
    let options = usize::from(first & 0x3f) * 4;
    match first >> 6 {
        0 if flags & CONTROL == 0 => Ok(Next::EtherType(span.u16(2)?, span.after(HEADER + options)?)),
        0 => Err(NotIp::LinkControl),
        _ => Err(NotIp::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_passed_over() {
        let bytes = [1, 0, 0x65, 0x58, 0, 0, 1, 0, 1, 1, 0, 0, 7];
        assert_eq!(read(Span::new(&bytes, 13)), Ok(Next::EtherType(0x6558, Span::new(&[7], 1))));
        assert_eq!(read(Span::new(&bytes[..7], 13)), Err(NotIp::CutShort));
        assert_eq!(read(Span::new(&[0x40; 8], 8)), Err(NotIp::Malformed));
    }
}
