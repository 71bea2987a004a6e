//! Encapsulations in IP: what a datagram carries, if it is a tunnel's and holds a whole inner IP header.
//!
//! A port or protocol number is a guess only. It is taken where the tunnel's own header is sound and leads to an IP header
//! whose lengths fit; otherwise the datagram counts as what it is outside.

mod ayiya;
mod geneve;
mod gre;
mod gtp;
mod l2tp;
mod teredo;
mod vxlan;
mod wireless;

use super::ip::{self, Datagram};
use super::link::{self, Next, reach_ip};
use super::span::Span;
use super::transport::{self, UDP};
use super::{Encapsulation, NotIp, TunnelPath};

type Read = for<'a> fn(Span<'a>) -> Result<Next<'a>, NotIp>;

/// UDP ports of tunnels (IANA, or named at the reader); either port may be it.
const UDP_TABLE: &[(u16, Encapsulation, Read)] = &[
    (1701, Encapsulation::L2tp, l2tp::read_udp),
    (2152, Encapsulation::Gtp, gtp::read),
    (3544, Encapsulation::Teredo, teredo::read),
    (4341, Encapsulation::Lisp, read_lisp),
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
    (37008, Encapsulation::Tzsp, link::read_tzsp),
];

/// One bit for each low byte of a port in the table: most packets need no more than this.
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

fn row_of(port: u16) -> Option<&'static (u16, Encapsulation, Read)> {
    UDP_TABLE.binary_search_by_key(&port, |row| row.0).ok().and_then(|index| UDP_TABLE.get(index))
}

/// The datagram inside of this one, and the path to it.
pub(crate) fn open<'a>(datagram: &Datagram<'a>, path: TunnelPath) -> Option<(TunnelPath, Datagram<'a>)> {
    if datagram.fragment.is_some() {
        return None;
    }
    let payload = datagram.payload;
    let (encapsulation, next) = match datagram.protocol {
        UDP => return open_udp(payload, path),
        4 | 41 => (Encapsulation::IpInIp, Next::Ip(payload)),
        47 => gre::read(payload).ok()?,
        51 => return Some((path.entered(Encapsulation::Ah)?, ip::past_authentication(datagram)?)),
        97 => (Encapsulation::EtherIp, read_ether_ip(payload).ok()?),
        115 => (Encapsulation::L2tp, l2tp::read_ip(payload).ok()?),
        137 => (Encapsulation::Other, Next::Mpls(payload)),
        // Segment routing (RFC 8986 §4.9) and OAM put Ethernet right into IP.
        143 => (Encapsulation::Other, Next::Ethernet(payload)),
        // The step to NSH enters it in the path.
        145 => return enter(path, Next::Nsh(payload)),
        _ => return None,
    };
    enter(path.entered(encapsulation)?, next)
}

fn open_udp<'a>(payload: Span<'a>, path: TunnelPath) -> Option<(TunnelPath, Datagram<'a>)> {
    let ((source, destination), data) = transport::udp(payload)?;
    if !is_tunnel_port(source) && !is_tunnel_port(destination) {
        return None;
    }
    [destination, source].into_iter().filter_map(row_of).find_map(|(_, encapsulation, read)| {
        let next = read(data).ok()?;
        enter(path.entered(*encapsulation)?, next)
    })
}

/// The datagram that `next` leads to, if its lengths fit.
fn enter<'a>(mut path: TunnelPath, next: Next<'a>) -> Option<(TunnelPath, Datagram<'a>)> {
    let span = reach_ip(next, &mut path).ok()?;
    if !ip::fits(span) {
        return None;
    }
    Some((path, ip::read(span).ok()?))
}

/// EtherIP (RFC 3378): version 3, twelve zero bits, an Ethernet frame.
fn read_ether_ip(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    match span.u16(0)? {
        0x3000 => Ok(Next::Ethernet(span.after(2)?)),
        _ => Err(NotIp::Malformed),
    }
}

/// LISP data (RFC 9300 §5.1): flags, nonce, instance; then IP.
fn read_lisp(span: Span<'_>) -> Result<Next<'_>, NotIp> {
    let inner = span.after(8)?;
    // Any flags are allowed, so that the inner length alone tells data from other uses of the port.
    if ip::fills(inner) { Ok(Next::Ip(inner)) } else { Err(NotIp::Malformed) }
}

/// MPLS in UDP (RFC 7510).
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

    #[test]
    fn ether_ip_has_version_3() {
        assert_eq!(read_ether_ip(Span::new(&[0x30, 0, 9], 3)), Ok(Next::Ethernet(Span::new(&[9], 1))));
        assert_eq!(read_ether_ip(Span::new(&[0x40, 0, 9], 3)), Err(NotIp::Malformed));
    }
}
