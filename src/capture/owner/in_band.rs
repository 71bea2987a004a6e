//! What is left of a record once an owner header or trailer inside it was taken off.

use crate::capture::frame::LinkType;
use crate::capture::note::FrameNote;

/// A frame with its in-band owner header or trailer taken off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InBand {
    /// Link type of what is left.
    pub link_type: LinkType,
    /// Where in the record's bytes the frame lies.
    pub range: std::ops::Range<usize>,
    /// Length on the wire of what is left.
    pub wire_length: u32,
    /// What the header or trailer said. It is closer to the packet than its block's options, so it wins over them.
    pub note: FrameNote,
}
