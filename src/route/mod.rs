//! Sums, per app, of the destinations to which its flows went, with the evidence. The sums merge in any order.

mod bounds;
mod destination;
mod geography;
#[cfg(test)]
mod laws;
mod map;
mod sample;
mod stored;
mod traffic;

pub use bounds::Bounds;
pub use destination::{DestinationKey, DestinationSums, NameSums, Where};
pub use geography::Geography;
pub use map::{AppSums, Observed, Reason, ReasonSums, RouteMap, Shortage, is_system};
pub use sample::{Choice, Keyed, LIMIT as SAMPLE_LIMIT, Sample};
pub use traffic::Traffic;
