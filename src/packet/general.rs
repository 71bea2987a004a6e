//! The general path: any link layer, any encapsulation, IP, to the innermost packet.

use super::ip::{self, Datagram};
use super::link::{Next, reach_ip};
use super::span::Span;
use super::{Dissected, FlowKey, NotIp, Side, TunnelPath, transport, tunnel};
use crate::capture::Frame;

/// Reads a frame of any kind.
#[inline(never)]
pub(crate) fn dissect<'a>(frame: &Frame<'a>) -> Dissected<'a> {
    let wire_length = usize::try_from(frame.wire_length).unwrap_or(usize::MAX);
    let mut path = TunnelPath::NONE;
    let reached = reach_ip(Next::Link(frame.link_type.0, Span::new(frame.bytes, wire_length)), &mut path);
    match reached.and_then(ip::read) {
        Ok(datagram) => innermost(datagram, path, frame.wire_length),
        Err(why) => Dissected::NotIp(why),
    }
}

/// Reads the payload of a datagram whose fragments were put together.
pub(crate) fn dissect_ip<'a>(key: &FlowKey, side: Side, payload: &'a [u8], counted_length: u32) -> Dissected<'a> {
    if !matches!(key.version, 4 | 6) {
        return Dissected::NotIp(NotIp::Malformed);
    }
    let datagram = Datagram {
        version: key.version,
        protocol: key.protocol,
        source: key.address_bytes(side),
        destination: key.address_bytes(side.opposite()),
        payload: Span::new(payload, payload.len()),
        fragment: None,
    };
    let mut datagram = if key.version == 6 { ip::past_extensions(datagram) } else { datagram };
    // What was put together cannot be a piece again (RFC 8200 allows one fragment header).
    datagram.fragment = None;
    innermost(datagram, key.tunnel, counted_length)
}

/// Opens encapsulations until there is none, or none that holds what it should, or the path is full.
fn innermost(mut datagram: Datagram<'_>, mut path: TunnelPath, counted_length: u32) -> Dissected<'_> {
    for _ in 0..TunnelPath::LIMIT {
        match tunnel::open(&datagram, path) {
            Some((inner_path, inner)) => (path, datagram) = (inner_path, inner),
            None => break,
        }
    }
    Dissected::Packet(transport::packet(&datagram, path, counted_length))
}
