//! From packets to flows: partial tables that merge, and the resolved flow.

mod record;

pub use record::{Counters, Ech, Flow, Head, Name, OwnerEvidence, Rtt, RttSource};
