//! The project's own commands: `cargo xtask --help`.

#[allow(dead_code, reason = "the samples command calls it")]
mod owner_samples;

fn main() {}
