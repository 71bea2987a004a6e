//! Counts of frames, and the times they span.

use crate::capture::Frame;
use serde::{Deserialize, Serialize};

/// How many frames there were, and how long they were.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OtherFrames {
    /// Frames.
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

/// Times of the frames seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Span {
    /// Earliest, ns since 1970 UTC.
    pub earliest_ns: i64,
    /// Latest.
    pub latest_ns: i64,
    /// The furthest that the clock stepped back between any two frames, in ns.
    pub step_back_ns: i64,
}

impl Span {
    /// The times of frames and of those that follow.
    pub(super) fn merge(left: Option<Self>, right: Option<Self>) -> Option<Self> {
        let (Some(l), Some(r)) = (left, right) else { return left.or(right) };
        Some(Self {
            earliest_ns: l.earliest_ns.min(r.earliest_ns),
            latest_ns: l.latest_ns.max(r.latest_ns),
            step_back_ns: l.step_back_ns.max(r.step_back_ns).max(l.latest_ns.saturating_sub(r.earliest_ns)),
        })
    }
}
