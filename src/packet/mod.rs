//! From [`Frame`](crate::capture::Frame)s to [`Packet`]s: link layers, encapsulations, IP, TCP and UDP.

mod general;
mod ip;
mod key;
mod link;
mod plain;
mod span;
mod transport;
mod tunnel;
mod view;

pub(crate) use key::address_bits;
pub use key::{Encapsulation, FlowKey, Side, TunnelPath};
pub use view::{Dissected, Fragment, NotIp, Packet, TcpFlags, TcpSegment, Transport, dissect, dissect_ip};
pub(crate) use view::{dissect_other, dissect_plain};
