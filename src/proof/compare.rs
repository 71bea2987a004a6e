//! Whether the report of a proof shows of an app what the report of the whole shows: endpoints, names, evidence, places, standings and
//! round trips. Amounts are left out, since a proof leaves out frames.

use crate::report::{AppRoutes, Destination};
use std::collections::BTreeSet;
use std::fmt::Debug;

/// Lists of a row hold so many entries. Of longer ones the report shows those with most bytes, which a proof does not know.
const LISTED: u64 = 32;

/// What differs, in a few words each; empty where the proof shows the same. `is_meant` says which rows of the whole count.
pub(super) fn differences(
    whole: &AppRoutes,
    proof: Option<&AppRoutes>,
    is_meant: impl Fn(&Destination) -> bool,
) -> Vec<String> {
    let Some(proof) = proof else { return vec![format!("{} is not in it", whole.id)] };
    let rows = |app: &AppRoutes, is_meant: &dyn Fn(&Destination) -> bool| -> BTreeSet<Vec<String>> {
        app.destinations.iter().filter(|row| is_meant(row)).map(facts).collect()
    };
    let meant = rows(whole, &is_meant);
    let shown = rows(proof, &|_| true);
    let mut differences: Vec<String> = Vec::new();
    for missing in meant.difference(&shown) {
        // The row that is most like it says in what it differs.
        let alike = |row: &&Vec<String>| row.iter().zip(missing).filter(|(one, other)| one == other).count();
        let near = shown.iter().filter(|row| row.first() == missing.first()).max_by_key(alike);
        let (mut here, mut there) = (missing.clone(), near.cloned().unwrap_or_default());
        if near.is_some() {
            here.retain(|fact| near.is_none_or(|near| !near.contains(fact)));
            there.retain(|fact| !missing.contains(fact));
        }
        differences.push(format!("{}: {} ({})", whole.id, here.join(", "), there.join(", ")));
    }
    let whole_rows = rows(whole, &|_| true);
    let kinds = |app: &AppRoutes| app.evidence.iter().map(|one| one.kind).collect::<BTreeSet<_>>();
    if meant.len() == whole_rows.len() {
        if kinds(whole) != kinds(proof) {
            differences.push(format!("{}: evidence {:?} ({:?})", whole.id, kinds(whole), kinds(proof)));
        }
        let more = shown.difference(&whole_rows).count();
        if more > 0 && differences.is_empty() {
            differences.push(format!("{}: {more} more rows", whole.id));
        }
    }
    differences
}

/// What is said of a row, without amounts, in an order that does not depend on them.
fn facts(row: &Destination) -> Vec<String> {
    let said = |what: &str, value: &dyn Debug| format!("{what} {value:?}");
    fn set<T: Ord>(values: impl Iterator<Item = T>) -> BTreeSet<T> {
        values.collect()
    }
    let names = (row.names_total <= LISTED).then(|| set(row.names.iter().map(|one| (&one.name, &one.source))));
    let addresses = (row.addresses_total <= LISTED).then(|| set(row.addresses.iter()));
    let run_by = set(row.run_by.iter().map(|run| {
        (set(run.operators.iter()), set(run.jurisdictions.iter().map(|one| format!("{one:?}"))), run.is_twofold)
    }));
    vec![
        said("network", &(row.asn, &row.as_name, &row.operator)),
        said("exchange", &row.exchange),
        said("standing", &row.standing),
        said("age", &(&row.age, row.gap_months)),
        said("place", &(&row.label, set(row.candidates.iter().map(|one| one.label.as_str())))),
        said("excluded", &set(row.exclusions.iter().map(|one| format!("{one:?}")))),
        said("confirmed by", &row.confirmed_by),
        said("registered", &set(row.registered_countries.iter().map(|one| format!("{one:?}")))),
        said("run from", &(row.as_country, row.jurisdiction, &row.also)),
        said("parties", &set(row.parties.iter().map(|(party, _)| *party))),
        said("services", &set(row.services.iter())),
        said("evidence", &set(row.evidence.iter().map(|(kind, _)| *kind))),
        said("sources", &set(row.opinions.iter().map(|one| format!("{:?}", (&one.source, one.country, &one.verdict))))),
        said("misfit", &row.misfit),
        said("run by", &run_by),
        said("names", &(row.names_total, names)),
        said("addresses", &(row.addresses_total, addresses)),
        said("round trip", &row.rtt.as_ref().map(|rtt| (rtt.ms, &rtt.source))),
        said("seen", &(&row.first_seen, &row.last_seen)),
    ]
}
