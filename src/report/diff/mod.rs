//! Two reports held against each other: what appeared, vanished or moved.

mod compare;
mod destinations;
mod model;
mod shares;

pub use compare::compare;
pub use model::{AppDiff, Change, DIFF_SCHEMA, DestinationDiff, Diff, NameDiff, ShareDiff, ShareOf, ShareSide, Side};
