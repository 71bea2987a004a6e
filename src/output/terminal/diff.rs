//! A comparison of two reports as text for a terminal.

use super::lines::{Ink, Line, Lines, Style};
use super::summary::words_of;
use crate::output::units;
use crate::report::diff::{AppDiff, Change, Diff, Side};

/// Rows of one kind shown of an app on a screen; `--details` and the files have all.
const ROW_LIMIT: usize = 8;
/// Where what has changed stands, after the word.
const WHAT: usize = 11;

/// Writes what differs. No line is wider than the style says.
pub fn render_diff(diff: &Diff, style: &Style) -> String {
    let mut lines = Lines::new(*style);
    side(&mut lines, "A", &diff.a, diff.redaction.is_some());
    side(&mut lines, "B", &diff.b, diff.redaction.is_some());
    for note in &diff.notes {
        let text = format!("! {}", lines.text(note));
        words_of(&mut lines, Ink::Warn, &text);
    }
    lines.gap();
    if diff.apps.is_empty() {
        let text = "Nothing differs: the same apps, networks, places and names, and no share that must have moved.";
        words_of(&mut lines, Ink::Plain, text);
    }
    for (position, one) in diff.apps.iter().enumerate() {
        if position > 0 {
            lines.gap();
        }
        app(&mut lines, one, if style.details { usize::MAX } else { ROW_LIMIT });
    }
    lines.finish()
}

fn side(lines: &mut Lines, which: &str, side: &Side, is_redacted: bool) {
    let mut pieces = vec![(Ink::Bold, format!("{which}  {}", lines.text(&side.name)))];
    let seen = side.first_seen.as_deref().and_then(|seen| Some((seen.get(..10)?, seen.get(11..16)?)));
    if let Some((date, clock)) = seen {
        pieces.push((
            Ink::Plain,
            lines.text(&if is_redacted { date.to_owned() } else { format!("{date} {clock} UTC") }).into_owned(),
        ));
    }
    pieces.push((Ink::Plain, units::plural(side.captures as u64, "capture", "captures")));
    pieces.push((Ink::Plain, units::plural(side.apps as u64, "app", "apps")));
    pieces.push((Ink::Plain, units::bytes(side.bytes)));
    lines.pieces(Line::default(), 3, " · ", pieces);
}

fn app(lines: &mut Lines, app: &AppDiff, limit: usize) {
    let mut pieces = vec![(Ink::Bold, lines.text(&app.name).into_owned())];
    match app.change {
        Some(Change::Appeared) => pieces.push((Ink::Accent, "appeared: only B has it".to_owned())),
        Some(Change::Vanished) => pieces.push((Ink::Accent, "vanished: only A has it".to_owned())),
        _ => {}
    }
    pieces.push((Ink::Dim, format!("{} sent in A, {} in B", units::bytes(app.sent_a), units::bytes(app.sent_b))));
    lines.pieces(Line::default(), 2, " · ", pieces);
    let networks = app.destinations.iter().map(|one| {
        let places = sides(one.change, &one.places_a.join("; "), &one.places_b.join("; "));
        (one.change, format!("{}: {places}", one.network))
    });
    rows(lines, networks.collect(), limit, "networks");
    if app.change.is_some() && limit != usize::MAX {
        // All that it has appeared or vanished with it.
        return;
    }
    let names = app.names.iter().map(|one| {
        let at = sides(one.change, &one.at_a.join("; "), &one.at_b.join("; "));
        (one.change, format!("{}: {at}", one.name))
    });
    rows(lines, names.collect(), limit, "names");
    let shares = app.shares.iter().map(|one| {
        let (of, way) = (one.of.word(), one.way);
        (one.change, format!("{of} {}: {} of {way} bytes in A, {} in B", one.label, one.a.share, one.b.share))
    });
    rows(lines, shares.collect(), limit, "shares");
    if app.is_partial {
        let mut line = Line::default();
        line.to(2).put(Ink::Warn, "not all names are listed in a report: one may only seem new or gone");
        lines.line(&line);
    }
}

/// What stands on the side that has it, or on both.
fn sides(change: Change, a: &str, b: &str) -> String {
    match change {
        Change::Appeared => b.to_owned(),
        Change::Vanished => a.to_owned(),
        Change::Moved => format!("{a} in A, {b} in B"),
    }
}

fn rows(lines: &mut Lines, rows: Vec<(Change, String)>, limit: usize, kind: &str) {
    let limit = if rows.len() == limit.saturating_add(1) { rows.len() } else { limit };
    for (change, text) in rows.iter().take(limit) {
        let mut line = Line::default();
        line.to(2).put(if *change == Change::Moved { Ink::Accent } else { Ink::Plain }, change.word()).to(WHAT);
        let words = lines.text(text).split(' ').map(|word| (Ink::Plain, word.to_owned())).collect();
        lines.pieces(line, WHAT, " ", words);
    }
    if let more @ 1.. = rows.len().saturating_sub(limit) {
        let mut line = Line::default();
        line.to(WHAT).put(Ink::Dim, format!("+{more} {kind}; --details shows all"));
        lines.line(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;
    use crate::report::diff::compare;

    #[test]
    fn what_differs_is_told_and_the_wire_drives_no_terminal() {
        let a = example::report();
        let mut b = a.clone();
        b.apps[0].destinations[0].names[0].name = example::HOSTILE_NAME.to_owned();
        let moved = b.apps.remove(1);
        let text = render_diff(&compare(("a.json", &a), ("b.json", &b), String::new()), &Style::default());
        assert!(text.contains(&format!("{} · vanished: only A has it", moved.name)), "{text}");
        assert!(text.contains("appeared") && text.contains("long.weixin.qq.com"), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let same = render_diff(&compare(("a", &a), ("a", &a), String::new()), &Style::default());
        assert!(same.contains("Nothing differs"), "{same}");
    }
}
