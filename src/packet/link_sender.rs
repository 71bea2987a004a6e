//! Who sent a frame, by its innermost link layer: the address of the interface from which it comes, or that the interface has none.
//!
//! It is read from the frame a second time, where a conversation begins, so that all other packets need not carry it.

use super::next::Next;
use super::span::Span;

/// Link types of interfaces without addresses: loopback, raw IP, PPP.
const WITHOUT_ADDRESSES: [u16; 11] = [0, 9, 12, 14, 50, 101, 108, 166, 204, 228, 229];
const ETHERNET: u16 = 1;
const LINUX: u16 = 113;
const WIFI: u16 = 105;
const PRISM: u16 = 119;
const RADIOTAP: u16 = 127;
const AVS: u16 = 163;
const LINUX_SECOND: u16 = 276;

/// The sender of a frame at one link layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum LinkSender {
    /// The link layer does not say.
    #[default]
    Unknown,
    /// The interface with this address.
    Address([u8; 6]),
    /// An interface that has no address: a tunnel's, a modem's.
    Interface,
}

impl LinkSender {
    /// What the header that comes next says; `self` if it says nothing of a sender.
    pub(super) fn read(self, next: &Next<'_>) -> Self {
        match *next {
            Next::Ethernet(span) => Self::at(span, 6),
            Next::Link(link_type, span) => match link_type {
                ETHERNET => Self::at(span, 6),
                LINUX => Self::cooked(span, 2, 4, 6),
                LINUX_SECOND => Self::cooked(span, 8, 10, 12),
                WIFI => Self::wifi(span),
                RADIOTAP => {
                    span.u16_little(2).and_then(|length| span.after(usize::from(length))).map_or(self, Self::wifi)
                }
                PRISM | AVS => Self::Unknown,
                _ if WITHOUT_ADDRESSES.contains(&link_type) => Self::Interface,
                _ => self,
            },
            _ => self,
        }
    }

    fn at(span: Span<'_>, at: usize) -> Self {
        match span.array::<6>(at) {
            // Linux gives its loopback interface this address.
            Ok([0, 0, 0, 0, 0, 0]) | Err(_) => Self::Unknown,
            Ok(address) => Self::Address(address),
        }
    }

    /// Linux' cooked header has the kind of hardware, the length of the address and the address at these places.
    fn cooked(span: Span<'_>, hardware: usize, length: usize, address: usize) -> Self {
        /// `ARPHRD_LOOPBACK` (`if_arp.h`).
        const LOOPBACK: u16 = 772;
        // The length is a byte in the second version, behind the kind of the packet.
        let length = span.u16(length).map(|length| length & 0xff);
        match (span.u16(hardware), length) {
            (Ok(LOOPBACK) | Err(_), _) => Self::Unknown,
            (_, Ok(6)) => Self::at(span, address),
            (_, Ok(0)) => Self::Interface,
            _ => Self::Unknown,
        }
    }

    /// The source address of a data frame (IEEE 802.11-2020, table 9-30).
    fn wifi(span: Span<'_>) -> Self {
        match span.byte(1).map(|flags| flags & 3) {
            Ok(0 | 1) => Self::at(span, 10),
            Ok(2) => Self::at(span, 16),
            Ok(_) => Self::at(span, 24),
            Err(_) => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: [u8; 6] = [2, 0, 0, 0, 0, 7];

    fn sender(link_type: u16, bytes: &[u8]) -> LinkSender {
        LinkSender::default().read(&Next::Link(link_type, Span::new(bytes, bytes.len())))
    }

    #[test]
    fn a_link_layer_says_who_sends() {
        let own = LinkSender::Address(OWN);
        assert_eq!(sender(1, &[&[9; 6][..], &OWN, &[8, 0]].concat()), own);
        assert_eq!(sender(113, &[&[0, 4, 0, 1, 0, 6][..], &OWN, &[0, 0, 8, 0]].concat()), own);
        assert_eq!(sender(276, &[&[8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 4, 6][..], &OWN, &[0, 0]].concat()), own);
        for (flags, place) in [(0, 10), (1, 10), (2, 16), (3, 24)] {
            let mut frame = [8; 32];
            frame[1] = flags;
            frame[place..place + 6].copy_from_slice(&OWN);
            assert_eq!(sender(105, &frame), own);
            assert_eq!(sender(127, &[&[0, 0, 8, 0, 0, 0, 0, 0][..], &frame].concat()), own);
        }
    }

    #[test]
    fn an_interface_without_an_address_is_told_from_one_that_is_not_known() {
        assert_eq!(sender(101, &[0x45]), LinkSender::Interface);
        assert_eq!(sender(113, &[0, 4, 0xff, 0xfe, 0, 0, 0, 0]), LinkSender::Interface);
        assert_eq!(sender(113, &[0, 4, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0]), LinkSender::Unknown, "loopback");
        assert_eq!(sender(1, &[0; 14]), LinkSender::Unknown);
        for length in 0..12 {
            assert_eq!(sender(1, &[7; 14][..length]), LinkSender::Unknown);
        }
    }
}
