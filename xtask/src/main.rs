//! The project's own commands: `cargo xtask --help`.

mod geo;
mod hostile;
mod outline;
mod owner_samples;
mod pictures;
mod published;
mod samples;
mod schema;
mod simulate;
mod spread;
mod synth;

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
    Hostile(hostile::Hostile),
    Pictures(pictures::Pictures),
    /// Build data/geo/published.bin from lists of what operators publish of their own addresses.
    Published {
        /// Lists: operator, region, prefix, with tabs between them.
        #[arg(long, required = true, num_args = 1..)]
        from: Vec<PathBuf>,
        /// Where to write.
        #[arg(long, default_value = "data")]
        into: PathBuf,
    },
    /// Write the sample captures that tests and readers use.
    Samples {
        /// Where to write.
        #[arg(long, default_value = "samples")]
        into: PathBuf,
    },
    /// Write docs/report.schema.json and docs/flow-record.schema.json, JSON Schemas made from the types.
    Schema {
        /// Where to write.
        #[arg(long, default_value = "docs")]
        into: PathBuf,
    },
    /// Hold the rules of what round trips say to simulated captures and print the table of `docs/evidence.md`.
    Simulate(simulate::Simulate),
    /// Derive data/geo/spread.bin, the networks in several countries, from data/geo/places.bin.
    Spread {
        /// Where the data are, and where to write.
        #[arg(long, default_value = "data")]
        into: PathBuf,
    },
    /// Write a large capture of made-up traffic, the same bytes each time, for measuring.
    Synth {
        /// What kind of traffic.
        #[arg(long)]
        profile: synth::Profile,
        /// Stop at this size: `20M`, `1G`, `endless` [default: 1G; with --flows, and for `flows`, none].
        #[arg(long, value_parser = synth::size)]
        size: Option<u64>,
        /// Stop after so many flows [default: 10 million for `flows` without --size].
        #[arg(long)]
        flows: Option<u64>,
        /// Another seed makes other traffic of the same kind.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Where to write: pcapng where the name ends so, else pcap; `-` is stdout.
        #[arg(long)]
        out: PathBuf,
    },
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match Command::parse() {
        Command::Geo { from, into } => geo::run(&from, &into),
        Command::Hostile(hostile) => hostile::run(&hostile),
        Command::Pictures(options) => pictures::run(&options),
        Command::Published { from, into } => published::run(&from, &into),
        Command::Samples { into } => samples::run(&into),
        Command::Schema { into } => schema::run(&into),
        Command::Simulate(options) => simulate::run(&options),
        Command::Spread { into } => spread::run(&into),
        Command::Synth { profile, size, flows, seed, out } => {
            synth::run(profile, synth::Limits { bytes: size, flows }, seed, &out)
        }
    }
}
