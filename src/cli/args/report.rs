//! What a report is made of, whether of captures or of parts of an analysis.

use super::input::{InputArgs, PathArgs};
use super::redact::RedactArgs;
use crate::cli::transfers::TransferArgs;
use clap::Args as ClapArgs;

/// What is read into a report, what it is held against, and what is taken out of it.
#[derive(ClapArgs, Debug)]
pub(in crate::cli) struct ReportArgs {
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,
    #[command(flatten)]
    pub(in crate::cli) paths: PathArgs,
    #[command(flatten)]
    pub(in crate::cli) transfers: TransferArgs,
    #[command(flatten)]
    pub(in crate::cli) redact: RedactArgs,
}
