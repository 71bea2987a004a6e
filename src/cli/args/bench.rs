//! The arguments of `whither bench`.

use super::input::KnowledgeArgs;
use crate::cli::written::FORCE_HELP;
use clap::{Args as ClapArgs, ValueHint};
use std::num::NonZeroU32;
use std::path::PathBuf;

#[derive(ClapArgs, Debug)]
pub(in crate::cli) struct BenchArgs {
    /// Captures, or folders of them; they are read several times, so no pipes
    #[arg(required = true, value_name = "CAPTURE", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) captures: Vec<PathBuf>,
    /// Whole analyses; each is followed by one that stops after each stage
    #[arg(long, value_name = "N", default_value = "3")]
    pub(in crate::cli) runs: NonZeroU32,
    /// Write JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Write a chart of the stages (`-`: to stdout, instead of the table)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) svg: Option<PathBuf>,
    #[arg(long, help = FORCE_HELP)]
    pub(in crate::cli) force: bool,
    #[command(flatten)]
    pub(in crate::cli) knowledge: KnowledgeArgs,
}
