//! Sums, per app, of the destinations to which its flows went, with the evidence. The sums merge in any order.

mod address;
mod bounds;
mod capture_set;
mod destination;
mod devices;
#[cfg(test)]
mod laws;
mod map;
mod observed;
mod payload;
mod reason;
mod run_by;
mod sample;
mod stored;
mod traffic;

pub use address::{AddressSums, Probe};
pub use bounds::Bounds;
pub use capture_set::CaptureSet;
pub use destination::{DestinationKey, DestinationSums, NameSums, Where};
pub use devices::Devices;
pub use map::{AppSums, ReasonSums, RouteMap, Shortage};
pub use observed::{Exchange, Observed};
pub use payload::Payload;
pub use reason::{Reason, is_system};
pub use run_by::{Named, NamedFor, NetworkOperator, RunBy};
pub use sample::{Choice, Keyed, LIMIT as SAMPLE_LIMIT, Sample, Sums};
pub use traffic::Traffic;
