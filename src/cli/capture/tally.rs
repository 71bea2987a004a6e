//! The running summary of a capture: what was caught so far, and how many flows are open.

use super::device::Counted;
use crate::capture::{Frame, FrameId, LinkType};
use crate::flow::{OpenLimits, Partial, SampleKey, Tracker};
use crate::output::units;
use foldhash::fast::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

/// Most frames that are gathered before they are joined. What is gathered is not yet counted against the limit of memory.
const GATHERED_MAX: u64 = 8_192;
/// Memory that the program, libpcap and what is gathered take, about.
const FIXED_BYTES: u64 = 48 << 20;
/// Least that open flows may take, whatever the limit.
const OPEN_BYTES_MIN: u64 = 4 << 20;

/// The counts of the frames caught so far, and the open flows.
pub(super) struct Tally {
    link_type: LinkType,
    pub(super) frames: u64,
    pub(super) captured_bytes: u64,
    gathered: u64,
    partial: Partial,
    tracker: Tracker,
}

/// An empty tracker and an empty partial for it. Open flows may count to a quarter of what is left of the limit: tables grow by
/// doubling, and answers of resolvers may take as much.
fn tracking(memory_bytes: u64) -> (Tracker, Partial) {
    let open_bytes = (memory_bytes.saturating_sub(FIXED_BYTES) / 4).max(OPEN_BYTES_MIN);
    let limits = OpenLimits { sessions: open_bytes / 2, answers: open_bytes / 4, fragments: open_bytes / 4 };
    let hasher = RandomState::default();
    // No report is made of this, so the key may differ from run to run.
    let sample_key = SampleKey::from_words(hasher.hash_one(0), hasher.hash_one(1));
    (Tracker::new(sample_key, Some(limits)), Partial::new(sample_key))
}

impl Tally {
    /// Of frames of one link type; what is open takes this much memory at most, about.
    pub(super) fn new(link_type: LinkType, memory_bytes: u64) -> Self {
        let (tracker, partial) = tracking(memory_bytes);
        Self { link_type, frames: 0, captured_bytes: 0, gathered: 0, partial, tracker }
    }

    /// Takes in a frame.
    pub(super) fn observe(&mut self, time_ns: u64, bytes: &[u8], wire_length: u32) {
        self.frames += 1;
        self.captured_bytes += bytes.len() as u64;
        self.partial.observe(Frame {
            id: FrameId::new(0, self.frames),
            time_ns: i64::try_from(time_ns).unwrap_or(i64::MAX),
            link_type: self.link_type,
            bytes,
            wire_length,
            note: None,
        });
        self.gathered += 1;
        if self.gathered >= GATHERED_MAX {
            self.join();
        }
    }

    /// Joins what was gathered, and forgets the flows that are over.
    fn join(&mut self) {
        self.gathered = 0;
        let joined = self.tracker.join(&mut self.partial, FrameId::default(), &mut |_| ());
        debug_assert_eq!(joined, Ok(()), "both were made with one key");
        self.tracker.close_by_clock(Vec::clear);
    }

    /// One line.
    pub(super) fn line(&mut self, elapsed: Duration, counted: Option<Counted>, name: &str) -> String {
        self.join();
        let dropped = counted.map(|counted| format!(" · {} dropped", units::count(counted.dropped)));
        format!(
            "{} s · {} frames · {} · {} open flows{} → {name}",
            elapsed.as_secs(),
            units::count(self.frames),
            units::bytes(self.captured_bytes),
            units::count(self.tracker.open_sessions() as u64),
            dropped.unwrap_or_default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observe(tally: &mut Tally, time_ns: u64, flow: u32) {
        let [_, a, b, c] = flow.to_be_bytes();
        let mut bytes = Vec::new();
        let step = etherparse::PacketBuilder::ipv4([10, a, b, c], [198, 51, 100, 7], 64).udp(1_024, 9);
        step.write(&mut bytes, b"hello").unwrap();
        tally.observe(time_ns, &bytes, bytes.len() as u32);
    }

    fn open_flows(tally: &mut Tally) -> usize {
        tally.join();
        tally.tracker.open_sessions()
    }

    #[test]
    fn flows_that_are_over_are_forgotten() {
        let mut tally = Tally::new(LinkType::RAW, 256 << 20);
        (0..1_000).for_each(|flow| observe(&mut tally, 0, flow));
        assert_eq!(open_flows(&mut tally), 1_000);
        // It takes four frames for a time to be believed.
        (0..4).for_each(|_| observe(&mut tally, 3_600_000_000_000, 1_000));
        assert_eq!(open_flows(&mut tally), 1);
        let counted = Counted { received: 1_100, dropped: 99 };
        let line = tally.line(Duration::from_secs(61), Some(counted), "a.pcapng");
        assert_eq!(line, "61 s · 1,004 frames · 33 kB · 1 open flows · 99 dropped → a.pcapng");
    }

    #[test]
    fn a_flood_of_flows_stays_within_the_limit() {
        let [mut bounded, mut free] = [0, u64::MAX].map(|limit| Tally::new(LinkType::RAW, limit));
        for flow in 0..40_000 {
            observe(&mut bounded, 0, flow);
            observe(&mut free, 0, flow);
        }
        let [bounded, free] = [&mut bounded, &mut free].map(open_flows);
        assert_eq!(free, 40_000);
        assert!((1_000..30_000).contains(&bounded), "{bounded}");
    }
}
