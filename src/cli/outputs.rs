//! All results that one run writes. None may replace a file that the run reads, or another result. The files get their names only
//! when all of them are written.

use super::identity::Identity;
use super::stderr::say;
use super::target::Target;
use crate::capture::{self, Found};
use crate::error::Error;
use crate::output::escape;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// One result that was asked for.
pub(super) struct Wanted<'a> {
    /// The option that asked for it: `--json`.
    pub(super) option: String,
    /// Where it is to go; `-` is standard output.
    pub(super) path: &'a Path,
    /// Whether a file that begins with these bytes is an earlier result of this kind.
    pub(super) is_own: fn(&[u8]) -> bool,
}

/// What a run reads.
#[derive(Default)]
pub(super) struct Reads<'a> {
    /// The captures.
    pub(super) found: Option<&'a Found>,
    /// Other files, with the option that named them.
    pub(super) files: Vec<(&'static str, &'a Path)>,
}

/// Makes the targets of a run, in the order in which they were asked for. Refuses what may not be written, before anything is
/// read; `is_forced` lets any file be replaced but those that this run reads.
pub(super) fn open(wanted: &[Wanted<'_>], reads: &Reads<'_>, is_forced: bool) -> Result<Vec<Target>, Error> {
    let aim = |one: &Wanted<'_>| Target::new(one.option.clone(), one.path, one.is_own, is_forced);
    let targets: Vec<_> = wanted.iter().map(aim).collect::<Result<_, _>>()?;
    // This check comes first, because that a file is read is the better reason to refuse it.
    refuse_inputs(&targets, reads)?;
    refuse_same(&targets)?;
    targets.iter().try_for_each(Target::may_replace)?;
    Ok(targets)
}

/// Refuses targets, and a standard output, that are read in the same run.
fn refuse_inputs(targets: &[Target], reads: &Reads<'_>) -> Result<(), Error> {
    let written = targets.iter().filter_map(|target| Some((target.identity()?, Some(target))));
    let written: Vec<_> = written.chain(Identity::of_stdout().map(|identity| (identity, None))).collect();
    if written.is_empty() {
        return Ok(());
    }
    let refuse = |what: &str, path: &Path, identity: Option<Identity>| {
        let Some(identity) = identity else { return Ok(()) };
        match written.iter().find(|(other, _)| *other == identity) {
            Some((_, target)) => Err(is_read(*target, what, path)),
            None => Ok(()),
        }
    };
    for (option, path) in &reads.files {
        refuse(&format!("for {option}"), path, Identity::of_path(path))?;
    }
    let Some(found) = reads.found else { return Ok(()) };
    for path in found.named() {
        let identity = if path.as_os_str() == "-" { Identity::of_stdin() } else { Identity::of_path(path) };
        refuse("as a capture", path, identity)?;
    }
    // Ten thousand of them are looked at only where that can matter: all of them are regular files.
    let is_needed = written.iter().any(|(identity, _)| identity.is_file());
    for path in found.gathered().filter(|_| is_needed) {
        // An earlier output may lie among the captures.
        let result = refuse("as a capture", path, Identity::of_path(path));
        if result.is_err() && capture::is_capture(path) {
            return result;
        }
    }
    Ok(())
}

fn is_read(target: Option<&Target>, what: &str, path: &Path) -> Error {
    let path = if path.as_os_str() == "-" { "standard input".into() } else { path.display().to_string() };
    match target.filter(|target| !target.is_stdout()) {
        Some(target) => {
            let said = format!("{} would write to the file that is read {what}: {path}", target.option);
            Error::not_usable(&target.given, said, "give another name")
        }
        None => {
            let said = format!("standard output goes to the file that is read {what}: {path}");
            Error::usage(said, "let it go to another file")
        }
    }
}

/// Refuses two targets that are one, be it standard output or a file.
fn refuse_same(targets: &[Target]) -> Result<(), Error> {
    let named = |target: &Target| format!("{} {}", target.option, target.given.display());
    for (position, target) in targets.iter().enumerate() {
        if let Some(before) = targets.iter().take(position).find(|before| before.is_same(target)) {
            let both = format!("{} and {}", named(before), named(target));
            return Err(match target.is_stdout() && before.is_stdout() {
                true => Error::usage(format!("{both} both write to stdout"), "give one of them a file"),
                false => Error::usage(format!("{both} are the same file"), "give each a name of its own"),
            });
        }
        if !target.is_stdout() && target.identity().is_some_and(|it| Some(it) == Identity::of_stdout()) {
            let what = format!("{} is where standard output goes", named(target));
            return Err(Error::usage(what, format!("give {} - for standard output, or another name", target.option)));
        }
    }
    Ok(())
}

/// Writes all results for files beside their places, then puts each in its place and says so. If one cannot be
/// written, all files stay as they were.
pub(super) fn write_files(
    targets: &[Target],
    fill: impl Fn(usize, &mut dyn Write) -> io::Result<()>,
    is_quiet: bool,
) -> Result<(), Error> {
    let staged = targets.iter().enumerate().map(|(index, target)| target.stage(|out| fill(index, out)));
    let staged = staged.collect::<Result<Vec<_>, _>>()?;
    for (target, staged) in targets.iter().zip(staged) {
        if let Some(staged) = staged {
            staged.commit()?;
            say_wrote(target, is_quiet);
        }
    }
    Ok(())
}

/// Writes the results for pipes, devices and standard output. If one of their readers has gone, the others still get their results.
pub(super) fn write_streams(
    targets: &[Target],
    fill: impl Fn(usize, &mut dyn Write) -> io::Result<()>,
    is_quiet: bool,
) -> Result<(), Error> {
    let mut outcome = Ok(());
    for (index, target) in targets.iter().enumerate().filter(|(_, target)| target.file().is_none()) {
        match target.write_through(|out| fill(index, out)) {
            Ok(()) if target.is_stdout() => {}
            Ok(()) => say_wrote(target, is_quiet),
            Err(error) if is_broken_pipe(&error) => outcome = Err(error),
            Err(error) => return Err(error),
        }
    }
    outcome
}

fn say_wrote(target: &Target, is_quiet: bool) {
    if !is_quiet {
        say(&format!("whither: wrote {}", escape::terminal(&target.given.display().to_string(), false)));
    }
}

fn is_broken_pipe(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == ErrorKind::BrokenPipe)
}
