//! Reads a frame down to its innermost IP packet, on the short way where the frame is of the common kind.

use super::encapsulation::TunnelPath;
use super::key::{FlowKey, Side};
use super::view::{Dissected, Packet};
use super::{general, plain};
use crate::capture::Frame;

/// Reads a frame down to its innermost IP packet.
#[inline]
pub fn dissect<'a>(frame: &Frame<'a>) -> Dissected<'a> {
    match dissect_plain(frame) {
        Some(packet) => Dissected::Packet(packet),
        None => dissect_other(frame),
    }
}

/// The packet in a frame of the common kind. Where there is none, [`dissect_other`] tells what there is.
#[inline(always)]
pub(crate) fn dissect_plain<'a>(frame: &Frame<'a>) -> Option<Packet<'a>> {
    plain::read(frame)
}

/// What [`dissect`] says, on the way that all frames can go.
pub(crate) fn dissect_other<'a>(frame: &Frame<'a>) -> Dissected<'a> {
    general::dissect(frame)
}

/// Reads the reassembled payload of a fragmented datagram: `key` is that of its fragments (`protocol` that of the first),
/// `tunnel` what lies around the first, `counted_length` what they count together. The result may be a packet inside a tunnel.
pub fn dissect_ip<'a>(
    key: &FlowKey,
    side: Side,
    tunnel: TunnelPath,
    payload: &'a [u8],
    counted_length: u32,
) -> Dissected<'a> {
    general::dissect_ip(key, side, tunnel, payload, counted_length)
}
