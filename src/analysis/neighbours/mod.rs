//! Gives flows without evidence of their own the app of a neighbouring flow, by the rules of [`crate::app::inherit`].
//!
//! Neighbours end at other times than the flow that inherits from them, so flows wait for them. Only the data decide
//! which flows count as neighbours, so that the result does not depend on how the captures were cut: a flow of a
//! window (a minute of the capture's clock) sees flows whose windows are at most an hour earlier and two minutes
//! later. If there are too many, the first by frame count.

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
