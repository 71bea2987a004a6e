//! Where what apps sent ended, by what a framework of law on transfers makes of the countries.

mod framework;
mod model;
mod tally;

pub use framework::{Decision, Framework, Group, frameworks};
pub use model::{AppTransfers, DecisionLine, GroupLine, Transfers};
