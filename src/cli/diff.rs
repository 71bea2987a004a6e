//! `whither diff`: two captures, or saved reports of them, held against each other.

use super::args::{Args, DiffArgs, InputArgs};
use super::end::End;
use super::input::{self, Input};
use super::outputs::{self, Reads, Wanted};
use super::screen::style;
use super::target::Target;
use super::{redact, stdout};
use crate::capture;
use crate::error::Error;
use crate::output::HEAD_BYTES;
use crate::output::scan::Scan;
use crate::output::terminal::{Style, render_diff};
use crate::redact::{Redactor, What, notes};
use crate::report::diff::{Diff, compare};
use crate::report::{Report, build, schema_of};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// A saved report may be as long as this part of `--max-memory`: in memory, it takes several times its length.
const SAVED_PART: u64 = 16;

pub(super) fn run(args: &Args, diff: &DiffArgs, command: &str) -> Result<End, Error> {
    if diff.a.as_os_str() == "-" && diff.b.as_os_str() == "-" {
        return Err(Error::usage("both sides are standard input", "give one of them a file"));
    }
    let sides = [&diff.a, &diff.b].map(|path| (path, is_saved(path)));
    let captures: Vec<&PathBuf> = sides.iter().filter(|(_, is_saved)| !is_saved).map(|(path, _)| *path).collect();
    let found = capture::find(&captures)?;
    let Reads { mut files, .. } = input::reads_beside(&found, &diff.keys, &diff.knowledge);
    let options = ["the side A", "the side B"];
    files.extend(sides.iter().zip(options).filter(|(side, _)| side.1).map(|(side, option)| (option, side.0.as_path())));
    let wanted = diff.outputs.files.iter().map(|(format, path)| Wanted {
        option: format!("--{}", format.name),
        path,
        is_own: format.is_own,
    });
    let reads = Reads { found: Some(&found), files };
    let targets = outputs::open(&wanted.collect::<Vec<_>>(), &reads, diff.outputs.is_forced)?;
    stdout::check()?;
    let [a, b] = sides;
    let (a, b) = (side(args, diff, a, command)?, side(args, diff, b, command)?);
    let is_seen = |app: &String| a.has(app) || b.has(app);
    if let Some(app) = diff.app.iter().find(|app| !is_seen(app)) {
        let what = format!("--app {app}: neither side has an app of this id");
        return Err(Error::usage(what, "`whither apps` lists the ids"));
    }
    let mut scan = Scan::default();
    let compared = match redact::key(&diff.redact)? {
        None => compare((&a.name, &a.report), (&b.name, &b.report), command.to_owned()),
        Some(key) => {
            let knowledge = input::knowledge(&diff.knowledge, None)?;
            let redactor = Redactor::new(&key, &knowledge, diff.redact.keep_frames);
            let mut removed = redact::command(command, &[]);
            let mut shown = |side: &Side| {
                removed.replace(What::File, &side.name, "");
                redactor.report(side.report.clone(), &mut removed)
            };
            let (one, other) = (shown(&a), shown(&b));
            let list = removed.list();
            scan = Scan::new(&removed);
            let compared = compare(("A", &one), ("B", &other), "whither diff --redact".to_owned());
            let notes = compared.notes.iter().cloned().chain(notes(&list)).collect();
            Diff { notes, redaction: Some(list), ..compared }
        }
    };
    let fill = |index: usize, out: &mut dyn Write| match diff.outputs.files.get(index) {
        Some((format, _)) => scan.guard(out, |out| (format.write)(&compared, out)),
        None => Ok(()),
    };
    outputs::write_files(&targets, fill, args.quiet)?;
    outputs::write_streams(&targets, fill, args.quiet)?;
    if !targets.iter().any(Target::is_stdout) {
        let text = render_diff(&compared, &Style { details: diff.details, ..style(args) });
        redact::check(&scan, text.as_bytes())?;
        stdout::write(text.as_bytes())?;
    }
    Ok(End::of(a.is_whole && b.is_whole))
}

/// One side, read.
struct Side {
    name: String,
    report: Report,
    /// Whether all captures were read to their ends.
    is_whole: bool,
}

impl Side {
    fn has(&self, app: &str) -> bool {
        self.report.apps.iter().any(|one| one.id == app)
    }
}

/// Whether a file is a saved report, in any version.
fn is_saved(path: &Path) -> bool {
    let mut head = Vec::new();
    let is_file = path.metadata().is_ok_and(|metadata| metadata.is_file());
    let read = |head: &mut Vec<u8>| File::open(path)?.take(HEAD_BYTES as u64).read_to_end(head);
    is_file && read(&mut head).is_ok() && schema_of(&head).is_some()
}

fn side(args: &Args, diff: &DiffArgs, (path, is_saved): (&PathBuf, bool), command: &str) -> Result<Side, Error> {
    let name = path.display().to_string();
    let (mut report, is_whole) = if is_saved { saved(path, diff)? } else { analysed(args, diff, path, command)? };
    if !diff.app.is_empty() {
        report.apps.retain(|app| diff.app.contains(&app.id));
        report.unattributed_routes.clear();
    }
    Ok(Side { name, report, is_whole })
}

fn saved(path: &Path, diff: &DiffArgs) -> Result<(Report, bool), Error> {
    let file = File::open(path).map_err(|source| Error::io(path, source))?;
    let report = Report::read_json(file, diff.max_memory / SAVED_PART).map_err(|error| {
        let hint =
            "make it again with `whither map CAPTURE --json FILE`, or give the capture; --max-memory bounds its length";
        Error::not_usable(path, error.to_string(), hint)
    })?;
    let is_whole = report.captures.iter().all(|capture| capture.defect.is_none());
    Ok((report, is_whole))
}

fn analysed(args: &Args, diff: &DiffArgs, path: &Path, command: &str) -> Result<(Report, bool), Error> {
    let found = capture::find(&[path])?;
    let input = InputArgs {
        captures: vec![path.to_owned()],
        app: Vec::new(),
        device: diff.device.clone(),
        from: diff.from.clone(),
        ignore_age: diff.ignore_age,
        filter: None,
        owners: Vec::new(),
        keys: diff.keys.clone(),
        max_memory: diff.max_memory,
        knowledge: diff.knowledge.clone(),
    };
    let Input { sources, knowledge, is_whole } = input::open(found, &input, args.quiet)?;
    let options = input::options(&input, &knowledge)?;
    let (routes, analysed) = input::analyse(sources, &options, &knowledge, args.quiet, &|_| ())?;
    let report = build(&routes, &analysed, &knowledge, command.to_owned());
    let is_complete = input::report_defects(&analysed.outcomes);
    Ok((report, is_complete && is_whole))
}
