//! Flows that a caller asks for one after the other, while threads read ahead.

use super::reader::Reader;
use super::reading::{NotYet, Reading};
use crate::capture::{Outcome, Progress, Source};
use crate::error::Error;
use crate::output::flows::OwnedRecord;
use rayon::ThreadPool;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Flows of captures, one after the other. Dropping it ends the reading.
pub struct Flows(Reading<Vec<u8>>);

/// Records that wait for the caller: enough that the threads seldom wait, little beside what they hold.
const WAITING_RECORDS: usize = 256;

impl Flows {
    /// Begins to read.
    pub(super) fn start(reader: Reader, pool: ThreadPool, captures: Vec<Source>) -> io::Result<Self> {
        let progress = Arc::clone(&reader.progress);
        Reading::start(pool, progress, WAITING_RECORDS, move |records| {
            reader.read(captures, &mut |record| Ok(records.send(record.to_vec()).is_ok()))
        })
        .map(Self)
    }

    /// Each capture, in order, and why reading it ended before its end, if it did. Empty until all flows have been given.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.0.ended().outcomes
    }

    /// What is missing because memory was short, in words. Empty until all flows have been given.
    pub fn left_out(&self) -> &[String] {
        &self.0.ended().left_out
    }

    /// How far reading has come.
    pub fn progress(&self) -> &Progress {
        self.0.progress()
    }

    /// The next flow, if it comes within this time: for a caller that has to look after something else as well.
    ///
    /// # Errors
    /// If it does not. It may be asked for again.
    pub fn next_within(&mut self, time: Duration) -> Result<Option<Result<OwnedRecord, Error>>, NotYet> {
        Ok(self.0.next_within(time)?.map(read))
    }
}

impl Iterator for Flows {
    type Item = Result<OwnedRecord, Error>;

    /// The next flow. An error is the last item: flows that had to wait could not be kept.
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(read)
    }
}

fn read(line: Result<Vec<u8>, Error>) -> Result<OwnedRecord, Error> {
    OwnedRecord::read(&line?)
        .map_err(|error| Error::not_usable("<flow record>", error.to_string(), "please report this as a defect"))
}

#[cfg(test)]
mod tests {
    use super::super::Analyser;
    use super::*;
    use crate::flow::OpenLimits;
    use fixtures::transport::udp_packet;
    use std::num::NonZeroUsize;

    /// A capture of flows of one packet each. After every so many of them, nothing comes until they are over.
    fn capture(flows: u32, at_once: u32) -> Vec<u8> {
        let mut file = fixtures::pcap::head(fixtures::pcap::RAW);
        for flow in 0..flows {
            let [_, a, b, c] = flow.to_be_bytes();
            let packet = udp_packet(([10, a, b, c], 5_000), ([198, 51, 100, 7], 9), b"hello");
            let time_us = u64::from(flow / at_once) * 600_000_000 + u64::from(flow % at_once);
            file.extend(fixtures::pcap::whole(time_us, &packet));
        }
        file
    }

    fn analyser() -> Analyser {
        let mut analyser = Analyser::new().unwrap();
        analyser.threads = NonZeroUsize::new(2).unwrap();
        analyser.options.read.range_bytes = Some(16 << 10);
        analyser
    }

    fn source(bytes: Vec<u8>) -> Vec<Source> {
        vec![Source::memory("test", bytes).unwrap()]
    }

    #[test]
    fn all_flows_come_in_order_then_the_outcomes() {
        let (analyser, file) = (analyser(), capture(2_000, 100));
        let mut flows = analyser.flows(source(file.clone())).unwrap();
        let frames: Vec<u64> = flows.by_ref().map(|flow| flow.unwrap().first_frame).collect();
        assert_eq!(frames, (1..=2_000).collect::<Vec<_>>());
        assert_eq!(flows.outcomes().iter().map(|outcome| outcome.frames).collect::<Vec<_>>(), [2_000]);
        assert!(flows.outcomes()[0].defect.is_none() && flows.next().is_none());
        let mut cut = analyser.flows(source([&file[..], &[1, 2, 3]].concat())).unwrap();
        assert_eq!(cut.by_ref().count(), 2_000);
        assert!(cut.outcomes()[0].defect.is_some());
    }

    #[test]
    fn dropping_the_flows_ends_the_reading() {
        let analyser = analyser();
        // Many ranges, and many more flows than may wait.
        let mut flows = analyser.flows(source(capture(10_000, 100))).unwrap();
        assert_eq!(flows.next().unwrap().unwrap().first_frame, 1);
        let thread = flows.0.thread.take().unwrap();
        drop(flows);
        let ended = thread.join().unwrap().unwrap();
        assert!(ended.outcomes.is_empty(), "the capture is not joined to its end");
    }

    #[test]
    fn flows_that_cannot_be_kept_end_with_an_error() {
        let mut analyser = analyser();
        // All flows are open and all are kept, but there is not enough memory for so many that wait.
        analyser.options.max_memory = Some(1);
        analyser.options.open_limits = Some(OpenLimits { sessions: 1 << 30, answers: 1 << 30, fragments: 1 << 30 });
        analyser.temporary_folder = "/there/is/none".into();
        let flows: Vec<_> = analyser.flows(source(capture(20_000, 20_000))).unwrap().collect();
        let error = flows.last().unwrap().as_ref().unwrap_err().to_string();
        assert!(error.starts_with("/there/is/none: flows that wait"), "{error}");
    }
}
