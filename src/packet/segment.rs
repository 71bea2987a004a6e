//! The transport header of a packet, as far as flows need it.

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
