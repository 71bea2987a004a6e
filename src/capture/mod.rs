//! From capture files, pipes and interfaces to [`Frame`]s: bytes, timestamp, link type and owner metadata.

mod frame;
pub mod owner;

pub use frame::{ByteOrder, Direction, Frame, FrameId, FrameNote, LinkType};
