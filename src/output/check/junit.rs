//! What came of a policy in the XML that continuous integration reads as the results of tests (the form of JUnit and Ant).

use super::shown::{Shown, message};
use crate::output::escape::html;
use crate::output::generator::{GENERATOR, contains};
use crate::policy::Verdict;
use std::borrow::Cow;
use std::io::{self, Write};

/// Writes a test case for each rule, for each capture that ended early, and one for what is new.
pub(super) fn write(shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Shown { checked, policy, leniency, findings } = *shown;
    let ended = || checked.report.captures.iter().filter_map(|capture| capture.defect.as_ref());
    let failures = checked.outcomes.iter().filter(|outcome| !outcome.passes(leniency)).count() + findings.len();
    let skipped =
        checked.outcomes.iter().filter(|one| one.verdict == Verdict::NotObserved && one.passes(leniency)).count();
    let errors = ended().count();
    let tests = checked.outcomes.len() + findings.len() + errors;
    let counts =
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"0\"");
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- {GENERATOR} -->")?;
    writeln!(out, "<testsuites name=\"whither check\" {counts}>\n<testsuite name=\"{}\" {counts}>", xml(policy))?;
    for outcome in &checked.outcomes {
        let (name, line) = (&outcome.rule.name.value, outcome.rule.name.line);
        write!(
            out,
            "<testcase classname=\"whither\" name=\"{}\" file=\"{}\" line=\"{line}\" time=\"0\">",
            xml(name),
            xml(policy)
        )?;
        let says = xml(&outcome.says);
        match (outcome.passes(leniency), outcome.verdict) {
            (true, Verdict::NotObserved) => write!(out, "<skipped message=\"{says}\"/>")?,
            (true, _) => write!(out, "<system-out>{}</system-out>", text(&message(outcome)))?,
            (false, verdict) => {
                let kind = verdict.word();
                write!(out, "<failure type=\"{kind}\" message=\"{says}\">{}</failure>", text(&message(outcome)))?;
            }
        }
        writeln!(out, "</testcase>")?;
    }
    for finding in findings {
        let says = finding.says();
        let says = xml(&says);
        writeln!(
            out,
            "<testcase classname=\"whither.baseline\" name=\"{says}\" time=\"0\"><failure type=\"new\" message=\"{says}\"/></testcase>"
        )?;
    }
    for defect in ended() {
        let says = defect.to_string();
        let (name, says) = (xml(&defect.capture), xml(&says));
        writeln!(
            out,
            "<testcase classname=\"whither.capture\" name=\"{name}\" time=\"0\"><error type=\"ended early\" message=\"{says}\"/></testcase>"
        )?;
    }
    writeln!(out, "</testsuite>\n</testsuites>")
}

/// Whether such a file of this program begins so.
pub(super) fn is_own(head: &[u8]) -> bool {
    head.starts_with(b"<?xml ")
        && contains(head, "<!-- whither ")
        && contains(head, "<testsuites name=\"whither check\"")
}

/// A quoted attribute value. No control character is left, which XML 1.0 §2.2 would not allow.
fn xml(text: &str) -> Cow<'_, str> {
    html(text)
}

/// Text of several lines.
fn text(lines: &str) -> String {
    lines.lines().map(|line| html(line).into_owned()).collect::<Vec<_>>().join("\n")
}
