//! Counts of frames, and the times they span.

use crate::capture::Frame;
use serde::{Deserialize, Serialize};

/// Number of frames, and their lengths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OtherFrames {
    /// Number of frames.
    pub frames: u64,
    /// Frame lengths on the wire, in bytes.
    pub bytes: u64,
}

impl OtherFrames {
    /// Counts a frame.
    pub(super) fn count(&mut self, frame: &Frame<'_>) {
        self.frames += 1;
        self.bytes += u64::from(frame.wire_length);
    }

    /// Adds the counts of others.
    pub(super) fn add(&mut self, other: Self) {
        self.frames += other.frames;
        self.bytes += other.bytes;
    }
}

/// The times that some frames span.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Span {
    /// Earliest time, in ns since 1970 UTC.
    pub earliest_ns: i64,
    /// Latest time, in ns since 1970 UTC.
    pub latest_ns: i64,
    /// The largest step back of the clock: how much earlier a frame is than one recorded before it, at most, in ns.
    pub step_back_ns: i64,
}

impl Span {
    /// The span of the frames of `left` and those of `right`, which follow them.
    pub(super) fn merge(left: Option<Self>, right: Option<Self>) -> Option<Self> {
        let (Some(l), Some(r)) = (left, right) else { return left.or(right) };
        Some(Self {
            earliest_ns: l.earliest_ns.min(r.earliest_ns),
            latest_ns: l.latest_ns.max(r.latest_ns),
            step_back_ns: l.step_back_ns.max(r.step_back_ns).max(l.latest_ns.saturating_sub(r.earliest_ns)),
        })
    }
}
