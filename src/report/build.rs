//! Builds the report from the routing map: ranks, names and shares.

use super::model::*;
use super::notes::notes;
use super::paths::Paths;
use super::remainders::{left_out, not_ip, remainders};
use super::rows::Rows;
use super::shares::EndpointShares;
use super::sites::sites;
use super::tally::{Tally, name};
use super::time::rfc3339;
use super::unseen::Unseen;
use crate::analysis::{Analysed, Judgements, Knowledge, Times};
use crate::capture::FrameId;
use crate::place::{Country, DatabaseInfo, JURISDICTION_RULE};
use crate::route::{AppSums, DestinationKey, DestinationSums, RouteMap, Shortage, Where};
use crate::standing::{Distances, Sight};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Apps listed per country.
const COUNTRY_APPS: usize = 8;
/// Destinations that one task builds; fewer would not be worth a task.
const DESTINATIONS_PER_TASK: usize = 16;
/// The name shown for all apps that only owners name and that are not kept apart.
pub(crate) const OTHER_OWNERS: &str = "other owners";

/// Builds the report of an analysis. `command` is the command line that it shows.
pub fn build(routes: &RouteMap, analysed: &Analysed, knowledge: &Knowledge, command: String) -> Report {
    let captures: Vec<CaptureSummary> = analysed
        .outcomes
        .iter()
        .map(|outcome| CaptureSummary {
            name: outcome.name.clone(),
            format: outcome.format.clone(),
            frames: outcome.frames,
            bytes: outcome.wire_bytes,
            defect: outcome.defect.clone(),
        })
        .collect();
    let bytes = captures.iter().map(|capture| capture.bytes).sum();
    let span = analysed.summary.span;
    let judgements = Judgements::of(routes, knowledge);
    let tables = tables(&judgements, knowledge, span.map(|span| rfc3339(span.latest_ns)));
    let capture =
        |frame: FrameId| captures.get(frame.capture() as usize).map(|one| one.name.clone()).unwrap_or_default();
    let times = span.map(|span| Times::between([span.earliest_ns, span.latest_ns], knowledge.ignores_age));
    let paths = Paths::of(routes, (knowledge, &judgements), times.unwrap_or_default(), &capture);
    let rows = Rows { judgements: &judgements, catalogue: &knowledge.catalogue, paths: &paths, capture: &capture };
    let builder = Builder { bytes, knowledge, judgements: &judgements, rows, stale_months: stale_months(&tables) };
    let mut all = Tally::default();
    let mut by_country: BTreeMap<Country, Vec<(String, u64)>> = BTreeMap::new();
    let mut add = |id: &str, tally: &Tally| {
        all.merge(tally);
        for (country, ..) in tally.countries() {
            by_country.entry(country).or_default().push((id.to_owned(), tally.bytes_in(&country)));
        }
    };
    let mut ids: Vec<_> = routes.apps.iter().collect();
    ids.sort_by_key(|(id, _)| *id);
    let mut apps: Vec<AppRoutes> = Vec::with_capacity(ids.len());
    for (id, sums) in ids {
        let tally = builder.tally(Some(id), sums);
        add(id, &tally);
        apps.push(builder.app(id, sums, &tally));
    }
    if let Some(Shortage { owners, .. }) = routes.shortage().filter(|shortage| shortage.owners > 0) {
        let tally = builder.tally(None, &routes.other_owners);
        add(OTHER_OWNERS, &tally);
        let others = builder.app(OTHER_OWNERS, &routes.other_owners, &tally);
        apps.push(AppRoutes { name: format!("{OTHER_OWNERS} (about {owners})"), ..others });
    }
    let rank = |app: &AppRoutes| {
        let EndpointShares { sent, received, .. } = &app.shares;
        Reverse((sent.bytes, received.bytes, app.traffic.bytes_up, app.traffic.bytes_down, app.traffic.flows))
    };
    apps.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.id.cmp(&b.id)));
    let nameless = builder.tally(None, &routes.nameless);
    all.merge(&nameless);
    let (local, unattributed) = remainders(routes, &knowledge.catalogue);
    let countries = all.countries().into_iter().map(|(country, sent, received)| {
        let mut apps = by_country.remove(&country).unwrap_or_default();
        apps.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        apps.truncate(COUNTRY_APPS);
        CountryLine { country, label: name(&country), sent, received, apps }
    });
    let countries = countries.collect();
    let unattributed_routes = builder.destinations(None, &routes.nameless);
    Report {
        schema: SCHEMA,
        generator: Generator { name: "whither".into(), version: env!("CARGO_PKG_VERSION").into(), command },
        frames: captures.iter().map(|capture| capture.frames).sum(),
        bytes,
        first_seen: span.map(|span| rfc3339(span.earliest_ns)),
        last_seen: span.map(|span| rfc3339(span.latest_ns)),
        duration_ns: span.map_or(0, |span| span.latest_ns.abs_diff(span.earliest_ns)),
        vantage: knowledge.vantage.as_ref().map(|vantage| VantageLine {
            label: vantage.label.clone(),
            latitude: vantage.latitude,
            longitude: vantage.longitude,
            radius_km: vantage.radius_km,
        }),
        physics: PhysicsLine {
            state: judgements.physics.id().to_owned(),
            says: judgements.physics.says(knowledge.vantage.as_ref()),
            limits: limits(knowledge, all.countries().into_iter().map(|(country, ..)| country)),
        },
        devices: routes.devices().map(|ip| ip.to_string()).collect(),
        databases: databases(&judgements, knowledge),
        catalogue_apps: knowledge.catalogue.len(),
        jurisdiction_rule: JURISDICTION_RULE.into(),
        shares: all.shares("All traffic", builder.stale_months),
        unattributed,
        unattributed_shares: nameless.shares("Traffic of no app", builder.stale_months),
        unattributed_routes,
        sites: sites(routes, &judgements, &capture, bytes),
        local,
        not_ip: not_ip(analysed),
        left_out: left_out(analysed, routes),
        countries,
        transfers: None,
        redaction: None,
        notes: notes(analysed, routes, knowledge, &tables),
        paths: paths.into_lines(),
        tables,
        apps,
        captures,
    }
}

