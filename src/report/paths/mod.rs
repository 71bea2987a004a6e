//! Paths that traffic to destinations was routed on, as captures show them or tools measured them: hops with places, and the countries
//! seen on the way. A hop is no endpoint, so no share knows of it.

mod gather;
mod line;

pub(super) use gather::Paths;
pub use line::{HopLine, PathCountry, PathLine};
