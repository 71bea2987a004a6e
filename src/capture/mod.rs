//! From capture files, pipes and interfaces to [`Frame`]s: bytes, timestamp, link type and owner metadata.
//!
//! [`find`] finds the captures, [`open`] puts them in order, [`read`] reads them on all threads and hands out the accumulated
//! [`Piece`]s in the order of the frames.

mod advice;
mod batch;
mod classic;
mod compression;
mod engine;
mod find;
mod frame;
mod input;
mod lane;
#[cfg(test)]
mod laws;
mod open;
pub mod owner;
mod pcapng;
mod queue;
mod range;
mod records;
mod resync;
mod sniff;
mod source;
mod stream;
mod tally;
#[cfg(test)]
mod testing;

pub use advice::advice;
pub use engine::{Outcome, Piece, Progress, ReadOptions, read};
pub use find::{Found, find};
pub use frame::{ByteOrder, Direction, Frame, FrameId, FrameNote, LinkType};
pub use open::{Opened, is_capture, open};
pub use source::{STANDARD_INPUT, Source};
pub use tally::Observe;
