//! IP over serial buses: IEEE 1394 as Apple captures it (link type 138), InfiniBand (RFC 4391, 242; with its
//! own headers, 247).

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

/// Reads an IEEE 1394 frame: two addresses of 8 bytes, then an EtherType.
pub(crate) fn read_ieee1394(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::EtherType(span.u16(16)?, span.after(18)?))
}

/// Reads a global routing header, then an EtherType and two reserved bytes.
pub(crate) fn read_infiniband(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::EtherType(span.u16(40)?, span.after(44)?))
}

/// Reads InfiniBand from its local routing header on (Architecture Specification 1 §5.2): IP in datagrams or connections.
pub(crate) fn read_infiniband_local(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const LOCAL_HEADER: usize = 8;
    const GLOBAL_HEADER: usize = 40;
    const TRANSPORT_HEADER: usize = 12;
    /// The operations SEND ONLY of reliable and unreliable connections, and of datagrams, which have eight more bytes.
    const SEND_RELIABLE: u8 = 0x04;
    const SEND_UNRELIABLE: u8 = 0x24;
    const SEND_DATAGRAM: u8 = 0x64;
    let after_local = span.after(LOCAL_HEADER)?;
    let transport = match span.byte(1)? & 3 {
        // A raw packet holds IPv6, or an EtherType after two reserved bytes.
        0 => return Ok(Next::EtherType(after_local.u16(2)?, after_local.after(4)?)),
        1 => return Ok(Next::Ip(after_local)),
        2 => after_local,
        _ => after_local.after(GLOBAL_HEADER)?,
    };
    let inner = match transport.byte(0)? {
        SEND_RELIABLE | SEND_UNRELIABLE => transport.after(TRANSPORT_HEADER)?,
        SEND_DATAGRAM => transport.after(TRANSPORT_HEADER + 8)?,
        _ => return Err(NotIp::LinkControl),
    };
    // An EtherType and two reserved bytes are the only sign that this is IP (RFC 4391 §6).
    match (inner.u16(0)?, inner.u16(2)?) {
        (ether_type @ (0x0800 | 0x0806 | 0x86dd), 0) => Ok(Next::EtherType(ether_type, inner.after(4)?)),
        _ => Err(NotIp::Protocol(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_and_connections_carry_ip() {
        let ip = Ok(Next::EtherType(0x0800, Span::new(&[0x45], 1)));
        let header = |next, opcode| {
            let mut bytes = vec![0, next, 0, 0, 0, 0, 0, 0];
            bytes.resize(if next == 3 { 48 } else { 8 }, 0);
            bytes.push(opcode);
            bytes.resize(bytes.len() + if opcode == 0x64 { 19 } else { 11 }, 0);
            [&bytes[..], &[8, 0, 0, 0, 0x45]].concat()
        };
        for (next, opcode) in [(2, 0x64), (3, 0x64), (2, 0x04), (3, 0x24)] {
            let bytes = header(next, opcode);
            assert_eq!(read_infiniband_local(Span::new(&bytes, bytes.len())), ip);
            for length in 0..bytes.len() - 1 {
                assert!(read_infiniband_local(Span::new(&bytes[..length], bytes.len())).is_err());
            }
        }
        assert_eq!(read_infiniband_local(Span::new(&header(2, 0x0c), 25)), Err(NotIp::LinkControl));
    }
}
