//! A packet is what was understood of a frame: the flow key, the transport header and the payload.

use super::encapsulation::TunnelPath;
use super::key::{FlowKey, Side};
use super::not_ip::NotIp;
use super::segment::Transport;

/// A piece of a fragmented IP datagram (RFC 791 §3.2, RFC 8200 §4.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fragment {
    /// Identification field.
    pub identification: u32,
    /// Offset of this piece in the datagram's payload, in bytes.
    pub offset: u32,
    /// Whether more pieces follow.
    pub has_more: bool,
}

/// One IP packet, innermost encapsulation, with the counts of its whole frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet<'a> {
    /// Both endpoints. For a fragment the ports are 0 and `protocol` is that of the whole datagram.
    pub key: FlowKey,
    /// Which endpoint sent it.
    pub side: Side,
    /// The transport header.
    pub transport: Transport,
    /// Captured transport payload, without Ethernet padding. For a fragment and for [`Transport::Other`]: the captured
    /// IP payload.
    pub payload: &'a [u8],
    /// Transport payload length on the wire, in bytes, by the IP length fields. 0 for a fragment.
    pub payload_length: u32,
    /// Frame length on the wire in bytes (what Wireshark's conversations count).
    pub counted_length: u32,
    /// Set for a piece of a fragmented datagram; the pieces join in `flow`.
    pub fragment: Option<Fragment>,
    /// What lies around this packet, outermost first.
    pub tunnel: TunnelPath,
}

/// What a frame holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dissected<'a> {
    /// An IP packet.
    Packet(Packet<'a>),
    /// Something else, and why.
    NotIp(NotIp),
}
