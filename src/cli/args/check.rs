//! The arguments of `whither check`.

use super::input::{InputArgs, PathArgs};
use super::redact::RedactArgs;
use crate::cli::transfers::TransferArgs;
use crate::cli::written::FORCE_HELP;
use clap::{Args as ClapArgs, ValueHint};
use std::path::PathBuf;

#[derive(ClapArgs, Debug)]
pub(in crate::cli) struct CheckArgs {
    /// The rules, as `--example` explains them
    #[arg(required = true, value_name = "POLICY", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) policy: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,
    /// Print a policy that explains every field, and do nothing else
    #[arg(long, exclusive = true)]
    pub(in crate::cli) example: bool,
    /// Rules do not pass if one of their apps is not in the captures
    #[arg(long)]
    pub(in crate::cli) require_observed: bool,
    /// Whether rules pass that are undecidable
    #[arg(long, value_name = "HOW", default_value = "fail")]
    pub(in crate::cli) undecidable: Undecidable,
    /// What apps were seen to do before (operators, jurisdictions, countries, domains): what is new does not pass
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) baseline: Option<PathBuf>,
    /// Write the baseline anew from these captures
    #[arg(long, requires = "baseline")]
    pub(in crate::cli) update: bool,
    #[command(flatten)]
    pub(in crate::cli) paths: PathArgs,
    #[command(flatten)]
    pub(in crate::cli) transfers: TransferArgs,
    /// Print workflow commands after the result, which GitHub shows beside the lines of the policy
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) github: bool,
    /// Write all rules with all rows, for programs (`-`: to stdout, instead of the terminal view)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(in crate::cli) json: Option<PathBuf>,
    /// Write the rules as results of tests, in JUnit's XML (`-`: to stdout, instead of the terminal view)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(in crate::cli) junit: Option<PathBuf>,
    /// Write what does not pass as SARIF 2.1.0 (`-`: to stdout, instead of the terminal view)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(in crate::cli) sarif: Option<PathBuf>,
    #[arg(long, help = FORCE_HELP, help_heading = "Output")]
    pub(in crate::cli) force: bool,
    #[command(flatten)]
    pub(in crate::cli) redact: RedactArgs,
}

/// Whether rules pass that are undecidable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(in crate::cli) enum Undecidable {
    /// They do not.
    Fail,
    /// They do.
    Pass,
}
