//! Reads captures and turns them into flows with everything that is known of them, and into the routing map.
//!
//! Captures are read and their flows tracked (`run`). Each flow that is over is located and attributed
//! to an app ([`Knowledge`]). Flows without an app wait for their `neighbours`. Then all flows go to the caller or
//! into the map.

#[doc(hidden)]
pub mod budget;
mod knowledge;
mod neighbours;
mod options;
mod run;
#[doc(hidden)]
pub mod stages;
mod studied;
mod worker;

pub use knowledge::Knowledge;
pub use neighbours::{Order, TooMany, order};
pub use options::{FrameFilter, Options};
pub use run::{Analysed, each, flows, map};
pub use studied::{Learned, Studied};
