//! The command `whither`: parses arguments and calls into [`whither::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    whither::cli::run(std::env::args_os())
}
