//! The round trips of an address to bounds on how far it can be.
//!
//! The handshake of TCP alone can be answered by a proxy, on the device or on the way; the server's answer to a hello cannot.
//! So a bound needs both, and the larger counts. The true time is less than what the clock shows plus the clock's step.

use serde::{Deserialize, Serialize};

/// Distance in km per ms of round trip through glass: no solid core has an index below 1.45.
pub const GLASS_KM_PER_MS: f64 = 103.4;
/// The same through vacuum or air: satellites, microwave links, hollow cores.
pub const LIGHT_KM_PER_MS: f64 = 149.9;

/// How far the other end of a round trip can be.
pub fn reach_km(round_trip_ns: u64, km_per_ms: f64) -> f64 {
    round_trip_ns as f64 / 1e6 * km_per_ms
}

/// The round trips of one flow, as far as the capture shows them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlowTimes {
    /// TCP.
    Stream {
        /// First SYN to the SYN-ACK that acknowledges it.
        handshake_ns: u64,
        /// First byte of the client's hello to the first payload after it.
        hello_ns: Option<u64>,
        /// First payload to the first answer, where no hello is known.
        answer_ns: Option<u64>,
    },
    /// QUIC or STUN: a request and the answer that names it.
    Datagram {
        /// The time between them.
        answer_ns: u64,
    },
}

/// The least round trips of an address over its flows. Merging adds flows; order does not matter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Measured {
    /// Handshake and clock step.
    handshake_ns: Option<u64>,
    /// The larger of handshake and hello, and clock step.
    hello_ns: Option<u64>,
    /// The larger of handshake and first answer, and clock step, of flows without a known hello.
    answer_ns: Option<u64>,
    /// The two least of QUIC and STUN, and clock step.
    datagram_ns: [Option<u64>; 2],
    /// Flows that were measured.
    flows: u32,
    /// Flows whose hello was answered much later than their handshake.
    late_flows: u32,
}

/// How much later than the handshake an answer to the hello counts as late: this, or three times the handshake if that is more.
const LATE_NS: u64 = 50_000_000;
/// Late flows that make the hint.
const LATE_FLOWS: u32 = 2;

impl Measured {
    /// Takes in a flow of an interface whose clock shows times in these steps.
    pub fn observe(&mut self, times: FlowTimes, clock_step_ns: u64) {
        let end = |ns: u64| Some(ns.saturating_add(clock_step_ns));
        let mut flow = Self { flows: 1, ..Self::default() };
        match times {
            FlowTimes::Stream { handshake_ns, hello_ns, answer_ns } => {
                flow.handshake_ns = end(handshake_ns);
                flow.hello_ns = hello_ns.and_then(|hello_ns| end(hello_ns.max(handshake_ns)));
                let answer_ns = answer_ns.filter(|_| hello_ns.is_none());
                flow.answer_ns = answer_ns.and_then(|answer_ns| end(answer_ns.max(handshake_ns)));
                let late_ns = handshake_ns.saturating_add(LATE_NS.max(handshake_ns.saturating_mul(3)));
                flow.late_flows = u32::from(hello_ns.is_some_and(|hello_ns| hello_ns > late_ns));
            }
            FlowTimes::Datagram { answer_ns } => flow.datagram_ns = [end(answer_ns), None],
        }
        self.merge(&flow);
    }

    /// Adds the flows of another.
    pub fn merge(&mut self, other: &Self) {
        self.handshake_ns = least(self.handshake_ns, other.handshake_ns);
        self.hello_ns = least(self.hello_ns, other.hello_ns);
        self.answer_ns = least(self.answer_ns, other.answer_ns);
        let mut all: Vec<u64> = self.datagram_ns.iter().chain(&other.datagram_ns).flatten().copied().collect();
        all.sort_unstable();
        self.datagram_ns = [all.first().copied(), all.get(1).copied()];
        self.flows = self.flows.saturating_add(other.flows);
        self.late_flows = self.late_flows.saturating_add(other.late_flows);
    }

