//! The table of link types. A new link type is one file in `link/` or `pseudo_header/` and one row here.

use super::link::{
    arcnet, atm, ax25, broadcast, bus, ethernet, fibre_channel, frame_relay, ieee80211, ppp, raw, token,
};
use super::next::Next;
use super::not_ip::NotIp;
use super::pseudo_header::{exported, juniper, loopback, nflog, sll, switch_tag, tzsp, wrapped};
use super::span::Span;

type Read = for<'a> fn(Span<'a>) -> Result<Next<'a>, NotIp>;

/// Link types by number as registered at <https://www.tcpdump.org/linktypes.html>.
pub(super) const TABLE: &[(u16, Read)] = &[
    (0, loopback::read),
    (1, ethernet::read),
    (3, ax25::read),
    (6, token::read_ring),
    (7, arcnet::read_bsd),
    (8, raw::read_slip),
    (9, ppp::read_serial),
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
    (219, read_labels),
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

/// Reads a frame that begins with an MPLS label stack (link type 219).
fn read_labels(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::Mpls(span))
}

/// Reads a frame of this link type.
pub(crate) fn read(link_type: u16, span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match TABLE.binary_search_by_key(&link_type, |row| row.0).ok().and_then(|index| TABLE.get(index)) {
        Some((_, read)) => read(span),
        None => Err(NotIp::UnknownLinkType(link_type)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn an_unknown_link_type_says_so() {
        assert_eq!(read(147, Span::new(&[0; 64], 64)), Err(NotIp::UnknownLinkType(147)));
    }
}
