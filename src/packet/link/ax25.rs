//! Amateur packet radio that carries IP (AX.25 2.2 §3; link type 3, and 202 after a KISS byte).

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const ADDRESS: usize = 7;
/// Addresses that are read: destination, source, and eight repeaters.
const ADDRESS_LIMIT: usize = 10;
const LAST: u8 = 1;
/// The protocol identifier of IP.
const IP: u8 = 0xcc;

pub(crate) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let mut count = 0;
    loop {
        count += 1;
        if span.byte(count * ADDRESS - 1)? & LAST != 0 {
            break;
        }
        if count == ADDRESS_LIMIT {
            return Err(NotIp::Malformed);
        }
    }
    let rest = span.after(count * ADDRESS)?;
    match rest.array(0)? {
        _ if count < 2 => Err(NotIp::Malformed),
        // This is information, numbered or (without the poll bit) not.
        [control, IP] if control & 1 == 0 || control & 0xef == 0x03 => Ok(Next::Ip(rest.after(2)?)),
        [control, other] if control & 1 == 0 || control & 0xef == 0x03 => Err(NotIp::Protocol(u16::from(other))),
        [_, _] => Err(NotIp::LinkControl),
    }
}

/// Reads a frame after a KISS byte, whose low half is the command. Command 0 is data.
pub(crate) fn read_kiss(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match span.byte(0)? & 0x0f {
        0 => read(span.after(1)?),
        _ => Err(NotIp::LinkControl),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_passed_over() {
        let mut bytes = vec![0; 1 + 14];
        bytes[14] = 1;
        bytes.extend([0x03, 0xcc, 0x45]);
        let ip = Ok(Next::Ip(Span::new(&[0x45], 1)));
        assert_eq!((read(Span::new(&bytes[1..], 17)), read_kiss(Span::new(&bytes, 18))), (ip, ip));
        bytes[15] = 0x2f;
        assert_eq!(read(Span::new(&bytes[1..], 17)), Err(NotIp::LinkControl));
        assert_eq!(read(Span::new(&[0; 80], 80)), Err(NotIp::Malformed));
        assert_eq!(read(Span::new(&[1; 9], 9)), Err(NotIp::Malformed));
        assert_eq!(read(Span::new(&bytes[1..16], 17)), Err(NotIp::CutShort));
    }
}
