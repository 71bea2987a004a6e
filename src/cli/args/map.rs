//! The arguments of `whither map` and `whither demo`.

use super::report::ReportArgs;
use super::units::seconds;
use crate::cli::written::ShowArgs;
use clap::Args as ClapArgs;

#[derive(ClapArgs, Debug)]
pub(in crate::cli) struct MapArgs {
    #[command(flatten)]
    pub(in crate::cli) report: ReportArgs,
    #[command(flatten)]
    pub(in crate::cli) follow: FollowArgs,
    #[command(flatten)]
    pub(in crate::cli) show: ShowArgs,
}

#[derive(ClapArgs, Debug)]
pub(in crate::cli) struct DemoArgs {
    #[command(flatten)]
    pub(in crate::cli) show: ShowArgs,
}

/// What is shown while a pipe is read.
#[derive(ClapArgs, Debug)]
pub(in crate::cli) struct FollowArgs {
    /// Write the files anew so often while a pipe is read: `5s`, `1m`
    #[arg(long, value_name = "TIME", value_parser = seconds, help_heading = "While a pipe is read")]
    pub(in crate::cli) every: Option<u64>,
    /// Draw the first screen anew in the terminal while a pipe is read [default: every 2s]
    #[arg(long, help_heading = "While a pipe is read")]
    pub(in crate::cli) watch: bool,
}
