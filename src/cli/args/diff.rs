//! The arguments of `whither diff`.

use super::input::KnowledgeArgs;
use super::redact::RedactArgs;
use super::units::bytes;
use crate::cli::written::Outputs;
use crate::output;
use clap::{Args as ClapArgs, ValueHint};
use std::net::IpAddr;
use std::path::PathBuf;

#[derive(ClapArgs, Debug)]
pub(in crate::cli) struct DiffArgs {
    /// A capture, a folder or a quoted pattern of captures, or a report saved with `map --json`
    #[arg(value_name = "A", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) a: PathBuf,
    /// The same for the other side
    #[arg(value_name = "B", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) b: PathBuf,
    /// Only this app: an id as in `whither apps`, or the name of an owner it does not know (may be repeated)
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) app: Vec<String>,
    /// Of captures, only flows with this address at one end (may be repeated)
    #[arg(long, value_name = "IP")]
    pub(in crate::cli) device: Vec<IpAddr>,
    /// Where captures were taken, as for `map`
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true)]
    pub(in crate::cli) from: Option<String>,
    /// Take the tables of places as if they were of the captures' time
    #[arg(long)]
    pub(in crate::cli) ignore_age: bool,
    /// Secrets that open Encrypted Client Hello in captures, as for `map` (may be repeated)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) keys: Vec<PathBuf>,
    /// Show all that differs, not only the first of each kind
    #[arg(long)]
    pub(in crate::cli) details: bool,
    /// Memory to take at most for one side, about; a saved report may have a sixteenth of it
    #[arg(long, value_name = "SIZE", default_value = "4G", value_parser = bytes)]
    pub(in crate::cli) max_memory: u64,
    #[command(flatten)]
    pub(in crate::cli) knowledge: KnowledgeArgs,
    #[command(flatten)]
    pub(in crate::cli) redact: RedactArgs,
    #[command(flatten)]
    pub(in crate::cli) outputs: Outputs<output::diff::Format>,
}