    /// The time that may contradict a claim: the handshake, or what QUIC or STUN show.
    pub fn nearest_ns(&self) -> Option<u64> {
        least(self.handshake_ns, self.datagram_ns[1])
    }

    /// The bound. Where no hello is known, the first answer to any payload stands for it in a capture whose servers answer themselves.
    pub fn bound_ns(&self, is_direct: bool) -> Option<u64> {
        let stream = least(self.hello_ns, self.answer_ns.filter(|_| is_direct));
        least(stream, self.datagram_ns[1])
    }

    /// Flows that were measured.
    pub fn flows(&self) -> u32 {
        self.flows
    }

    /// Whether answers come later than the connection: a relay behind the endpoint, or slow work.
    pub fn is_late(&self) -> bool {
        self.late_flows >= LATE_FLOWS
    }
}

fn least(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: u64 = 1_000_000;

    fn stream(handshake: u64, hello: Option<u64>, answer: Option<u64>) -> FlowTimes {
        let ns = |ms: Option<u64>| ms.map(|ms| ms * MS);
        FlowTimes::Stream { handshake_ns: handshake * MS, hello_ns: ns(hello), answer_ns: ns(answer) }
    }

    fn measured(flows: &[FlowTimes]) -> Measured {
        let mut measured = Measured::default();
        flows.iter().for_each(|flow| measured.observe(*flow, MS));
        measured
    }

    #[test]
    fn a_bound_needs_handshake_and_hello() {
        let quick_handshake = measured(&[stream(1, Some(30), None), stream(20, Some(9), None)]);
        assert_eq!(quick_handshake.nearest_ns(), Some(2 * MS));
        assert_eq!(quick_handshake.bound_ns(false), Some(21 * MS));
        assert_eq!(measured(&[stream(5, None, None)]).bound_ns(true), None);
    }

    #[test]
    fn an_answer_stands_for_a_hello_only_where_servers_answer_themselves() {
        let without_hello = measured(&[stream(5, None, Some(7))]);
        assert_eq!((without_hello.bound_ns(false), without_hello.bound_ns(true)), (None, Some(8 * MS)));
        assert_eq!(measured(&[stream(5, Some(9), Some(6))]).bound_ns(true), Some(10 * MS));
    }

    #[test]
    fn of_datagrams_the_second_least_counts() {
        let flow = |ms: u64| FlowTimes::Datagram { answer_ns: ms * MS };
        assert_eq!(measured(&[flow(5)]).nearest_ns(), None);
        let three = measured(&[flow(9), flow(5), flow(7)]);
        assert_eq!((three.nearest_ns(), three.bound_ns(false), three.flows()), (Some(8 * MS), Some(8 * MS), 3));
    }

    #[test]
    fn late_answers_hint_at_a_relay() {
        assert!(!measured(&[stream(7, Some(190), None)]).is_late());
        assert!(measured(&[stream(7, Some(190), None), stream(8, Some(190), None)]).is_late());
        assert!(!measured(&[stream(80, Some(190), None), stream(80, Some(190), None)]).is_late());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn parts_merge(flows in proptest::collection::vec((0..3_u8, 0..99_u64, 0..99_u64), 0..12), cut in 0..12_usize) {
            let flows: Vec<FlowTimes> = flows.into_iter().map(|(kind, one, other)| match kind {
                0 => FlowTimes::Datagram { answer_ns: one * MS },
                1 => stream(one, Some(other), None),
                _ => stream(one, None, Some(other)),
            }).collect();
            let cut = cut.min(flows.len());
            let mut left = measured(&flows[..cut]);
            left.merge(&measured(&flows[cut..]));
            prop_assert_eq!(left, measured(&flows));
            let mut right = measured(&flows[cut..]);
            right.merge(&measured(&flows[..cut]));
            prop_assert_eq!(left, right);
        }
    }
}
