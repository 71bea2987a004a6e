//! Wireshark's exported PDUs (link type 252): tags name the dissector, then its data. Those that carry IP are read.

use super::Next;
use crate::packet::NotIp;
use crate::packet::span::Span;

/// Tags read of one record; Wireshark writes about ten.
const TAG_LIMIT: usize = 64;
const TAG_HEADER: usize = 4;
const END: u16 = 0;
const DISSECTOR: u16 = 12;
/// Longest dissector name looked at.
const NAME_LENGTH: usize = 16;

/// Tags of type and length, most significant byte first, to the end tag.
pub(super) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let mut rest = span;
    let mut name = [0; NAME_LENGTH];
    for _ in 0..TAG_LIMIT {
        let (tag, length) = (rest.u16(0)?, usize::from(rest.u16(2)?));
        let value = rest.after(TAG_HEADER)?;
        if tag == DISSECTOR {
            for (to, from) in name.iter_mut().zip(value.limited(length).bytes()) {
                *to = *from;
            }
        }
        rest = value.after(length)?;
        if tag == END {
            return lead(&name, rest);
        }
    }
    Err(NotIp::Malformed)
}

fn lead<'a>(name: &[u8; NAME_LENGTH], data: Span<'a>) -> Result<Next<'a>, NotIp> {
    match name.split(|byte| *byte == 0).next() {
        Some(b"ip" | b"ipv6") => Ok(Next::Ip(data)),
        Some(b"eth" | b"eth_withoutfcs" | b"eth_maybefcs") => Ok(Next::Ethernet(data)),
        Some(b"ppp" | b"ppp_hdlc") => Ok(Next::Ppp(data)),
        Some(b"mpls") => Ok(Next::Mpls(data)),
        Some(b"wlan") => Ok(Next::Link(105, data)),
        // Data of a layer above IP, whose headers were not exported.
        _ => Err(NotIp::Protocol(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dissector_leads_on() {
        let bytes = [0, 12, 0, 4, b'i', b'p', 0, 0, 0, 0, 0, 0, 0x45];
        assert_eq!(read(Span::new(&bytes, 13)), Ok(Next::Ip(Span::new(&[0x45], 1))));
        assert_eq!(read(Span::new(&bytes[8..], 5)), Err(NotIp::Protocol(0)));
        for length in 0..12 {
            assert_eq!(read(Span::new(&bytes[..length], 13)), Err(NotIp::CutShort));
        }
    }
}
