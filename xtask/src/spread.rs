//! `data/geo/places.bin` to `data/geo/spread.bin`: the networks that have addresses in several countries.

use std::path::Path;

use crate::geo::Result;
use whither::place::Embedded;
use whither::place::embedded::spread::{LEAST_COUNTRIES, encode};

/// Derives the list from the tables under `data`, the repository's folder of that name, and writes it there.
///
/// # Errors
/// If the tables cannot be read, or the list cannot be written.
pub(crate) fn run(data: &Path) -> Result<()> {
    let folder = data.join("geo");
    let places: &'static [u8] = std::fs::read(folder.join("places.bin"))?.leak();
    let numbers = Embedded::from_bytes(places).spread_networks(LEAST_COUNTRIES);
    Ok(std::fs::write(folder.join("spread.bin"), encode(&numbers))?)
}
