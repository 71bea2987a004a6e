//! Workflow commands, by which GitHub shows what came of a policy beside its lines.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>: values are escaped as its toolkit does it.

use super::shown::{Shown, message};
use crate::output::escape::visible;
use crate::policy::Verdict;
use std::io::{self, Write};

/// Writes a line for each rule that does not pass, and for what is new; `notice` for what passes without being shown to hold.
pub fn write(shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    let file = property(shown.policy);
    for outcome in &shown.checked.outcomes {
        let command = match (outcome.passes(shown.leniency), outcome.verdict) {
            (true, Verdict::Holds | Verdict::Broken) => continue,
            (true, Verdict::Undecidable | Verdict::NotObserved) => "notice",
            (false, Verdict::Undecidable) => "warning",
            (false, _) => "error",
        };
        let (line, column) = (outcome.rule.name.line, outcome.rule.name.column);
        let (title, message) = (property(&outcome.rule.name.value), data(&message(outcome)));
        writeln!(out, "::{command} file={file},line={line},col={column},title={title}::{message}")?;
    }
    for finding in shown.findings {
        writeln!(
            out,
            "::error file={file},line=1,title={}::{}",
            property("not in the baseline"),
            data(&finding.says())
        )?;
    }
    Ok(())
}

/// A text for people in which no line is a workflow command, in either of the forms that runners understand.
pub fn guarded(text: &str) -> String {
    let one = |line: &str| {
        let line = line.replace("##[", "## [");
        if line.trim_start().starts_with("::") { format!("· {line}") } else { line }
    };
    text.split('\n').map(one).collect::<Vec<_>>().join("\n")
}

/// The message of a command, of several lines.
fn data(text: &str) -> String {
    let lines: Vec<String> =
        text.lines().map(|line| visible(line).replace('%', "%25").replace("##[", "## [")).collect();
    lines.join("%0A")
}

/// The value of a property of a command.
fn property(text: &str) -> String {
    visible(text).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_end_what_they_stand_in() {
        assert_eq!(property("a:b,c%\r\n::error::x"), "a%3Ab%2Cc%25\\u{d}\\u{a}%3A%3Aerror%3A%3Ax");
        assert_eq!(data("50 %\n::error::x\r"), "50 %25%0A::error::x\\u{d}");
        assert_eq!(guarded("a\n  ::set-env name=x::y\n##[error]z\n"), "a\n·   ::set-env name=x::y\n## [error]z\n");
    }
}
