//! Shapes on the globe and on a map: distances, outlines of countries, the projection of the map.

pub mod outline;
pub mod projection;
pub(crate) mod sphere;
