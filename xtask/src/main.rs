//! The project's own commands: `cargo xtask --help`.

mod geo;
mod outline;
#[allow(dead_code, reason = "the samples command calls it")]
mod owner_samples;

use std::path::PathBuf;

use clap::Parser;

/// The project's own commands.
#[derive(Parser)]
enum Command {
    /// Build data/geo from unpacked packages of ip-location-db, and data/outline.bin from world-atlas.
    Geo {
        /// Folder of the unpacked packages.
        #[arg(long)]
        from: PathBuf,
        /// Where to write.
        #[arg(long, default_value = "data")]
        into: PathBuf,
    },
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match Command::parse() {
        Command::Geo { from, into } => geo::run(&from, &into),
    }
}
