//! From capture files, pipes and interfaces to [`Frame`]s: bytes, timestamp, link type and owner metadata.
//!
//! [`find`] finds the captures, [`open`] puts them in order, [`read`] reads them on all threads and hands out the accumulated
//! [`Piece`]s in the order of the frames.

mod advice;
mod find;
mod format;
mod frame;
mod input;
#[cfg(test)]
mod laws;
mod note;
#[cfg(feature = "object-storage")]
mod object;
mod open;
mod options;
pub mod owner;
mod parallel;
mod path_file;
mod secrets;
mod side_file;
mod source;
mod stamp;
mod tally;
#[cfg(test)]
mod testing;
mod text;
mod url;

pub use advice::advice;
pub use find::{Found, find};
pub use frame::{ByteOrder, Frame, FrameId, LinkType};
pub use note::{Direction, FrameNote};
pub use open::{Opened, is_capture, open};
pub use parallel::alone::{First, RangeRead};
pub use parallel::engine::read;
pub use parallel::options::{Progress, ReadOptions};
pub use parallel::outcome::{Outcome, Piece};
pub use path_file::{GivenHop, GivenPath, GivenPaths, read_bytes as read_path_bytes};
pub use secrets::secrets_in;
pub use source::{BUILT_IN, STANDARD_INPUT, Source};
pub(crate) use stamp::{Stamp, stamp};
pub use tally::Observe;