/// What round trips cannot tell from the place of the captures of these countries.
fn limits(knowledge: &Knowledge, countries: impl Iterator<Item = Country>) -> Vec<String> {
    let Some(vantage) = &knowledge.vantage else { return Vec::new() };
    let distances = Distances::new(vantage.clone());
    countries.filter_map(|country| Sight::sentence(&distances, country)).collect()
}

/// The databases, and of the operators' own lists those that say something of an endpoint.
fn databases(judgements: &Judgements, knowledge: &Knowledge) -> Vec<DatabaseInfo> {
    let published = judgements.places().filter_map(|place| place.published.as_ref());
    let operators: BTreeSet<&str> = published.map(|published| &*published.operator).collect();
    let lists = knowledge.places.published_lists().into_iter().filter(|list| operators.contains(list.name.as_str()));
    knowledge.places.databases().into_iter().chain(lists).collect()
}

/// How far the captures are from the tables that have a say.
fn tables(judgements: &Judgements, knowledge: &Knowledge, last_seen: Option<String>) -> TablesAge {
    let claims = || judgements.all().filter(|judged| judged.gap_months.is_some());
    let dates = knowledge.places.databases();
    let date = dates.iter().map(|database| database.date.as_str()).max().unwrap_or_default();
    TablesAge {
        gap_months: claims().filter_map(|judged| judged.gap_months).max().unwrap_or(0),
        is_capture_older: last_seen.is_some_and(|seen| seen.as_str() < date),
        is_stale: claims().next().is_some() && claims().all(|judged| judged.is_stale),
        is_ignored: knowledge.ignores_age,
    }
}

/// How much younger the tables are than the captures, where they are too far away to confirm anything.
fn stale_months(tables: &TablesAge) -> Option<i32> {
    let months = i32::try_from(tables.gap_months).unwrap_or(i32::MAX);
    tables.is_stale.then_some(if tables.is_capture_older { months } else { -months })
}

