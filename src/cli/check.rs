//! `whither check`: a policy held against captures.

use super::args::{Args, CheckArgs, Undecidable};
use super::end::End;
use super::input::Input;
use super::outputs::Wanted;
use super::target::Target;
use super::{input, outputs, redact, screen, stdout};
use crate::analysis::Knowledge;
use crate::capture::{self, GivenPaths};
use crate::error::Error;
use crate::output::check::{FORMATS, Shown, guarded, write_github};
use crate::output::scan::Scan;
use crate::output::terminal::render_check;
use crate::policy::{self, BASELINE_MARK, Baseline, EXAMPLE, Finding, Leniency, Located, Policy};
use crate::redact::{Redactor, Removed, What};
use crate::report::build;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(super) fn run(args: &Args, check: &CheckArgs, command: &str) -> Result<End, Error> {
    let path = match &check.policy {
        Some(path) if !check.example => path,
        _ => return stdout::write(EXAMPLE.as_bytes()).map(|()| End::Done),
    };
    let text = read(path, "give a policy first, then captures; `whither check --example` prints one")?;
    let known = match &check.baseline {
        Some(path) if !check.update => {
            Some(Baseline::parse(&read(path, "--update writes one from these captures")?, path)?)
        }
        _ => None,
    };
    let found = capture::find(&check.input.captures)?;
    let mut reads = input::reads(&found, &check.input);
    reads.files.push(("the policy", path));
    reads.files.extend(check.paths.files.iter().map(|path| ("--path", path.as_path())));
    reads.files.extend(check.baseline.iter().filter(|_| !check.update).map(|path| ("--baseline", path.as_path())));
    let (wanted, formats) = wanted(check);
    let targets = outputs::open(&wanted, &reads, check.force)?;
    stdout::check()?;
    let key = redact::key(&check.redact)?;
    let paths = GivenPaths::open(&check.paths.files)?;
    let Input { sources, mut knowledge, is_whole } = input::open(found, &check.input, args.quiet)?;
    knowledge.paths = paths;
    let policy = policy::parse(&text, path, &knowledge.catalogue)?;
    let options = input::options(&check.input, &knowledge)?;
    let (routes, analysed) = input::analyse(sources, &options, &knowledge, args.quiet, &|_| ())?;
    let mut report = build(&routes, &analysed, &knowledge, command.to_owned());
    report.transfers = check.transfers.of(&report);
    let is_seen = |app: &str| report.apps.iter().any(|routes| routes.id == app);
    input::known_or_seen(&options.apps, &knowledge, is_seen)?;
    no_slips(&policy, path, &knowledge, is_seen)?;
    let checked = policy::evaluate(&report, &policy);
    let mut seen = check.baseline.as_ref().map(|_| Baseline::of(&report));
    let mut findings = known.zip(seen.as_ref()).map(|(known, seen)| known.new_in(seen)).unwrap_or_default();
    let mut given = path.display().to_string();
    let mut scan = Scan::default();
    // Verdicts and findings are those of all that the captures show; only then it is taken out what is not to be shown.
    let redacted = key.map(|key| {
        let redactor = Redactor::new(&key, &knowledge, check.redact.keep_frames);
        let mut removed = redact::command(command, &[]);
        removed.keep(POLICY);
        removed.replace(What::File, &given, POLICY);
        POLICY.clone_into(&mut given);
        let report = redactor.report(report.clone(), &mut removed);
        let policy = policy.with_apps(|app| redactor.app(app, &mut removed));
        findings = findings.drain(..).map(|one| redacted_finding(one, &redactor, &mut removed)).collect();
        seen = seen.is_some().then(|| Baseline::of(&report));
        scan = Scan::new(&removed);
        (report, policy)
    });
    let checked = match &redacted {
        Some((report, policy)) => checked.shown_with(report, policy),
        None => checked,
    };
    let leniency =
        Leniency { undecidable: check.undecidable == Undecidable::Pass, not_observed: !check.require_observed };
    let shown = Shown { checked: &checked, policy: &given, leniency, findings: &findings };
    let fill = |index: usize, out: &mut dyn Write| match (formats.get(index), &seen) {
        (Some(format), _) => scan.guard(out, |out| (FORMATS[*format].write)(&shown, out)),
        (None, Some(seen)) => scan.guard(out, |out| out.write_all(seen.to_text().as_bytes())),
        (None, None) => Ok(()),
    };
    outputs::write_files(&targets, fill, args.quiet)?;
    outputs::write_streams(&targets, fill, args.quiet)?;
    if !targets.iter().any(Target::is_stdout) {
        let text = render_check(&shown, &screen::style(args));
        redact::check(&scan, text.as_bytes())?;
        stdout::write(if check.github { guarded(&text) } else { text }.as_bytes())?;
        if check.github {
            stdout::write_with(|out| scan.guard(out, |out| write_github(&shown, out)))?;
        }
    }
    let is_complete = input::report_defects(&analysed.outcomes);
    let passes = shown.passes();
    // The process ends here. Freeing millions of small allocations one by one would only take time.
    drop(checked);
    std::mem::forget((routes, analysed, knowledge, report));
    Ok(End::of(is_complete && is_whole && passes))
}

