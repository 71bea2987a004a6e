//! The transport header of a packet, as far as flows need it.

/// TCP flags, as they are in the low byte of the header field (RFC 9293 §3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// Whether the sender has no more data (FIN).
    pub const fn is_fin(self) -> bool {
        self.0 & 0x01 != 0
    }
    /// Whether sequence numbers are synchronised (SYN).
    pub const fn is_syn(self) -> bool {
        self.0 & 0x02 != 0
    }
    /// Whether the connection is reset (RST).
    pub const fn is_rst(self) -> bool {
        self.0 & 0x04 != 0
    }
    /// Whether the acknowledgment number is valid (ACK).
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
    /// Any other IP protocol, or a header that is cut short. The ports in the key are then 0 unless the protocol has ports.
    Other,
}
