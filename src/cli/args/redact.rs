//! What is taken out of outputs.

use clap::{Args as ClapArgs, ValueHint};
use std::path::PathBuf;

/// What is taken out of outputs.
#[derive(ClapArgs, Clone, Debug)]
pub(in crate::cli) struct RedactArgs {
    /// Take out what tells whose captures these are, in every output: local addresses, names of hosts, files, owners and persons'
    /// devices, times of day, the command line; docs/redact.md has the list
    #[arg(long, help_heading = "Sharing")]
    pub(in crate::cli) redact: bool,
    /// A file with a secret of 16 bytes or more, so that the same address gets the same replacement in every run [default: a new
    /// random key]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "redact", help_heading = "Sharing")]
    pub(in crate::cli) redact_key: Option<PathBuf>,
    /// Keep the numbers of frames, by which who has the captures can check the evidence
    #[arg(long, requires = "redact", help_heading = "Sharing")]
    pub(in crate::cli) keep_frames: bool,
}
