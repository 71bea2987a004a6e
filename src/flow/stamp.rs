//! A frame's identity and time.

use crate::capture::FrameId;
use serde::{Deserialize, Serialize};

/// The identity of a frame and its time in ns since 1970 UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub(super) struct Stamp {
    pub(super) frame: FrameId,
    pub(super) time_ns: i64,
}

impl Stamp {
    /// Adds `base` to the frame's identity.
    pub(super) fn rebase(&mut self, base: FrameId) {
        self.frame = self.frame.rebased(base);
    }
}
