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
    /// Time of the first frame in record order, in ns since 1970 UTC.
    pub first_ns: i64,
    /// Time of the last frame in record order, in ns since 1970 UTC.
    pub last_ns: i64,
    /// The longest time that passes from one frame to the next, in ns.
    pub step_forward_ns: i64,
    /// The largest step back of the clock: how much earlier a frame is than one recorded before it, at most, in ns.
    pub step_back_ns: i64,
}

impl Span {
    /// The span of one frame.
    pub(super) const fn of(time_ns: i64) -> Self {
        Self {
            earliest_ns: time_ns,
            latest_ns: time_ns,
            first_ns: time_ns,
            last_ns: time_ns,
            step_forward_ns: 0,
            step_back_ns: 0,
        }
    }

    /// Adds the next frame.
    #[inline(always)]
    pub(super) fn observe(&mut self, time_ns: i64) {
        if time_ns >= self.latest_ns {
            self.latest_ns = time_ns;
        } else {
            self.step_back_ns = self.step_back_ns.max(self.latest_ns.saturating_sub(time_ns));
            self.earliest_ns = self.earliest_ns.min(time_ns);
        }
        self.step_forward_ns = self.step_forward_ns.max(time_ns.saturating_sub(self.last_ns));
        self.last_ns = time_ns;
    }

    /// The span of the frames of `left` and those of `right`, which follow them.
    pub(super) fn merge(left: Option<Self>, right: Option<Self>) -> Option<Self> {
        let (Some(l), Some(r)) = (left, right) else { return left.or(right) };
        Some(Self {
            earliest_ns: l.earliest_ns.min(r.earliest_ns),
            latest_ns: l.latest_ns.max(r.latest_ns),
            first_ns: l.first_ns,
            last_ns: r.last_ns,
            step_forward_ns: l.step_forward_ns.max(r.step_forward_ns).max(r.first_ns.saturating_sub(l.last_ns)),
            step_back_ns: l.step_back_ns.max(r.step_back_ns).max(l.latest_ns.saturating_sub(r.earliest_ns)),
        })
    }
}
