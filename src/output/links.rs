//! What [`dot`](super::dot) and [`mermaid`](super::mermaid) draw: from apps to those who run the networks, to countries, with payload.

use super::{units, words};
use crate::report::{Destination, Exchange, Report, Standing};
use std::collections::BTreeMap;

/// Apps, and operators, that have a node of their own: more cannot be read. The rest is one node.
const APP_LIMIT: usize = 24;
const OPERATOR_LIMIT: usize = 40;
/// Links drawn: the largest. Mermaid draws at most 500.
const LINK_LIMIT: usize = 400;

/// How sure a link is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Sureness {
    /// Solid: an app used the network, or the country is confirmed.
    Certain,
    /// One source says so.
    Reported,
    /// Sources differ: drawn to each country, each with all bytes.
    Differs,
    /// No country.
    Nowhere,
}

/// Payload between two nodes.
pub(super) struct Link {
    /// Kind and number of the node where it starts: `a0`.
    pub(super) from: String,
    /// And where it ends.
    pub(super) to: String,
    pub(super) bytes: u64,
    pub(super) sureness: Sureness,
}

/// Nodes with their names, and links.
#[derive(Default)]
pub(super) struct Links {
    /// Columns of nodes, from left to right: apps, operators, countries. Each is an identifier and a name, unescaped.
    pub(super) columns: [Vec<(String, String)>; 3],
    pub(super) links: Vec<Link>,
    /// Links that are left out.
    pub(super) left_out: usize,
    /// `sent`, or `received` where nothing was sent.
    pub(super) way: &'static str,
}

impl Links {
    /// The links of a report.
    pub(super) fn of(report: &Report) -> Self {
        let is_received = report.shares.sent.bytes == 0 && report.shares.received.bytes > 0;
        let apps = report.apps.iter().flat_map(|app| app.destinations.iter().map(move |row| (app.name.as_str(), row)));
        let rest = report.unattributed_routes.iter().map(|row| ("no app named", row));
        let rows: Vec<_> = apps.chain(rest).map(|(app, row)| (app, row, bytes(row, is_received))).collect();
        let sums = |name: &dyn Fn(&str, &Destination) -> String| {
            let mut sums: BTreeMap<String, u64> = BTreeMap::new();
            for (app, row, bytes) in rows.iter().filter(|row| row.2 > 0) {
                let sum = sums.entry(name(app, row)).or_default();
                *sum = sum.saturating_add(*bytes);
            }
            let mut sums: Vec<(String, u64)> = sums.into_iter().collect();
            sums.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            sums.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        let apps = Nodes::new('a', sums(&|app, _| app.to_owned()), APP_LIMIT, "other apps");
        let operators = Nodes::new('o', sums(&|_, row| operator(row)), OPERATOR_LIMIT, "other networks");
        let mut ends = Nodes::new('c', Vec::new(), usize::MAX, "");
        let mut links: BTreeMap<(String, String, Sureness), u64> = BTreeMap::new();
        for (app, row, bytes) in rows.iter().filter(|row| row.2 > 0) {
            let (app, operator) = (apps.find(app), operators.find(&operator(row)));
            let mut add = |from: &str, to: &str, sureness| {
                let sum = links.entry((from.to_owned(), to.to_owned(), sureness)).or_default();
                *sum = sum.saturating_add(*bytes);
            };
            add(&app, &operator, Sureness::Certain);
            let sureness = match row.standing {
                _ if row.exchange != Exchange::Answered || row.candidates.is_empty() => Sureness::Nowhere,
                Standing::Confirmed => Sureness::Certain,
                Standing::Disputed => Sureness::Differs,
                _ => Sureness::Reported,
            };
            match sureness {
                Sureness::Nowhere => add(&operator, &ends.add(&words::standing(row)), sureness),
                _ => row.candidates.iter().for_each(|one| add(&operator, &ends.add(&one.label), sureness)),
            }
        }
        let link = |((from, to, sureness), bytes)| Link { from, to, bytes, sureness };
        let mut links: Vec<Link> = links.into_iter().map(link).collect();
        links.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to))));
        let left_out = links.len().saturating_sub(LINK_LIMIT);
        links.truncate(LINK_LIMIT);
        let way = if is_received { "received" } else { "sent" };
        Self { columns: [apps, operators, ends].map(|nodes| nodes.named), links, left_out, way }
    }
}

