//! The arguments of `whither flows`.

use super::input::InputArgs;
use super::redact::RedactArgs;
use crate::output;
use clap::Args as ClapArgs;
use clap::builder::{PossibleValue, PossibleValuesParser};

#[derive(ClapArgs, Debug)]
pub(in crate::cli) struct FlowsArgs {
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,
    /// How records are written
    #[arg(long, value_name = "FORMAT", default_value = "ndjson", value_parser = flow_formats())]
    pub(in crate::cli) format: String,
    #[command(flatten)]
    pub(in crate::cli) redact: RedactArgs,
}

fn flow_formats() -> PossibleValuesParser {
    let has = output::flows::FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about));
    // What is asked for all the same is told how to be had.
    let lacks = output::flows::LACKING.iter().map(|(name, feature)| {
        PossibleValue::new(*name).help(format!("not in this build: it needs the feature {feature}"))
    });
    has.chain(lacks).collect::<Vec<_>>().into()
}
