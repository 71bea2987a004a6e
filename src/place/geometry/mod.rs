//! Shapes on the globe: distances, outlines of countries.

pub mod outline;
pub(crate) mod sphere;
