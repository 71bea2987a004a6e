//! Teredo (RFC 4380 §5.1.1): IPv6 in UDP, after authentication and origin headers.

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const ORIGIN: u16 = 0x0000;
const AUTHENTICATION: u16 = 0x0001;

pub(super) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let mut rest = span;
    if rest.u16(0)? == AUTHENTICATION {
        let [client, value] = rest.array(2)?;
        // The nonce and the confirmation follow the two values.
        rest = rest.after(4 + usize::from(client) + usize::from(value) + 9)?;
    }
    if rest.u16(0)? == ORIGIN {
        rest = rest.after(8)?;
    }
    match rest.byte(0)? >> 4 {
        6 => Ok(Next::Ip(rest)),
        _ => Err(NotIp::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_headers_are_passed_over() {
        let bytes = [0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0x60];
        assert_eq!(read(Span::new(&bytes, 22)), Ok(Next::Ip(Span::new(&[0x60], 1))));
        assert_eq!(read(Span::new(&[0x45, 0], 2)), Err(NotIp::Malformed));
        for length in 0..22 {
            assert_eq!(read(Span::new(&bytes[..length], 22)), Err(NotIp::CutShort));
        }
    }
}
