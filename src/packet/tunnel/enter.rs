//! The step from a tunnel's header to the IP datagram that it holds.

use crate::packet::encapsulation::TunnelPath;
use crate::packet::ip::{self, IpDatagram};
use crate::packet::link_sender::LinkSender;
use crate::packet::next::Next;
use crate::packet::reach::reach_ip_from;

/// The datagram that `next` leads to, if its lengths fit.
pub(super) fn enter<'a>(path: TunnelPath, next: Next<'a>) -> Option<(TunnelPath, IpDatagram<'a>)> {
    enter_from(path, next, &mut LinkSender::default())
}

/// The same; `sender` becomes who sent what is inside, as far as its link layer says, if it has one.
pub(super) fn enter_from<'a>(
    mut path: TunnelPath,
    next: Next<'a>,
    sender: &mut LinkSender,
) -> Option<(TunnelPath, IpDatagram<'a>)> {
    let mut inner = LinkSender::default();
    let span = reach_ip_from(next, &mut path, &mut inner).ok()?;
    if !ip::fits(span) {
        return None;
    }
    let datagram = ip::read(span).ok()?;
    *sender = inner;
    Some((path, datagram))
}
