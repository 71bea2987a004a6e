//! One of the first packets of a session, as far as round trips need it.

use crate::name::Part;
use crate::packet::{Side, TcpFlags, TcpSegment};
use serde::{Deserialize, Serialize};

/// A packet in short form. What a field means depends on the packet, so that all take little room.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::flow) struct Seen {
    pub(in crate::flow) time_ns: i64,
    /// TCP: sequence number, payload length, acknowledgment number. UDP: see [`crate::name::datagram_part`].
    numbers: [u32; 3],
    flags: u8,
    pub(in crate::flow) side: Side,
    pub(in crate::flow) part: Part,
    /// Whether it is a SYN whose acknowledgment number, of which it has none, is the TSval in its options; or a SYN-ACK whose
    /// sequence number, which is not needed, is the TSecr.
    has_timestamp: bool,
}

impl Seen {
    /// A segment.
    pub(in crate::flow) fn segment(
        (time_ns, side): (i64, Side),
        (sequence, acknowledgment, flags): (u32, u32, TcpFlags),
        length: u32,
        part: Part,
    ) -> Self {
        Self { time_ns, numbers: [sequence, length, acknowledgment], flags: flags.0, side, part, has_timestamp: false }
    }

    /// A datagram.
    pub(in crate::flow) fn datagram((time_ns, side): (i64, Side), part: Part, numbers: [u32; 3]) -> Self {
        Self { time_ns, numbers, flags: 0, side, part, has_timestamp: false }
    }

    /// Adds the timestamps of a SYN or SYN-ACK.
    pub(in crate::flow) fn set_timestamps(&mut self, (value, echo): (u32, u32)) {
        self.has_timestamp = true;
        if self.flags().is_ack() {
            self.numbers[0] = echo;
        } else {
            self.numbers[2] = value;
        }
    }

    /// Whether a segment takes sequence numbers, so that the same segment again is a repetition.
    pub(super) fn takes_numbers(&self) -> bool {
        self.length() > 0 || self.flags().is_syn() || self.flags().is_fin()
    }

    /// Whether another segment says the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.numbers, self.flags, self.side) == (other.numbers, other.flags, other.side)
    }

    /// The header of a segment that is no SYN: of those, other numbers are kept.
    pub(super) fn header(&self) -> TcpSegment {
        TcpSegment { sequence: self.sequence(), acknowledgment: self.acknowledgment(), flags: self.flags() }
    }

    /// The flags of a segment.
    pub(super) fn flags(&self) -> TcpFlags {
        TcpFlags(self.flags)
    }

    /// Whether it opens a connection.
    pub(super) fn is_syn(&self) -> bool {
        self.flags().is_syn() && !self.flags().is_ack()
    }

    /// Whether it answers an opening.
    pub(super) fn is_syn_ack(&self) -> bool {
        self.flags().is_syn() && self.flags().is_ack() && !self.flags().is_rst()
    }

    /// Whether it is a segment of a connection that is open.
    pub(super) fn is_open(&self) -> bool {
        let flags = self.flags();
        flags.is_ack() && !flags.is_syn() && !flags.is_rst()
    }

    /// Sequence number of a SYN or of the first byte of payload.
    pub(super) fn sequence(&self) -> u32 {
        self.numbers[0]
    }

    /// Acknowledgment number of a segment that is not a SYN.
    pub(super) fn acknowledgment(&self) -> u32 {
        self.numbers[2]
    }

    /// Length of the payload of a segment.
    pub(super) fn length(&self) -> u32 {
        self.numbers[1]
    }

    /// By what a datagram names the exchange that it is part of.
    pub(super) fn id(&self) -> [u32; 3] {
        self.numbers
    }

    /// Whether this SYN-ACK answers that SYN: it acknowledges it, with or without the payload of a fast open (RFC 7413), and if it
    /// has timestamps it echoes that of the SYN.
    pub(super) fn answers(&self, syn: &Self) -> bool {
        let acknowledged = self.acknowledgment().wrapping_sub(syn.sequence());
        (1..=syn.length().saturating_add(1)).contains(&acknowledged)
            && (!self.has_timestamp || (syn.has_timestamp && self.numbers[0] == syn.numbers[2]))
    }

    /// Whether this segment acknowledges the byte with that sequence number.
    pub(super) fn acknowledges(&self, sequence: u32) -> bool {
        self.flags().is_ack() && self.acknowledgment().wrapping_sub(sequence).cast_signed() > 0
    }
}
