//! Options of reading, and its progress.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Options of reading.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions {
    /// Bytes per range; by default chosen from the size of the capture alone, so that the number of threads changes nothing.
    pub range_bytes: Option<u64>,
    /// Most bytes per range, if the size of ranges is chosen by default.
    pub most_range_bytes: Option<u64>,
    /// Bytes of memory that the whole analysis may take, about; `None` is no limit. Compressed captures whose decoder would need more
    /// than a part of it are not read.
    pub memory_bytes: Option<u64>,
}

/// The progress of reading, for a display that polls it; and whether it is to go on.
#[derive(Debug, Default)]
pub struct Progress {
    pub(super) done: Arc<AtomicU64>,
    pub(super) total: AtomicU64,
    pub(super) is_stopped: Arc<AtomicBool>,
}

impl Progress {
    /// Bytes of the files read so far.
    pub fn bytes_done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Bytes of all files; pipes count nothing.
    pub fn bytes_total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Ends the reading: pieces that are being read are finished, and others are not begun. What has been read but not joined is
    /// dropped. Captures that were not read to their end have no outcome.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }
}
