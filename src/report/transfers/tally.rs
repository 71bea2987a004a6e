//! Sums what apps sent by groups of countries.

use super::framework::{Framework, Group};
use super::model::{AppTransfers, DecisionLine, GroupLine, Transfers};
use crate::place::Country;
use crate::report::model::{Destination, Report};
use crate::report::shares::{UnplacedLine, unplaced_percent};
use crate::standing::{Held, Shares, Standing};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// What no figure of an endpoint can tell.
const SAYS: &str = "Shares of sent payload by where the network endpoint is. What is sent on from there, by which contract, and whether it is \
                    personal data, no capture shows; nor whether a recipient takes part in a framework for participants.";

impl Transfers {
    /// What the apps of a report sent, by the groups of a framework on a day.
    pub fn of(report: &Report, framework: &Framework, day: Date) -> Self {
        let apps = report.apps.iter().map(|app| (Some(app.id.clone()), app.name.clone(), app.destinations.as_slice()));
        let rest = (None, "No app named".to_owned(), report.unattributed_routes.as_slice());
        let mut countries = BTreeSet::new();
        let mut sum = |(id, name, rows): (Option<String>, String, &[Destination])| {
            countries.extend(rows.iter().flat_map(candidates));
            app(id, name, rows, framework, day)
        };
        let apps = apps.chain([rest]).map(&mut sum).filter(|app| app.bytes > 0).collect();
        let is_told = |group: Group| group != Group::Home;
        let decisions = framework.decisions.iter().filter(|row| is_told(row.group) && countries.contains(&row.country));
        let line = |row: &super::framework::Decision| DecisionLine {
            country: row.country,
            label: row.country.name().unwrap_or(row.country.code()).to_owned(),
            kind: row.group,
            decision: row.name.to_owned(),
            date: row.from.to_string(),
            until: row.until.map(|until| until.to_string()),
            scope: row.scope.map(str::to_owned),
            is_in_force: row.holds_on(day),
            is_checked: row.is_checked,
        };
        Self {
            framework: framework.id.to_owned(),
            title: framework.title.to_owned(),
            as_of: day.to_string(),
            says: SAYS.to_owned(),
            apps,
            decisions: decisions.map(line).collect(),
        }
    }
}

/// The countries that the endpoints of a row are or may be in.
fn candidates(row: &Destination) -> impl Iterator<Item = Country> + '_ {
    row.candidates.iter().map(|one| one.country).filter(|_| row.payload.sent > 0)
}

fn app(id: Option<String>, name: String, rows: &[Destination], framework: &Framework, day: Date) -> AppTransfers {
    let mut shares: Shares<Group, Standing> = Shares::default();
    let mut countries: BTreeSet<(Group, Country)> = BTreeSet::new();
    for row in rows.iter().filter(|row| row.standing.is_shared()) {
        let placed: BTreeSet<(Group, Country)> =
            candidates(row).map(|country| (framework.group(country, day), country)).collect();
        let groups: Vec<Group> = placed.iter().map(|(group, _)| *group).collect();
        let held = match (row.standing, groups.as_slice()) {
            (Standing::Confirmed, [group]) => Held::Certain(group),
            (standing, groups) => Held::Possible(groups, standing),
        };
        shares.add(row.payload.sent, &held);
        countries.extend(placed);
    }
    let group = |group: Group| {
        let interval = shares.interval(&group);
        GroupLine {
            kind: group,
            group: framework.word(group).to_owned(),
            label: framework.label(group).to_owned(),
            countries: countries.iter().filter(|one| one.0 == group).map(|one| one.1).collect(),
            certain_bytes: interval.certain,
            possible_bytes: interval.possible,
            share: interval.to_string(),
        }
    };
    let unplaced = shares.reasons().into_iter().map(|(standing, bytes)| UnplacedLine {
        standing,
        why: standing.why_unplaced().unwrap_or_default().to_owned(),
        bytes,
    });
    AppTransfers {
        id,
        name,
        bytes: shares.total(),
        groups: Group::ALL.map(group).into(),
        unplaced_bytes: shares.unplaced_bytes(),
        unplaced_percent: unplaced_percent(&shares),
        unplaced: unplaced.filter(|line| line.bytes > 0).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::Candidate;
    use crate::route::{Exchange, Payload};

    /// A row of so many sent bytes, with what may be said of its place.
    fn row(standing: Standing, codes: &[&str], sent: u64) -> Destination {
        let candidate = |code: &&str| Candidate {
            country: Country::new(code).unwrap(),
            label: (*code).to_owned(),
            city: None,
            latitude: None,
            longitude: None,
            lineages: 1,
        };
        Destination {
            exchange: Exchange::Answered,
            standing,
            candidates: codes.iter().map(candidate).collect(),
            payload: Payload { sent, ..Payload::default() },
            ..Destination::empty()
        }
    }

    fn told(rows: &[Destination], day: &str) -> Vec<String> {
        let eu = Framework::find("eu").unwrap();
        let app = app(None, String::new(), rows, &eu, day.parse().unwrap());
        let groups = app.groups.iter().filter(|line| line.certain_bytes + line.possible_bytes > 0);
        let mut told: Vec<String> = groups.map(|line| format!("{} {}", line.group, line.share)).collect();
        told.extend(app.unplaced_percent.filter(|_| app.unplaced_bytes > 0).map(|percent| format!("none {percent}")));
        assert_eq!(
            app.bytes,
            rows.iter().filter(|row| row.standing != Standing::Local).map(|row| row.payload.sent).sum::<u64>()
        );
        told
    }

    #[test]
    fn a_report_made_by_hand() {
        let rows = [
            row(Standing::Confirmed, &["DE"], 4_000),
            row(Standing::Reported, &["FR"], 1_000),
            row(Standing::Disputed, &["JP", "SG"], 2_000),
            row(Standing::Disputed, &["NL", "SE"], 1_000),
            row(Standing::Confirmed, &["US"], 500),
            row(Standing::Confirmed, &["CN"], 500),
            row(Standing::Anycast, &[], 1_000),
            row(Standing::Local, &[], 9_999),
        ];
        // Of the disputed ones, NL or SE may be in the EEA and nowhere else; but nothing is confirmed.
        let expected = ["eea 40 to 60 %", "adequate up to 20 %", "participants 5 %", "other 5 to 25 %", "none 10 %"];
        assert_eq!(told(&rows, "2026-06-01"), expected);
        // Before the decisions on Japan and on participants in the US.
        let expected = ["eea 40 to 60 %", "other 10 to 30 %", "none 10 %"];
        assert_eq!(told(&rows, "2018-06-01").len(), 4, "the Privacy Shield held then");
        assert_eq!(told(&rows, "2016-01-01"), expected);
    }
}
