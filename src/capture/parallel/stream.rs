//! Cuts a stream of capture bytes into pieces at record boundaries, so that what can only be read in order (compressed
//! captures and pipes) is still parsed by many threads.

use crate::capture::format::state::State;
use crate::capture::format::visit::{Pass, Stop, Visit, cut_short};
use std::io::{self, Read};

/// Bytes read between two walks: what was just decompressed is still in the cache when its headers are walked.
const STEP: usize = 128 << 10;

/// Largest piece: several are in memory at once.
pub(crate) const MAX_PIECE: usize = 64 << 20;

/// How the message begins if the system could not read.
pub(crate) const NOT_READ: &str = "the capture could not be read";
/// How the message begins if the compressed data are damaged.
pub(crate) const NOT_DECOMPRESSED: &str = "the capture could not be decompressed";

/// A piece of a stream: whole records.
#[derive(Debug)]
pub(crate) struct Cut {
    /// The records lie in the first `length` bytes; up to `filled` follows what was read beyond them; the rest is scrap.
    data: Vec<u8>,
    length: usize,
    filled: usize,
    /// Offset in the stream of the first byte after the piece.
    pub(crate) end: u64,
    /// The state at the first record.
    state: State,
    /// Why the stream cannot be read beyond this piece.
    pub(crate) problem: Option<String>,
    /// Whether nothing follows.
    pub(crate) is_last: bool,
    /// Whether it ends here because the reader paused.
    pub(crate) is_pause: bool,
}

impl Cut {
    /// Bytes of memory that it holds.
    pub(crate) fn memory(&self) -> usize {
        self.data.len()
    }

    /// Visits the records; gives the buffer back.
    pub(crate) fn walk(self, visit: &mut impl Visit) -> Vec<u8> {
        let Self { data, length, filled, mut state, .. } = self;
        // The bytes that follow are given as well, as they were to the cutter: they show whether zeros are a record.
        state.walk(data.get(..filled).unwrap_or_default(), length, visit);
        data
    }
}

/// Reads a stream and walks its record headers to cut it.
pub(crate) struct Cutter {
    reader: Box<dyn Read + Send>,
    /// What was read beyond the last cut.
    carry: Vec<u8>,
    /// Offset of the next piece.
    offset: u64,
    state: State,
    piece_bytes: usize,
    /// Bytes before the first record that are still to be skipped.
    to_skip: usize,
    has_ended: bool,
    /// Whether the reader had nothing for now when it was asked last.
    has_paused: bool,
    read_problem: Option<String>,
}

impl Cutter {
    /// A cutter of a stream whose first record comes after `to_skip` bytes; `offset` is where the reader stands.
    pub(crate) fn new(
        reader: Box<dyn Read + Send>,
        offset: u64,
        to_skip: usize,
        state: State,
        piece_bytes: usize,
    ) -> Self {
        Self {
            reader,
            carry: Vec::new(),
            offset,
            state,
            piece_bytes: piece_bytes.clamp(1, MAX_PIECE),
            to_skip,
            has_ended: false,
            has_paused: false,
            read_problem: None,
        }
    }

    /// Reads until `filled` is `target`, or the stream ends or pauses.
    fn fill(&mut self, data: &mut [u8], filled: &mut usize, target: usize) {
        self.has_paused = false;
        while !self.has_ended && !self.has_paused {
            let Some(room) = data.get_mut(*filled..target).filter(|room| !room.is_empty()) else { break };
            match self.reader.read(room) {
                Ok(0) => self.has_ended = true,
                Ok(read) => *filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.has_paused = true,
                Err(error) => {
                    self.has_ended = true;
                    // An error of a decoder has no error number of the system.
                    let what = if error.raw_os_error().is_some() { NOT_READ } else { NOT_DECOMPRESSED };
                    self.read_problem = Some(format!("{what}: {error}"));
                }
            }
        }
    }

    /// Skips the file header.
    fn skip_header(&mut self, data: &mut [u8]) {
        let mut filled = 0;
        let target = std::mem::take(&mut self.to_skip);
        while filled < target && !self.has_ended {
            self.fill(data, &mut filled, target);
        }
        self.offset += filled as u64;
    }

