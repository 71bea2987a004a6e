//! Reads one range of a capture: the records whose header starts in it, the last one to its end.

use super::input::Input;
use super::records::{HOLE, State, Stop, Visit, cut_short};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes read at once: large enough that the system call does not count, small enough to stay in the second-level cache.
const BUFFER: usize = 256 << 10;
/// How far past its end a range reads at first: most often enough for its last record.
const PAST_END: u64 = 4 << 10;

thread_local! {
    /// What the thread's last range was read into: a new one would be filled with zeros first.
    static SCRAP: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
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

/// Where the reading of a range ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Ended {
    /// Offset of the first record not read.
    pub(super) end: u64,
    /// Why that record could not be read, if that is why it was not.
    pub(super) problem: Option<String>,
}

/// Reads an extent; `done` takes the bytes read so far, for the progress display.
pub(super) fn read_range<V: Visit>(
    input: &Input,
    extent: Extent,
    state: &mut State,
    visit: &mut V,
    done: Option<&AtomicU64>,
) -> Ended {
    let mut buffer = SCRAP.take();
    let least = BUFFER.min(to_usize(extent.size.saturating_sub(extent.from)));
    if buffer.len() < least {
        buffer = vec![0; least];
    }
    let ended = read_into(&mut buffer, input, extent, state, visit, done);
    // One that a long record made longer is not kept.
    if buffer.len() <= BUFFER {
        SCRAP.set(buffer);
    }
    ended
}

fn read_into<V: Visit>(
    buffer: &mut Vec<u8>,
    input: &Input,
    extent: Extent,
    state: &mut State,
    visit: &mut V,
    done: Option<&AtomicU64>,
) -> Ended {
    let mut base = extent.from;
    let mut filled = 0_usize;
    let mut needed = 0_usize;
    let mut at_end = false;
    loop {
        let wanted = (extent.limit.saturating_sub(base).saturating_add(PAST_END)).max(needed as u64);
        let until = to_usize(wanted).min(buffer.len());
        if let Some(room) = buffer.get_mut(filled..until).filter(|room| !room.is_empty()) {
            let room_bytes = room.len();
            match input.fill_at(room, base + filled as u64) {
                Ok(read) => {
                    at_end = read < room_bytes;
                    filled += read;
                    if let Some(done) = done {
                        done.fetch_add(read as u64, Ordering::Relaxed);
                    }
                }
                Err(error) => {
                    return Ended { end: base, problem: Some(format!("the file could not be read: {error}")) };
                }
            }
        }
        let bytes = buffer.get(..filled).unwrap_or_default();
        let (used, stop) = state.walk(bytes, to_usize(extent.limit.saturating_sub(base)), visit);
        base += used as u64;
        match stop {
            Stop::Limit => return Ended { end: base, problem: None },
            Stop::Bad(what) => return Ended { end: base, problem: Some(what) },
            Stop::NeedMore(_) if used == filled && (at_end || base >= extent.size) => {
                return Ended { end: base, problem: None };
            }
            // A record longer than the rest of the file is not worth a buffer; whether a few zeros are one shows by what
            // follows.
            Stop::NeedMore(bytes) if at_end || (bytes > HOLE && bytes as u64 > extent.size.saturating_sub(base)) => {
                let rest = buffer.get(used..filled).unwrap_or_default();
                return Ended { end: base, problem: Some(cut_short(rest)) };
            }
            Stop::NeedMore(bytes) => {
                buffer.copy_within(used..filled, 0);
                filled -= used;
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
