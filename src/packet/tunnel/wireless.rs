//! Wi-Fi frames that access points send to their controller: CAPWAP data (RFC 5415 §4), LWAPP data (RFC 5412 §3.3).

use crate::packet::link::ieee80211;
use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

const LINK_IEEE80211: u16 = 105;

/// Reads an 802.11 frame. Some makers exchange the bytes of its frame control.
fn read_frame(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const DATA: u8 = 0x08;
    match span.array(0)? {
        [first, second] if first & 0x0f != DATA && second & 0x0f == DATA => ieee80211::read_swapped(span),
        [_, _] => Ok(Next::Link(LINK_IEEE80211, span)),
    }
}

pub(super) fn read_capwap(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let [preamble, first, second, flags] = span.array(0)?;
    let header = usize::from(first >> 3) * 4;
    let binding = second >> 1 & 0x1f;
    let is_native = second & 1 != 0;
    let is_fragment = flags & 0x80 != 0;
    let is_keep_alive = flags & 0x08 != 0;
    let inner = span.after(header)?;
    match (preamble, binding) {
        // The frame must have version 0 and not be encrypted.
        (1.., _) => Err(NotIp::Encrypted),
        _ if header < 8 => Err(NotIp::Malformed),
        _ if is_fragment || is_keep_alive => Err(NotIp::LinkControl),
        (_, _) if !is_native => Ok(Next::Ethernet(inner)),
        // Cisco's controllers write 0 for 802.11 too.
        (_, 0 | 1) => read_frame(inner),
        (_, other) => Err(NotIp::Protocol(u16::from(other))),
    }
}

pub(super) fn read_lwapp(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const VERSION: u8 = 0xc0;
    const CONTROL: u8 = 0x04;
    const FRAGMENT: u8 = 0x02;
    let flags = span.byte(0)?;
    match flags & VERSION {
        0 if flags & (CONTROL | FRAGMENT) == 0 => read_frame(span.after(6)?),
        0 => Err(NotIp::LinkControl),
        _ => Err(NotIp::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capwap_leads_to_either_kind_of_frame() {
        let of = |second, flags| [0, 0x10, second, flags, 0, 0, 0, 0, 8, 1, 7];
        let frame = Span::new(&[8, 1, 7], 3);
        assert_eq!(read_capwap(Span::new(&of(2, 0), 11)), Ok(Next::Ethernet(frame)));
        assert_eq!(read_capwap(Span::new(&of(3, 0), 11)), Ok(Next::Link(LINK_IEEE80211, frame)));
        assert_eq!(read_capwap(Span::new(&of(3, 8), 11)), Err(NotIp::LinkControl));
        assert_eq!(read_capwap(Span::new(&[1; 12], 12)), Err(NotIp::Encrypted));
        assert_eq!(read_capwap(Span::new(&of(3, 0)[..3], 11)), Err(NotIp::CutShort));
    }

    #[test]
    fn lwapp_frames_are_swapped_or_not() {
        assert_eq!(
            read_lwapp(Span::new(&[0, 0, 0, 2, 0, 0, 8, 1], 8)),
            Ok(Next::Link(LINK_IEEE80211, Span::new(&[8, 1], 2)))
        );
        assert_eq!(read_lwapp(Span::new(&[4, 0, 0, 2, 0, 0, 8, 1], 8)), Err(NotIp::LinkControl));
    }
}
