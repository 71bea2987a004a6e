//! Reads captures on all threads: ranges of files, pieces of streams, and small captures together.

pub(crate) mod alone;
mod batch;
mod buffer;
pub(crate) mod engine;
mod group;
mod joiner;
mod opening;
pub(crate) mod options;
pub(crate) mod outcome;
mod queue;
mod range;
mod ranges;
mod reading;
mod resync;
pub(crate) mod stream;
