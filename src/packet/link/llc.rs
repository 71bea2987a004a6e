//! IEEE 802.2 LLC and SNAP (RFC 1042), which lead to an EtherType or to IP.

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const SNAP: u8 = 0xaa;
const IP: u8 = 0x06;
/// The address of ISO network layers, which an NLPID tells apart.
const ISO: u8 = 0xfe;
const UNNUMBERED: u8 = 0x03;
/// The organisation of Ethernet as RFC 1042 encapsulates it; the next one is that of IEEE 802.1H for bridges.
const RFC1042: [u8; 3] = [0, 0, 0];
const BRIDGE_TUNNEL: [u8; 3] = [0, 0, 0xf8];
/// The organisation of IEEE 802.1, for bridged frames in other media (RFC 2684 §5.2).
const BRIDGED: [u8; 3] = [0, 0x80, 0xc2];

pub(crate) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match span.array(0)? {
        [SNAP, SNAP, UNNUMBERED] => read_snap(span.after(3)?),
        [IP, IP, UNNUMBERED] => Ok(Next::Ip(span.after(3)?)),
        [ISO, ISO, UNNUMBERED] => read_nlpid(span.after(3)?),
        [service, _, _] => Err(NotIp::Protocol(u16::from(service))),
    }
}

/// Reads a SNAP header: organisation and protocol.
pub(crate) fn read_snap(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let protocol = span.u16(3)?;
    let inner = span.after(5)?;
    match (span.array(0)?, protocol) {
        (RFC1042 | BRIDGE_TUNNEL, ether_type) => Ok(Next::EtherType(ether_type, inner)),
        // A bridged frame comes with or without its frame check sequence, after padding.
        (BRIDGED, 1 | 7) => Ok(Next::Ethernet(inner)),
        (_, other) => Err(NotIp::Protocol(other)),
    }
}

/// Reads a network layer protocol identifier (ISO/IEC TR 9577).
pub(crate) fn read_nlpid(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match span.byte(0)? {
        0xcc | 0x8e => Ok(Next::Ip(span.after(1)?)),
        0x80 => read_snap(span.after(1)?),
        0xcf => Ok(Next::Ppp(span.after(1)?)),
        other => Err(NotIp::Protocol(u16::from(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snap_carries_ether_types() {
        let bytes = [0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0, 0x45];
        assert_eq!(read(Span::new(&bytes, 9)), Ok(Next::EtherType(0x0800, Span::new(&[0x45], 1))));
        for length in 0..8 {
            assert_eq!(read(Span::new(&bytes[..length], 9)), Err(NotIp::CutShort));
        }
        assert_eq!(read(Span::new(&[0x42, 0x42, 3], 3)), Err(NotIp::Protocol(0x42)));
    }
}
