//! Reads one range of a capture: the records whose header starts in it, the last one to its end.

use super::buffer::{Buffer, Extent};
use crate::capture::format::state::State;
use crate::capture::format::visit::{HOLE, Stop, Visit, cut_short};
use crate::capture::input::{Input, to_usize};
use std::sync::atomic::{AtomicU64, Ordering};

/// How the message begins where the system could not read the file.
pub(super) const UNREADABLE: &str = "the file could not be read";
/// The message for a file that has fewer bytes than when it was opened.
const SHORTENED: &str = "the file was cut short while it was read";

/// Where the reading of a range ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Ended {
    /// Offset of the first record not read.
    pub(super) end: u64,
    /// Why that record could not be read; none if the range ends before it.
    pub(super) problem: Option<String>,
}

/// Reads an extent. What of it is in the buffer already is not read again. `done` counts the bytes read, for the progress
/// display.
pub(super) fn read_range<V: Visit>(
    input: &Input,
    mut buffer: Buffer,
    mut extent: Extent,
    state: &mut State,
    visit: &mut V,
    done: Option<&AtomicU64>,
) -> Ended {
    let tell = |read: usize| _ = done.map(|done| done.fetch_add(read as u64, Ordering::Relaxed));
    let mut start = buffer.begin(extent);
    tell(buffer.filled - start);
    let Buffer { bytes: memory, filled, .. } = &mut buffer;
    let (mut needed, mut at_end) = (0_usize, false);
    loop {
        let until = to_usize(extent.wanted()).max(needed).saturating_add(start).min(memory.len());
        if let Some(room) = memory.get_mut(*filled..until).filter(|room| !room.is_empty()) {
            let room_bytes = room.len();
            match input.fill_at(room, extent.from + (*filled - start) as u64) {
                Ok(read) => {
                    at_end = read < room_bytes;
                    *filled += read;
                    tell(read);
                }
                Err(error) => {
                    return Ended { end: extent.from, problem: Some(format!("{UNREADABLE}: {error}")) };
                }
            }
        }
        let bytes = memory.get(start..*filled).unwrap_or_default();
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
            // No buffer is made for a record that is longer than the rest of the file. Few zeros may still be a record, which what
            // follows them shows.
            Stop::NeedMore(bytes)
                if at_end || (bytes > HOLE && bytes as u64 > extent.size.saturating_sub(extent.from)) =>
            {
                let rest = memory.get(start..*filled).unwrap_or_default();
                return Ended { end: extent.from, problem: Some(cut_short(rest)) };
            }
            Stop::NeedMore(bytes) => {
                memory.copy_within(start..*filled, 0);
                *filled -= std::mem::take(&mut start);
                needed = bytes;
                if memory.len() < bytes {
                    memory.resize(bytes, 0);
                }
            }
        }
    }
}
