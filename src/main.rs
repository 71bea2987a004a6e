//! The command `whither`: parses arguments and calls into [`whither::cli`].

use std::process::ExitCode;

/// A tenth of the time went into glibc's allocator: flows come and go by the million, in threads of their own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    whither::cli::run(std::env::args_os())
}
