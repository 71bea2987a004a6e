//! The project's own commands: `cargo xtask --help`.

mod geo;
mod outline;
mod owner_samples;
mod picture;
mod samples;

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
    /// Draw what `whither map` says of a sample as it looks in a terminal.
    Picture {
        /// The sample.
        #[arg(long, default_value = "samples/phone.pcapng")]
        capture: String,
        /// Where it was taken.
        #[arg(long)]
        from: Option<String>,
        /// Where to write.
        #[arg(long, default_value = "docs/terminal.svg")]
        into: PathBuf,
    },
    /// Write the sample captures that tests and readers use.
    Samples {
        /// Where to write.
        #[arg(long, default_value = "samples")]
        into: PathBuf,
    },
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match Command::parse() {
        Command::Geo { from, into } => geo::run(&from, &into),
        Command::Picture { capture, from, into } => picture::run(&capture, from.as_deref(), &into),
        Command::Samples { into } => samples::run(&into),
    }
}
