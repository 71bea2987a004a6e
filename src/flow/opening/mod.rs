//! Openings in the bytes of a stream: where one may start, which reader has it, and what follows it.

mod contiguous;
pub(in crate::flow) mod datagram;
pub(in crate::flow) mod segments;
pub(in crate::flow) mod stream;

use crate::flow::stamp::Stamp;
use crate::name::table::{STREAM_READERS, StreamReader, stream_candidates};
use crate::name::{Findings, NameSource, Reading};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Openings read one after the other in the bytes of one segment (pipelined requests).
const OPENINGS_PER_SEGMENT: usize = 16;

/// What was read to its end.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(in crate::flow) struct Read {
    /// An opening after which none is waited for.
    pub(in crate::flow) is_settled: bool,
    /// Words before another protocol, or an opening that need not be read: nothing is left to recognise.
    pub(in crate::flow) is_known: bool,
    /// An opening that is read only where no server name is known.
    pub(in crate::flow) is_second_choice: bool,
}

/// An opening that needs more bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::flow) struct Opening {
    /// Index of the segment it starts in, among those kept since the oldest unfinished opening.
    pub(in crate::flow) slot: usize,
    /// Sequence number of its first byte.
    pub(in crate::flow) sequence: u32,
    /// Index in [`STREAM_READERS`].
    pub(in crate::flow) reader: usize,
    /// Contiguous bytes at the last attempt.
    pub(in crate::flow) tried_bytes: usize,
    /// What is certain by now.
    pub(in crate::flow) certain: Option<(Stamp, Box<Findings>)>,
    /// More has come since that was read, but not the end.
    pub(in crate::flow) is_stale: bool,
}

impl Opening {
    /// Whether these bytes, more than were read before, still lack the end, so that nothing need be read yet.
    pub(in crate::flow) fn waits(&mut self, bytes: &[u8], now: Stamp) -> bool {
        let Some((stamp, _)) = &mut self.certain else { return false };
        let waits = STREAM_READERS[self.reader].lacks_end.is_some_and(|lacks_end| lacks_end(bytes, self.tried_bytes));
        if waits {
            (*stamp, self.is_stale) = (now, true);
        }
        waits
    }

    /// What is certain when no more comes, given its bytes.
    pub(in crate::flow) fn given_up(self, bytes: impl FnOnce(u32) -> Vec<u8>) -> Option<(Stamp, Box<Findings>)> {
        let (stamp, known) = self.certain?;
        if !self.is_stale {
            return Some((stamp, known));
        }
        match attempt(&bytes(self.sequence), self.reader) {
            Attempt::Unfinished { certain: Some(findings), .. } => Some((stamp, findings)),
            // Bytes that were read before were overwritten since.
            _ => Some((stamp, known)),
        }
    }
}

/// What a segment's payload completes: findings, and when. One, about always.
pub(in crate::flow) type Completed = SmallVec<[(Stamp, Box<Findings>); 1]>;

/// The first reader, from `skip` on, that an opening at the start of these bytes may be for.
#[inline]
pub(in crate::flow) fn reader_for(payload: &[u8], skip: usize) -> Option<usize> {
    let mut rows = stream_candidates(*payload.first()?) & u32::MAX.checked_shl(skip as u32).unwrap_or(0);
    while rows != 0 {
        let row = rows.trailing_zeros() as usize;
        if (STREAM_READERS[row].starts)(payload) {
            return Some(row);
        }
        rows &= rows - 1;
    }
    None
}

/// Whether an opening may start with these bytes.
#[inline]
pub(in crate::flow) fn may_start(payload: &[u8]) -> bool {
    payload.first().is_some_and(|&first| stream_candidates(first) != 0) && reader_for(payload, 0).is_some()
}

/// Outcome of reading at one position.
pub(in crate::flow) enum Attempt {
    /// No opening.
    Nothing,
    /// One that needs more bytes.
    Unfinished { reader: usize, certain: Option<Box<Findings>> },
    /// One that is whole.
    Done { reader: usize, findings: Box<Findings>, consumed: usize },
}

/// Reads an opening at the start of these bytes, by the first reader from this one on that has it.
pub(in crate::flow) fn attempt(bytes: &[u8], from_reader: usize) -> Attempt {
    let StreamReader { is_second_choice, starts, .. } = STREAM_READERS[from_reader];
    if is_second_choice && !starts(bytes) {
        // Other bytes took its place since it began: where it is ignored they are no opening of anything.
        return Attempt::Nothing;
    }
    let mut skip = from_reader;
    while let Some(reader) = reader_for(bytes, skip) {
        match (STREAM_READERS[reader].read)(bytes) {
            // Where it is ignored nobody else is asked, so nobody is asked here either.
            Reading::No if STREAM_READERS[reader].is_second_choice => break,
            Reading::No => skip = reader + 1,
            Reading::NeedMore(certain) => return Attempt::Unfinished { reader, certain },
            Reading::Done { findings, consumed } => return Attempt::Done { reader, findings, consumed },
        }
    }
    Attempt::Nothing
}

/// Whether an opening that this reader read to its end settles the stream. Words before TLS do not, and what is read only
/// where nothing better is known may be read by a part of a capture and not by the whole: nothing may follow from it.
fn settles(reader: usize, findings: &Findings) -> bool {
    let StreamReader { is_second_choice, is_preamble, .. } = STREAM_READERS[reader];
    !is_second_choice && !is_preamble && findings.names.iter().all(|found| found.source != NameSource::HttpConnect)
}

/// The same for an opening found by a second look: of what was passed by nothing more can be passed by.
pub(in crate::flow) fn settles_late(reader: usize, findings: &Findings) -> bool {
    STREAM_READERS[reader].is_second_choice || settles(reader, findings)
}

impl Read {
    /// Notes that this reader read an opening to its end.
    pub(in crate::flow) fn note(&mut self, reader: usize, findings: &Findings) {
        let is_settling = settles(reader, findings);
        self.is_settled |= is_settling;
        self.is_known |= !is_settling;
    }

    /// Reads the openings in these bytes of a stream, from `offset` on, one after the other; `sequence` is that of the first
    /// byte. The one that needs more bytes, if one does, as if it started in the first segment kept.
    pub(in crate::flow) fn openings(
        &mut self,
        bytes: &[u8],
        mut offset: usize,
        sequence: u32,
        stamp: Stamp,
        completed: &mut Completed,
    ) -> Option<Opening> {
        for _ in 0..OPENINGS_PER_SEGMENT {
            let rest = bytes.get(offset..).filter(|rest| !rest.is_empty())?;
            match attempt(rest, 0) {
                Attempt::Nothing => return None,
                Attempt::Done { reader, findings, consumed } => {
                    self.note(reader, &findings);
                    completed.push((stamp, findings));
                    if STREAM_READERS[reader].is_second_choice {
                        return None;
                    }
                    offset += consumed.clamp(1, rest.len());
                }
                Attempt::Unfinished { reader, certain } => {
                    return Some(Opening {
                        slot: 0,
                        sequence: sequence.wrapping_add(offset as u32),
                        reader,
                        tried_bytes: rest.len(),
                        certain: certain.map(|findings| (stamp, findings)),
                        is_stale: false,
                    });
                }
            }
        }
        None
    }
}
