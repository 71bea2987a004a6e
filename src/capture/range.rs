//! Reads one range of a capture: the records whose header starts in it, the last one to its end.

use super::input::Input;
use super::records::{Ahead, HOLE, State, Stop, Visit, cut_short};
use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use whither_mapped::Mapped;

/// Bytes read at once: large enough that the system call does not count, small enough to stay in the second-level cache.
const BUFFER: usize = 256 << 10;
/// Less than this is not worth a mapping.
const LEAST_MAPPED: usize = 1 << 20;
/// More is not mapped at once, since what is mapped counts as memory taken: twice the largest range.
const MOST_MAPPED: usize = 16 << 20;
/// What is said where a mapped file does not have what it had.
const TORN: &str = "the file was cut short, or its storage failed, while it was read";
/// How far past its end a range reads at first: most often enough for its last record.
const PAST_END: u64 = 4 << 10;

thread_local! {
    /// What the thread read into last: a new buffer would be filled with zeros first.
    static SCRAP: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A piece of a capture in memory: the start of a range is looked for in it, and what was read for that is not read again.
pub(super) struct Window {
    /// An extent in place, if it could be mapped; then nothing was read.
    mapped: Option<Mapped>,
    bytes: Vec<u8>,
    /// Offset of the first byte, mapped or read.
    base: u64,
    /// Bytes that were read.
    filled: usize,
}

impl Window {
    /// One that nothing was read into.
    pub(super) fn new() -> Self {
        Self { mapped: None, bytes: SCRAP.take(), base: 0, filled: 0 }
    }

    /// Maps an extent, or reads what it begins with: as much as fits, and `least` bytes at any rate, if there are as many.
    pub(super) fn look(&mut self, input: &Input, extent: Extent, least: usize) -> io::Result<&[u8]> {
        (self.base, self.filled) = (extent.from, 0);
        self.mapped = extent.map(input);
        if self.mapped.is_none() {
            self.make_room(extent);
            let wanted = to_usize(extent.wanted()).max(least).min(self.bytes.len());
            self.filled = input.fill_at(self.bytes.get_mut(..wanted).unwrap_or_default(), extent.from)?;
        }
        Ok(self.mapped.as_deref().or(self.bytes.get(..self.filled)).unwrap_or_default())
    }

    /// An extent in place, if it can be mapped, and where it begins in what is mapped.
    fn in_place(&mut self, input: &Input, extent: Extent) -> Option<(Mapped, usize)> {
        let start = self.start(extent, self.mapped.as_ref().map_or(0, |mapped| mapped.len()));
        // What was read instead could not be mapped a moment ago.
        let map = || (self.filled == 0).then(|| extent.map(input)).flatten();
        self.mapped.take().zip(start).or_else(|| Some((map()?, 0)))
    }

    /// Where the extent begins in so many bytes that are held, if it does.
    fn start(&self, extent: Extent, held: usize) -> Option<usize> {
        extent.from.checked_sub(self.base).map(to_usize).filter(|&start| start < held)
    }

    /// Where in what was read the extent begins; at its start, if nothing of it was read.
    fn begin(&mut self, extent: Extent) -> usize {
        self.make_room(extent);
        let start = self.start(extent, self.filled);
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
        // One that a long record made longer is not kept.
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

    fn map(self, input: &Input) -> Option<Mapped> {
        let length = to_usize(self.wanted().min(self.size.saturating_sub(self.from))).min(MOST_MAPPED);
        (length >= LEAST_MAPPED).then(|| input.map(self.from, length)).flatten()
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
    if let Some((mapped, start)) = window.in_place(input, extent) {
        let bytes = mapped.get(start..).unwrap_or_default();
        let (used, stop) = state.walk(bytes, to_usize(extent.length()), Ahead::FAR, visit);
        tell(used);
        extent.from += used as u64;
        match stop {
            // Whatever the zeros looked like.
            _ if mapped.is_torn() => return Ended { end: extent.from, problem: Some(TORN.to_owned()) },
            Stop::Limit => return Ended { end: extent.from, problem: None },
            Stop::Bad(what) => return Ended { end: extent.from, problem: Some(what) },
            // The next record goes further than the last one of a range most often does, than the capture, or than is mapped.
            Stop::NeedMore(_) => {}
        }
    }
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
        let (used, stop) = state.walk(bytes, to_usize(extent.length()), Ahead::NEAR, visit);
        start += used;
        extent.from += used as u64;
        match stop {
            Stop::Limit => return Ended { end: extent.from, problem: None },
            Stop::Bad(what) => return Ended { end: extent.from, problem: Some(what) },
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
