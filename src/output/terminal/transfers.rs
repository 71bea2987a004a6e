//! What a framework of law on transfers makes of where apps sent, where it was asked for.

use super::lines::{Ink, Line, Lines};
use super::summary::words_of;
use crate::output::units;
use crate::report::Report;
use crate::report::transfers::{AppTransfers, DecisionLine, Group, Transfers};

/// Apps on the first screen.
const APP_LIMIT: usize = 4;

/// A line per app, and in detail the decisions.
pub(super) fn transfers(lines: &mut Lines, report: &Report, is_short: bool) {
    let Some(transfers) = &report.transfers else { return };
    lines.gap();
    let mut head = Line::default();
    let title = lines.text(&transfers.title).into_owned();
    head.put(Ink::Bold, "Of sent bytes, by ").put(Ink::Bold, title);
    head.put(Ink::Plain, lines.text(&format!(", as of {}", transfers.as_of)).into_owned());
    lines.line(&head);
    let limit = if is_short { APP_LIMIT } else { usize::MAX };
    transfers.apps.iter().take(limit).for_each(|one| app(lines, one));
    if let more @ 1.. = transfers.apps.len().saturating_sub(limit) {
        let mut line = Line::default();
        line.to(2).put(Ink::Dim, format!("+{} in --details", units::plural(more as u64, "app", "apps")));
        lines.line(&line);
    }
    if is_short {
        unchecked(lines, transfers);
        return;
    }
    transfers.decisions.iter().for_each(|one| decision(lines, one));
    let says = lines.text(&transfers.says).into_owned();
    words_of(lines, Ink::Dim, &says);
}

fn app(lines: &mut Lines, app: &AppTransfers) {
    let mut line = Line::default();
    line.to(2).put(Ink::Plain, lines.text(&app.name).into_owned());
    line.put(Ink::Plain, ": ");
    let mut pieces = Vec::new();
    for group in app.groups.iter().filter(|group| group.certain_bytes + group.possible_bytes > 0) {
        let codes: Vec<&str> = group.countries.iter().map(|country| country.code()).collect();
        let label = match group.kind {
            Group::Home => group.label.clone(),
            _ => format!("{} ({})", group.label, codes.join(", ")),
        };
        let ink = if group.kind == Group::Limited { Ink::Warn } else { Ink::Plain };
        pieces.push((ink, lines.text(&format!("{label} {}", group.share)).into_owned()));
    }
    if app.unplaced_bytes > 0 {
        let share = app.unplaced_percent.clone().unwrap_or_else(|| units::bytes(app.unplaced_bytes));
        pieces.push((Ink::Dim, lines.text(&format!("no country {share}")).into_owned()));
    }
    lines.pieces(line, 4, " · ", pieces);
}

fn decision(lines: &mut Lines, one: &DecisionLine) {
    let mut pieces =
        vec![(Ink::Plain, lines.text(&format!("{}: {} of {}", one.label, one.decision, one.date)).into_owned())];
    pieces.extend(one.until.as_ref().map(|until| (Ink::Plain, lines.text(&format!("until {until}")).into_owned())));
    pieces.extend(one.scope.as_ref().map(|scope| (Ink::Warn, lines.text(scope).into_owned())));
    if !one.is_in_force {
        pieces.push((Ink::Warn, "not in force on that day".to_owned()));
    }
    if !one.is_checked {
        pieces.push((Ink::Dim, "not checked".to_owned()));
    }
    let mut line = Line::default();
    line.to(2);
    lines.pieces(line, 4, " · ", pieces);
}

/// How many of the decisions that count nobody has read.
fn unchecked(lines: &mut Lines, transfers: &Transfers) {
    let count = transfers.decisions.iter().filter(|one| one.is_in_force && !one.is_checked).count();
    if count > 0 {
        let mut line = Line::default();
        let decisions = units::plural(count as u64, "decision", "decisions");
        line.to(2).put(Ink::Dim, format!("{decisions} of these not checked; --details names them"));
        lines.line(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;
    use crate::output::terminal::Style;
    use crate::report::transfers::Framework;

    #[test]
    fn groups_and_decisions_are_told_and_the_us_is_no_plain_yes() {
        let mut report = example::report();
        let eu = Framework::find("eu").unwrap();
        report.transfers = Some(Transfers::of(&report, &eu, "2026-06-14".parse().unwrap()));
        let text = |is_short: bool, width: usize| {
            let mut lines = Lines::new(Style { width, ..Style::default() });
            transfers(&mut lines, &report, is_short);
            lines.finish()
        };
        let all = text(false, 120);
        assert!(all.contains("as of 2026-06-14") && all.contains("Japan: (EU) 2019/419 of 2019-01-23"), "{all}");
        assert!(all.contains("certified participants of the Data Privacy Framework only"), "{all}");
        assert!(all.contains("which no address shows (US)"), "{all}");
        assert!(text(false, 40).lines().all(|line| line.chars().count() <= 40));
        // A decision that nobody held against its document: of Canada's only the number was.
        if let Some(candidate) =
            report.apps.iter_mut().flat_map(|app| &mut app.destinations).flat_map(|row| &mut row.candidates).next()
        {
            candidate.country = crate::place::Country::new("CA").unwrap();
        }
        report.transfers = Some(Transfers::of(&report, &eu, "2026-06-14".parse().unwrap()));
        let mut lines = Lines::new(Style { width: 80, ..Style::default() });
        transfers(&mut lines, &report, true);
        assert!(lines.finish().contains("not checked; --details names them"));
    }
}
