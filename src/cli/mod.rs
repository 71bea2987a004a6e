//! The command line: arguments, progress, exit codes. The only layer that knows of clocks, terminals and the environment.

mod apps;
mod args;
mod bench;
mod capture;
mod check;
mod diff;
mod end;
mod flows;
mod identity;
mod input;
mod lookup;
mod machine;
mod map;
mod outputs;
mod progress;
mod redact;
mod stderr;
mod stdout;
mod target;

use crate::error::Error;
use args::{Args, Command};
use clap::{CommandFactory, FromArgMatches};
use end::End;
use std::ffi::OsString;
use std::process::ExitCode;
use stderr::say;

/// Runs the command line and returns the exit code: 0 done, 1 done but incomplete or a rule does not pass, 2 failed.
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.collect();
    let matches = match args::command().try_get_matches_from(&args) {
        Ok(matches) => matches,
        Err(error) if error.use_stderr() => {
            // Nothing can be done about a closed terminal.
            let _ = error.print();
            return ExitCode::from(2);
        }
        Err(help) => {
            return exit_code(stdout::check().and_then(|()| help.print().map_err(stdout::failed)).map(|()| End::Done));
        }
    };
    exit_code(
        Args::from_arg_matches(&matches)
            .map_err(|error| Error::usage(error.to_string(), "see whither --help"))
            .and_then(|parsed| dispatch(&parsed, &shown(&args))),
    )
}

/// The exit code, after the reason for it was said.
fn exit_code(outcome: Result<End, Error>) -> ExitCode {
    match outcome {
        Ok(End::Done) => ExitCode::SUCCESS,
        Ok(End::Incomplete) => ExitCode::from(1),
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("whither: {}", crate::output::escape::terminal(&error.to_string(), false)));
            ExitCode::from(2)
        }
    }
}

fn dispatch(args: &Args, command: &str) -> Result<End, Error> {
    if let Some(threads) = args.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.get())
            .build_global()
            .map_err(|error| Error::usage(format!("--threads {threads}: {error}"), "give a smaller number"))?;
    }
    // This runs in the pool. A caller outside it would pass each step to a thread of the pool and wait, which takes longer.
    rayon::scope(|_| obey(args, command))
}

fn obey(args: &Args, command: &str) -> Result<End, Error> {
    match &args.command {
        Command::Map(map) => map::run(args, map, command),
        Command::Diff(diff) => diff::run(args, diff, command),
        Command::Check(check) => check::run(args, check, command),
        Command::Flows(flows) => flows::run(args, flows, command),
        Command::Lookup(lookup) => lookup::run(args, lookup),
        Command::Apps(apps) => apps::run(args, apps),
        Command::Capture(capture) => capture::run(args, capture),
        Command::Bench(bench) => bench::run(args, bench),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut args::command(), "whither", &mut script);
            stdout::write(&script).map(|()| End::Done)
        }
        Command::Words => stdout::write(format!("{}\n", args::WORDS).as_bytes()).map(|()| End::Done),
        Command::Man => {
            let mut page = Vec::new();
            manual(&mut page).map_err(|source| Error::io("<stdout>", source))?;
            stdout::write(&page).map(|()| End::Done)
        }
    }
}

/// The manual page of the program, then those of its commands.
fn manual(page: &mut Vec<u8>) -> std::io::Result<()> {
    let mut command = args::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(page)?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        clap_mangen::Man::new(sub.clone()).render(page)?;
    }
    Ok(())
}

/// The command as typed, quoted so that it can be typed again.
fn shown(args: &[OsString]) -> String {
    let words = args.iter().skip(1).map(|word| crate::output::escape::shell(&word.to_string_lossy()).into_owned());
    std::iter::once("whither".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// For tests: clap's own check of the arguments.
#[doc(hidden)]
pub fn check_arguments() {
    Args::command().debug_assert();
    args::command().debug_assert();
}

#[cfg(test)]
mod tests {
    #[test]
    fn arguments_are_consistent() {
        super::check_arguments();
    }
}
