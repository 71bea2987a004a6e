//! A packet is what was understood of a frame: the flow key, the transport header and the payload.

use super::key::{FlowKey, Side, TunnelPath};
use super::{general, plain};
use crate::capture::Frame;
use serde::{Deserialize, Serialize};

/// TCP flags as in the header's low byte (RFC 9293 §3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const fn is_fin(self) -> bool {
        self.0 & 0x01 != 0
    }
    /// Synchronise sequence numbers.
    pub const fn is_syn(self) -> bool {
        self.0 & 0x02 != 0
    }
    /// Reset the connection.
    pub const fn is_rst(self) -> bool {
        self.0 & 0x04 != 0
    }
    /// The acknowledgment field is significant.
    pub const fn is_ack(self) -> bool {
        self.0 & 0x10 != 0
    }
}

/// The fields of a TCP header that flows need.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TcpSegment {
    /// Sequence number of the first payload byte (or of the SYN).
    pub sequence: u32,
    /// Acknowledgment number.
    pub acknowledgment: u32,
    /// Flags.
    pub flags: TcpFlags,
}

/// The transport header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// TCP.
    Tcp(TcpSegment),
    /// UDP (and UDP-Lite).
    Udp,
    /// Any other IP protocol, or a header cut short; the ports in the key are then 0.
    Other,
}

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

/// Why a frame gave no IP packet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum NotIp {
    /// Another network protocol, by EtherType (or a number of the link type's own).
    Protocol(u16),
    /// A control, management or empty frame of the link layer.
    LinkControl,
    /// The link layer's payload is encrypted (Wi-Fi, MACsec).
    Encrypted,
    /// A link type that whither does not read.
    UnknownLinkType(u16),
    /// Headers cut short by the snap length.
    CutShort,
    /// Headers that contradict themselves.
    Malformed,
}

/// What a frame holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dissected<'a> {
    /// An IP packet.
    Packet(Packet<'a>),
    /// Something else, and why.
    NotIp(NotIp),
}

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