impl Link {
    /// What stands beside it.
    pub(super) fn label(&self) -> String {
        let bytes = units::bytes(self.bytes);
        match self.sureness {
            Sureness::Certain | Sureness::Nowhere => bytes,
            Sureness::Reported => format!("{bytes} reported"),
            Sureness::Differs => format!("≤ {bytes}"),
        }
    }
}

/// The payload that a row is drawn with.
fn bytes(row: &Destination, is_received: bool) -> u64 {
    let payload = &row.payload;
    match (row.exchange, is_received) {
        (Exchange::Answered, false) => payload.sent,
        (Exchange::Answered, true) => payload.received,
        (Exchange::Tried, _) => payload.tried,
        (Exchange::Person, false) => payload.person_sent,
        (Exchange::Person, true) => payload.person_received,
    }
}

/// Who runs the network; of another person nothing is said.
fn operator(row: &Destination) -> String {
    if row.exchange == Exchange::Person {
        return "another person's network".to_owned();
    }
    let named = row.operator.clone().or_else(|| row.as_name.clone());
    named.or_else(|| row.asn.map(|asn| format!("AS{asn}"))).unwrap_or_else(|| words::network(row))
}

/// Nodes of one column.
struct Nodes {
    kind: char,
    named: Vec<(String, String)>,
    limit: usize,
}

impl Nodes {
    /// Nodes for the first names; one more for all others, if there are more.
    fn new(kind: char, mut names: Vec<String>, limit: usize, others: &str) -> Self {
        if names.len() > limit {
            names.truncate(limit - 1);
            names.push(others.to_owned());
        }
        let named = names.into_iter().enumerate().map(|(number, name)| (format!("{kind}{number}"), name)).collect();
        Self { kind, named, limit }
    }

    /// The node of a name, or the last one.
    fn find(&self, name: &str) -> String {
        let found = self.named.iter().find(|node| node.1 == name).or(self.named.last());
        found.map_or(String::new(), |node| node.0.clone())
    }

    /// The node of a name, which is made if there is none.
    fn add(&mut self, name: &str) -> String {
        let has = self.named.iter().any(|node| node.1 == name);
        if !has && self.named.len() < self.limit {
            self.named.push((format!("{}{}", self.kind, self.named.len()), name.to_owned()));
        }
        self.find(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn what_goes_into_an_operator_comes_out_of_it() {
        let links = Links::of(&example::report());
        assert!(!links.links.is_empty() && links.left_out == 0);
        let sum = |is_into: bool, sureness: &[Sureness]| -> u64 {
            let of = |link: &&Link| {
                link.from.starts_with(if is_into { 'a' } else { 'o' }) && sureness.contains(&link.sureness)
            };
            links.links.iter().filter(of).map(|link| link.bytes).sum()
        };
        use Sureness::{Certain, Differs, Nowhere, Reported};
        let (into, out) = (sum(true, &[Certain]), sum(false, &[Certain, Reported, Nowhere]));
        assert!(into >= out && into <= out + sum(false, &[Differs]), "{into} {out}");
    }

    #[test]
    fn many_operators_become_one() {
        let mut report = example::report();
        let row = report.apps[0].destinations[0].clone();
        report.apps[0].destinations = (0..200)
            .map(|number| Destination { operator: Some(format!("Operator {number}")), ..row.clone() })
            .collect();
        let links = Links::of(&report);
        assert_eq!(links.columns[1].len(), OPERATOR_LIMIT);
        assert_eq!(links.columns[1].last().unwrap().1, "other networks");
    }
}
