//! L2TP: version 2 in UDP with PPP (RFC 2661 §3.1), version 3 in UDP or IP with any link layer (RFC 3931 §4.1).

use crate::packet::encapsulation::TunnelPath;
use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;
use crate::packet::tunnel::enter::enter;

const CONTROL: u16 = 0x8000;
const HAS_LENGTH: u16 = 0x4000;
const HAS_SEQUENCE: u16 = 0x0800;
const HAS_OFFSET: u16 = 0x0200;
const VERSION: u16 = 0x000f;

pub(super) fn read_udp(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let flags = span.u16(0)?;
    match (flags & CONTROL, flags & VERSION) {
        (0, 2) => read_second(flags, span),
        (0, 3) => read_ip(span.after(4)?),
        (0, _) => Err(NotIp::Malformed),
        _ => Err(NotIp::LinkControl),
    }
}

fn read_second(flags: u16, span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let mut at = 2;
    let mut end = span.wire_length();
    if flags & HAS_LENGTH != 0 {
        end = usize::from(span.u16(at)?);
        at += 2;
    }
    // The tunnel and session numbers.
    at += 4;
    if flags & HAS_SEQUENCE != 0 {
        at += 4;
    }
    if flags & HAS_OFFSET != 0 {
        at += 2 + usize::from(span.u16(at)?);
    }
    Ok(Next::Ppp(span.limited(end).after(at)?))
}

/// Reads from the session number on. The length of the cookie, the presence of a sublayer header, and the link layer were
/// agreed on when the session began and are not known here. The first reading that leads to a well-formed IP header is taken.
pub(super) fn read_ip(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const SESSION: usize = 4;
    /// Cookies have 0, 4 or 8 bytes, and the sublayer header has 0 or 4.
    const BEFORE_FRAME: [usize; 4] = [0, 4, 8, 12];
    if span.u32(0)? == 0 {
        return Err(NotIp::LinkControl);
    }
    BEFORE_FRAME
        .into_iter()
        .filter_map(|length| span.after(SESSION + length).ok())
        .flat_map(|frame| [Next::Ethernet(frame), Next::Ppp(frame), Next::Ip(frame)])
        .find(|next| enter(TunnelPath::NONE, *next).is_some())
        .ok_or(NotIp::Protocol(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_2_fields_are_passed_over() {
        let bytes = [0x4a, 2, 0, 17, 0, 1, 0, 1, 0, 0, 0, 0, 0, 2, 9, 9, 0x21, 8, 8];
        assert_eq!(read_udp(Span::new(&bytes, 19)), Ok(Next::Ppp(Span::new(&[0x21], 1))));
        assert_eq!(read_udp(Span::new(&[0xc8, 2, 0, 12], 12)), Err(NotIp::LinkControl));
        assert_eq!(read_udp(Span::new(&bytes[..3], 19)), Err(NotIp::CutShort));
    }

    #[test]
    fn version_3_is_guessed() {
        let mut bytes = vec![0, 0, 0, 7, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 8, 0, 0x45, 0, 0, 20];
        bytes.resize(22 + 20, 0);
        assert_eq!(read_ip(Span::new(&bytes, 42)), Ok(Next::Ethernet(Span::new(&bytes[8..], 34))));
        assert_eq!(read_ip(Span::new(&[0; 42], 42)), Err(NotIp::LinkControl));
        assert_eq!(read_ip(Span::new(&[7; 42], 42)), Err(NotIp::Protocol(0)));
    }
}
