//! The command line: arguments, progress, exit codes.

use std::process::ExitCode;

/// Runs the command line and returns the exit code: 0 done, 1 done but incomplete, 2 failed.
pub fn run(args: impl Iterator<Item = std::ffi::OsString>) -> ExitCode {
    let _ = args;
    ExitCode::SUCCESS
}
