//! The arguments, as clap reads them. Values of formats come from the tables in [`crate::output`].

mod bench;
mod capture;
mod check;
mod command;
mod diff;
#[cfg(feature = "parquet")]
mod fleet;
mod flows;
mod input;
mod lookup;
mod map;
mod prove;
mod redact;
mod report;
mod units;
mod words;

pub(super) use bench::BenchArgs;
pub(super) use capture::CaptureArgs;
#[cfg(feature = "live")]
pub(super) use capture::Rotate;
pub(super) use check::{CheckArgs, Undecidable};
pub(super) use command::Command;
pub(super) use diff::DiffArgs;
#[cfg(feature = "parquet")]
pub(super) use fleet::{MergeArgs, PartialsArgs, RangeArg, VerifyArgs};
pub(super) use flows::FlowsArgs;
pub(super) use input::{InputArgs, KnowledgeArgs};
pub(super) use lookup::{AppsArgs, LookupArgs};
pub(super) use map::{DemoArgs, FollowArgs, MapArgs};
pub(super) use prove::ProveArgs;
pub(super) use redact::RedactArgs;
pub(super) use report::ReportArgs;
pub(super) use words::WORDS;

use clap::{CommandFactory, Parser};
use std::num::NonZeroUsize;

/// The heading of the options that every command has, which sets them apart from its own.
const GENERAL: &str = "General";

/// Where does my app's data go? Reads packet captures, offline, and says per app which hosts it talked to, where they are,
/// who runs them, how much went there, and how sure that is.
#[derive(Parser, Debug)]
#[command(name = "whither", version, about, long_about = None, propagate_version = true)]
#[command(after_help = "\
Examples:
  whither demo                                 what it says of a sample that is in the program
  whither map phone.pcapng                     the routing map in the terminal
  whither map phone.pcapng --html map.html     the same as a page to open and share
  whither flows phone.pcapng | jq .server_name
  whither lookup 203.205.254.1
  whither check policy.toml phone.pcapng       hold statements against the capture
  whither prove --app wechat -o proof.pcapng phone.pcapng
                                               the few packets that show the same of an app

Exit status: 0 done, 1 done but a capture or folder could not be read, or not to its end,\nor a rule of `whither check` does not pass, 2 failed.")]
pub(super) struct Args {
    /// Worker threads [default: one per processor]
    #[arg(long, global = true, value_name = "N", help_heading = GENERAL)]
    pub(super) threads: Option<NonZeroUsize>,
    /// Say nothing but results, errors, and what is missing from the result
    #[arg(long, short, global = true, help_heading = GENERAL)]
    pub(super) quiet: bool,
    /// Colours: `auto` uses them on a terminal unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = GENERAL)]
    pub(super) color: Color,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// When to use colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The command with everything in it.
pub(super) fn command() -> clap::Command {
    Args::command()
}
