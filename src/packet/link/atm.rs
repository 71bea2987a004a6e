//! IP over ATM (RFC 2684): LLC (link type 100), and behind SunATM's pseudo-header (123).

use super::Next;
use crate::packet::NotIp;
use crate::packet::span::Span;

pub(super) fn read_rfc1483(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::Llc(span))
}

/// Flags with the traffic type, path, circuit.
pub(super) fn read_sun(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const LAN_EMULATION: u8 = 1;
    const LLC: u8 = 2;
    let inner = span.after(4)?;
    match span.byte(0)? & 0x0f {
        LLC => Ok(Next::Llc(inner)),
        // The client's identity comes before the frame.
        LAN_EMULATION => Ok(Next::Ethernet(inner.after(2)?)),
        _ => Err(NotIp::LinkControl),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_traffic_type_leads_on() {
        assert_eq!(read_sun(Span::new(&[0x82, 0, 0, 5, 0xaa], 5)), Ok(Next::Llc(Span::new(&[0xaa], 1))));
        assert_eq!(read_sun(Span::new(&[0x85, 0, 0, 5, 0xaa], 5)), Err(NotIp::LinkControl));
        assert_eq!(read_sun(Span::new(&[], 5)), Err(NotIp::CutShort));
    }
}
