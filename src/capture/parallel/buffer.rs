//! The part of a capture that a thread has in memory, and the part that it is to read.

use crate::capture::input::{Input, to_usize};
use std::cell::Cell;
use std::io;

/// Bytes read at once: so many that the cost of the system call does not matter, and so few that they stay in the second-level cache.
const BUFFER_BYTES: usize = 256 << 10;
/// How far past its end a range reads at first: most often enough for its last record.
const PAST_END: u64 = 4 << 10;

thread_local! {
    /// The buffer that the thread last read into. It is used again, because a new one is filled with zeros first.
    static SCRAP: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A part of a capture in memory. A range looks for its first record in it, and then goes on from what was read for that.
pub(super) struct Buffer {
    pub(super) bytes: Vec<u8>,
    /// Offset of the first byte.
    base: u64,
    /// Bytes that were read.
    pub(super) filled: usize,
}

impl Buffer {
    /// A buffer into which nothing was read yet.
    pub(super) fn new() -> Self {
        Self { bytes: SCRAP.take(), base: 0, filled: 0 }
    }

    /// Reads the start of an extent: as much of it as fits, and at least `least` bytes where the file has them.
    pub(super) fn read(&mut self, input: &Input, extent: Extent, least: usize) -> io::Result<&[u8]> {
        (self.base, self.filled) = (extent.from, 0);
        self.make_room(extent);
        let wanted = to_usize(extent.wanted()).max(least).min(self.bytes.len());
        self.filled = input.fill_at(self.bytes.get_mut(..wanted).unwrap_or_default(), extent.from)?;
        Ok(self.bytes.get(..self.filled).unwrap_or_default())
    }

    /// Where in the buffer the extent begins. If the buffer holds none of it, the buffer is emptied and begins there.
    pub(super) fn begin(&mut self, extent: Extent) -> usize {
        self.make_room(extent);
        let start = extent.from.checked_sub(self.base).map(to_usize).filter(|&start| start < self.filled);
        if start.is_none() {
            (self.base, self.filled) = (extent.from, 0);
        }
        start.unwrap_or(0)
    }

    fn make_room(&mut self, extent: Extent) {
        let least = BUFFER_BYTES.min(to_usize(extent.size.saturating_sub(extent.from)));
        if self.bytes.len() < least {
            self.bytes.resize(least, 0);
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // A buffer that a long record made longer is not kept.
        if self.bytes.len() <= BUFFER_BYTES {
            SCRAP.set(std::mem::take(&mut self.bytes));
        }
    }
}

/// The records to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    /// Where the first record starts.
    pub(super) from: u64,
    /// Records that start here or later are left alone.
    pub(super) limit: u64,
    /// Size of the capture.
    pub(super) size: u64,
}

impl Extent {
    /// Bytes in which its records start.
    pub(super) fn length(self) -> u64 {
        self.limit.saturating_sub(self.from)
    }

    /// Bytes that most often hold all of it.
    pub(super) fn wanted(self) -> u64 {
        self.length().saturating_add(PAST_END)
    }
}
