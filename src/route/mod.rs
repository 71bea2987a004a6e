//! Per app, the destinations its flows went to: sums and evidence that merge in any order.

mod destination;
mod geography;
mod map;
mod sample;
mod traffic;

pub use destination::{DestinationKey, DestinationSums, NameSums, Where};
pub use geography::Geography;
pub use map::{AppSums, Observed, Reason, ReasonSums, RouteMap, is_system};
pub use sample::{LIMIT as SAMPLE_LIMIT, Sample};
pub use traffic::Traffic;
