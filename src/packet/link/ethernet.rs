//! Ethernet (IEEE 802.3, link types 1 and 274) and what EtherTypes lead to, VLAN tags and other tags included.

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const ADDRESSES: usize = 12;
/// The EtherType of transparent Ethernet bridging.
const ETHERTYPE_TEB: u16 = 0x6558;
/// The largest value that is a length and not an EtherType.
const LARGEST_LENGTH: u16 = 1500;
/// Cisco ISL frames go to one of these addresses (without their last byte).
const ISL: [[u8; 5]; 2] = [[1, 0, 0x0c, 0, 0], [3, 0, 0x0c, 0, 0]];
const ISL_HEADER: usize = 26;
/// The unused IPX checksum that 802.3 frames of old Novell networks start with in place of LLC.
const NOVELL: u16 = 0xffff;
const ETHERTYPE_IPX: u16 = 0x8137;

/// Reads an Ethernet frame that begins with its destination address.
pub(crate) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let destination: [u8; 5] = span.array(0)?;
    if ISL.contains(&destination) {
        return Ok(Next::Ethernet(span.after(ISL_HEADER)?));
    }
    let ether_type = span.u16(ADDRESSES)?;
    Ok(Next::EtherType(ether_type, span.after(ADDRESSES + 2)?))
}

/// Reads an IEEE 802.3br mPacket: a preamble, then a delimiter that tells whole (express) frames from pieces.
pub(crate) fn read_mpacket(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const PREAMBLE: u8 = 0x55;
    const PREAMBLE_LIMIT: usize = 8;
    let mut at = 0;
    while at < PREAMBLE_LIMIT && span.byte(at)? == PREAMBLE {
        at += 1;
    }
    match span.byte(at)? {
        // The delimiter starts an express frame, or the first piece of a preemptible one.
        0xd5 | 0xe6 | 0x4c | 0x7f | 0xb3 => Ok(Next::Ethernet(span.after(at + 1)?)),
        _ => Err(NotIp::LinkControl),
    }
}

/// Reads the payload of an EtherType (IEEE registration authority).
pub(crate) fn read_ether_type(ether_type: u16, span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match ether_type {
        0x0800 | 0x86dd => Ok(Next::Ip(span)),
        0x22f3 => read_trill(span),
        // These are 802.1Q, 802.1ad, and the numbers for double tags before it.
        0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => tagged(span, 2),
        ETHERTYPE_TEB => Ok(Next::Ethernet(span)),
        0x8847 | 0x8848 => Ok(Next::Mpls(span)),
        0x880b => Ok(Next::Ppp(span)),
        0x8864 => read_pppoe_session(span),
        0x8870 => Ok(Next::Llc(span)),
        0x88e5 => read_macsec(span),
        // In provider backbone bridges (802.1ah) flags and service come first, then the customer's frame.
        0x88e7 => Ok(Next::Ethernet(span.after(4)?)),
        // Cisco FabricPath: tree and time to live.
        0x8903 => Ok(Next::Ethernet(span.after(2)?)),
        // Cisco MetaData: version, length, option, security group.
        0x8909 => tagged(span, 6),
        // VN-Tag.
        0x8926 => tagged(span, 4),
        // HSR: path and size, sequence number.
        0x892f => tagged(span, 4),
        // 802.1BR E-Tag.
        0x893f => tagged(span, 6),
        0x894f => Ok(Next::Nsh(span)),
        length @ 0..=LARGEST_LENGTH => read_llc(length, span),
        other => Err(NotIp::Protocol(other)),
    }
}

