//! The result of reading: the accumulated pieces, and the outcome of each capture.

use crate::capture::frame::FrameId;
use crate::error::Defect;

/// What was accumulated over a range of one capture, proven to be exactly its frames; or over several small captures that
/// follow each other, whose frames have the ordinals from `base` on.
#[derive(Debug)]
pub struct Piece<P> {
    /// The observer that saw the frames, numbered from `FrameId::new(0, 0)`.
    pub partial: P,
    /// The identity of the first frame.
    pub base: FrameId,
    /// Records that take a frame number.
    pub frames: u64,
    /// Lengths on the wire of the packets.
    pub wire_bytes: u64,
    /// Where the reader of a pipe paused after it: the outcome if the capture ended here.
    pub pause: Option<Box<Outcome>>,
}

/// The outcome of reading a capture.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// The capture as the user named it.
    pub name: String,
    /// The format, for people: `pcapng (zstd)`.
    pub format: String,
    /// Frames, as Wireshark numbers them.
    pub frames: u64,
    /// The frames among them that are not packets and were not observed: pcapng custom, journal and system event blocks.
    pub not_packets: u64,
    /// Lengths on the wire of all packets, as far as links carry such.
    pub wire_bytes: u64,
    /// Captured bytes of all packets.
    pub captured_bytes: u64,
    /// Earliest packet time.
    pub first_time_ns: Option<i64>,
    /// Latest packet time.
    pub last_time_ns: Option<i64>,
    /// Owners in the capture's own tables for which there was no room.
    pub owners_left_out: u64,
    /// Packets that claim a length on the wire that no link carries: their captured length is counted.
    pub lengths_not_believed: u64,
    /// Headers of other files in the midst of this one, as where files were joined end to end.
    pub joined_files: u64,
    /// Blocks of decryption secrets with lines on Encrypted Client Hello.
    pub secret_blocks: u64,
    /// Why and where reading ended before the end, if it did.
    pub defect: Option<Defect>,
}
