//! Reads one range of a capture: the records whose header starts in it, the last one to its end.

use super::input::Input;
use super::records::{HOLE, State, Stop, Visit, cut_short};
use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes read at once: large enough that the system call does not count, small enough to stay in the second-level cache.
const BUFFER: usize = 256 << 10;
/// What is said of a file that has fewer bytes than it had when it was opened.
const SHORTENED: &str = "the file was cut short while it was read";
/// How far past its end a range reads at first: most often enough for its last record.
const PAST_END: u64 = 4 << 10;

thread_local! {
    /// The buffer that the thread last read into. It is used again, because a new one is filled with zeros first.
    static SCRAP: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A piece of a capture in memory. The start of a range is looked for in it; what was read for that is not read again.
pub(super) struct Window {
    bytes: Vec<u8>,
    /// Offset of the first byte.
    base: u64,
    /// Bytes that were read.
    filled: usize,
}

impl Window {
    /// A window into which nothing was read yet.
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

    /// Where in the window the extent begins. If the window holds none of it, the window is emptied and begins there.
    fn begin(&mut self, extent: Extent) -> usize {
        self.make_room(extent);
        let start = extent.from.checked_sub(self.base).map(to_usize).filter(|&start| start < self.filled);
        if start.is_none() {
            (self.base, self.filled) = (extent.from, 0);
        }
        start.unwrap_or(0)
    }

    fn make_room(&mut self, extent: Extent) {
        let least = BUFFER.min(to_usize(extent.size.saturating_sub(extent.from)));
        if self.bytes.len() < least {
            self.bytes.resize(least, 0);
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // A buffer that a long record made longer is not kept.
        if self.bytes.len() <= BUFFER {
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
    fn length(self) -> u64 {
        self.limit.saturating_sub(self.from)
    }

    /// Bytes that most often hold all of it.
    fn wanted(self) -> u64 {
        self.length().saturating_add(PAST_END)
    }
}

/// Where the reading of a range ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Ended {
    /// Offset of the first record not read.
    pub(super) end: u64,
    /// Why that record could not be read, if that is why it was not.
    pub(super) problem: Option<String>,
}

/// Reads an extent, from the window as far as it goes; `done` takes the bytes read so far, for the progress display.
pub(super) fn read_range<V: Visit>(
    input: &Input,
    mut window: Window,
    mut extent: Extent,
    state: &mut State,
    visit: &mut V,
    done: Option<&AtomicU64>,
) -> Ended {
    let tell = |read: usize| _ = done.map(|done| done.fetch_add(read as u64, Ordering::Relaxed));
    let mut start = window.begin(extent);
    tell(window.filled - start);
    let Window { bytes: buffer, filled, .. } = &mut window;
    let (mut needed, mut at_end) = (0_usize, false);
    loop {
        let until = to_usize(extent.wanted()).max(needed).saturating_add(start).min(buffer.len());
        if let Some(room) = buffer.get_mut(*filled..until).filter(|room| !room.is_empty()) {
            let room_bytes = room.len();
            match input.fill_at(room, extent.from + (*filled - start) as u64) {
                Ok(read) => {
                    at_end = read < room_bytes;
                    *filled += read;
                    tell(read);
                }
                Err(error) => {
                    return Ended { end: extent.from, problem: Some(format!("the file could not be read: {error}")) };
                }
            }
        }
        let bytes = buffer.get(start..*filled).unwrap_or_default();
        let (used, stop) = state.walk(bytes, to_usize(extent.length()), visit);
        start += used;
        extent.from += used as u64;
        let has_lost = at_end && extent.from.saturating_add((*filled - start) as u64) < extent.size;
        match stop {
            Stop::Limit => return Ended { end: extent.from, problem: None },
            Stop::Bad(what) => return Ended { end: extent.from, problem: Some(what) },
            Stop::NeedMore(_) if has_lost => {
                return Ended { end: extent.from, problem: Some(SHORTENED.to_owned()) };
            }
            Stop::NeedMore(_) if start == *filled && (at_end || extent.from >= extent.size) => {
                return Ended { end: extent.from, problem: None };
            }
            // A record longer than the rest of the file is not worth a buffer; whether a few zeros are one shows by what
            // follows.
            Stop::NeedMore(bytes)
                if at_end || (bytes > HOLE && bytes as u64 > extent.size.saturating_sub(extent.from)) =>
            {
                let rest = buffer.get(start..*filled).unwrap_or_default();
                return Ended { end: extent.from, problem: Some(cut_short(rest)) };
            }
            Stop::NeedMore(bytes) => {
                buffer.copy_within(start..*filled, 0);
                *filled -= std::mem::take(&mut start);
                needed = bytes;
                if buffer.len() < bytes {
                    buffer.resize(bytes, 0);
                }
            }
        }
    }
}

/// An offset difference as a length in memory, at most all of it.
pub(super) fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
