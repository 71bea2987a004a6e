//! A report to the same without what tells whose captures it is of.

use super::clock::Clock;
use super::list::notes;
use super::redactor::{Redactor, capture};
use super::removed::{Removed, What};
use super::rows::Pass;
use crate::error::Defect;
use crate::place::{Country, DatabaseInfo, Scope, Vantage, coarse, scope};
use crate::report::transfers::{AppTransfers, Transfers};
use crate::report::{
    AppRoutes, CaptureSummary, CountryLine, EndpointShares, EvidenceShare, Exchange, Generator, PathLine, PhysicsLine,
    Remainder, Report, VantageLine, WayShares,
};
use crate::standing::{Distances, Sight};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

impl Redactor<'_> {
    /// The report without what tells whose captures it is of, with the list of what was taken out. Rows, sums and verdicts stay as and
    /// where they are.
    pub fn report(&self, report: Report, removed: &mut Removed) -> Report {
        let mut own = Removed::default();
        let report = self.redacted(report, &mut own);
        let list = own.list();
        removed.merge(own);
        let notes = report.notes.iter().cloned().chain(notes(&list)).collect();
        Report { redaction: Some(list), notes, ..report }
    }

    fn redacted(&self, report: Report, removed: &mut Removed) -> Report {
        let devices: Vec<IpAddr> = report.devices.iter().filter_map(|device| device.parse().ok()).collect();
        let listed = listed(&report);
        let mut pass = Pass {
            by: self,
            clock: Clock::of_text(report.first_seen.as_deref().filter(|_| !self.is_again)),
            captures: captures(&report),
            // What is a server as well is no device of the user's: who opened a session that was joined late is a guess.
            own: devices.into_iter().filter(|ip| scope(*ip) == Scope::Global && !listed.contains(ip)).collect(),
            databases: databases(&report.databases),
            is_exact: report.vantage.as_ref().is_some_and(|line| coarse(&vantage(line), self.database).1),
            removed,
        };
        let Report {
            schema,
            generator,
            captures,
            frames,
            bytes,
            first_seen,
            last_seen,
            duration_ns,
            vantage,
            physics,
            tables,
            devices,
            databases,
            catalogue_apps,
            jurisdiction_rule,
            shares,
            apps,
            unattributed,
            unattributed_shares,
            unattributed_routes,
            sites,
            local,
            not_ip,
            left_out,
            countries,
            transfers,
            paths,
            notes,
            redaction: _,
        } = report;
        let apps: Vec<AppRoutes> = apps.into_iter().map(|app| pass.app(app)).collect();
        let unattributed_routes: Vec<_> = unattributed_routes.into_iter().map(|row| pass.row(None, row)).collect();
        let rows = apps.iter().flat_map(|app| &app.destinations).chain(&unattributed_routes);
        let shown: HashSet<String> = rows.flat_map(|row| row.addresses.iter().cloned()).collect();
        let mut remainders = |lines: Vec<Remainder>| -> Vec<Remainder> {
            lines.into_iter().map(|line| pass.remainder(line, &shown)).collect()
        };
        let [unattributed, local, not_ip, left_out] = [unattributed, local, not_ip, left_out].map(&mut remainders);
        paths.into_iter().for_each(|path| pass.path(path, &shown));
        let (vantage, physics) = pass.place(vantage, physics, countries.iter().map(|line| line.country));
        Report {
            schema,
            generator: pass.generator(generator),
            captures: captures.into_iter().map(|one| pass.capture(one)).collect(),
            frames,
            bytes,
            first_seen: first_seen.map(|time| pass.time(&time)),
            last_seen: last_seen.map(|time| pass.time(&time)),
            duration_ns,
            vantage,
            physics,
            tables,
            devices: devices.iter().filter_map(|device| pass.device(device)).collect(),
            databases: databases.into_iter().map(|one| pass.database(one)).collect(),
            catalogue_apps,
            jurisdiction_rule,
            shares,
            apps,
            unattributed,
            unattributed_shares,
            unattributed_routes,
            sites: pass.sites(sites),
            local,
            not_ip,
            left_out,
            countries: countries.into_iter().map(|line| pass.country(line)).collect(),
            transfers: transfers.map(|transfers| pass.transfers(transfers)),
            paths: Vec::new(),
            notes,
            redaction: None,
        }
    }
}

