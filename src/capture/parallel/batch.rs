//! Small captures, read one after another into one partial: joining costs as much as there are sessions open, so a folder of
//! ten thousand rotated captures must not cost ten thousand joins.
//!
//! The result does not depend on it. Captures share a partial only if each begins after the one before it has ended: then what is
//! accumulated, and the clock, are the same as if they had been joined one by one.

use super::buffer::{Buffer, Extent};
use super::opening;
use super::range::{Ended, read_range};
use super::stream::Cutter;
use crate::capture::format::compression::{Compression, DecoderWindow};
use crate::capture::source::Source;
use crate::capture::tally::{Counts, Observe, Tally};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Largest file that shares a partial: for larger ones the cost of the join does not matter.
const MAX_FILE: u64 = 1 << 20;
/// Most bytes of files that share one: those of a small range. It does not depend on the number of threads, nor must the result.
const MAX_BYTES: u64 = 4 << 20;
/// Most captures that share one.
const MAX_CAPTURES: usize = 1_024;

/// Most bytes that a small compressed file may come to.
const WHOLE_BYTES: usize = 8 << 20;

/// How many of these sources, from the first on, one worker is to read together.
pub(super) fn length<'a>(sources: impl Iterator<Item = &'a Source>, range_bytes: Option<u64>) -> usize {
    let most = MAX_BYTES.min(range_bytes.unwrap_or(u64::MAX));
    let mut bytes = 0_u64;
    sources
        .take(MAX_CAPTURES)
        .take_while(|source| {
            let size = source.size.filter(|size| *size <= MAX_FILE && source.may_share);
            bytes = bytes.saturating_add(size.unwrap_or(u64::MAX));
            bytes <= most
        })
        .count()
}

/// The result of one source.
pub(super) enum Member<P> {
    /// It begins a partial, which those that follow share.
    First(Read, P),
    /// It is in the partial of one before it.
    Shares(Read),
    /// It is larger than its file, and must be read in pieces.
    Large(Box<Source>),
}

/// What was read of a capture.
#[derive(Default)]
pub(super) struct Read {
    pub(super) counts: Counts,
    /// Where reading ended.
    pub(super) end: u64,
    pub(super) problem: Option<String>,
}

/// Reads captures to their ends.
pub(super) fn read<P: Observe>(
    sources: Vec<Source>,
    window: DecoderWindow,
    empty: &(dyn Fn() -> P + Sync),
    done: &Arc<AtomicU64>,
) -> Vec<Member<P>> {
    let mut members: Vec<Member<P>> = Vec::with_capacity(sources.len());
    let mut scrap = Vec::new();
    // The current partial: the index of its first capture, and the time at which the last capture in it ended.
    let mut open: Option<(usize, P, i64)> = None;
    let close = |members: &mut Vec<Member<P>>, open: Option<(usize, P, i64)>| {
        let Some((first, partial, _)) = open else { return };
        if let Some(member) = members.get_mut(first)
            && let Member::Shares(read) = member
        {
            *member = Member::First(std::mem::take(read), partial);
        }
    };
    for source in sources {
        let at = members.len();
        // A time of 0 is no time: it is not known when such a capture begins.
        let begins_ns = source.start.first_ns.filter(|ns| *ns > 0);
        match (&open, begins_ns) {
            (Some((_, _, over_ns)), Some(begins_ns)) if begins_ns >= *over_ns => {}
            _ => close(&mut members, open.take()),
        }
        let (first, partial, over_ns) = open.take().unwrap_or_else(|| (at, empty(), 0));
        let mut tally = Tally::of_capture(partial, u32::try_from(at - first).unwrap_or(u32::MAX));
        let outcome = one(&source, window, &mut tally, &mut scrap, done);
        let (partial, counts) = tally.finish();
        let latest_ns = counts.span_ns.map_or(0, |(_, latest_ns)| latest_ns);
        match outcome {
            Some((end, problem)) => {
                members.push(Member::Shares(Read { counts, end, problem }));
                open = Some((first, partial, over_ns.max(latest_ns)));
            }
            None => {
                let before = (first < at).then_some((first, partial, over_ns));
                close(&mut members, before);
                members.push(Member::Large(Box::new(source)));
            }
        }
    }
    close(&mut members, open);
    members
}