/// Reads a tag of `length` bytes, then another EtherType.
fn tagged(span: Span<'_>, length: usize) -> Result<Next<'_>, NotIp> {
    Ok(Next::EtherType(span.u16(length)?, span.after(length + 2)?))
}

fn read_llc(length: u16, span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let payload = span.limited(usize::from(length));
    match payload.u16(0)? {
        NOVELL => Err(NotIp::Protocol(ETHERTYPE_IPX)),
        _ => Ok(Next::Llc(payload)),
    }
}

/// Reads a packet of a PPPoE session (RFC 2516 §4), from its version on.
pub(crate) fn read_pppoe_session(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const HEADER: usize = 6;
    let [version, code, _, _] = span.array(0)?;
    let length = usize::from(span.u16(4)?);
    match (version, code) {
        (0x11, 0) => Ok(Next::Ppp(span.after(HEADER)?.limited(length))),
        (0x11, _) => Err(NotIp::LinkControl),
        _ => Err(NotIp::Malformed),
    }
}

/// Reads a TRILL header (RFC 6325 §3): flags with the length of the options, both nicknames, then the frame.
fn read_trill(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let flags = span.u16(0)?;
    let options = usize::from(flags >> 6 & 0x1f) * 4;
    match flags >> 14 {
        0 => Ok(Next::Ethernet(span.after(6 + options)?)),
        _ => Err(NotIp::Malformed),
    }
}

/// Reads a MACsec tag (IEEE 802.1AE §9). What follows can be read only if the tag protects integrity alone.
fn read_macsec(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const ENCRYPTED: u8 = 0x08;
    const CHANGED: u8 = 0x04;
    const HAS_CHANNEL: u8 = 0x20;
    let control = span.byte(0)?;
    match control & (ENCRYPTED | CHANGED) {
        0 => tagged(span, if control & HAS_CHANNEL != 0 { 14 } else { 6 }),
        _ => Err(NotIp::Encrypted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(tail: &[u8]) -> Vec<u8> {
        let mut bytes = vec![2; ADDRESSES];
        bytes.extend_from_slice(tail);
        bytes
    }

    #[test]
    fn lengths_lead_to_llc_and_types_to_ip() {
        let bytes = frame(&[0, 3, 0xaa, 0xaa, 3, 0, 0]);
        let next = read(Span::new(&bytes, bytes.len())).and_then(|next| match next {
            Next::EtherType(number, span) => read_ether_type(number, span),
            other => Ok(other),
        });
        assert_eq!(next, Ok(Next::Llc(Span::new(&[0xaa, 0xaa, 3], 3))));
        let bytes = frame(&[0x08, 0, 0x45]);
        assert_eq!(read(Span::new(&bytes, 15)), Ok(Next::EtherType(0x0800, Span::new(&[0x45], 1))));
        for length in 0..14 {
            assert_eq!(read(Span::new(&bytes[..length], bytes.len())), Err(NotIp::CutShort));
            assert_eq!(read(Span::new(&bytes[..length], length)), Err(NotIp::Malformed));
        }
    }

    #[test]
    fn integrity_only_macsec_is_read() {
        let bytes = [0x00, 0, 0, 0, 0, 1, 0x08, 0x00, 0x45];
        assert_eq!(read_macsec(Span::new(&bytes, 9)), Ok(Next::EtherType(0x0800, Span::new(&[0x45], 1))));
        assert_eq!(read_macsec(Span::new(&[0x2c, 0, 0, 0, 0, 1], 6)), Err(NotIp::Encrypted));
    }

    #[test]
    fn frames_within_frames_are_read() {
        let frame = Ok(Next::Ethernet(Span::new(&[7], 1)));
        assert_eq!(read_ether_type(0x88e7, Span::new(&[0, 0, 1, 2, 7], 5)), frame);
        assert_eq!(read_ether_type(0x8903, Span::new(&[0, 64, 7], 3)), frame);
        assert_eq!(read_ether_type(0x22f3, Span::new(&[0, 0x5e, 0, 1, 0, 2, 0, 0, 0, 0, 7], 11)), frame);
        assert_eq!(read_ether_type(0x22f3, Span::new(&[0x40, 0, 0, 1, 0, 2, 7], 7)), Err(NotIp::Malformed));
    }

    #[test]
    fn pppoe_limits_its_payload() {
        let bytes = [0x11, 0, 0, 1, 0, 2, 0, 0x21, 9, 9];
        assert_eq!(read_pppoe_session(Span::new(&bytes, 10)), Ok(Next::Ppp(Span::new(&[0, 0x21], 2))));
    }

    #[test]
    fn an_express_frame_follows_its_preamble() {
        let bytes = [0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5, 7];
        assert_eq!(read_mpacket(Span::new(&bytes, 9)), Ok(Next::Ethernet(Span::new(&[7], 1))));
        assert_eq!(read_mpacket(Span::new(&[0x55, 0x61, 0, 0], 4)), Err(NotIp::LinkControl));
    }
}
