//! Bytes as a frame of any link type.

use whither::capture::{Frame, FrameId, LinkType};
use whither::packet::{Dissected, NotIp, Packet, dissect, dissect_ip};

/// Nanosecond that every frame carries.
const TIME_NS: i64 = 1_700_000_000_000_000_000;

/// A frame: link type and length cut off by the snap length, two bytes each, then the bytes.
pub(crate) fn link(data: &[u8]) {
    let Some((&[high, low, cut_high, cut_low], bytes)) = data.split_first_chunk() else { return };
    let link_type = LinkType(u16::from_be_bytes([high, low]));
    let wire_length = bytes.len() as u32 + u32::from(u16::from_be_bytes([cut_high, cut_low]));
    let seen = dissect(&frame(link_type, bytes, wire_length));
    assert_eq!(seen, dissect(&frame(link_type, bytes, wire_length)), "the same frame, the same packet");
    match link_type {
        // The short path is for these two; through another link type the same bytes go the general way.
        LinkType::ETHERNET => {
            let wrapped = [&[0xd5], bytes].concat();
            let general = dissect(&frame(LinkType(274), &wrapped, wire_length + 1));
            // One header more may be one too many, where many stand before IP.
            if general != Dissected::NotIp(NotIp::TooDeep) || is_short(bytes) {
                agree(&seen, &general);
            }
        }
        LinkType::RAW => agree(&seen, &dissect(&frame(LinkType(12), bytes, wire_length))),
        _ => {}
    }
    let Dissected::Packet(packet) = seen else { return };
    check(&packet, bytes);
    if packet.fragment.is_some() {
        // As if it were all of the datagram.
        let whole = dissect_ip(&packet.key, packet.side, packet.tunnel, packet.payload, packet.counted_length);
        if let Dissected::Packet(inner) = whole {
            check(&inner, packet.payload);
        }
    }
}

/// Whether IP follows an Ethernet header with at most one tag.
fn is_short(bytes: &[u8]) -> bool {
    const IP: [[u8; 2]; 2] = [[0x08, 0x00], [0x86, 0xdd]];
    let kind = |at: usize| bytes.get(at..at + 2).and_then(|kind| <[u8; 2]>::try_from(kind).ok()).unwrap_or_default();
    IP.contains(&kind(12)) || (kind(12) == [0x81, 0x00] && IP.contains(&kind(16)))
}

/// How [`link`] takes a frame.
pub(crate) fn framed(link_type: u16, wire_length: u32, bytes: &[u8]) -> Vec<u8> {
    let cut = wire_length.saturating_sub(bytes.len() as u32).min(u32::from(u16::MAX)) as u16;
    [&link_type.to_be_bytes()[..], &cut.to_be_bytes(), bytes].concat()
}

fn frame(link_type: LinkType, bytes: &[u8], wire_length: u32) -> Frame<'_> {
    Frame { id: FrameId::default(), time_ns: TIME_NS, link_type, bytes, wire_length, note: None }
}

fn check(packet: &Packet<'_>, bytes: &[u8]) {
    let (outer, inner) = (bytes.as_ptr_range(), packet.payload.as_ptr_range());
    assert!(
        packet.payload.is_empty() || (outer.start <= inner.start && inner.end <= outer.end),
        "the payload lies in the frame"
    );
    assert!(packet.fragment.is_none() || packet.payload_length == 0);
}

/// Two ways to one packet; only what the wrapping adds may differ.
fn agree(short: &Dissected<'_>, general: &Dissected<'_>) {
    match (short, general) {
        (Dissected::Packet(a), Dissected::Packet(b)) => {
            assert!(b.counted_length - a.counted_length <= 1);
            assert_eq!(*a, Packet { counted_length: a.counted_length, ..*b }, "two ways to one packet");
        }
        (a, b) => assert_eq!(a, b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Around so many headers one more is one too many, and there is another reason why no packet is found.
    #[test]
    fn headers_up_to_the_limit_are_read_in_both_ways() {
        for count in 0..64 {
            let tags = [&[0; 12][..], &[0x88, 0xa8, 0, 1].repeat(count), &[0xff, 0xff]].concat();
            let wire = [&[0; 12][..], &[0x88, 0x47, 0, 0, 0x11, 0x40, 0, 0, 0, 0]].concat().repeat(count);
            for bytes in [tags, [&wire[..], &[0; 14]].concat()] {
                link(&framed(1, bytes.len() as u32, &bytes));
            }
        }
    }
}
