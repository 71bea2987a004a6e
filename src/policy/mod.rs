//! A policy, and a report held against it: what may be said of each rule, and the rows that show it.
//!
//! A rule is evaluated on the finished report, never on packets. It claims no more than the report: bytes are certain, possible or
//! cannot be placed, as in [`crate::standing`], and the verdict follows from the three sums alone.

mod baseline;
mod evaluate;
mod fit;
mod parse;
mod regions;
mod rule;
mod verdict;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod testing;

pub use baseline::{Baseline, Finding, MARK as BASELINE_MARK};
pub use evaluate::{Checked, Leniency, Outcome, Row, evaluate};
pub use fit::Part;
pub use parse::parse;
pub use regions::{Member, Region};
pub use rule::{Direction, Kind, Located, Names, Policy, Rule, Share, Table, Territory};
pub use verdict::{Bounds, Verdict};

/// A policy with every field explained, for `whither check --example`.
pub const EXAMPLE: &str = include_str!("example.toml");
