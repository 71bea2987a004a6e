//! Per app, the destinations its flows went to: sums and evidence that merge in any order.

mod destination;
mod map;
mod traffic;

pub use destination::{DestinationKey, DestinationSums, NameSums, Where};
pub use map::{AppSums, Observed, Outcome, Reason, ReasonSums, RouteMap, is_system};
pub use traffic::Traffic;