/// Addresses that rows list as the other end of an exchange.
fn listed(report: &Report) -> HashSet<IpAddr> {
    let rows = report.apps.iter().flat_map(|app| &app.destinations).chain(&report.unattributed_routes);
    let answered = rows.filter(|row| row.exchange == Exchange::Answered);
    answered.flat_map(|row| &row.addresses).filter_map(|address| address.parse().ok()).collect()
}

/// What captures are called, by their names.
fn captures(report: &Report) -> HashMap<String, String> {
    let names = report.captures.iter().enumerate();
    names.map(|(position, one)| (one.name.clone(), capture(position))).collect()
}

/// What databases of the user are called, by their names, which are those of files.
fn databases(databases: &[DatabaseInfo]) -> HashMap<String, String> {
    let given = databases.iter().filter(|one| one.used_for.contains("given by the user"));
    given.enumerate().map(|(at, one)| (one.name.clone(), format!("user database {}", at + 1))).collect()
}

fn vantage(line: &VantageLine) -> Vantage {
    let VantageLine { label, latitude, longitude, radius_km } = line;
    Vantage { label: label.clone(), latitude: *latitude, longitude: *longitude, radius_km: *radius_km }
}

impl Pass<'_, '_> {
    fn generator(&mut self, generator: Generator) -> Generator {
        let Generator { name, version, command } = generator;
        self.removed.remove(What::Command, &command);
        let word = command.split(' ').nth(1).filter(|word| ["map", "check", "diff", "prove"].contains(word));
        Generator { command: format!("{name} {} --redact", word.unwrap_or("map")), name, version }
    }

    fn capture(&mut self, summary: CaptureSummary) -> CaptureSummary {
        let CaptureSummary { name, format, frames, bytes, defect } = summary;
        let name = self.capture_name(&name);
        let defect = defect.map(|defect| self.defect(defect));
        CaptureSummary { name, format, frames, bytes, defect }
    }

    fn defect(&mut self, defect: Defect) -> Defect {
        let Defect { capture, offset, frame, what } = defect;
        Defect { capture: self.capture_name(&capture), offset, frame: self.by.frame(frame, self.removed), what }
    }

    fn database(&mut self, database: DatabaseInfo) -> DatabaseInfo {
        let DatabaseInfo { name, date, used_for, attribution } = database;
        DatabaseInfo { name: self.database_name(name), date, used_for, attribution }
    }

    fn device(&mut self, device: &str) -> Option<String> {
        let ip = device.parse().ok()?;
        let is_hidden = self.own.contains(&ip);
        Some(self.by.address(ip, is_hidden, What::Address, self.removed).to_string())
    }

    /// Takes a path out. Its first hops are those of the network that the device was in.
    fn path(&mut self, path: PathLine, shown: &HashSet<String>) {
        let hops = path.hops.into_iter().flat_map(|hop| [hop.address, hop.name]);
        let ends = [path.target, path.target_name, path.source];
        for value in hops.chain(ends).flatten().filter(|value| !shown.contains(value)) {
            self.removed.remove(What::Hop, &value);
        }
        if path.frame.is_none() {
            self.removed.remove(What::File, &path.file);
        }
    }

    /// The place of the captures as a city or a country, and what rests on it.
    fn place(
        &mut self,
        line: Option<VantageLine>,
        physics: PhysicsLine,
        countries: impl Iterator<Item = Country>,
    ) -> (Option<VantageLine>, PhysicsLine) {
        let Some(line) = line else { return (None, physics) };
        let (place, is_exact) = coarse(&vantage(&line), self.by.database);
        let PhysicsLine { state, mut says, mut limits } = physics;
        if is_exact {
            self.removed.replace(What::Place, &line.label, &place.label);
            self.removed.remove(What::Place, &line.label.replace(", ", ","));
            says = says.replace(&line.label, &place.label);
            // Distances from several borders would give the place away.
            let distances = Distances::new(place.clone());
            limits = countries.filter_map(|country| Sight::sentence(&distances, country)).collect();
        }
        let Vantage { label, latitude, longitude, radius_km } = place;
        (Some(VantageLine { label, latitude, longitude, radius_km }), PhysicsLine { state, says, limits })
    }

