//! Compares two reports, app by app.

use super::destinations::{destinations, is_whole, names};
use super::model::{AppDiff, Change, DIFF_SCHEMA, Diff, Side};
use super::shares::shares;
use crate::report::model::{AppRoutes, Destination, Generator, Report};
use crate::report::shares::EndpointShares;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What traffic is called that no app could be named for.
const NO_APP: &str = "No app named";

/// What an app has on one side.
#[derive(Clone, Copy)]
struct App<'a> {
    name: &'a str,
    shares: &'a EndpointShares,
    rows: &'a [Destination],
}

impl<'a> App<'a> {
    const fn of(app: &'a AppRoutes) -> Self {
        Self { name: app.name.as_str(), shares: &app.shares, rows: app.destinations.as_slice() }
    }
}

/// Compares two reports with the names of their files. `command` is the command line that is shown.
pub fn compare(a: (&str, &Report), b: (&str, &Report), command: String) -> Diff {
    let (one, other) = (apps(a.1), apps(b.1));
    let ids: BTreeSet<Option<&str>> = one.keys().chain(other.keys()).copied().collect();
    let none = EndpointShares::default();
    let mut apps: Vec<AppDiff> =
        ids.into_iter().filter_map(|id| app(id, one.get(&id), other.get(&id), &none)).collect();
    apps.sort_by(|a, b| {
        let sent = |app: &AppDiff| Reverse(app.sent_a.max(app.sent_b));
        (a.id.is_none(), sent(a), &a.id).cmp(&(b.id.is_none(), sent(b), &b.id))
    });
    Diff {
        diff: DIFF_SCHEMA,
        generator: Generator { name: "whither".into(), version: env!("CARGO_PKG_VERSION").into(), command },
        notes: notes(a.1, b.1),
        a: side(a),
        b: side(b),
        apps,
        redaction: None,
    }
}

/// The apps of a report by id, and what no app could be named for.
fn apps(report: &Report) -> BTreeMap<Option<&str>, App<'_>> {
    let mut by: BTreeMap<_, _> = report.apps.iter().map(|app| (Some(app.id.as_str()), App::of(app))).collect();
    if !report.unattributed_routes.is_empty() {
        by.insert(None, App { name: NO_APP, shares: &report.unattributed_shares, rows: &report.unattributed_routes });
    }
    by
}

/// What differs of an app; none where nothing does.
fn app(id: Option<&str>, a: Option<&App<'_>>, b: Option<&App<'_>>, none: &EndpointShares) -> Option<AppDiff> {
    let (rows_a, shares_a) = a.map_or((&[][..], none), |app| (app.rows, app.shares));
    let (rows_b, shares_b) = b.map_or((&[][..], none), |app| (app.rows, app.shares));
    let diff = AppDiff {
        id: id.map(str::to_owned),
        name: b.or(a)?.name.to_owned(),
        change: Change::of(a.is_some(), b.is_some()),
        sent_a: shares_a.sent.bytes,
        sent_b: shares_b.sent.bytes,
        is_partial: !is_whole(rows_a) || !is_whole(rows_b),
        destinations: destinations(rows_a, rows_b),
        names: names(rows_a, rows_b),
        shares: shares(shares_a, shares_b),
    };
    let is_equal = diff.destinations.is_empty() && diff.names.is_empty() && diff.shares.is_empty();
    (diff.change.is_some() || !is_equal).then_some(diff)
}

fn side((name, report): (&str, &Report)) -> Side {
    Side {
        name: name.to_owned(),
        version: report.generator.version.clone(),
        captures: report.captures.len(),
        frames: report.frames,
        bytes: report.bytes,
        first_seen: report.first_seen.clone(),
        last_seen: report.last_seen.clone(),
        apps: report.apps.len(),
        defects: report.captures.iter().filter_map(|capture| capture.defect.clone()).collect(),
    }
}

/// Why what differs may come from how the reports were made.
fn notes(a: &Report, b: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |differs: bool, text: String| {
        if differs {
            notes.push(text);
        }
    };
    let (one, other) = (&a.generator.version, &b.generator.version);
    note(one != other, format!("A was made by version {one}, B by version {other}: their rules may differ"));
    let tables = |report: &Report| -> BTreeSet<(String, String)> {
        report.databases.iter().map(|one| (one.name.clone(), one.date.clone())).collect()
    };
    let differs = tables(a) != tables(b);
    note(differs, "the sides were placed by different databases: what differs in places may come from them".into());
    let vantage = |report: &Report| report.vantage.as_ref().map(|vantage| vantage.label.clone());
    let differs = vantage(a) != vantage(b);
    note(differs, "the sides were taken at different places (--from): round trips exclude other countries".into());
    let differs = a.tables.is_stale != b.tables.is_stale;
    let which = if a.tables.is_stale { "A" } else { "B" };
    note(differs, format!("the tables of places are too far from {which} in time to confirm anything there"));
    for (which, report) in [("A", a), ("B", b)] {
        for defect in report.captures.iter().filter_map(|capture| capture.defect.as_ref()) {
            note(true, format!("{which} ended early: {defect}"));
        }
    }
    notes
}
