//! From [`Frame`](crate::capture::Frame)s to [`Packet`]s: link layers, encapsulations, IP, TCP and UDP.
//!
//! [`dissect()`] imports what reads headers, and that imports the types of a packet, which import none of it.

mod compressed;
mod dissect;
mod general;
mod plain;

mod ip;
mod link;
mod link_sender;
mod link_types;
mod pseudo_header;
mod reach;
mod transport;
mod tunnel;

mod next;
mod span;

mod encapsulation;
mod icmp;
mod key;
mod not_ip;
mod probe;
mod sctp;
mod segment;
mod syn;
mod view;
mod wifi;

pub(crate) mod protocol;

pub use dissect::dissect;
pub use general::dissect_ip;

pub(crate) use compressed::expand;
pub(crate) use general::{dissect as dissect_other, link_sender};
pub(crate) use plain::read as dissect_plain;
pub(crate) use syn::{Syn, read as read_syn};

pub use encapsulation::{Encapsulation, TunnelPath};
pub(crate) use icmp::IcmpKind;
pub use icmp::IcmpPorts;
pub(crate) use key::address_bits;
pub use key::{FlowKey, Side};
pub(crate) use link_sender::LinkSender;
pub use not_ip::NotIp;
pub use probe::ProbeMark;
pub(crate) use probe::{expired, probe};
pub(crate) use sctp::messages;
pub use segment::{TcpFlags, TcpSegment, Transport};
pub use view::{Dissected, Fragment, Packet};
pub(crate) use wifi::{Transmission, transmission};
