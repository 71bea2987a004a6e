//! What a proof is of: apps, or the rows that decide a rule of a policy.

use super::compare::differences;
use super::wanted::Wanted;
use crate::policy::{Kind, Outcome, Policy, Rule, Verdict, evaluate};
use crate::report::{AppRoutes, Destination, Report};
use std::collections::BTreeSet;

/// What a proof is of.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The apps, as the report of the whole has their ids.
    apps: BTreeSet<String>,
    /// If not all that they did: the addresses of the rows that are meant.
    addresses: Option<BTreeSet<String>>,
    /// The rule that is decided, and how.
    rule: Option<(Policy, Verdict)>,
}

impl Subject {
    /// All that these apps did, of those that the report has.
    pub fn apps(report: &Report, apps: &[String]) -> Self {
        let has = |app: &&AppRoutes| apps.contains(&app.id);
        let apps = report.apps.iter().filter(has).map(|app| app.id.clone()).collect();
        Self { apps, addresses: None, rule: None }
    }

    /// What decides a rule. Where its certain rows alone do, these; otherwise all that its apps did, for bytes that are missing
    /// could be anywhere.
    pub fn rule(report: &Report, rule: &Rule) -> Self {
        let policy = Policy { rules: vec![rule.clone()] };
        let checked = evaluate(report, &policy);
        let Some(outcome) = checked.outcomes.first() else {
            return Self { apps: BTreeSet::new(), addresses: None, rule: None };
        };
        let addresses = decided_by(outcome);
        let is_about = |app: &&AppRoutes| match &addresses {
            Some(_) => outcome.rows.iter().any(|row| row.part.low > 0 && row.app.id == app.id),
            None => rule.is_about(app),
        };
        let apps = report.apps.iter().filter(is_about).map(|app| app.id.clone()).collect();
        let verdict = outcome.verdict;
        Self { apps, addresses, rule: Some((policy, verdict)) }
    }

    /// Ids of the apps.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.apps.iter().map(String::as_str)
    }

    /// Whether a flow belongs to it.
    pub fn wants(&self, flow: &Wanted) -> bool {
        self.apps.contains(&*flow.app)
            && self.addresses.as_ref().is_none_or(|addresses| addresses.contains(&flow.peer.to_string()))
    }

    /// The rows of the report that it is about.
    pub fn rows<'r>(&self, report: &'r Report) -> impl Iterator<Item = (&'r AppRoutes, &'r Destination)> {
        let apps = report.apps.iter().filter(|app| self.apps.contains(&app.id));
        apps.flat_map(|app| app.destinations.iter().map(move |row| (app, row))).filter(|(_, row)| self.is_meant(row))
    }

    fn is_meant(&self, row: &Destination) -> bool {
        self.addresses.as_ref().is_none_or(|meant| row.addresses.iter().any(|address| meant.contains(address)))
    }

    /// What the report of a proof does not show as that of the whole does; empty where it shows the same.
    pub fn differences(&self, whole: &Report, proof: &Report) -> Vec<String> {
        let meant = whole.apps.iter().filter(|app| self.apps.contains(&app.id));
        let mut all: Vec<String> = meant
            .flat_map(|app| {
                let shown = proof.apps.iter().find(|other| other.id == app.id);
                differences(app, shown, |row| self.is_meant(row))
            })
            .collect();
        if let Some((policy, verdict)) = &self.rule {
            let shown = evaluate(proof, policy).outcomes.first().map(|outcome| outcome.verdict);
            if shown != Some(*verdict) {
                let shown = shown.map_or("nothing", Verdict::word);
                all.push(format!("the rule: {} ({shown})", verdict.word()));
            }
        }
        all
    }
}

/// The addresses of the certain rows, if these alone decide a rule and the report lists all their addresses.
fn decided_by(outcome: &Outcome<'_>) -> Option<BTreeSet<String>> {
    let is_decided = matches!(
        (outcome.rule.kind, outcome.verdict),
        (Kind::Deny | Kind::AllowOnly, Verdict::Broken) | (Kind::Expect, Verdict::Holds)
    );
    // A share is of all that the apps sent.
    let is_of_all = outcome.rule.over_share.is_some() || outcome.rule.over_bytes.is_some();
    let rows = || outcome.rows.iter().filter(|row| row.part.low > 0).map(|row| row.destination);
    let is_listed = rows().all(|row| row.addresses_total == row.addresses.len() as u64);
    (is_decided && !is_of_all && is_listed).then(|| rows().flat_map(|row| row.addresses.iter().cloned()).collect())
}
