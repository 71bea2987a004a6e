//! Linux netfilter log (link type 239): the payload attribute of a message.

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const HEADER: usize = 4;
const ATTRIBUTE_HEADER: usize = 4;
/// Attributes that are read of one message. The kernel knows about twenty.
const ATTRIBUTE_LIMIT: usize = 64;
/// `NFULA_PAYLOAD` of `nfnetlink_log.h`.
const PAYLOAD: u16 = 9;
const AF_INET: u8 = 2;
const AF_BRIDGE: u8 = 7;
const AF_INET6: u8 = 10;
const AF_UNSPEC: u8 = 0;

/// Reads a message: family, version, resource, then attributes in the byte order of the host.
pub(crate) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let [family, version, _, _] = span.array(0)?;
    if version != 0 {
        return Err(NotIp::Malformed);
    }
    let mut rest = span.after(HEADER)?;
    for _ in 0..ATTRIBUTE_LIMIT {
        let (little, big) = (rest.u16_little(0)?, rest.u16(0)?);
        // A length fits in both byte orders only by chance. The order in which it fits is the right one.
        let is_little = usize::from(little) <= rest.wire_length() && little >= ATTRIBUTE_HEADER as u16;
        let (length, kind) = if is_little { (little, rest.u16_little(2)?) } else { (big, rest.u16(2)?) };
        let length = usize::from(length);
        if length < ATTRIBUTE_HEADER || length > rest.wire_length() {
            return Err(NotIp::Malformed);
        }
        if kind & 0x7fff == PAYLOAD {
            let payload = rest.limited(length).after(ATTRIBUTE_HEADER)?;
            return match family {
                AF_INET | AF_INET6 | AF_UNSPEC => Ok(Next::Ip(payload)),
                AF_BRIDGE => Ok(Next::Ethernet(payload)),
                other => Err(NotIp::Protocol(u16::from(other))),
            };
        }
        rest = rest.after(length.next_multiple_of(4).min(rest.wire_length()))?;
    }
    Err(NotIp::LinkControl)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_is_found_in_either_byte_order() {
        let little = [2, 0, 0, 0, 5, 0, 1, 0, 7, 0, 0, 0, 5, 0, 9, 0, 0x45];
        let big = [2, 0, 0, 0, 0, 5, 0, 1, 7, 0, 0, 0, 0, 5, 0, 9, 0x45];
        for bytes in [little, big] {
            assert_eq!(read(Span::new(&bytes, 17)), Ok(Next::Ip(Span::new(&[0x45], 1))));
            for length in 0..16 {
                assert_eq!(read(Span::new(&bytes[..length], 17)), Err(NotIp::CutShort));
            }
        }
    }
}
