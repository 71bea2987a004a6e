//! The whole way from captures to flows with all that is known of them, and to the routing map.
//!
//! Captures are read and their flows tracked ([`run`](self::run)); each flow that is over is placed and attributed
//! ([`Knowledge`]); flows without an app of their own wait for their [`neighbours`]; then all go to the caller or into the map.

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
