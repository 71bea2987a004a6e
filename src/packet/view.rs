//! What was understood of a frame: the packet, with its flow key, transport header and payload, or the reason why there is
//! none.

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

/// The innermost IP packet of a frame, with the counts of the whole frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet<'a> {
    /// Both endpoints. For a fragment the ports are 0 and `protocol` is that of the whole datagram.
    pub key: FlowKey,
    /// The endpoint that sent it.
    pub side: Side,
    /// The transport header.
    pub transport: Transport,
    /// Captured transport payload, without Ethernet padding. For a fragment and for [`Transport::Other`] it is the captured IP
    /// payload.
    pub payload: &'a [u8],
    /// Length of the transport payload on the wire in bytes, by the IP length fields; 0 for a fragment.
    pub payload_length: u32,
    /// Length of the frame on the wire in bytes, which is what Wireshark's conversations count.
    pub counted_length: u32,
    /// The piece of a fragmented datagram that this is. `flow` joins the pieces.
    pub fragment: Option<Fragment>,
    /// Time to live or hop limit, as it arrived; 0 where it is not known.
    pub hop_limit: u8,
    /// Identification of an IPv4 datagram; 0 in IPv6.
    pub identification: u16,
    /// The encapsulations around this packet.
    pub tunnel: TunnelPath,
}

/// What a frame holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dissected<'a> {
    /// An IP packet.
    Packet(Packet<'a>),
    /// Something else, with the reason.
    NotIp(NotIp),
}
