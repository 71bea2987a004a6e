//! Ethernet frames that a switch chip gives to its host, with the chip's tag: Broadcom (link types 281, 282), Marvell DSA (284)
//! and EDSA (285).

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const ADDRESSES: usize = 12;

/// Reads a tag of `length` bytes between the addresses and the EtherType.
fn tagged(span: Span<'_>, length: usize) -> Result<Next<'_>, NotIp> {
    Ok(Next::EtherType(span.u16(ADDRESSES + length)?, span.after(ADDRESSES + length + 2)?))
}

pub(crate) fn read_brcm(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    tagged(span, 4)
}

/// Reads a frame whose tag comes before the addresses.
pub(crate) fn read_brcm_prepended(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::Ethernet(span.after(4)?))
}

pub(crate) fn read_dsa(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    tagged(span, 4)
}

/// Reads a frame in which an EtherType and two reserved bytes come before the tag.
pub(crate) fn read_edsa(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    tagged(span, 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_is_passed_over() {
        let mut bytes = [0; 19];
        bytes[16..].copy_from_slice(&[8, 0, 0x45]);
        let ip = Ok(Next::EtherType(0x0800, Span::new(&[0x45], 1)));
        assert_eq!((read_dsa(Span::new(&bytes, 19)), read_brcm(Span::new(&bytes, 19))), (ip, ip));
        assert_eq!(read_edsa(Span::new(&bytes, 60)), Err(NotIp::CutShort));
    }
}
