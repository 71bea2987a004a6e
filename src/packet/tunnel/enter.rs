//! The step from a tunnel's header to the IP datagram that it holds.

use crate::packet::encapsulation::TunnelPath;
use crate::packet::ip::{self, IpDatagram};
use crate::packet::next::Next;
use crate::packet::reach::reach_ip;

/// The datagram that `next` leads to, if its lengths fit.
pub(super) fn enter<'a>(mut path: TunnelPath, next: Next<'a>) -> Option<(TunnelPath, IpDatagram<'a>)> {
    let span = reach_ip(next, &mut path).ok()?;
    if !ip::fits(span) {
        return None;
    }
    Some((path, ip::read(span).ok()?))
}
