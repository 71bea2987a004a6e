//! GTP-U, version 1 (3GPP TS 29.281 §5): user packets of a mobile network.

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const HEADER: usize = 8;
/// The bits that must be set and clear: version 1, protocol type GTP (not charging), the reserved bit clear.
const VERSION_MASK: u8 = 0xf8;
const VERSION: u8 = 0x30;
const HAS_EXTENSION: u8 = 0x04;
/// The flags for an extension, a sequence number and an N-PDU number. Any of them brings the field for all three.
const HAS_OPTIONAL: u8 = 0x07;
const USER_PACKET: u8 = 255;
/// Extension headers that are read of one packet. Networks use one or two.
const EXTENSION_LIMIT: usize = 16;

pub(super) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let [flags, message, high, low, ..]: [u8; HEADER] = span.array(0)?;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if flags & VERSION_MASK != VERSION {
        return Err(NotIp::Malformed);
    }
    if message != USER_PACKET {
        return Err(NotIp::LinkControl);
    }
    let body = span.after(HEADER)?;
    if length > body.wire_length() {
        return Err(NotIp::Malformed);
    }
    let mut rest = body.limited(length);
    if flags & HAS_OPTIONAL == 0 {
        return Ok(Next::Ip(rest));
    }
    let mut extension = if flags & HAS_EXTENSION != 0 { rest.byte(3)? } else { 0 };
    rest = rest.after(4)?;
    for _ in 0..EXTENSION_LIMIT {
        if extension == 0 {
            return Ok(Next::Ip(rest));
        }
        // The length counts units of four bytes. The last byte is the type of the next header.
        let length = usize::from(rest.byte(0)?) * 4;
        let last = length.checked_sub(1).ok_or(NotIp::Malformed)?;
        extension = rest.byte(last)?;
        rest = rest.after(length)?;
    }
    Err(NotIp::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_passed_over() {
        let plain = [0x30, 255, 0, 1, 0, 0, 0, 9, 0x45];
        assert_eq!(read(Span::new(&plain, 9)), Ok(Next::Ip(Span::new(&[0x45], 1))));
        let extended = [0x34, 255, 0, 9, 0, 0, 0, 9, 0, 0, 0, 0x85, 1, 0, 9, 0, 0x45];
        assert_eq!(read(Span::new(&extended, 17)), Ok(Next::Ip(Span::new(&[0x45], 1))));
        for length in 0..16 {
            assert_eq!(
                read(Span::new(&extended[..length], 17)).err().filter(|_| length < 8),
                match length {
                    0..8 => Some(NotIp::CutShort),
                    _ => None,
                }
            );
        }
    }

    #[test]
    fn other_messages_are_none() {
        assert_eq!(read(Span::new(&[0x32, 1, 0, 0, 0, 0, 0, 0], 8)), Err(NotIp::LinkControl));
        assert_eq!(read(Span::new(&[0x48, 255, 0, 0, 0, 0, 0, 0], 8)), Err(NotIp::Malformed));
        assert_eq!(read(Span::new(&[0x30, 255, 0, 1, 0, 0, 0, 0], 8)), Err(NotIp::Malformed));
    }
}