    /// The next piece. `data` is a buffer to use; its content does not matter.
    pub(crate) fn cut(&mut self, mut data: Vec<u8>) -> Cut {
        if data.len() < self.piece_bytes.max(self.to_skip) {
            // A new vector gets zeroed pages from the system; growing the old one would write zeros.
            data = vec![0; self.piece_bytes.max(self.to_skip)];
        }
        if self.to_skip > 0 {
            self.skip_header(&mut data);
        }
        let before = self.state.clone();
        let mut filled = self.carry.len();
        if data.len() < filled {
            data.resize(filled, 0);
        }
        if let Some(start) = data.get_mut(..filled) {
            start.copy_from_slice(&self.carry);
        }
        self.carry.clear();
        let mut used = 0;
        let mut end = self.piece_bytes.max(filled);
        let (problem, is_last, is_pause) = loop {
            let target = filled.saturating_add(STEP).min(end);
            if data.len() < target {
                data.resize(target, 0);
            }
            self.fill(&mut data, &mut filled, target);
            let unread = data.get(used..filled).unwrap_or_default();
            let (walked, stop) = self.state.walk(unread, usize::MAX, &mut Pass);
            used += walked;
            match stop {
                Stop::Bad(what) => break (Some(what), true, false),
                Stop::Limit => break (None, true, false),
                Stop::NeedMore(_) if self.has_ended => {
                    let rest = data.get(used..filled).filter(|rest| !rest.is_empty());
                    break (self.read_problem.take().or(rest.map(cut_short)), true, false);
                }
                Stop::NeedMore(_) if self.has_paused => break (None, false, true),
                Stop::NeedMore(_) if filled < end => {}
                Stop::NeedMore(_) if used > 0 => break (None, false, false),
                // Grows with what really arrives, not with what a header claims.
                Stop::NeedMore(bytes) => {
                    end = bytes.min(filled.max(self.piece_bytes).saturating_mul(2)).max(filled + 1);
                }
            }
        };
        self.carry.extend_from_slice(data.get(used..filled).unwrap_or_default());
        self.offset += used as u64;
        Cut { data, length: used, filled, end: self.offset, state: before, problem, is_last, is_pause }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::testing::*;

    /// Gives a few bytes at a time, and pauses after each.
    struct Halting(io::Cursor<Vec<u8>>, usize, bool);

    impl Read for Halting {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.2 = !self.2;
            if self.2 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let room = buffer.len().min(self.1);
            self.0.read(&mut buffer[..room])
        }
    }

    #[test]
    fn where_a_reader_pauses_whole_records_are_cut_and_nothing_is_lost() {
        let packets: Vec<Vec<u8>> = (0..40).map(|index| vec![index as u8; index * 97 % 1_500]).collect();
        let file = pcap_of(&packets);
        for bytes in [1, 7, 40, 1_000, 5_000] {
            let state = crate::capture::format::start::start(&mut &*file, &mut Vec::new()).unwrap().unwrap().state;
            let reader = Box::new(Halting(io::Cursor::new(file.clone()), bytes, false));
            let mut cutter = Cutter::new(reader, 0, 24, state, 5_000);
            let (mut joined, mut buffer, mut pauses) = (file[..24].to_vec(), Vec::new(), 0);
            loop {
                let cut = cutter.cut(buffer);
                joined.extend(&cut.data[..cut.length]);
                pauses += usize::from(cut.is_pause);
                assert_eq!((cut.end, &cut.problem), (joined.len() as u64, &None));
                if cut.is_last {
                    break;
                }
                assert!(cut.length > 0 || cut.is_pause);
                buffer = cut.data;
            }
            assert!(joined == file && pauses > 0, "{bytes}");
        }
    }

    #[test]
    fn pieces_hold_whole_records_whatever_their_size() {
        let packets: Vec<Vec<u8>> = (0..40).map(|index| vec![index as u8; index * 97 % 1_500]).collect();
        let file = pcap_of(&packets);
        for piece_bytes in [0, 1, 100, 5_000, STEP, usize::MAX] {
            let state = crate::capture::format::start::start(&mut &*file, &mut Vec::new()).unwrap().unwrap().state;
            let mut cutter = Cutter::new(Box::new(std::io::Cursor::new(file.clone())), 0, 24, state, piece_bytes);
            let (mut joined, mut buffer) = (file[..24].to_vec(), Vec::new());
            loop {
                let cut = cutter.cut(buffer);
                joined.extend(&cut.data[..cut.length]);
                assert!(cut.filled >= cut.length);
                assert_eq!((cut.end, cut.problem), (joined.len() as u64, None));
                if cut.is_last {
                    break;
                }
                assert!(cut.length > 0);
                buffer = cut.data;
            }
            assert!(joined == file, "{piece_bytes}");
        }
    }
}
