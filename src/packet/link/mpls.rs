//! MPLS label stacks (RFC 3032). They lead to IP, or to Ethernet in a pseudowire (RFC 4448), as the first four bits suggest
//! (RFC 4928).

use crate::packet::ip;
use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

/// Labels that are taken off one stack. No network stacks more.
const LABEL_LIMIT: usize = 32;
const BOTTOM: u32 = 0x100;
/// The control word of a pseudowire (RFC 4385 §3).
const CONTROL_WORD: usize = 4;

pub(crate) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let mut rest = span;
    for _ in 0..LABEL_LIMIT {
        let label = rest.u32(0)?;
        rest = rest.after(4)?;
        if label & BOTTOM != 0 {
            return read_payload(rest);
        }
    }
    Err(NotIp::Malformed)
}

fn read_payload(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match span.byte(0)? >> 4 {
        4 | 6 if ip::fits(span) || !is_ethernet_ip(span) => Ok(Next::Ip(span)),
        // An associated channel (RFC 5586) carries operations and no data.
        1 => Err(NotIp::LinkControl),
        0 if !is_ethernet_ip(span) => Ok(Next::Ethernet(span.after(CONTROL_WORD)?)),
        _ => Ok(Next::Ethernet(span)),
    }
}

/// Whether an Ethernet header starts here that leads to IP or a VLAN tag.
fn is_ethernet_ip(span: Span<'_>) -> bool {
    matches!(span.u16(12), Ok(0x0800 | 0x86dd | 0x8100 | 0x88a8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nibble_tells_ip_from_a_pseudowire() {
        let stack = [0, 1, 0, 64, 0, 1, 1, 64];
        let of = |tail: &[u8]| [&stack[..], tail].concat();
        let bytes = of(&[0x45, 0, 0, 20]);
        assert_eq!(read(Span::new(&bytes, 12)), Ok(Next::Ip(Span::new(&bytes[8..], 4))));
        let bytes = of(&[0, 0, 0, 0, 2, 2]);
        assert_eq!(read(Span::new(&bytes, 14)), Ok(Next::Ethernet(Span::new(&bytes[12..], 2))));
        let bytes = of(&[0x10, 0, 0, 0]);
        assert_eq!(read(Span::new(&bytes, 12)), Err(NotIp::LinkControl));
        assert_eq!(read(Span::new(&bytes[..6], 12)), Err(NotIp::CutShort));
        assert_eq!(read(Span::new(&[0; 400], 400)), Err(NotIp::Malformed));
    }
}
