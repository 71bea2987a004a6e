//! Teredo (RFC 4380 §5.1.1): IPv6 in UDP, after authentication and origin headers.

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::protocol::ICMPV6;
use crate::packet::span::Span;

const ORIGIN: u16 = 0x0000;
const AUTHENTICATION: u16 = 0x0001;
const IPV6_LENGTH: usize = 40;
/// The addresses of Teredo, 2001::/32 (RFC 4380 §2.6).
const PREFIX: [u8; 4] = [0x20, 0x01, 0, 0];

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

/// Whether a datagram on any port is one of Teredo: clients speak to each other on ports of their own. The length of the IPv6
/// packet must be exact, and it must go to or from an address of Teredo, or be an ICMPv6 message from a link-local address,
/// with which a client asks for its address.
#[inline]
pub(crate) fn is_anywhere(span: Span<'_>) -> bool {
    // Most datagrams begin otherwise.
    matches!(span.bytes().first(), Some(0 | 0x60..=0x6f)) && is_certain(span)
}

fn is_certain(span: Span<'_>) -> bool {
    let check = || {
        let Next::Ip(inner) = read(span)? else { return Ok(false) };
        let is_exact = IPV6_LENGTH + usize::from(inner.u16(4)?) == inner.wire_length();
        let (source, destination) = (inner.array::<4>(8)?, inner.array::<4>(24)?);
        let is_asking = inner.byte(6)? == ICMPV6 && source[0] == 0xfe && source[1] & 0xc0 == 0x80;
        Ok::<bool, NotIp>(is_exact && (source == PREFIX || destination == PREFIX || is_asking))
    };
    check().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_any_port_the_length_and_an_address_tell() {
        let mut bytes = vec![0; 44];
        (bytes[0], bytes[5], bytes[6]) = (0x60, 4, 59);
        bytes[24..28].copy_from_slice(&PREFIX);
        bytes[28] = 7;
        let is = |bytes: &[u8]| is_anywhere(Span::new(bytes, bytes.len()));
        assert!(is(&bytes));
        assert!(is(&[&[0, 0, 1, 2, 3, 4, 5, 6], &bytes[..]].concat()), "behind an origin");
        assert!(!is(&[&bytes[..], &[0]].concat()), "one byte more");
        bytes[24] = 0x26;
        assert!(!is(&bytes), "no address of Teredo");
        (bytes[6], bytes[8], bytes[9]) = (ICMPV6, 0xfe, 0x80);
        assert!(is(&bytes), "a client that asks for its address");
        for length in 0..bytes.len() {
            assert!(!is(&bytes[..length]));
        }
    }

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