/// What a policy is called in redacted outputs.
const POLICY: &str = "policy.toml";

/// A finding with what redaction leaves of its texts.
fn redacted_finding(finding: Finding, redactor: &Redactor<'_>, removed: &mut Removed) -> Finding {
    let Finding { app, what, value } = finding;
    let value = match what {
        "app" => redactor.app(&value, removed),
        "domain" => redactor.name(&value, removed).unwrap_or_else(|| "of a local network".to_owned()),
        _ => value,
    };
    Finding { app: redactor.app(&app, removed), what, value }
}

/// Refuses an app that neither the catalogue nor a flow has, if an id of the catalogue is much like it: its rule would hold for ever.
fn no_slips(policy: &Policy, path: &Path, knowledge: &Knowledge, is_seen: impl Fn(&str) -> bool) -> Result<(), Error> {
    let named = policy.rules.iter().flat_map(|rule| &rule.apps);
    let unknown = named.filter(|app| knowledge.catalogue.app(&app.value).is_none() && !is_seen(&app.value));
    for app in unknown {
        if let Some(id) = input::nearest(&app.value, knowledge) {
            let Located { value, line, column } = app;
            let what =
                format!("line {line}, column {column}: no app has the id {value:?}, and no flow is of such an owner");
            return Err(Error::not_usable(path, what, format!("did you mean {id:?}? `whither apps` lists them")));
        }
    }
    Ok(())
}

/// The text of a file that is named on the command line.
pub(super) fn read(path: &Path, hint: &str) -> Result<String, Error> {
    /// More than any policy or baseline takes: a capture that was named in its place is not read whole.
    const LIMIT_BYTES: u64 = 64 << 20;
    let file = std::fs::File::open(path).map_err(|source| Error::opening(path, source, hint))?;
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(file, LIMIT_BYTES), &mut bytes)
        .map_err(|source| Error::io(path, source))?;
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = String::from_utf8_lossy(before).chars().rev().take_while(|one| *one != '\n').count() + 1;
        Error::not_usable(path, format!("line {line}, column {column}: not text in UTF-8"), hint)
    })
}

/// The outputs that were asked for, with the positions of their formats; last of all the baseline.
fn wanted(check: &CheckArgs) -> (Vec<Wanted<'_>>, Vec<usize>) {
    let given: [&Option<PathBuf>; FORMATS.len()] = [&check.json, &check.junit, &check.sarif];
    let mut wanted = Vec::new();
    let mut formats = Vec::new();
    for (position, (format, path)) in FORMATS.iter().zip(given).enumerate() {
        if let Some(path) = path {
            wanted.push(Wanted { option: format!("--{}", format.name), path, is_own: format.is_own });
            formats.push(position);
        }
    }
    if let Some(path) = check.baseline.as_ref().filter(|_| check.update) {
        let is_own = |head: &[u8]| head.starts_with(BASELINE_MARK.as_bytes());
        wanted.push(Wanted { option: "--baseline".to_owned(), path, is_own });
    }
    (wanted, formats)
}
