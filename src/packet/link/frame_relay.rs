//! Frame Relay (link types 107, 206, 182): RFC 2427 encapsulation, or Cisco's with an EtherType.

use crate::packet::link::llc;
use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

/// Q.922 addresses have two to four bytes, of which the last one is marked.
const ADDRESS_LIMIT: usize = 4;
const ADDRESS_END: u8 = 1;
const UNNUMBERED: u8 = 0x03;

pub(crate) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let mut length = 1;
    while span.byte(length - 1)? & ADDRESS_END == 0 {
        if length == ADDRESS_LIMIT {
            return Err(NotIp::Malformed);
        }
        length += 1;
    }
    let rest = span.after(length)?;
    match rest.array(0)? {
        // A zero byte aligns what follows.
        [UNNUMBERED, 0] => llc::read_nlpid(rest.after(2)?),
        [UNNUMBERED, _] => llc::read_nlpid(rest.after(1)?),
        _ if length < 2 => Err(NotIp::Malformed),
        ether_type => Ok(Next::EtherType(u16::from_be_bytes(ether_type), rest.after(2)?)),
    }
}

/// Reads Frame Relay in a bundle of links (FRF.16; link type 182), where only frames that were not split are whole.
pub(crate) fn read_bundled(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const WHOLE: u8 = 0xc0;
    const CONTROL: u8 = 0x20;
    match span.byte(0)? {
        first if first & CONTROL != 0 => Err(NotIp::LinkControl),
        first if first & WHOLE != WHOLE => Err(NotIp::Protocol(0)),
        _ => read(span.after(2)?),
    }
}

/// Reads a frame after a byte that says its direction.
pub(crate) fn read_directed(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    read(span.after(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encapsulations_lead_to_ip() {
        assert_eq!(read(Span::new(&[0x18, 0x41, 3, 0xcc, 0x45], 5)), Ok(Next::Ip(Span::new(&[0x45], 1))));
        assert_eq!(read(Span::new(&[0x18, 0x41, 8, 0, 0x45], 5)), Ok(Next::EtherType(0x0800, Span::new(&[0x45], 1))));
        assert_eq!(read(Span::new(&[0; 9], 9)), Err(NotIp::Malformed));
        let bundled = [0xc0, 1, 0x18, 0x41, 3, 0xcc, 0x45];
        assert_eq!(read_bundled(Span::new(&bundled, 7)), Ok(Next::Ip(Span::new(&[0x45], 1))));
        assert_eq!(read_bundled(Span::new(&[0xe0, 0], 9)), Err(NotIp::LinkControl));
    }
}