/// Reads one capture. Returns where reading ended and why; none if the capture is too large, and then nothing of it was observed.
fn one<P: Observe>(
    source: &Source,
    window: DecoderWindow,
    tally: &mut Tally<P>,
    scrap: &mut Vec<u8>,
    done: &Arc<AtomicU64>,
) -> Option<(u64, Option<String>)> {
    let (input, size) = match source.input().transpose()? {
        Ok(opened) => opened,
        Err(error) => return Some((0, Some(opening::not_opened(&error)))),
    };
    if size > MAX_FILE {
        return None;
    }
    let mut state = source.start.state.clone();
    state.start_range();
    if source.compression == Compression::Plain {
        let extent = Extent { from: source.start.offset as u64, limit: size, size };
        let Ended { end, problem } = read_range(&input, Buffer::new(), extent, &mut state, tally, Some(done));
        return Some((end, problem));
    }
    let reader = opening::counted(input, done);
    let decoder = match source.compression.decoder(reader, window) {
        Ok(decoder) => decoder,
        Err(error) => return Some((0, Some(opening::not_opened(&error)))),
    };
    let mut cutter = Cutter::new(decoder, 0, source.start.offset, state, WHOLE_BYTES);
    let cut = cutter.cut(std::mem::take(scrap));
    let outcome = cut.is_last.then(|| (cut.end, cut.problem.clone()));
    if outcome.is_some() {
        *scrap = cut.walk(tally);
    }
    outcome
}

#[cfg(test)]
mod tests {
    use crate::capture::frame::ByteOrder;
    use crate::capture::parallel::engine::read;
    use crate::capture::parallel::options::{Progress, ReadOptions};
    use crate::capture::parallel::outcome::Piece;
    use crate::capture::source::Source;
    use crate::capture::testing::*;

    /// Captures that begin at these seconds.
    fn days(begins: &[u32]) -> Vec<Source> {
        let file = |(index, begin): (usize, &u32)| {
            let mut file = pcap_header(ByteOrder::Little, 0xa1b2_c3d4, (2, 4), 1);
            for packet in 0..index as u32 % 4 {
                file.extend(pcap_record(ByteOrder::Little, (begin + packet, 0), (9, 60 + packet), &[index as u8; 9]));
            }
            // Every seventh is cut short, some are compressed, some are compressed and not small.
            file.truncate((file.len() - usize::from(index % 7 == 6)).max(24));
            let bytes = match index % 5 {
                3 => zstd::stream::encode_all(&*file, 1).unwrap(),
                _ => file,
            };
            Source::memory(format!("{index}"), bytes).unwrap()
        };
        begins.iter().enumerate().map(file).collect()
    }

    #[test]
    fn captures_read_together_give_what_each_gives() {
        // One after another; over each other; now and then back; without a time.
        let rows: [Vec<u32>; 4] = [
            (0..60).map(|index| 1_000 + index * 10).collect(),
            (0..60).map(|index| 1_000 + index).collect(),
            (0..60).map(|index| 1_000 + index * 10 % 70).collect(),
            vec![0; 60],
        ];
        for row in rows {
            // A byte is too little to read any two together.
            let expected = read_all(days(&row), Some(1), 1);
            assert_eq!(expected.1.len(), 60);
            for threads in [1, 3] {
                assert_eq!(read_all(days(&row), None, threads), expected);
                assert_eq!(read_all(days(&row), Some(500), threads), expected);
            }
        }
    }

    #[test]
    fn a_small_file_of_a_large_capture_is_read_in_pieces() {
        let large = pcap_of(&vec![vec![0; 1_000]; 10_000]);
        let sources = || {
            let compressed = zstd::stream::encode_all(&*large, 1).unwrap();
            assert!(compressed.len() < 1 << 20);
            let of = |seconds: u32, bytes: Vec<u8>| Source::memory(seconds.to_string(), bytes).unwrap();
            vec![of(0, pcap_of(&[])), of(1, compressed), of(2, pcap_of(&vec![vec![5; 5]; 5]))]
        };
        let mut pieces = Vec::new();
        let mut join = |piece: Piece<Log>| pieces.push((piece.base, piece.frames));
        let outcomes = read(sources(), &ReadOptions::default(), &Progress::default(), &Log::default, &mut join);
        assert_eq!(outcomes.iter().map(|outcome| outcome.frames).collect::<Vec<_>>(), [0, 10_000, 5]);
        assert!(pieces.len() >= 2, "{pieces:?}");
        assert!(pieces.is_sorted());
    }
}
