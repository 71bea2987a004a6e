//! A frame and its time.

use crate::capture::FrameId;
use serde::{Deserialize, Serialize};

/// Which frame, and its time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub(super) struct Stamp {
    pub(super) frame: FrameId,
    pub(super) time_ns: i64,
}

impl Stamp {
    /// Shifts the frame's identity.
    pub(super) fn rebase(&mut self, base: FrameId) {
        self.frame = self.frame.rebased(base);
    }
}
