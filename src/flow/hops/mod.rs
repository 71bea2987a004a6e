//! What packets show of paths: the probes with a small hop limit that a device sent, and what routers sent back when it ran out
//! ([`Hops`]), and the paths that these come to ([`Trail`]).

mod seen;
mod trail;

pub use seen::Hops;
pub use trail::{Trail, TrailHop};
