//! From packets to flows: partial tables that merge, and the resolved flow.
//!
//! [`Partial`] is what accumulates: `observe` takes in a frame, `merge` appends the partial of the frames that follow, and
//! [`Tracker`] joins partials in capture order, closes the sessions that no later packet can join and resolves them to
//! [`Flow`]s. `observe(a ++ b) == merge(observe(a), observe(b))` for every cut.

mod answers;
mod clock;
mod cold;
mod datagram;
mod first;
mod fragments;
mod gather;
#[cfg(test)]
mod laws;
mod limit;
mod opening;
mod partial;
mod pool;
mod record;
mod repeats;
mod resolve;
mod segments;
mod session;
mod shard;
mod stamps;
mod stream;
mod table;
mod tracker;
mod votes;

pub use limit::{Part, SampleKey};
pub use partial::{OtherFrames, Partial, Span};
pub use pool::Pool;
pub use record::{Counters, Ech, Flow, Head, Name, OwnerEvidence, Rtt, RttSource};
pub use tracker::{OpenLimits, Shed, Summary, Tracker};
