//! Link layers: from a frame to where its IP packet starts. One file for each family, one row for each link type.

mod arcnet;
mod atm;
mod ax25;
mod broadcast;
mod bus;
mod ethernet;
mod exported;
mod fibre_channel;
mod frame_relay;
mod ieee80211;
mod juniper;
mod llc;
mod loopback;
mod mpls;
mod nflog;
mod ppp;
mod raw;
mod sll;
mod switch_tag;
mod token;
mod tzsp;
mod wrapped;

use super::span::Span;
use super::{Encapsulation, NotIp, TunnelPath};

pub(crate) use exported::{LINK_TYPE as EXPORTED_PDU, read_addressed};
pub(crate) use ieee80211::read_swapped as read_ieee80211_swapped;
pub(crate) use tzsp::read as read_tzsp;

/// Headers read between the frame's start (or a tunnel's) and IP. Deep stacks of VLAN tags occur in attacks only; each
/// step costs little, so the limit lies well above anything configured on purpose.
const HEADER_LIMIT: usize = 32;

/// What comes next, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next<'a> {
    /// IPv4 or IPv6: the version nibble says which.
    Ip(Span<'a>),
    /// The payload of this EtherType.
    EtherType(u16, Span<'a>),
    /// An Ethernet frame.
    Ethernet(Span<'a>),
    /// An IEEE 802.2 LLC header.
    Llc(Span<'a>),
    /// A Point-to-Point Protocol frame.
    Ppp(Span<'a>),
    /// An MPLS label stack.
    Mpls(Span<'a>),
    /// A Network Service Header.
    Nsh(Span<'a>),
    /// A frame of this link type.
    Link(u16, Span<'a>),
}

/// Goes from header to header until IP starts.
pub(crate) fn reach_ip<'a>(mut next: Next<'a>, path: &mut TunnelPath) -> Result<Span<'a>, NotIp> {
    for _ in 0..HEADER_LIMIT {
        next = match next {
            Next::Ip(span) => return Ok(span),
            Next::EtherType(ether_type, span) => ethernet::read_ether_type(ether_type, span)?,
            Next::Ethernet(span) => ethernet::read(span)?,
            Next::Llc(span) => llc::read(span)?,
            Next::Ppp(span) => ppp::read(span)?,
            Next::Mpls(span) => mpls::read(span)?,
            Next::Nsh(span) => {
                *path = path.entered(Encapsulation::Nsh).ok_or(NotIp::Malformed)?;
                read_nsh(span)?
            }
            Next::Link(link_type, span) => read_link(link_type, span)?,
        };
    }
    Err(NotIp::Malformed)
}

/// Network Service Header (RFC 8300 §2.2).
fn read_nsh(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    const WORD: usize = 4;
    let [first, second, _, protocol] = span.array(0)?;
    let inner = span.after(usize::from(second & 0x3f) * WORD)?;
    match protocol {
        _ if first >> 6 != 0 || second & 0x3f < 2 => Err(NotIp::Malformed),
        1 | 2 => Ok(Next::Ip(inner)),
        3 => Ok(Next::Ethernet(inner)),
        4 => Ok(Next::Nsh(inner)),
        5 => Ok(Next::Mpls(inner)),
        other => Err(NotIp::Protocol(u16::from(other))),
    }
}

type Read = for<'a> fn(Span<'a>) -> Result<Next<'a>, NotIp>;

/// Link types by number as registered at <https://www.tcpdump.org/linktypes.html>.
const TABLE: &[(u16, Read)] = &[
    (0, loopback::read),
    (1, ethernet::read),
    (3, ax25::read),
    (6, token::read_ring),
    (7, arcnet::read_bsd),
    (8, raw::read_slip),
    (9, ppp::read),
    (10, token::read_fddi),
    (11, atm::read_rfc1483),
    (12, raw::read),
    (14, raw::read),
    (19, atm::read_classical),
    (50, ppp::read_serial),
    (51, ppp::read_oe),
    (99, wrapped::read_symantec),
    (100, atm::read_rfc1483),
    (101, raw::read),
    (102, raw::read_slip_bsdos),
    (104, ppp::read_cisco),
    (105, ieee80211::read),
    (106, atm::read_classical),
    (107, frame_relay::read),
    (108, loopback::read),
    (109, loopback::read_enc),
    (110, atm::read_lan_emulation),
    (112, ppp::read_cisco),
    (113, sll::read),
    (117, loopback::read_pflog),
    (119, ieee80211::read_prism),
    (122, token::read_fibre_channel),
    (123, atm::read_sun),
    (127, ieee80211::read_radiotap),
    (128, tzsp::read),
    (129, arcnet::read_linux),
    (130, juniper::read_multilink_ppp),
    (131, juniper::read_multilink_frame_relay),
    (132, juniper::read_encryption),
    (133, juniper::read_ggsn),
    (134, juniper::read_bundled_frame_relay),
    (135, juniper::read_second_atm),
    (136, juniper::read_services),
    (137, juniper::read_first_atm),
    (138, bus::read_ieee1394),
    (143, broadcast::read_docsis),
    (163, ieee80211::read_avs),
    (164, juniper::read_services),
    (166, ppp::read_directed),
    (167, juniper::read_ethernet),
    (168, juniper::read_pppoe_atm),
    (174, juniper::read_other),
    (175, wrapped::read_erf),
    (176, wrapped::read_erf),
    (178, juniper::read_ethernet),
    (179, juniper::read_ppp),
    (180, juniper::read_frame_relay),
    (181, juniper::read_cisco_hdlc),
    (182, frame_relay::read_bundled),
    (183, juniper::read_other),
    (192, wrapped::read_ppi),
    (194, juniper::read_other),
    (197, wrapped::read_erf),
    (200, juniper::read_other),
    (202, ax25::read_kiss),
    (204, ppp::read_directed),
    (205, ppp::read_cisco_directed),
    (206, frame_relay::read_directed),
    (219, read_mpls),
    (224, fibre_channel::read),
    (225, fibre_channel::read_delimited),
    (226, loopback::read_ipnet),
    (228, raw::read),
    (229, raw::read),
    (232, juniper::read_other),
    (233, juniper::read_other),
    (234, juniper::read_other),
    (238, juniper::read_other),
    (239, nflog::read),
    (240, wrapped::read_netanalyzer),
    (241, wrapped::read_netanalyzer_transparent),
    (242, bus::read_infiniband),
    (247, bus::read_infiniband_local),
    (252, exported::read),
    (259, broadcast::read_epon),
    (274, ethernet::read_mpacket),
    (276, sll::read_second),
    (281, switch_tag::read_brcm),
    (282, switch_tag::read_brcm_prepended),
    (284, switch_tag::read_dsa),
    (285, switch_tag::read_edsa),
    (289, broadcast::read_atsc),
];

/// A label stack right away (link type 219).
fn read_mpls(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::Mpls(span))
}

fn read_link(link_type: u16, span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match TABLE.binary_search_by_key(&link_type, |row| row.0).ok().and_then(|index| TABLE.get(index)) {
        Some((_, read)) => read(span),
        None => Err(NotIp::UnknownLinkType(link_type)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn an_unknown_link_type_says_so() {
        assert_eq!(read_link(147, Span::new(&[0; 64], 64)), Err(NotIp::UnknownLinkType(147)));
    }

    #[test]
    fn a_stack_of_tags_ends() {
        let tags = [0x81, 0, 0, 1].repeat(64);
        let reached = reach_ip(Next::EtherType(0x8100, Span::new(&tags[2..], tags.len())), &mut { TunnelPath::NONE });
        assert_eq!(reached, Err(NotIp::Malformed));
    }

    #[test]
    fn nsh_is_in_the_path() {
        let mut path = TunnelPath::NONE;
        let bytes = [0x0f, 0xc2, 1, 1, 0, 0, 1, 255, 0x45];
        let reached = reach_ip(Next::EtherType(0x894f, Span::new(&bytes, 9)), &mut path);
        assert_eq!(reached, Ok(Span::new(&bytes[8..], 1)));
        assert!(path.iter().eq([Encapsulation::Nsh]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn no_reader_panics(bytes in proptest::collection::vec(any::<u8>(), 0..160), missing in 0_usize..200) {
            for (link_type, _) in TABLE {
                let span = Span::new(&bytes, bytes.len() + missing);
                let _ = reach_ip(Next::Link(*link_type, span), &mut { TunnelPath::NONE });
            }
        }
    }
}
