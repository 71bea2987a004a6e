//! The arguments of `whither partials`, `verify` and `merge`.

use super::report::ReportArgs;
use super::units::bytes;
use crate::cli::written::ShowArgs;
use clap::{Args as ClapArgs, ValueHint};
use std::path::PathBuf;

#[derive(ClapArgs, Debug)]
pub(in crate::cli) struct PartialsArgs {
    /// Captures, as for `map`; files that every machine can read under the same path
    #[arg(required = true, value_name = "CAPTURE", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) captures: Vec<PathBuf>,
    /// The Parquet file to write
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) output: PathBuf,
    /// Bytes of a range. Compressed captures and pcapng are one range each
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = bytes)]
    pub(in crate::cli) range_bytes: u64,
    /// Only the K-th of N equal shares of all ranges, K from 1 on
    #[arg(long, value_name = "K/N", value_parser = share, conflicts_with_all = ["range", "repair"])]
    pub(in crate::cli) only: Option<[u64; 2]>,
    /// Only this range: its offsets, before them the ordinal of its capture, behind them where its first record starts, as `verify`
    /// says it (may be repeated)
    #[arg(long, value_name = "[CAPTURE:]FROM-TO[@START]", value_parser = range, conflicts_with = "repair")]
    pub(in crate::cli) range: Vec<RangeArg>,
    /// Only what is missing in these files, or began at the wrong place, until all is proven
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath)]
    pub(in crate::cli) repair: Vec<PathBuf>,
    /// Only frames that this BPF filter passes, as tcpdump writes it (needs the feature `live`)
    #[arg(long, value_name = "BPF")]
    pub(in crate::cli) filter: Option<String>,
    /// Replace the file that is there
    #[arg(long)]
    pub(in crate::cli) force: bool,
}

/// A range as a user names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::cli) struct RangeArg {
    pub(in crate::cli) capture: u32,
    pub(in crate::cli) from: u64,
    pub(in crate::cli) to: u64,
    pub(in crate::cli) start: Option<u64>,
}

#[derive(ClapArgs, Debug)]
pub(in crate::cli) struct VerifyArgs {
    /// What `whither partials` wrote
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) files: Vec<PathBuf>,
}

#[derive(ClapArgs, Debug)]
pub(in crate::cli) struct MergeArgs {
    #[command(flatten)]
    pub(in crate::cli) report: ReportArgs,
    #[command(flatten)]
    pub(in crate::cli) show: ShowArgs,
}

/// A share: `3/8`.
fn share(text: &str) -> Result<[u64; 2], String> {
    let parsed = text.split_once('/').and_then(|(k, n)| Some([k.parse().ok()?, n.parse().ok()?]));
    parsed.filter(|[k, n]| (1..=*n).contains(k)).ok_or_else(|| "not a share such as `3/8`".to_owned())
}

/// A range: `2:0-67108864@24`.
fn range(text: &str) -> Result<RangeArg, String> {
    let parse = || {
        let (capture, rest) = text.split_once(':').unwrap_or(("0", text));
        let (rest, start) = match rest.split_once('@') {
            Some((rest, start)) => (rest, Some(start.parse().ok()?)),
            None => (rest, None),
        };
        let (from, to) = rest.split_once('-')?;
        Some(RangeArg { capture: capture.parse().ok()?, from: from.parse().ok()?, to: to.parse().ok()?, start })
    };
    parse().ok_or_else(|| "not a range such as `67108864-134217728`".to_owned())
}
