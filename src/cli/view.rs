//! How a map is shown: in the terminal, and in the files that were asked for; with what was taken out of it.

use super::args::{Args, Command, InputArgs, RedactArgs, ReportArgs};
use super::follow::Follow;
use super::outputs::{self, Reads, Wanted};
use super::screen::{self, CLEAR};
use super::target::Target;
use super::written::ShowArgs;
use super::{redact, stdout};
use crate::analysis::Knowledge;
use crate::error::Error;
use crate::output::scan::Scan;
use crate::output::terminal::{Style, render_with};
use crate::output::{Look, write_json_compact};
use crate::redact::{Key, Redactor};
use crate::report::Report;
use std::io::{self, Write};
use std::path::PathBuf;

/// How a map is shown. Made before anything is read, so that what cannot be written is refused at once.
pub(super) struct View<'a> {
    args: &'a Args,
    show: &'a ShowArgs,
    targets: Vec<Target>,
    /// With what is taken out, and whether numbers of frames stay; none where nothing is taken out.
    redaction: Option<(Key, bool)>,
    command: &'a str,
    look: Look,
}

/// A report as it may be shown, and the search of each output for what may not stand in it.
pub(super) struct Shown {
    pub(super) report: Report,
    scan: Scan,
}

impl<'a> View<'a> {
    /// Finds out whether all that was asked for can be written.
    pub(super) fn open(
        args: &'a Args,
        show: &'a ShowArgs,
        redaction: Option<&RedactArgs>,
        command: &'a str,
        reads: &Reads<'_>,
    ) -> Result<Self, Error> {
        let targets = outputs::open(&wanted(show), reads, show.outputs.is_forced)?;
        stdout::check()?;
        let redaction = match redaction {
            Some(given) => redact::key(given)?.map(|key| (key, given.keep_frames)),
            None => None,
        };
        let ShowArgs { small_multiples, title, note, .. } = show;
        let (captures, asked) = match &args.command {
            Command::Map(map) => (given(&map.report.input), asked(&map.report)),
            #[cfg(feature = "parquet")]
            Command::Merge(merge) => (Vec::new(), asked(&merge.report)),
            _ => Default::default(),
        };
        let (title, note) = (title.clone(), note.clone());
        let look = Look { small_multiples: *small_multiples, title, note, every: None, captures, asked };
        Ok(Self { args, show, targets, redaction, command, look })
    }

    /// The same of captures that were given so, in other words than those of this command.
    #[cfg(feature = "parquet")]
    pub(super) fn of_captures(mut self, given: Vec<String>) -> Self {
        self.look.captures = given;
        self
    }

    /// Takes out of the report what is to be taken out.
    pub(super) fn redacted(&self, report: Report, knowledge: &Knowledge) -> Result<Shown, Error> {
        let Some((key, keeps_frames)) = &self.redaction else { return Ok(Shown { report, scan: Scan::default() }) };
        let mut removed = redact::command(self.command, &self.own_words());
        let report = Redactor::new(key, knowledge, *keeps_frames).report(report, &mut removed);
        let scan = Scan::new(&removed);
        // All that any format shows is in the JSON or in these words; a compressed format cannot be searched itself, nor can one
        // in which a word goes on in the next line.
        let mut json = Vec::new();
        write_json_compact(&report, &mut json).map_err(|error| Error::io("<report>", error))?;
        redact::check(&scan, &json)?;
        self.own_words().iter().try_for_each(|(_, text)| redact::check(&scan, text.as_bytes()))?;
        Ok(Shown { report, scan })
    }

    /// Writes all files, then standard output.
    pub(super) fn write(&self, shown: &Shown) -> Result<(), Error> {
        let fill = |index: usize, out: &mut dyn Write| self.fill(shown, &self.look, index, out);
        let is_taken = self.targets.iter().any(Target::is_stdout);
        let style = || Style { details: self.show.details, ..screen::style(self.args) };
        let (written, text) = rayon::join(
            || outputs::write_files(&self.targets, fill, self.args.quiet),
            || (!is_taken).then(|| render_with(&shown.report, &self.look, &style())),
        );
        written?;
        outputs::write_streams(&self.targets, fill, self.args.quiet)?;
        let Some(text) = text else { return Ok(()) };
        redact::check(&shown.scan, text.as_bytes())?;
        stdout::write(text.as_bytes())
    }

    /// Writes all files, and draws the first screen, of what came so far.
    pub(super) fn show_so_far(&self, shown: &Shown, follow: Follow) -> Result<(), Error> {
        let look = Look { every: Some(follow.every), ..self.look.clone() };
        outputs::write_files(&self.targets, |index, out| self.fill(shown, &look, index, out), true)?;
        if !follow.is_watched {
            return Ok(());
        }
        let text = render_with(&shown.report, &look, &screen::style(self.args));
        redact::check(&shown.scan, text.as_bytes())?;
        let mut screen = CLEAR.to_owned();
        // The last line is for what follows.
        for line in text.lines().take(screen::height().saturating_sub(1)) {
            screen.push_str(line);
            screen.push('\n');
        }
        screen.push_str("So far. Ctrl-C ends it with the whole report.");
        stdout::write(screen.as_bytes())
    }

    /// Writes what one target was asked for.
    fn fill(&self, shown: &Shown, look: &Look, index: usize, out: &mut dyn Write) -> io::Result<()> {
        let Some((format, _)) = self.show.outputs.files.get(index) else { return Ok(()) };
        shown.scan.guard(out, |out| (format.write)(&shown.report, look, out))
    }

    /// What the user wants to have written, with its option.
    fn own_words(&self) -> Vec<(&'static str, &str)> {
        let Look { title, note, .. } = &self.look;
        [("--title", title), ("--note", note)]
            .into_iter()
            .filter_map(|(option, text)| Some((option, text.as_deref()?)))
            .collect()
    }
}

/// The outputs that were asked for, in the order of their formats.
fn wanted(show: &ShowArgs) -> Vec<Wanted<'_>> {
    show.outputs
        .files
        .iter()
        .map(|(format, path)| Wanted { option: format!("--{}", format.name), path, is_own: format.is_own })
        .collect()
}

/// The captures of a map as they were given.
fn given(input: &InputArgs) -> Vec<String> {
    input.captures.iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

/// The options to give again for the same report. Where it was taken is not among them: the report has it.
fn asked(report: &ReportArgs) -> Vec<Vec<String>> {
    let ReportArgs { input, paths, transfers, .. } = report;
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    let with = |option: &str, values: Vec<String>| -> Vec<Vec<String>> {
        values.into_iter().map(|value| vec![option.to_owned(), value]).collect()
    };
    let mut asked = with("--app", input.app.clone());
    asked.extend(with("--device", input.device.iter().map(ToString::to_string).collect()));
    asked.extend(with("--filter", input.filter.iter().cloned().collect()));
    let files = [
        ("--owners", &input.owners),
        ("--keys", &input.keys),
        ("--geo", &input.knowledge.geo),
        ("--anycast", &input.knowledge.anycast),
        ("--apps", &input.knowledge.apps),
        ("--path", &paths.files),
    ];
    asked.extend(files.into_iter().flat_map(|(option, paths)| with(option, paths.iter().map(text).collect())));
    asked.extend(transfers.again());
    if input.ignore_age {
        asked.push(vec!["--ignore-age".to_owned()]);
    }
    asked
}
