//! The command line: arguments, progress, exit codes. The only layer that knows of clocks, terminals and the environment.

mod apps;
mod args;
mod bench;
mod capture;
mod check;
mod demo;
mod diff;
mod end;
mod flows;
mod follow;
mod identity;
mod input;
mod keys;
mod lookup;
mod machine;
mod map;
#[cfg(feature = "parquet")]
mod merge;
mod outputs;
mod pace;
#[cfg(feature = "parquet")]
mod partials;
mod progress;
mod prove;
mod prove_redacted;
mod redact;
mod screen;
mod signals;
mod stderr;
mod stdout;
mod target;
mod transfers;
#[cfg(feature = "parquet")]
mod verify;
mod view;
mod written;

use crate::error::Error;
use args::{Args, Command};
use clap::{CommandFactory, FromArgMatches};
use end::End;
use std::ffi::OsString;
use std::process::ExitCode;
use stderr::say;

/// What a user reads who typed the program's name alone.
const NO_COMMAND: &str = "\
whither answers where the data of your apps go, from captures of your own devices.

  whither demo                         what it says of a sample that is in the program
  whither map CAPTURE                  the answer on one screen
  whither map CAPTURE --html map.html  the same as a page
  tcpdump -U -w - | whither map - --watch    the same while it goes on
  whither check --example              statements to hold against captures
  whither help                         all commands; `whither help map` explains one

How to take a capture: PCAPdroid on Android, `rvictl` or pymobiledevice3 for an iPhone, tcpdump on a router
or computer (docs/capture.md).";

/// Runs the command line and returns the exit code: 0 done, 1 done but incomplete or a rule does not pass, 2 failed.
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.collect();
    if args.len() <= 1 {
        say(NO_COMMAND);
        return ExitCode::from(2);
    }
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
        Command::Demo(demo) => demo::run(args, demo, command),
        Command::Diff(diff) => diff::run(args, diff, command),
        Command::Check(check) => check::run(args, check, command),
        #[cfg(feature = "parquet")]
        Command::Partials(partials) => partials::run(args, partials),
        #[cfg(feature = "parquet")]
        Command::Verify(files) => verify::run(files),
        #[cfg(feature = "parquet")]
        Command::Merge(merge) => merge::run(args, merge, command),
        Command::Prove(prove) => prove::run(args, prove, command),
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
        Command::Man { command } => stdout::write(&manual(command.as_deref())?).map(|()| End::Done),
    }
}

/// The manual page of a command, or of the program.
fn manual(name: Option<&str>) -> Result<Vec<u8>, Error> {
    let mut program = args::command();
    program.build();
    let page = match name {
        None => &program,
        Some(name) => program.find_subcommand(name).ok_or_else(|| {
            Error::usage(format!("{name:?} is no command"), "`whither man` prints the page that names them")
        })?,
    };
    let mut out = Vec::new();
    clap_mangen::Man::new(page.clone()).render(&mut out).map_err(|source| Error::io("<stdout>", source))?;
    Ok(out)
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
