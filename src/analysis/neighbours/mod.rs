//! Flows without evidence of their own take over the app of a neighbouring flow, by the rules of [`crate::app::inherit`].
//!
//! Neighbours end at other times than the flow that inherits from them, so flows wait. So that the outcome does not depend on
//! how the captures were cut, data alone decides who counts as a neighbour: flows of a window (a minute) see those whose own
//! windows end at most an hour before and two minutes after theirs, the first ones by frame where there are too many.

mod batches;
mod key;
mod known;
mod limits;
mod order;
mod seekers;
mod store;
#[cfg(test)]
mod tests;

pub(super) use limits::{Limits, settled};
pub(super) use seekers::{Seekers, is_seeker};
pub(super) use store::Neighbours;

pub use limits::TooMany;
pub use order::{Order, order};
