//! Reads a frame down to its innermost IP packet: on the short path if the frame is of the common kind, else on the general
//! path.

use super::view::Dissected;
use super::{general, plain};
use crate::capture::Frame;

/// Reads a frame down to its innermost IP packet.
#[inline]
pub fn dissect<'a>(frame: &Frame<'a>) -> Dissected<'a> {
    match plain::read(frame) {
        Some(packet) => Dissected::Packet(packet),
        None => general::dissect(frame),
    }
}
