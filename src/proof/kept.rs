//! The frames that a proof is made of.

use crate::capture::{FrameId, FrameNote, LinkType, Outcome};
use std::collections::BTreeMap;

/// A frame that is kept, perhaps without the end of its bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Time in ns since 1970 UTC.
    pub time_ns: i64,
    /// Link type of the bytes.
    pub link_type: LinkType,
    /// Length on the wire.
    pub wire_length: u32,
    /// What is kept of the captured bytes.
    pub bytes: Vec<u8>,
    /// What else the capture says of it.
    pub note: Option<FrameNote>,
    /// Where the payload begins in the bytes.
    pub(super) payload_at: usize,
}

impl Kept {
    /// Cuts the payload after so many bytes.
    pub(super) fn cut(&mut self, payload: usize) {
        self.bytes.truncate(self.payload_at.saturating_add(payload));
    }
}

/// All frames of a proof, in the order of the captures.
#[derive(Debug, Default)]
pub struct Selection {
    /// The frames.
    pub frames: BTreeMap<FrameId, Kept>,
    /// The outcome of reading each capture.
    pub outcomes: Vec<Outcome>,
    /// Whether there was no room for all.
    pub is_full: bool,
}
