//! The arguments of `whither prove`.

use super::input::InputArgs;
use super::redact::RedactArgs;
use crate::cli::written::FORCE_HELP;
use clap::{Args as ClapArgs, ValueHint};
use std::path::PathBuf;

#[derive(ClapArgs, Debug)]
pub(in crate::cli) struct ProveArgs {
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,
    /// The policy whose rule is to be shown, in place of --app
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "rule", conflicts_with = "app")]
    pub(in crate::cli) policy: Option<PathBuf>,
    /// The name of the rule: its apps, and the destinations that decide it
    #[arg(long, value_name = "NAME", requires = "policy")]
    pub(in crate::cli) rule: Option<String>,
    /// Where the proof goes (pcapng); `-` is stdout
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(in crate::cli) output: PathBuf,
    #[arg(long, help = FORCE_HELP, help_heading = "Output")]
    pub(in crate::cli) force: bool,
    #[command(flatten)]
    pub(in crate::cli) redact: RedactArgs,
}
