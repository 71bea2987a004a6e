//! What is counted beside the flows.

use crate::flow::frames::{OtherFrames, Span};
use crate::flow::hops::Hops;
use crate::flow::lifetime::SLACK_NS;
use crate::flow::record::Flow;
use crate::flow::session::opened::OpenedHellos;
use crate::flow::shed::Shed;
use crate::name::KeyCounts;
use crate::packet::NotIp;
use std::collections::BTreeMap;

/// What was counted beside the flows, once all captures are read.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The times that the frames span.
    pub span: Option<Span>,
    /// Frames without an IP packet.
    pub others: BTreeMap<NotIp, OtherFrames>,
    /// Frames that the capture itself marks as never sent on the wire.
    pub dropped: OtherFrames,
    /// Records that the capture itself marks as repeats of an earlier packet. Each packet is counted once.
    pub repeated: OtherFrames,
    /// Frames that the user's filter left out.
    pub skipped: OtherFrames,
    /// What packets show of paths.
    pub hops: Hops,
    /// What was dropped for lack of memory.
    pub shed: Shed,
    /// TCP connections whose packets stand twice in the captures.
    pub doubled: u64,
    /// The keys that were given.
    pub keys: KeyCounts,
    /// What keys showed of encrypted hellos.
    pub hellos: OpenedHellos,
    /// Packets that repeat another that stands just before; they are counted as captured.
    pub twins: OtherFrames,
    /// Whether there are flows on the interface of a tunnel and, elsewhere, at least as many bytes of a protocol that carries tunnels.
    pub has_both_sides_of_a_tunnel: bool,
}

impl Summary {
    /// How far the clock jumped ahead from one frame to the next, in ns, if that is a day or more.
    pub fn clock_jumped_ahead_ns(&self) -> Option<i64> {
        const DAY_NS: i64 = 86_400 * 1_000_000_000;
        self.span.map(|span| span.step_forward_ns).filter(|&step| step >= DAY_NS)
    }

    /// How far the clock stepped back, in ns, if that is further than sessions are kept open for.
    pub fn clock_stepped_back_ns(&self) -> Option<i64> {
        self.span.map(|span| span.step_back_ns).filter(|&step| step > SLACK_NS)
    }
}

/// What was seen of the flows that were given out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// TCP connections whose first packets stand twice in the captures.
    pub(super) doubled: u64,
    /// Bytes of flows on the interfaces of tunnels.
    pub(super) inside_bytes: u64,
    /// Bytes of flows of protocols that carry tunnels, on other interfaces.
    pub(super) outside_bytes: u64,
    pub(super) hellos: OpenedHellos,
}

impl Seen {
    /// The applications that carry a tunnel.
    const TUNNELS: [&'static str; 2] = ["openvpn", "wireguard"];
    /// The protocol of IPsec's payload (RFC 4303).
    const ESP: u8 = 50;

    pub(super) fn add(&mut self, flow: &Flow) {
        let bytes = flow.up.bytes.saturating_add(flow.down.bytes);
        self.doubled += u64::from(flow.is_doubled);
        let is_carrier =
            flow.protocol == Self::ESP || flow.application.is_some_and(|spoken| Self::TUNNELS.contains(&spoken.0));
        if flow.is_in_tunnel {
            self.inside_bytes = self.inside_bytes.saturating_add(bytes);
        } else if is_carrier {
            self.outside_bytes = self.outside_bytes.saturating_add(bytes);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.doubled += other.doubled;
        self.inside_bytes = self.inside_bytes.saturating_add(other.inside_bytes);
        self.outside_bytes = self.outside_bytes.saturating_add(other.outside_bytes);
        self.hellos.merge(other.hellos);
    }
}
