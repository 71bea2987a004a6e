//! Reads captures and turns them into flows with everything that is known of them, and into the routing map.
//!
//! Captures are read and their flows tracked (`run`). Each flow that is over is located and attributed
//! to an app ([`Knowledge`]). Flows without an app wait for their `neighbours`. Then all flows go to the caller or
//! into the map.

mod analysed;
mod asked;
#[doc(hidden)]
pub mod budget;
mod gathering;
mod judgements;
mod knowledge;
mod neighbours;
mod options;
mod run;
#[doc(hidden)]
pub mod stages;
mod studied;
mod sums;
mod worker;

pub use analysed::Analysed;
pub use asked::MissingDevices;
pub use judgements::{FlowJudge, Judgements, Known, Times, endpoint, judged};
pub use knowledge::Knowledge;
pub use neighbours::{Order, TooMany, order};
pub use options::{FrameFilter, Options};
pub use run::{Filtered, Parts, each, flows, map, map_live, map_parts, map_with};
pub use studied::{Learned, Studied};
