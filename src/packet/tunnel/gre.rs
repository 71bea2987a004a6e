//! GRE (RFC 2784, RFC 2890), its version 1 for PPTP (RFC 2637 §4.1), and ERSPAN (draft-foschiano-erspan) in it.

use crate::packet::encapsulation::Encapsulation;
use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGMENT: u16 = 0x0080;
const VERSION: u16 = 0x0007;
const ETHERTYPE_PPP: u16 = 0x880b;
const ETHERTYPE_EOIP: u16 = 0x6400;
const ARUBA_FIRST: u16 = 0x8200;
const ARUBA_LAST: u16 = 0x8370;
const ETHERTYPE_ERSPAN: u16 = 0x88be;
const ETHERTYPE_ERSPAN_THIRD: u16 = 0x22eb;
/// Cisco's web cache protocol: an IPv4 packet, which in the second version comes after a redirect header.
const ETHERTYPE_WCCP: u16 = 0x883e;

/// Reads a GRE header.
pub(super) fn read(span: Span<'_>) -> Result<(Encapsulation, Next<'_>), NotIp> {
    let (flags, protocol) = (span.u16(0)?, span.u16(2)?);
    let optional = [CHECKSUM, KEY, SEQUENCE, ACKNOWLEDGMENT].into_iter().filter(|flag| flags & flag != 0).count() * 4;
    let rest = span.after(4 + optional)?;
    let plain = |next| Ok((Encapsulation::Gre, next));
    match (flags & VERSION, protocol) {
        // Source routes (RFC 1701) are no longer used, and in version 0 the acknowledgment bit is reserved.
        _ if flags & ROUTING != 0 => Err(NotIp::Malformed),
        (1, ETHERTYPE_PPP) if flags & SEQUENCE != 0 => plain(Next::Ppp(rest)),
        (1, ETHERTYPE_PPP) => Err(NotIp::LinkControl),
        // In MikroTik's Ethernet over IP, length and number take the place of the key.
        (1, ETHERTYPE_EOIP) if flags & KEY != 0 => plain(Next::Ethernet(rest)),
        (0, _) if flags & ACKNOWLEDGMENT != 0 => Err(NotIp::Malformed),
        (0, ETHERTYPE_ERSPAN) => {
            // The first type of ERSPAN has neither a sequence number nor a header of its own.
            let frame = if flags & SEQUENCE != 0 { rest.after(8)? } else { rest };
            Ok((Encapsulation::Erspan, Next::Ethernet(frame)))
        }
        (0, ETHERTYPE_ERSPAN_THIRD) => {
            let has_platform_header = rest.byte(11)? & 1 != 0;
            let frame = rest.after(if has_platform_header { 20 } else { 12 })?;
            Ok((Encapsulation::Erspan, Next::Ethernet(frame)))
        }
        (0, ETHERTYPE_WCCP) => match rest.byte(0)? >> 4 {
            4 => plain(Next::Ip(rest)),
            _ => plain(Next::Ip(rest.after(4)?)),
        },
        // Aruba's access points send 802.11 frames. The protocol number says from which radio.
        (0, ARUBA_FIRST..=ARUBA_LAST) => plain(Next::Link(105, rest)),
        (0, ether_type) => plain(Next::EtherType(ether_type, rest)),
        _ => Err(NotIp::Malformed),
    }
}

/// GRE in UDP (RFC 8086).
pub(super) fn read_udp(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    read(span).map(|(_, next)| next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn optional_fields_are_passed_over() {
        let bytes = [0x30, 0, 0x65, 0x58, 0, 0, 0, 1, 0, 0, 0, 2, 9];
        let frame = Next::EtherType(0x6558, Span::new(&[9], 1));
        assert_eq!(read(Span::new(&bytes, 13)), Ok((Encapsulation::Gre, frame)));
        for length in 0..4 {
            assert_eq!(read(Span::new(&bytes[..length], 13)), Err(NotIp::CutShort));
        }
    }

    #[test]
    fn pptp_carries_ppp() {
        let bytes = [0x30, 0x81, 0x88, 0x0b, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x21];
        assert_eq!(read(Span::new(&bytes, 17)), Ok((Encapsulation::Gre, Next::Ppp(Span::new(&[0x21], 1)))));
        assert_eq!(read(Span::new(&[0x20, 0x81, 0x88, 0x0b], 12)), Err(NotIp::LinkControl));
    }

    #[test]
    fn makers_have_their_own_ways() {
        let frame = Next::Ethernet(Span::new(&[7], 1));
        assert_eq!(read(Span::new(&[0x20, 1, 0x64, 0, 0, 1, 5, 0, 7], 9)), Ok((Encapsulation::Gre, frame)));
        let frame = Next::Link(105, Span::new(&[7], 1));
        assert_eq!(read(Span::new(&[0, 0, 0x82, 0x10, 7], 5)), Ok((Encapsulation::Gre, frame)));
    }

    #[test]
    fn every_type_of_erspan_leads_to_ethernet() {
        let mut second = [0; 17];
        second[..4].copy_from_slice(&[0x10, 0, 0x88, 0xbe]);
        let mut third = [0; 29];
        third[..4].copy_from_slice(&[0x10, 0, 0x22, 0xeb]);
        third[19] = 1;
        for bytes in [&[0, 0, 0x88, 0xbe, 0][..], &second, &third] {
            let frame = Next::Ethernet(Span::new(&[0], 1));
            assert_eq!(read(Span::new(bytes, bytes.len())), Ok((Encapsulation::Erspan, frame)));
        }
    }
}
