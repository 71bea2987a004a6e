//! BSD loopback (link types 0 and 108) and other headers that name an address family: OpenBSD's ENC (109) and PFLOG
//! (117), Solaris IPNET (226).

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const AF_INET: u32 = 2;
/// The values of `AF_INET6` in Linux, Windows, NetBSD and OpenBSD, Solaris, FreeBSD, Darwin.
const AF_INET6: [u32; 6] = [10, 23, 24, 26, 28, 30];

fn is_ip(family: u32) -> bool {
    family == AF_INET || AF_INET6.contains(&family)
}

/// Reads an address family. It is in the byte order of the host that captured, so both orders are tried.
pub(crate) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let (big, little) = (span.u32(0)?, span.u32_little(0)?);
    let inner = span.after(4)?;
    match big.min(little) {
        family if is_ip(family) => Ok(Next::Ip(inner)),
        // Some drivers put an EtherType here.
        ether_type @ 0x0600..=0xffff => Ok(Next::EtherType(ether_type as u16, inner)),
        family => Err(NotIp::Protocol(u16::try_from(family).unwrap_or(u16::MAX))),
    }
}

/// Reads the header of OpenBSD's `enc`: family, SPI, flags.
pub(crate) fn read_enc(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match span.u32(0)?.min(span.u32_little(0)?) {
        family if is_ip(family) => Ok(Next::Ip(span.after(12)?)),
        family => Err(NotIp::Protocol(u16::try_from(family).unwrap_or(u16::MAX))),
    }
}

/// Reads the header of the packet filter's log. It says its length (without padding to four bytes) and the family.
pub(crate) fn read_pflog(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let [length, family] = span.array(0)?;
    match u32::from(family) {
        family if is_ip(family) => Ok(Next::Ip(span.after(usize::from(length).next_multiple_of(4))?)),
        family => Err(NotIp::Protocol(family as u16)),
    }
}

/// Reads the header of Solaris IP observability: version, family, then 22 bytes of identity.
pub(crate) fn read_ipnet(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let [version, family] = span.array(0)?;
    match u32::from(family) {
        _ if version != 1 => Err(NotIp::Malformed),
        family if is_ip(family) => Ok(Next::Ip(span.after(24)?)),
        family => Err(NotIp::Protocol(family as u16)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_are_read() {
        for header in [[2, 0, 0, 0], [0, 0, 0, 2], [30, 0, 0, 0], [0, 0, 0, 24], [28, 0, 0, 0]] {
            let bytes = [&header[..], &[0x45]].concat();
            assert_eq!(read(Span::new(&bytes, 5)), Ok(Next::Ip(Span::new(&[0x45], 1))));
        }
        assert_eq!(read(Span::new(&[7, 0, 0, 0], 4)), Err(NotIp::Protocol(7)));
        assert_eq!(read(Span::new(&[2, 0, 0], 30)), Err(NotIp::CutShort));
    }

    #[test]
    fn pflog_pads_its_header() {
        let mut bytes = [0; 64];
        bytes[..2].copy_from_slice(&[61, 2]);
        assert_eq!(read_pflog(Span::new(&bytes, 65)), Ok(Next::Ip(Span::new(&[], 1))));
    }
}
