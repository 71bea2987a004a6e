//! Sums of one address of a destination: what may be said of its place is decided when all flows are known.

use super::capture_set::CaptureSet;
use super::observed::Observed;
use super::payload::Payload;
use super::run_by::Named;
use super::sample::Sums;
use super::traffic::Traffic;
use crate::app::EvidenceKind;
use crate::capture::FrameId;
use crate::flow::{RoundTrips, RttSource, SynAck};
use crate::standing::{FlowTimes, Measured};
use serde::{Deserialize, Serialize};

/// What round trips to an address came to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Probe {
    /// The least times of its flows.
    pub measured: Measured,
    /// What the SYN-ACK of the flow with the least handshake looked like, and that time in ns.
    pub syn_ack: Option<(u64, SynAck)>,
}

impl Probe {
    /// What the round trips of a flow came to; none where nothing was measured, or the end that is located is the client: times are
    /// to the server.
    fn of(observed: &Observed<'_>) -> Option<Self> {
        let Observed { flow, attribution, .. } = *observed;
        let times = flow.round_trips.filter(|_| observed.is_server_located())?;
        // A wire signature tells that the first payload is a hello.
        let is_hello = attribution.chosen.as_ref().is_some_and(|claim| claim.kind == EvidenceKind::Signature);
        let RoundTrips { handshake_ns, hello_ns, answer_ns, datagram_ns, clock_step_ns } =
            if is_hello { times.with_answer_as_hello() } else { times };
        let mut measured = Measured::default();
        if let Some(handshake_ns) = handshake_ns {
            measured.observe(FlowTimes::Stream { handshake_ns, hello_ns, answer_ns }, clock_step_ns);
        }
        if let Some(answer_ns) = datagram_ns {
            measured.observe(FlowTimes::Datagram { answer_ns }, clock_step_ns);
        }
        let syn_ack = handshake_ns.zip(flow.syn_ack.as_deref().cloned());
        (measured.flows() > 0).then_some(Self { measured, syn_ack })
    }

    /// Adds what other flows came to.
    pub fn merge(&mut self, other: &Self) {
        self.measured.merge(&other.measured);
        self.syn_ack = self.syn_ack.take().into_iter().chain(other.syn_ack.clone()).min();
    }
}

/// Sums of one address. Everything is a sum, a minimum or a maximum.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AddressSums {
    /// First frame of the first flow.
    pub first_frame: FrameId,
    /// The captures in which its flows began.
    pub captures: CaptureSet,
    /// Time of the earliest packet, in ns since 1970 UTC.
    pub first_seen_ns: i64,
    /// Time of the latest packet, in ns since 1970 UTC.
    pub last_seen_ns: i64,
    /// Packets, bytes, flows.
    pub traffic: Traffic,
    /// Payload, by how the other end took part.
    pub payload: Payload,
    /// The part of it that has a name of the catalogue, by whose name it is.
    pub named: Named,
    /// Smallest round trip, in ns, and how it was measured.
    pub rtt: Option<(u64, RttSource)>,
    /// Flows with a round trip.
    pub rtt_samples: u64,
    /// What may limit how far the address is.
    pub probe: Option<Box<Probe>>,
}

impl Sums for AddressSums {
    /// The probe, and what is known of the address before and after it is judged.
    const ELSEWHERE: u64 = 768;
}

impl AddressSums {
    /// The sums of one flow.
    pub fn of(observed: &Observed<'_>) -> Self {
        let flow = observed.flow;
        let rtt = flow.rtt.filter(|rtt| rtt.ns > 0).map(|rtt| (rtt.ns, rtt.source));
        Self {
            first_frame: flow.first_frame,
            captures: CaptureSet::of(flow.first_frame.capture()),
            first_seen_ns: flow.first_seen_ns.min(flow.last_seen_ns),
            last_seen_ns: flow.last_seen_ns.max(flow.first_seen_ns),
            traffic: Traffic::of(flow),
            payload: Payload::of(observed),
            named: Named::of(observed),
            rtt,
            rtt_samples: u64::from(rtt.is_some()),
            probe: Probe::of(observed).map(Box::new),
        }
    }

    /// Adds the sums of other flows to the same address.
    pub fn merge(&mut self, other: &Self) {
        self.first_frame = self.first_frame.min(other.first_frame);
        self.captures.merge(&other.captures);
        self.first_seen_ns = self.first_seen_ns.min(other.first_seen_ns);
        self.last_seen_ns = self.last_seen_ns.max(other.last_seen_ns);
        self.traffic.add(&other.traffic);
        self.payload.add(&other.payload);
        self.named.merge(&other.named);
        self.rtt = self.rtt.into_iter().chain(other.rtt).min();
        self.rtt_samples += other.rtt_samples;
        match (&mut self.probe, &other.probe) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (None, Some(theirs)) => self.probe = Some(theirs.clone()),
            (_, None) => {}
        }
    }
}
