//! The arguments of `whither lookup` and `whither apps`.

use super::input::KnowledgeArgs;
use clap::{Args as ClapArgs, ValueHint};
use std::path::PathBuf;

#[derive(ClapArgs, Debug)]
pub(in crate::cli) struct LookupArgs {
    /// An address or a server name
    #[arg(required = true, value_name = "ADDRESS|NAME")]
    pub(in crate::cli) subjects: Vec<String>,
    /// Write JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) knowledge: KnowledgeArgs,
}

#[derive(ClapArgs, Debug)]
pub(in crate::cli) struct AppsArgs {
    /// Show one app with the reason for each of its rules; anything else is searched for
    #[arg(value_name = "ID")]
    pub(in crate::cli) id: Option<String>,
    /// Write entries, ready for --apps, of the largest sites and services in these captures that are in no entry
    #[arg(long, value_name = "CAPTURE", num_args = 1.., conflicts_with_all = ["id", "json"], value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) suggest: Vec<PathBuf>,
    /// Write JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Apps of your own on top of the catalogue (may be repeated)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) apps: Vec<PathBuf>,
}
