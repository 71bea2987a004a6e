//! Reads a frame down to its innermost IP packet: on the short path if the frame is of the common kind, else on the general
//! path.

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

/// The packet in a frame of the common kind. If there is none, [`dissect_other`] tells what the frame holds.
#[inline(always)]
pub(crate) fn dissect_plain<'a>(frame: &Frame<'a>) -> Option<Packet<'a>> {
    plain::read(frame)
}

/// Says what [`dissect`] says, on the path that can read all frames.
pub(crate) fn dissect_other<'a>(frame: &Frame<'a>) -> Dissected<'a> {
    general::dissect(frame)
}

/// Reads the payload of a fragmented datagram that was put together. `key` is the key of its fragments, with the protocol of
/// the first; `tunnel` is the path around the first; `counted_length` is the sum of their counted lengths. The result may be a
/// packet inside a tunnel.
pub fn dissect_ip<'a>(
    key: &FlowKey,
    side: Side,
    tunnel: TunnelPath,
    payload: &'a [u8],
    counted_length: u32,
) -> Dissected<'a> {
    general::dissect_ip(key, side, tunnel, payload, counted_length)
}
