//! The UDP ports of tunnels.

use super::{ayiya, geneve, gre, gtp, l2tp, lisp, teredo, vxlan, wireless};
use crate::packet::encapsulation::Encapsulation;
use crate::packet::next::Next;
use crate::packet::not_ip::NotIp;
use crate::packet::pseudo_header::tzsp;
use crate::packet::span::Span;

type Read = for<'a> fn(Span<'a>) -> Result<Next<'a>, NotIp>;

/// The UDP ports of tunnels (IANA, or as the reader's file says), sorted. Either port of a datagram may be one.
const UDP_TABLE: &[(u16, Encapsulation, Read)] = &[
    (1701, Encapsulation::L2tp, l2tp::read_udp),
    (2152, Encapsulation::Gtp, gtp::read),
    (3544, Encapsulation::Teredo, teredo::read),
    (4341, Encapsulation::Lisp, lisp::read),
    (4754, Encapsulation::Gre, gre::read_udp),
    (4789, Encapsulation::Vxlan, vxlan::read),
    (4790, Encapsulation::Vxlan, vxlan::read_generic),
    (5072, Encapsulation::Ayiya, ayiya::read),
    (5247, Encapsulation::Capwap, wireless::read_capwap),
    (6081, Encapsulation::Geneve, geneve::read),
    (6635, Encapsulation::Other, read_mpls),
    (8472, Encapsulation::Vxlan, vxlan::read),
    (12222, Encapsulation::Capwap, wireless::read_lwapp),
    (12223, Encapsulation::Capwap, wireless::read_lwapp),
    (37008, Encapsulation::Tzsp, tzsp::read),
];

/// A bit for each low byte of a port in the table. It tells most packets from tunnels without a look at the table.
const PORT_FILTER: [u64; 4] = {
    let mut filter = [0; 4];
    let mut row = 0;
    while row < UDP_TABLE.len() {
        let low = UDP_TABLE[row].0 & 0xff;
        filter[(low >> 6) as usize] |= 1 << (low & 63);
        row += 1;
    }
    filter
};

/// Whether UDP packets with this port may hold a tunnel.
#[inline(always)]
pub(crate) fn is_tunnel_port(port: u16) -> bool {
    let is_possible = PORT_FILTER[usize::from(port >> 6 & 3)] >> (port & 63) & 1 != 0;
    is_possible && row_of(port).is_some()
}

/// The row of this port.
pub(super) fn row_of(port: u16) -> Option<&'static (u16, Encapsulation, Read)> {
    UDP_TABLE.binary_search_by_key(&port, |row| row.0).ok().and_then(|index| UDP_TABLE.get(index))
}

/// Reads MPLS in UDP (RFC 7510).
fn read_mpls(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    Ok(Next::Mpls(span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_the_filter_passes_it() {
        assert!(UDP_TABLE.is_sorted_by(|a, b| a.0 < b.0));
        assert!((0..=u16::MAX).all(|port| is_tunnel_port(port) == UDP_TABLE.iter().any(|row| row.0 == port)));
    }
}
