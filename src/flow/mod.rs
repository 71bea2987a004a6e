//! Turns packets into flows: partial tables that merge, and the resolved flows.
//!
//! A [`Partial`] is what accumulates from frames. `observe` adds a frame, and `merge` appends the partial of the
//! frames that follow. A [`Tracker`] joins partials in capture order, closes the sessions that no later packet can
//! join, and resolves them to [`Flow`]s. `observe(a ++ b) == merge(observe(a), observe(b))` holds for every cut.

mod answers;
mod clock;
mod devices;
mod fragments;
mod frames;
mod hops;
mod interner;
#[cfg(test)]
mod laws;
mod lifetime;
mod limit;
mod links;
mod moved;
mod openers;
mod opening;
mod partial;
mod pool;
mod record;
mod round_trips;
mod session;
mod shard;
mod shed;
mod stamp;
mod stored;
mod summary;
mod table;
mod tracker;
mod twins;

pub(crate) use lifetime::idle_ns;
pub(crate) use session::position::Position;

pub use frames::{OtherFrames, Span};
pub use hops::{Hops, Trail, TrailHop};
pub use limit::{CannotMerge, KeptPart, SampleKey};
pub use partial::Partial;
pub use pool::Pool;
pub use record::{Counters, Doubt, Ech, Flow, Head, Name, OwnerEvidence, Rtt, RttSource};
pub use round_trips::{Answered, RoundTrips, SynAck};
pub use session::opened::OpenedHellos;
pub use shed::Shed;
pub use summary::Summary;
pub use tracker::{OpenLimits, Tracker};

/// Packets of a session that round trips are measured with, the first ones.
pub(crate) const FIRST_PACKETS: u8 = round_trips::FirstPackets::LIMIT;