    fn app(&mut self, app: AppRoutes) -> AppRoutes {
        let AppRoutes {
            id,
            name,
            developer,
            category,
            operator,
            jurisdiction,
            also,
            jurisdiction_source,
            traffic,
            share,
            shares,
            evidence,
            unseen,
            on_path,
            destinations,
        } = app;
        let is_known = self.by.is_known(&id);
        let label = self.by.app(&id, self.removed);
        let shown = if is_known { name.clone() } else { label.clone() };
        self.removed.replace(What::Owner, &name, &shown);
        let mut line = |line: EvidenceShare| {
            let EvidenceShare { kind, rule, bytes, share } = line;
            EvidenceShare { kind, rule: self.by.rule(&id, kind, &rule, self.removed), bytes, share }
        };
        let evidence = evidence.into_iter().map(&mut line).collect();
        AppRoutes {
            shares: named(shares, &name, &shown),
            evidence,
            destinations: destinations.into_iter().map(|row| self.row(Some(&id), row)).collect(),
            id: label,
            name: shown,
            developer,
            category,
            operator,
            jurisdiction,
            also,
            jurisdiction_source,
            traffic,
            share,
            unseen,
            on_path,
        }
    }

    fn remainder(&mut self, line: Remainder, shown: &HashSet<String>) -> Remainder {
        let Remainder { reason, frames, bytes, flows, examples } = line;
        let mut kept: Vec<String> = Vec::new();
        for example in examples {
            let one = match example.parse::<IpAddr>() {
                Ok(ip) if scope(ip) != Scope::Global => self.device(&example),
                // It may be a person's.
                Ok(_) if !shown.contains(&example) => {
                    self.removed.remove(What::Person, &example);
                    None
                }
                Ok(_) => Some(example),
                Err(_) => self.by.name(&example, self.removed),
            };
            kept.extend(one.filter(|one| !kept.contains(one)));
        }
        Remainder { reason, frames, bytes, flows, examples: kept }
    }

    fn country(&mut self, line: CountryLine) -> CountryLine {
        let CountryLine { country, label, sent, received, apps } = line;
        let apps = apps.into_iter().map(|(id, bytes)| (self.by.app(&id, self.removed), bytes)).collect();
        CountryLine { country, label, sent, received, apps }
    }

    fn transfers(&mut self, transfers: Transfers) -> Transfers {
        let Transfers { framework, title, as_of, says, apps, decisions } = transfers;
        let mut app = |app: AppTransfers| {
            let AppTransfers { id, name, bytes, groups, unplaced_bytes, unplaced_percent, unplaced } = app;
            let name = match &id {
                Some(id) if !self.by.is_known(id) => self.by.app(id, self.removed),
                _ => name,
            };
            let id = id.map(|id| self.by.app(&id, self.removed));
            AppTransfers { id, name, bytes, groups, unplaced_bytes, unplaced_percent, unplaced }
        };
        let apps = apps.into_iter().map(&mut app).collect();
        Transfers { framework, title, as_of, says, apps, decisions }
    }
}

/// Shares whose sentences begin with another name.
fn named(mut shares: EndpointShares, name: &str, shown: &str) -> EndpointShares {
    let EndpointShares {
        sent,
        received,
        tried_bytes: _,
        tried_flows: _,
        person_sent_bytes: _,
        person_received_bytes: _,
    } = &mut shares;
    for way in [sent, received] {
        let WayShares {
            bytes: _,
            confirmed_bytes: _,
            reported_bytes: _,
            disputed_bytes: _,
            unplaced_bytes: _,
            unplaced_percent: _,
            countries: _,
            unplaced: _,
            operators: _,
            jurisdictions: _,
            sentence,
        } = way;
        *sentence = sentence.strip_prefix(name).map(|rest| format!("{shown}{rest}")).unwrap_or_default();
    }
    shares
}
