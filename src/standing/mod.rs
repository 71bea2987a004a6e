//! What may be said of the country of an endpoint, and no more: standing, candidates, and intervals over many endpoints.
//!
//! Everything here maps values to values. [`judge`] takes what databases claim, how the addresses are announced and their round trips;
//! [`Shares`] takes bytes by country to intervals. Rules and figures: `docs/evidence.md`.

mod bound;
mod claim;
mod class;
mod contested;
mod distances;
mod elsewhere;
mod endpoint;
mod exclusion;
mod interval;
mod judgement;
mod lineage;
mod other_places;
mod physics;
mod sentence;
mod sight;
mod syn_ack;
mod territory;
mod tested;
mod twins;
mod votes;

pub use bound::{FlowTimes, GLASS_KM_PER_MS, LIGHT_KM_PER_MS, Measured, reach_km};
pub use claim::{Claim, STALE_MONTHS, months};
pub use class::Standing;
pub use distances::Distances;
pub use endpoint::{Endpoint, Front};
pub use exclusion::{Exclusion, Speed, Verdict};
pub use interval::{Held, Interval, LEAST_BYTES, Percent, Shares};
pub use judgement::{Confirmation, Judged, Judgement, judge, judge_from};
pub use lineage::Lineage;
pub use physics::PhysicsState;
pub use sentence::{CountryShares, Unplaced, Way, sentence};
pub use sight::Sight;
pub use territory::{is_finer, parts, whole};
