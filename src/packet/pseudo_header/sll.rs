//! Linux "cooked" captures, versions 1 (link type 113) and 2 (276).

use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::span::Span;

/// Hardware types (`if_arp.h`) whose protocol field is no EtherType.
const ARPHRD_NETLINK: u16 = 824;
const ARPHRD_IEEE80211: u16 = 801;
const ARPHRD_IEEE80211_RADIOTAP: u16 = 803;
const ARPHRD_FRAME_RELAY: u16 = 770;
/// Protocols below the EtherTypes (`if_ether.h`).
const ETH_P_802_3: u16 = 0x0001;
const ETH_P_802_2: u16 = 0x0004;
const ETH_P_PPP_MP: u16 = 0x0008;

/// Reads the header of version 1: packet type, hardware type, address length, address, protocol.
pub(crate) fn read(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    lead(span.u16(2)?, span.u16(14)?, span.after(16)?)
}

/// Reads the header of version 2: protocol, reserved, interface, hardware type, packet type, address length, address.
pub(crate) fn read_second(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    lead(span.u16(8)?, span.u16(0)?, span.after(20)?)
}

fn lead(hardware: u16, protocol: u16, inner: Span<'_>) -> Result<Next<'_>, NotIp> {
    match (hardware, protocol) {
        (ARPHRD_NETLINK, _) => Err(NotIp::LinkControl),
        (ARPHRD_IEEE80211, _) => Ok(Next::Link(105, inner)),
        (ARPHRD_IEEE80211_RADIOTAP, _) => Ok(Next::Link(127, inner)),
        (ARPHRD_FRAME_RELAY, _) => Ok(Next::Link(107, inner)),
        (_, ETH_P_802_3) => Err(NotIp::Protocol(0x8137)),
        (_, ETH_P_802_2) => Ok(Next::Llc(inner)),
        (_, ETH_P_PPP_MP) => Ok(Next::Ppp(inner)),
        (_, small @ ..0x0600) => Err(NotIp::Protocol(small)),
        (_, ether_type) => Ok(Next::EtherType(ether_type, inner)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_lead_to_the_ether_type() {
        let mut first = [0; 17];
        first[3] = 1;
        first[14..].copy_from_slice(&[0x08, 0, 0x45]);
        assert_eq!(read(Span::new(&first, 17)), Ok(Next::EtherType(0x0800, Span::new(&[0x45], 1))));
        let mut second = [0; 21];
        second[..2].copy_from_slice(&[0x86, 0xdd]);
        second[20] = 0x60;
        assert_eq!(read_second(Span::new(&second, 21)), Ok(Next::EtherType(0x86dd, Span::new(&[0x60], 1))));
        for length in 0..16 {
            assert_eq!(read(Span::new(&first[..length], 17)), Err(NotIp::CutShort));
            assert_eq!(read_second(Span::new(&second[..length.min(9)], 21)), Err(NotIp::CutShort));
        }
    }
}
