//! Openings: the first bytes of a protocol in a stream or in datagrams. This module tells where one may start and
//! which reader reads it.

pub(in crate::flow) mod contiguous;
pub(in crate::flow) mod datagram;
pub(in crate::flow) mod segments;
pub(in crate::flow) mod stream;

use crate::flow::stamp::Stamp;
use crate::name::table::STREAM_READERS;
use crate::name::{Findings, NameSource, Reading, StreamReader, stream_candidates};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Openings read one after another in the bytes of one segment (pipelined requests).
const OPENINGS_PER_SEGMENT: usize = 16;

/// What kinds of openings were read to their end.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(in crate::flow) struct Read {
    /// An opening after which no other is expected.
    pub(in crate::flow) is_settled: bool,
    /// An opening before another protocol, or one that need not be read. Wire signatures then need not look at the
    /// first bytes.
    pub(in crate::flow) is_known: bool,
    /// An opening that is read only if no server name is known.
    pub(in crate::flow) is_second_choice: bool,
}

/// An opening that needs more bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::flow) struct Opening {
    /// Index of the segment in which it starts, among those kept since the start of the oldest unfinished opening.
    pub(in crate::flow) slot: usize,
    /// Sequence number of its first byte.
    pub(in crate::flow) sequence: u32,
    /// Index in [`STREAM_READERS`].
    pub(in crate::flow) reader: usize,
    /// How many contiguous bytes there were at the last attempt to read it.
    pub(in crate::flow) tried_bytes: usize,
    /// What was certainly found so far, and when.
    pub(in crate::flow) certain: Option<(Stamp, Box<Findings>)>,
    /// More bytes have come since `certain` was read, but not the end.
    pub(in crate::flow) is_stale: bool,
}

impl Opening {
    /// Whether these bytes, of which there are more than at the last attempt, still lack the end, so that reading
    /// them can wait.
    pub(in crate::flow) fn waits(&mut self, bytes: &[u8], now: Stamp) -> bool {
        let Some((stamp, _)) = &mut self.certain else { return false };
        let waits = STREAM_READERS[self.reader].lacks_end.is_some_and(|lacks_end| lacks_end(bytes, self.tried_bytes));
        if waits {
            (*stamp, self.is_stale) = (now, true);
        }
        waits
    }

    /// What is certain if no more bytes come. `bytes` returns the contiguous bytes from a sequence number on.
    pub(in crate::flow) fn given_up(self, bytes: impl FnOnce(u32) -> Vec<u8>) -> Option<(Stamp, Box<Findings>)> {
        let (stamp, known) = self.certain?;
        if !self.is_stale {
            return Some((stamp, known.at(self.sequence)));
        }
        match attempt(&bytes(self.sequence), self.reader) {
            Attempt::Unfinished { certain: Some(findings), .. } => Some((stamp, findings.at(self.sequence))),
            // The bytes that were read before have since been overwritten.
            _ => Some((stamp, known.at(self.sequence))),
        }
    }
}

/// The findings that a segment completed, and when; most often one.
pub(in crate::flow) type Completed = SmallVec<[(Stamp, Box<Findings>); 1]>;

/// The first reader, from the index `skip` on, for which an opening may start with these bytes.
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

/// The outcome of reading at one position.
pub(in crate::flow) enum Attempt {
    /// There is no opening.
    Nothing,
    /// There is an opening that needs more bytes.
    Unfinished { reader: usize, certain: Option<Box<Findings>> },
    /// There is a complete opening.
    Done { reader: usize, findings: Box<Findings>, consumed: usize },
}

/// Reads an opening at the start of these bytes. It is read by the first reader, from the index `from_reader` on,
/// that recognises it.
pub(in crate::flow) fn attempt(bytes: &[u8], from_reader: usize) -> Attempt {
    let StreamReader { is_second_choice, starts, .. } = STREAM_READERS[from_reader];
    if is_second_choice && !starts(bytes) {
        // Its first bytes have been overwritten since. A partial that ignores second choices would find no opening
        // here, so none may be found here either.
        return Attempt::Nothing;
    }
    let mut skip = from_reader;
    while let Some(reader) = reader_for(bytes, skip) {
        match (STREAM_READERS[reader].read)(bytes) {
            // A partial that ignores second choices asks no other reader, so no other may be asked here either.
            Reading::No if STREAM_READERS[reader].is_second_choice => break,
            Reading::No => skip = reader + 1,
            Reading::NeedMore(certain) => return Attempt::Unfinished { reader, certain },
            Reading::Done { findings, consumed } => return Attempt::Done { reader, findings, consumed },
        }
    }
    Attempt::Nothing
}

/// Whether an opening that this reader read to its end settles the stream, so that no other is expected. A preamble
/// to TLS does not. Nor does a second choice: one partial may read it while the whole capture would not, so nothing
/// may depend on it.
fn settles(reader: usize, findings: &Findings) -> bool {
    let StreamReader { is_second_choice, is_preamble, .. } = STREAM_READERS[reader];
    !is_second_choice && !is_preamble && findings.names.iter().all(|found| found.source != NameSource::HttpConnect)
}

/// Whether something follows a ClientHello at once that its client would not send before the server's hello: it may send an alert, a
/// change of ciphers or early data (RFC 8446 §4.2.10). Then the hello may be a decoy before the stream's first byte, with the
/// stream's own bytes behind it in the same segment.
fn is_overrun(findings: &Findings, rest: &[u8]) -> bool {
    findings.names.iter().any(|found| found.source == NameSource::TlsSni)
        && !matches!(rest, [] | [0x14 | 0x15 | 0x17] | [0x14 | 0x15 | 0x17, 3, ..])
}

/// The same for an opening found when the first segments are read again. A second choice settles the stream then,
/// since no further opening can be ignored.
pub(in crate::flow) fn settles_late(reader: usize, findings: &Findings) -> bool {
    STREAM_READERS[reader].is_second_choice || settles(reader, findings)
}

impl Read {
    /// Records that this reader read an opening to its end, with `rest` behind it.
    pub(in crate::flow) fn note(&mut self, reader: usize, findings: &Findings, rest: &[u8]) {
        let is_settling = settles(reader, findings) && !is_overrun(findings, rest);
        self.is_settled |= is_settling;
        self.is_known |= !is_settling;
    }

    /// Reads the openings in these bytes of a stream one after another, beginning at `offset`; `sequence` is the
    /// sequence number of the first byte. Returns the one that needs more bytes, if there is one, as if it started in
    /// the first segment kept.
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
                    self.note(reader, &findings, rest.get(consumed..).unwrap_or_default());
                    completed.push((stamp, findings.at(sequence.wrapping_add(offset as u32))));
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
