//! PPP (RFC 1661; link types 9, 50, 51, 166, 204) and Cisco's HDLC (104, 205).

use crate::packet::link::{ethernet, llc};
use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

/// Address and control field: all stations, unnumbered information (RFC 1662 §3.1).
const ADDRESS_CONTROL: [u8; 2] = [0xff, 0x03];
/// The addresses of Cisco's HDLC: unicast and multicast.
const CISCO: [u8; 2] = [0x0f, 0x8f];

/// Reads the protocol field, after the address and control fields unless they were left out.
pub(crate) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match span.array(0) {
        Ok(ADDRESS_CONTROL) => read_protocol(span.after(2)?),
        _ => read_protocol(span),
    }
}

fn read_protocol(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    // If the first byte is odd it is the whole number, compressed (RFC 1661 §6.5).
    let first = span.byte(0)?;
    let (protocol, inner) =
        if first & 1 == 1 { (u16::from(first), span.after(1)?) } else { (span.u16(0)?, span.after(2)?) };
    match protocol {
        0x0021 | 0x0057 => Ok(Next::Ip(inner)),
        0x0281 | 0x0283 => Ok(Next::Mpls(inner)),
        // These are link control, authentication and network control.
        0x8000.. => Err(NotIp::LinkControl),
        other => Err(NotIp::Protocol(other)),
    }
}

/// Reads PPP in HDLC framing, or Cisco's HDLC, which some routers record as PPP. The address tells which it is: no protocol of
/// PPP has the number of Cisco's addresses.
pub(crate) fn read_serial(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match span.byte(0)? {
        address if CISCO.contains(&address) => read_cisco(span),
        _ => read(span),
    }
}

/// Reads PPP in which a direction takes the place of the address byte.
pub(crate) fn read_directed(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match span.array(0)? {
        // This is the form of pppd, in which the direction takes the place of the address.
        [_, 0x03] => read(span.after(2)?),
        _ => read_serial(span.after(1)?),
    }
}

/// Reads PPP over Ethernet, from the PPPoE header on.
pub(crate) fn read_oe(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    ethernet::read_pppoe_session(span)
}

/// Reads Cisco's HDLC: address, control, EtherType.
pub(crate) fn read_cisco(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let protocol = span.u16(2)?;
    let inner = span.after(4)?;
    match protocol {
        // These are SLARP keepalives and CDP.
        0x8035 | 0x2000 => Err(NotIp::LinkControl),
        0xfefe => llc::read_nlpid(inner),
        ether_type => Ok(Next::EtherType(ether_type, inner)),
    }
}

/// Reads Cisco's HDLC after a byte that says the direction.
pub(crate) fn read_cisco_directed(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    read_cisco(span.after(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_framings_lead_to_ip() {
        let ip = Ok(Next::Ip(Span::new(&[0x45], 1)));
        assert_eq!(read(Span::new(&[0xff, 3, 0, 0x21, 0x45], 5)), ip);
        assert_eq!(read(Span::new(&[0, 0x21, 0x45], 3)), ip);
        assert_eq!(read(Span::new(&[0x21, 0x45], 2)), ip);
        assert_eq!(read_directed(Span::new(&[1, 3, 0, 0x21, 0x45], 5)), ip);
        assert_eq!(read_directed(Span::new(&[0, 0xff, 3, 0, 0x21, 0x45], 6)), ip);
        assert_eq!(read(Span::new(&[0xc0, 0x21], 2)), Err(NotIp::LinkControl));
        assert_eq!(
            read_serial(Span::new(&[0x0f, 0, 8, 0, 0x45], 5)),
            Ok(Next::EtherType(0x0800, Span::new(&[0x45], 1)))
        );
    }
}
