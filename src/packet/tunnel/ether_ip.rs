//! EtherIP (RFC 3378): version 3, twelve zero bits, then an Ethernet frame.

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

/// Reads an EtherIP header.
pub(super) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match span.u16(0)? {
        0x3000 => Ok(Next::Ethernet(span.after(2)?)),
        _ => Err(NotIp::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_3() {
        assert_eq!(read(Span::new(&[0x30, 0, 9], 3)), Ok(Next::Ethernet(Span::new(&[9], 1))));
        assert_eq!(read(Span::new(&[0x40, 0, 9], 3)), Err(NotIp::Malformed));
    }
}
