//! What to do next: commands that say the same of the same captures, and work when they are pasted.

use super::lines::{Ink, Line, Lines};
use crate::capture::{BUILT_IN, STANDARD_INPUT};
use crate::output::escape;
use crate::output::look::Look;
use crate::report::Report;
use unicode_width::UnicodeWidthStr;

/// Captures repeated in a command.
const CAPTURE_LIMIT: usize = 3;
/// Where the words of a command begin.
const INDENT: usize = 6;

/// As many commands as there may be: of the first app in detail, and the page.
pub(super) fn commands(lines: &mut Lines, report: &Report, look: &Look, most: usize) {
    // The captures are not named, so that they cannot be given again.
    if report.redaction.is_some() {
        return;
    }
    for (position, words) in next(lines, report, look, most).into_iter().enumerate() {
        let mut line = Line::default();
        line.put(Ink::Bold, if position == 0 { "Next: " } else { "      " });
        wrapped(lines, line, &words);
    }
}

fn next(lines: &Lines, report: &Report, look: &Look, most: usize) -> Vec<Vec<String>> {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    if report.captures.iter().any(|capture| capture.name == BUILT_IN) {
        let take = "whither map CAPTURE, of a device of yours: docs/capture.md says how to take one";
        return vec![words("whither demo --html demo.html"), words(take)];
    }
    let mut command = words("whither map");
    command.extend(captures(lines, report, look));
    // The place of the capture is given again, so that the same is said.
    if let Some(vantage) = &report.vantage {
        command.push(format!("--from {:.4},{:.4}", vantage.latitude, vantage.longitude));
    }
    let is_shown = |word: &String| lines.text(word) == *word;
    let again = |words: &Vec<String>| words.iter().map(|word| escape::shell(word)).collect::<Vec<_>>().join(" ");
    command.extend(look.asked.iter().filter(|words| words.iter().all(is_shown)).map(again));
    let app = report.apps.first().filter(|app| report.apps.len() > 1 && is_shown(&app.id));
    let is_chosen = look.asked.iter().flatten().any(|word| word == "--app");
    let mut details = command.clone();
    if let Some(app) = app.filter(|_| !is_chosen) {
        details.push(format!("--app {}", escape::shell(&app.id)));
    }
    details.push("--details".to_owned());
    command.push("--html map.html".to_owned());
    if most > 1 { vec![details, command] } else { vec![command] }
}

/// The captures of the report, or what was given for them. A name that cannot be shown as it is cannot be repeated, nor can what a pipe held.
fn captures(lines: &Lines, report: &Report, look: &Look) -> Vec<String> {
    let own: Vec<&str> = report.captures.iter().map(|capture| capture.name.as_str()).collect();
    let mut given: Vec<&str> = look.captures.iter().map(String::as_str).collect();
    // A folder or a pattern is shorter than its captures. Their order says nothing, so it changes nothing.
    given.sort_unstable();
    let names = if given.is_empty() || given.len() == own.len() { own } else { given };
    if names.len() > CAPTURE_LIMIT {
        return vec!["CAPTURE...".to_owned()];
    }
    let is_pipe = |name: &str| name == "-" || name == STANDARD_INPUT;
    let is_lost = names.iter().any(|name| is_pipe(name));
    let shown = |name: &str| match escape::shell(name).into_owned() {
        word if !is_lost && lines.text(&word) == word => word,
        _ => "CAPTURE".to_owned(),
    };
    names.into_iter().map(shown).collect()
}

/// Writes a command over as many lines as it takes, so that a shell reads it as one. An option stays with its value.
fn wrapped(lines: &mut Lines, mut line: Line, words: &[String]) {
    let columns = lines.columns();
    for (position, word) in words.iter().enumerate() {
        let is_first = line.width() <= INDENT;
        let end = if position + 1 < words.len() { 2 } else { 0 };
        if !is_first && line.width() + 1 + word.width() + end > columns {
            line.put(Ink::Plain, " \\");
            lines.line(&line);
            line = Line::default();
            line.to(INDENT);
        } else if !is_first {
            line.put(Ink::Plain, " ");
        }
        line.put(Ink::Plain, word.clone());
    }
    lines.line(&line);
}
