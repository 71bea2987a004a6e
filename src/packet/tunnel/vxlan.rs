//! VXLAN (RFC 7348 §5; Linux and AWS traffic mirroring too) and its generic extension (draft-ietf-nvo3-vxlan-gpe).

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const HEADER: usize = 8;
const HAS_NETWORK: u8 = 0x08;
const VERSION: u8 = 0x30;

pub(super) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let [flags, ..]: [u8; HEADER] = span.array(0)?;
    match flags & HAS_NETWORK {
        0 => Err(NotIp::Malformed),
        _ => Ok(Next::Ethernet(span.after(HEADER)?)),
    }
}

/// Reads the generic extension, which says the protocol of what is inside.
pub(super) fn read_generic(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let [flags, _, _, protocol, ..]: [u8; HEADER] = span.array(0)?;
    let inner = span.after(HEADER)?;
    match protocol {
        _ if flags & VERSION != 0 => Err(NotIp::Malformed),
        // The flag for this field is often left out, so a protocol that is there counts by itself.
        0 => read(span),
        1 | 2 => Ok(Next::Ip(inner)),
        3 => Ok(Next::Ethernet(inner)),
        4 => Ok(Next::Nsh(inner)),
        5 => Ok(Next::Mpls(inner)),
        other => Err(NotIp::Protocol(u16::from(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_protocol_decide() {
        let of = |flags, protocol| [flags, 0, 0, protocol, 0, 0, 1, 0, 7];
        let inner = Span::new(&[7], 1);
        assert_eq!(read(Span::new(&of(8, 0), 9)), Ok(Next::Ethernet(Span::new(&[7], 1))));
        assert_eq!(read(Span::new(&of(0, 0), 9)), Err(NotIp::Malformed));
        for (protocol, next) in [(1, Next::Ip(inner)), (3, Next::Ethernet(inner)), (4, Next::Nsh(inner))] {
            assert_eq!(read_generic(Span::new(&of(0x0c, protocol), 9)), Ok(next));
        }
        assert_eq!(read_generic(Span::new(&of(8, 0), 9)), Ok(Next::Ethernet(Span::new(&[7], 1))));
        assert_eq!(read_generic(Span::new(&of(0x0c, 1)[..7], 9)), Err(NotIp::CutShort));
    }
}
