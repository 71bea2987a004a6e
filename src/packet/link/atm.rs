//! IP over ATM (RFC 2684): with LLC (link types 100 and, in old files, 11), with or without it (106, 19), after the
//! pseudo-header of SunATM (123), and in LAN emulation (110).

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

pub(crate) fn read_rfc1483(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::Llc(span))
}

/// Reads classical IP over ATM, from which drivers may leave the LLC header out.
pub(crate) fn read_classical(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match span.array(0)? {
        [0xaa, 0xaa, 3] => Ok(Next::Llc(span)),
        _ => Ok(Next::Ip(span)),
    }
}

/// Reads a frame of LAN emulation: the client's identity, then Ethernet.
pub(crate) fn read_lan_emulation(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::Ethernet(span.after(2)?))
}

/// Reads the header of SunATM: flags with the type of traffic, path, circuit.
pub(crate) fn read_sun(span: Span<'_>) -> Result<Next<'_>, NotIp> {
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
    fn classical_ip_may_lack_its_llc() {
        let (llc, ip) = (Span::new(&[0xaa, 0xaa, 3], 3), Span::new(&[0x45, 0, 0], 3));
        assert_eq!((read_classical(llc), read_classical(ip)), (Ok(Next::Llc(llc)), Ok(Next::Ip(ip))));
    }

    #[test]
    fn the_traffic_type_leads_on() {
        assert_eq!(read_sun(Span::new(&[0x82, 0, 0, 5, 0xaa], 5)), Ok(Next::Llc(Span::new(&[0xaa], 1))));
        assert_eq!(read_sun(Span::new(&[0x85, 0, 0, 5, 0xaa], 5)), Err(NotIp::LinkControl));
        assert_eq!(read_sun(Span::new(&[], 5)), Err(NotIp::CutShort));
    }
}
