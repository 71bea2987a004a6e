//! Captures read up to a stage of the analysis and no further, so that what each stage adds can be measured.

use super::options::Options;
use crate::capture::{self, Frame, Observe, Outcome, Progress, Source};
use crate::flow::{Flow, Partial, Pool, SampleKey, Tracker};
use crate::packet::dissect;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far captures are analysed. Each stage holds all before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// The file is read and cut into frames.
    Read,
    /// And each frame into the headers of a packet.
    Dissect,
    /// And packets are gathered to flows, names are read, and what was gathered is joined.
    Track,
}

impl Stage {
    /// All stages, each after those it holds.
    pub const ALL: [Self; 3] = [Self::Read, Self::Dissect, Self::Track];
}

/// What came of it.
pub struct Reached {
    /// Each capture, in order.
    pub outcomes: Vec<Outcome>,
    /// Flows that were handed out and dropped; 0 before there are any.
    pub flows: u64,
}

/// Looks at the length of every frame.
#[derive(Default)]
struct Count(u64);

impl Observe for Count {
    #[inline]
    fn observe(&mut self, frame: Frame<'_>) {
        self.0 = black_box(self.0.wrapping_add(frame.bytes.len() as u64));
    }
}

/// Dissects every frame.
struct Slice;

impl Observe for Slice {
    #[inline]
    fn observe(&mut self, frame: Frame<'_>) {
        black_box(dissect(&frame));
    }
}

/// Gathers every frame.
struct Gather(Partial);

impl Observe for Gather {
    #[inline]
    fn observe(&mut self, frame: Frame<'_>) {
        self.0.observe(frame);
    }
}

/// Reads the captures up to a stage; what was found is thrown away. The filters of the options are left aside.
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
        let mut file = Vec::new();
        let fields =
            |file: &mut Vec<u8>, values: &[u32]| file.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        fields(&mut file, &[0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 101]);
        for (second, payload) in [(0, 5), (1, 7)] {
            let step = etherparse::PacketBuilder::ipv4([192, 0, 2, 1], [198, 51, 100, 7], 64).udp(5_000, 6_000);
            let mut packet = Vec::new();
            step.write(&mut packet, &[0; 8][..payload]).unwrap();
            fields(&mut file, &[second, 0, packet.len() as u32, packet.len() as u32]);
            file.extend(packet);
        }
        fields(&mut file, &[2, 0, 1, 1]);
        file.push(0xff);
        file
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
