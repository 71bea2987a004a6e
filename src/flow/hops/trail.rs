//! From probes and answers to a path: each answer belongs to the last probe before it that it quotes.

use super::seen::{Answer, Hops, Sent, Target};
use crate::capture::FrameId;
use crate::packet::ProbeMark;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// An answer that comes later than this is none to the probe: tools wait seconds.
const WAIT_NS: i64 = 60 * 1_000_000_000;

/// The path from a device to a target, as far as routers answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trail {
    /// Who sent the probes.
    pub source: IpAddr,
    /// Where they were to go.
    pub target: IpAddr,
    /// The routers that answered: those whose distance is known by distance, then the others by frame.
    pub hops: Vec<TrailHop>,
}

/// A router that answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrailHop {
    /// The hop limit of the probes that ran out there; none where the probes are not in the captures.
    pub distance: Option<u8>,
    /// Its address.
    pub address: IpAddr,
    /// The least time from a probe to its answer, in ns.
    pub rtt_ns: Option<u64>,
    /// How often it answered.
    pub answers: u64,
    /// The frame of its first answer.
    pub first_frame: FrameId,
}

impl Hops {
    /// The paths, by target and source.
    pub fn trails(&self) -> Vec<Trail> {
        self.targets.iter().flat_map(|(address, target)| trails_to(*address, target)).collect()
    }
}

fn trails_to(address: IpAddr, target: &Target) -> Vec<Trail> {
    let mut by_mark: BTreeMap<(IpAddr, ProbeMark), Vec<(FrameId, Sent)>> = BTreeMap::new();
    for (frame, sent) in &target.sent {
        by_mark.entry((sent.source, sent.mark)).or_default().push((*frame, *sent));
    }
    let mut routers: BTreeMap<(IpAddr, Option<u8>, IpAddr), TrailHop> = BTreeMap::new();
    for (&first_frame, answer) in &target.answers {
        let sent = by_mark.get(&(answer.source, answer.mark)).and_then(|sent| last_before(sent, first_frame, answer));
        let (distance, rtt_ns) = (sent.map(|sent| sent.0), sent.map(|sent| sent.1));
        let hop = routers.entry((answer.source, distance, answer.router)).or_insert(TrailHop {
            distance,
            address: answer.router,
            rtt_ns,
            answers: 0,
            first_frame,
        });
        hop.answers += 1;
        hop.rtt_ns = hop.rtt_ns.into_iter().chain(rtt_ns).min();
    }
    let mut trails: Vec<Trail> = Vec::new();
    for ((source, ..), hop) in routers {
        match trails.last_mut().filter(|trail| trail.source == source) {
            Some(trail) => trail.hops.push(hop),
            None => trails.push(Trail { source, target: address, hops: vec![hop] }),
        }
    }
    let order = |hop: &TrailHop| (hop.distance.is_none(), hop.distance, hop.first_frame, hop.address);
    trails.iter_mut().for_each(|trail| trail.hops.sort_by_key(order));
    trails
}

/// Hop limit and round trip of the last probe before an answer. Where the clock stepped back, or took too long, there is none.
fn last_before(sent: &[(FrameId, Sent)], frame: FrameId, answer: &Answer) -> Option<(u8, u64)> {
    let (_, sent) = sent.get(sent.partition_point(|(at, _)| *at < frame).checked_sub(1)?)?;
    let took_ns = answer.time_ns.checked_sub(sent.time_ns).filter(|took| (0..=WAIT_NS).contains(took))?;
    Some((sent.hop_limit, took_ns.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::super::seen::tests::of;
    use crate::flow::SampleKey;
    use std::net::IpAddr;

    #[test]
    fn answers_go_to_the_last_probe_that_they_quote() {
        // Numbers are marks: each probe of a number has the hop limit one above it, and its router ends in it.
        let seen =
            [(1, true, 0), (1, true, 1), (1, false, 1), (1, false, 0), (1, true, 1), (1, false, 1), (1, false, 7)];
        let hops = of(SampleKey::default(), 0, &seen);
        let trails = hops.trails();
        assert_eq!(trails.len(), 1);
        let shown: Vec<_> =
            trails[0].hops.iter().map(|hop| (hop.distance, hop.address, hop.rtt_ns, hop.answers)).collect();
        let router = |last: u8| IpAddr::from([198, 18, 0, last]);
        let expected = [
            (Some(1), router(0), Some(3_000_000), 1),
            (Some(2), router(1), Some(1_000_000), 2),
            (None, router(7), None, 1),
        ];
        assert_eq!(shown, expected);
        assert_eq!(hops.left_out(), 0);
    }
}
