//! Reads captures up to a stage of the analysis and no further, so that the time that each stage adds can be
//! measured.

use super::options::Options;
use crate::capture::{self, Frame, Observe, Outcome, Progress, Source};
use crate::flow::{Flow, Partial, Pool, SampleKey, Tracker};
use crate::packet::dissect;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far captures are analysed. Each stage includes those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum Stage {
    /// Files are read and cut into frames.
    Read,
    /// The headers of each frame are parsed.
    Dissect,
    /// Packets are gathered into flows, names are read, and partials are joined.
    Track,
}

impl Stage {
    /// All stages, each after those that it includes.
    pub const ALL: [Self; 3] = [Self::Read, Self::Dissect, Self::Track];
}

/// The outcome of reading up to a stage.
pub struct Reached {
    /// The outcome of reading each capture, in order.
    pub outcomes: Vec<Outcome>,
    /// How many flows were found and dropped; 0 before [`Stage::Track`].
    pub flows: u64,
}

/// Adds up the lengths of the frames.
#[derive(Default)]
struct Count(u64);

impl Observe for Count {
    #[inline]
    fn observe(&mut self, frame: Frame<'_>) {
        self.0 = black_box(self.0.wrapping_add(frame.bytes.len() as u64));
    }
}

/// Parses the headers of every frame.
struct Slice;

impl Observe for Slice {
    #[inline]
    fn observe(&mut self, frame: Frame<'_>) {
        black_box(dissect(&frame));
    }
}

/// Gathers every frame into a partial.
struct Gather(Partial);

impl Observe for Gather {
    #[inline]
    fn observe(&mut self, frame: Frame<'_>) {
        self.0.observe(frame);
    }
}

/// Reads the captures up to a stage and drops what was found. The filters of the options are not applied.
pub fn read_to(stage: Stage, sources: Vec<Source>, options: &Options, progress: &Progress) -> Reached {
    let read = &options.read;
    match stage {
        Stage::Read => {
            let outcomes = capture::read(sources, read, progress, &Count::default, &mut |piece| {
                black_box(piece.partial.0);
            });
            Reached { outcomes, flows: 0 }
        }
        Stage::Dissect => {
            let outcomes = capture::read(sources, read, progress, &|| Slice, &mut |_| {});
            Reached { outcomes, flows: 0 }
        }
        Stage::Track => {
            let mut tracker = Tracker::new(SampleKey::default(), None);
            let flows = AtomicU64::new(0);
            let take = |closed: &mut Vec<Flow>| {
                flows.fetch_add(closed.drain(..).count() as u64, Ordering::Relaxed);
            };
            let pool = Pool::new(SampleKey::default());
            let empty = || Gather(pool.take());
            let outcomes = capture::read(sources, read, progress, &empty, &mut |piece| {
                let mut partial = piece.partial.0;
                let joined = tracker.join(&mut partial, piece.base, &mut |tracker| tracker.close(take));
                debug_assert_eq!(joined, Ok(()), "partials of one pool have one key");
                pool.put(partial);
            });
            tracker.finish(take);
            Reached { outcomes, flows: flows.into_inner() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two frames of one flow over UDP, and one that is no packet.
    fn capture() -> Vec<u8> {
        let packet = |payload: &[u8]| {
            let datagram = fixtures::transport::udp((5_000, 6_000), payload);
            fixtures::ip::v4([192, 0, 2, 1], [198, 51, 100, 7], fixtures::ip::UDP, &datagram)
        };
        let packets = [(0, packet(&[0; 5])), (1_000_000, packet(&[0; 7])), (2_000_000, vec![0xff])];
        fixtures::pcap::file(fixtures::pcap::RAW, &packets)
    }

    #[test]
    fn every_stage_sees_every_frame_and_flows_come_with_the_last() {
        for stage in Stage::ALL {
            let sources = vec![Source::memory("test", capture()).unwrap()];
            let reached = read_to(stage, sources, &Options::default(), &Progress::default());
            assert_eq!((reached.outcomes.len(), reached.outcomes[0].frames), (1, 3), "{stage:?}");
            assert_eq!(reached.flows, u64::from(stage == Stage::Track), "{stage:?}");
        }
    }
}
