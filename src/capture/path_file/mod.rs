//! From files that tools write of paths (`--path FILE`) to the hops on them: mtr's JSON, traceroute's and tracert's text, scamper's JSON
//! (`sc_warts2json`). One file per format, told apart in [`read`].

mod found;
mod given;
mod mtr;
mod read;
mod refused;
mod scamper;
#[cfg(test)]
mod tests;
mod text;
mod traceroute;
mod tracert;

pub use given::{GivenHop, GivenPath};
pub use read::{GivenPaths, read_bytes};
