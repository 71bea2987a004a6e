//! A report and a policy to outcomes, with the rows that show them.

use super::fit::{Fitting, Part, bytes};
use super::rule::{Kind, Policy, Rule};
use super::verdict::{Bounds, Verdict};
use crate::report::{AppRoutes, Destination, Report, Standing};
use crate::standing::{LEAST_BYTES, Percent};
use std::collections::HashMap;

/// What passes besides rules that hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Leniency {
    /// Rules that are undecidable pass.
    pub undecidable: bool,
    /// Rules pass of which an app was not observed.
    pub not_observed: bool,
}

/// A policy that was held against a report.
#[derive(Clone, Debug)]
pub struct Checked<'a> {
    /// The report.
    pub report: &'a Report,
    /// An outcome for each rule, in the order of the policy.
    pub outcomes: Vec<Outcome<'a>>,
}

/// What came of one rule.
#[derive(Clone, Debug)]
pub struct Outcome<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The bytes that it is about.
    pub bounds: Bounds,
    /// The verdict.
    pub verdict: Verdict,
    /// The verdict in words.
    pub says: String,
    /// Apps that it names and that exchanged no payload of its direction with an endpoint that answered.
    pub not_observed: Vec<&'a str>,
    /// Where the verdict rests on bytes that the rule is not about, because their place is another: so many of them have that place by
    /// one source alone. A second source may change the verdict.
    pub one_source: u64,
    /// The rows with bytes that it is about: certain ones first, then possible ones, most bytes first.
    pub rows: Vec<Row<'a>>,
}

/// A row of the report with bytes that a rule is about.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The app.
    pub app: &'a AppRoutes,
    /// The row.
    pub destination: &'a Destination,
    /// Its payload in the direction of the rule.
    pub bytes: u64,
    /// The part of it that the rule is about.
    pub part: Part,
}

impl Outcome<'_> {
    /// How much of the verdict rests on the word of one source, in words; none where nothing does.
    pub fn caution(&self) -> Option<String> {
        let Self { one_source, bounds, .. } = self;
        let amount = match bounds.total {
            _ if *one_source == 0 => return None,
            ..LEAST_BYTES => format!("{one_source} bytes"),
            total => format!("{} %", Percent::at_most(*one_source, total)),
        };
        Some(format!("{amount} placed by one source alone; a second may change this"))
    }

    /// Whether it passes.
    pub fn passes(&self, leniency: Leniency) -> bool {
        let is_observed = self.not_observed.is_empty() && self.verdict != Verdict::NotObserved;
        (leniency.not_observed || is_observed)
            && match self.verdict {
                Verdict::Holds | Verdict::NotObserved => true,
                Verdict::Broken => false,
                Verdict::Undecidable => leniency.undecidable,
            }
    }
}

impl Row<'_> {
    /// So many of its bytes are meant by [`Self::word`].
    pub const fn word_bytes(&self) -> u64 {
        match self.part {
            Part { low: low @ 1.., .. } => low,
            Part { high: high @ 1.., .. } => high,
            Part { upper, .. } => upper,
        }
    }

    /// What may be said of its bytes: `certain`, `possible`, `unplaced`; the strongest that holds for some of them.
    pub const fn word(&self) -> &'static str {
        match self.part {
            Part { low: 1.., .. } => "certain",
            Part { high: 1.., .. } => "possible",
            _ => "unplaced",
        }
    }
}

impl Rule {
    /// Whether it names an app, or all.
    pub fn is_about(&self, app: &AppRoutes) -> bool {
        self.apps.is_empty() || self.apps.iter().any(|one| is_same(&one.value, app))
    }
}