struct Builder<'a> {
    bytes: u64,
    knowledge: &'a Knowledge,
    judgements: &'a Judgements,
    rows: Rows<'a>,
    stale_months: Option<i32>,
}

impl Builder<'_> {
    fn share(&self, bytes: u64, of: u64) -> f64 {
        if of == 0 { 0.0 } else { bytes as f64 / of as f64 }
    }

    /// Payload by what may be said of the endpoints.
    fn tally(&self, app: Option<&str>, sums: &AppSums) -> Tally {
        let mut tally = Tally::default();
        for (_, destination) in sums.destinations.iter().filter(|(key, _)| key.place != Where::Local) {
            let mut rest = destination.payload;
            for (&address, one) in destination.addresses.iter() {
                let known = self.judgements.get(address);
                let registry = known.and_then(|known| known.place.registered_country);
                tally.add(&one.payload, known.map(|known| &known.judged), registry);
                rest = rest.without(&one.payload);
            }
            tally.add(&rest, None, None);
        }
        for (by, payload) in &sums.run_by {
            tally.run(app, by, payload, &self.knowledge.catalogue);
        }
        tally
    }

    fn app(&self, id: &str, sums: &AppSums, tally: &Tally) -> AppRoutes {
        let known = self.knowledge.catalogue.app(id);
        let name = known.map_or_else(|| id.to_owned(), |app| app.name.to_string());
        let destinations = self.destinations(Some(id), sums);
        let paths = destinations.iter().flat_map(|row| row.paths.iter().copied()).collect();
        AppRoutes {
            id: id.to_owned(),
            shares: tally.shares(&name, self.stale_months),
            name,
            developer: known.map(|app| app.developer.to_string()),
            operator: known.and_then(|app| app.operator.as_deref()).map(str::to_owned),
            jurisdiction: known.and_then(|app| app.jurisdiction),
            also: known.map(|app| app.also.clone()).unwrap_or_default(),
            jurisdiction_source: known.and_then(|app| app.jurisdiction_source.as_deref()).map(str::to_owned),
            traffic: sums.traffic,
            share: self.share(sums.traffic.bytes(), self.bytes),
            evidence: self.evidence(sums),
            unseen: Unseen::of(sums),
            on_path: self.rows.paths.countries(&paths),
            destinations,
        }
    }

    fn evidence(&self, sums: &AppSums) -> Vec<EvidenceShare> {
        // For each kind of evidence, the rule with most bytes is shown.
        let mut best: BTreeMap<_, (Reverse<u64>, &str)> = BTreeMap::new();
        for ((kind, rule), &bytes) in sums.rules.iter() {
            let candidate = (Reverse(bytes), &**rule);
            let held = best.entry(*kind).or_insert(candidate);
            *held = (*held).min(candidate);
        }
        let total = sums.traffic.bytes();
        let mut lines: Vec<EvidenceShare> = sums
            .evidence
            .iter()
            .map(|(&kind, &bytes)| EvidenceShare {
                kind,
                rule: best.get(&kind).map(|(_, rule)| (*rule).to_owned()).unwrap_or_default(),
                bytes,
                share: self.share(bytes, total),
            })
            .collect();
        lines.sort_by_key(|line| (Reverse(line.bytes), line.kind));
        lines
    }

    fn destinations(&self, app: Option<&str>, sums: &AppSums) -> Vec<Destination> {
        let total = sums.traffic.bytes();
        let mut ranked: Vec<_> = sums.destinations.iter().map(|(key, sums)| (key, &**sums)).collect();
        ranked.sort_by_key(|(key, _)| *key);
        let rows = |(key, sums): (&DestinationKey, &DestinationSums)| self.rows.of(app, key, sums, total);
        let mut rows: Vec<Destination> =
            ranked.into_par_iter().with_min_len(DESTINATIONS_PER_TASK).flat_map_iter(rows).collect();
        // The sort keeps the order of what is equal, which is that of the keys.
        rows.sort_by_key(|row| {
            Reverse((
                row.payload.sent,
                row.payload.received,
                row.traffic.bytes_up,
                row.traffic.bytes_down,
                row.traffic.flows,
            ))
        });
        rows
    }
}