impl<'a> Checked<'a> {
    /// The same outcomes, shown with the rules of a policy and the rows of a report that have other texts, each at the same position. Rows
    /// and rules that are not there are left out.
    pub fn shown_with<'b>(&self, report: &'b Report, policy: &'b Policy) -> Checked<'b> {
        let apps = self.report.apps.iter().zip(&report.apps);
        let rows = apps.flat_map(|(app, other)| {
            app.destinations
                .iter()
                .zip(&other.destinations)
                .map(move |(row, shown)| (std::ptr::from_ref(row), (other, shown)))
        });
        let rows: HashMap<*const Destination, (&AppRoutes, &Destination)> = rows.collect();
        let outcome = |(outcome, rule): (&Outcome<'a>, &'b Rule)| Outcome {
            rule,
            bounds: outcome.bounds,
            verdict: outcome.verdict,
            says: outcome.says.clone(),
            one_source: outcome.one_source,
            not_observed: {
                let ids = outcome.rule.apps.iter().zip(&rule.apps);
                let is_missing = |id: &str| outcome.not_observed.contains(&id);
                ids.filter(|(id, _)| is_missing(&id.value)).map(|(_, shown)| shown.value.as_str()).collect()
            },
            rows: outcome
                .rows
                .iter()
                .filter_map(|row| {
                    let (app, destination) = *rows.get(&std::ptr::from_ref(row.destination))?;
                    Some(Row { app, destination, ..*row })
                })
                .collect(),
        };
        Checked { report, outcomes: self.outcomes.iter().zip(&policy.rules).map(outcome).collect() }
    }
}

/// Holds a policy against a report.
pub fn evaluate<'a>(report: &'a Report, policy: &'a Policy) -> Checked<'a> {
    let day = |time: &'a Option<String>| time.as_deref().and_then(|time| time.get(..10));
    let days = day(&report.first_seen).zip(day(&report.last_seen));
    Checked { report, outcomes: policy.rules.iter().map(|rule| outcome(&report.apps, rule, days)).collect() }
}

pub(super) fn outcome<'a>(apps: &'a [AppRoutes], rule: &'a Rule, days: Option<(&str, &str)>) -> Outcome<'a> {
    let fitting = Fitting { table: &rule.table, direction: rule.direction, days };
    let mut bounds = Bounds::default();
    let mut rows = Vec::new();
    let mut one_source = 0_u64;
    let mut observed: Vec<&AppRoutes> = Vec::new();
    for app in apps.iter().filter(|app| rule.is_about(app)) {
        let before = bounds.total;
        for destination in &app.destinations {
            let bytes = bytes(destination, rule.direction);
            if bytes == 0 {
                continue;
            }
            let part = match rule.kind {
                Kind::Deny | Kind::Expect => fitting.fits(destination),
                Kind::AllowOnly => fitting.does_not_fit(destination),
            };
            bounds.total = bounds.total.saturating_add(bytes);
            bounds.part.add(part);
            if part.upper > 0 {
                rows.push(Row { app, destination, bytes, part });
            } else if destination.standing == Standing::Reported {
                one_source = one_source.saturating_add(bytes);
            }
        }
        if bounds.total > before {
            observed.push(app);
        }
    }
    bounds.threshold = rule.threshold(bounds.total);
    // The report's own order decides where all of it is equal.
    rows.sort_by_key(|row| std::cmp::Reverse((row.part.low, row.part.high, row.part.upper)));
    let verdict = bounds.verdict(rule.kind);
    // A verdict rests on the bytes that the rule is not about where there are none that it is about.
    let rests_on_others = match rule.kind {
        Kind::Deny | Kind::AllowOnly => verdict == Verdict::Holds,
        Kind::Expect => verdict == Verdict::Broken,
    };
    let is_about_places = rule.table.country.is_some() || rule.table.region.is_some();
    let is_missing = |id: &&str| !observed.iter().any(|app| is_same(id, app));
    Outcome {
        rule,
        bounds,
        verdict,
        says: bounds.says(rule.kind, rule.direction),
        one_source: if rests_on_others && is_about_places { one_source } else { 0 },
        not_observed: rule.apps.iter().map(|app| app.value.as_str()).filter(is_missing).collect(),
        rows,
    }
}

/// Whether a policy's id is the app's. Case does not matter.
fn is_same(id: &str, app: &AppRoutes) -> bool {
    app.id == id || app.id.to_lowercase() == id.to_lowercase()
}
