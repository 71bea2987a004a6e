//! The rows of a report without what tells whose they are.

use super::clock::Clock;
use super::redactor::Redactor;
use super::removed::{Removed, What};
use crate::place::{Scope, scope};
use crate::report::{Destination, Exchange, ExclusionLine, NameEvidence, OpinionLine, Standing};
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv6Addr};

/// One pass over a report.
pub(super) struct Pass<'a, 'b> {
    pub(super) by: &'a Redactor<'b>,
    pub(super) clock: Clock,
    /// What captures are called.
    pub(super) captures: HashMap<String, String>,
    /// Public addresses of the devices themselves.
    pub(super) own: HashSet<IpAddr>,
    /// What databases of the user are called.
    pub(super) databases: HashMap<String, String>,
    /// Whether the place of the captures was given more exactly than it is shown.
    pub(super) is_exact: bool,
    pub(super) removed: &'a mut Removed,
}

impl Pass<'_, '_> {
    /// A row of an app; of no app, if none is given.
    pub(super) fn row(&mut self, app: Option<&str>, row: Destination) -> Destination {
        let Destination {
            exchange,
            standing,
            age,
            gap_months,
            candidates,
            label,
            exclusions,
            confirmed_by,
            opinions,
            registered_countries,
            asn,
            as_name,
            as_country,
            operator,
            jurisdiction,
            also,
            parties,
            services,
            evidence,
            misfit,
            payload,
            run_by,
            traffic,
            share,
            names,
            names_total,
            addresses,
            addresses_total,
            rtt,
            first_frame,
            first_seen,
            last_seen,
            on_path,
            paths: _,
        } = row;
        let is_person = exchange == Exchange::Person;
        // What never answered, has no name, and is in no network of an operator of services may be a person's device as well.
        let is_hidden = is_person || exchange == Exchange::Tried && names.is_empty() && operator.is_none();
        if is_person {
            self.removed.note(What::Person);
        }
        let (names, gone) = self.names(names);
        Destination {
            exchange,
            standing: if is_person { Standing::Unknown } else { standing },
            age,
            gap_months: gap_months.filter(|_| !is_person),
            candidates: unless(is_person, candidates),
            label,
            exclusions: exclusions.into_iter().map(|one| self.exclusion(one)).filter(|_| !is_person).collect(),
            confirmed_by: confirmed_by.filter(|_| !is_person),
            opinions: opinions.into_iter().map(|one| self.opinion(one)).filter(|_| !is_person).collect(),
            registered_countries: unless(is_person, registered_countries),
            asn: asn.filter(|_| !is_person),
            as_name: as_name.filter(|_| !is_person),
            as_country: as_country.filter(|_| !is_person),
            operator: operator.filter(|_| !is_person),
            jurisdiction: jurisdiction.filter(|_| !is_person),
            also: unless(is_person, also),
            parties,
            services,
            evidence,
            misfit: misfit.filter(|_| app.is_none_or(|app| self.by.is_known(app))),
            payload,
            run_by: unless(is_person, run_by),
            traffic,
            share,
            names,
            names_total: names_total.saturating_sub(gone),
            addresses: addresses.iter().filter_map(|address| self.address(address, is_hidden)).collect(),
            addresses_total,
            rtt: rtt.filter(|_| !is_person),
            first_frame: (self.capture_name(&first_frame.0), self.by.frame(first_frame.1, self.removed)),
            first_seen: self.time(&first_seen),
            last_seen: self.time(&last_seen),
            on_path: unless(is_person, on_path),
            paths: Vec::new(),
        }
    }

    /// Names without those that are gone; those that have become one are summed. Also how many fewer there are.
    fn names(&mut self, names: Vec<NameEvidence>) -> (Vec<NameEvidence>, u64) {
        let before = names.len();
        let mut kept: Vec<NameEvidence> = Vec::new();
        for one in names {
            let NameEvidence { name, source, capture, frame, bytes, sent, received } = one;
            let Some(name) = self.by.name(&name, self.removed) else { continue };
            match kept.iter_mut().find(|other| other.name == name) {
                Some(other) => {
                    other.bytes = other.bytes.saturating_add(bytes);
                    other.sent = other.sent.zip(sent).map(|(a, b)| a.saturating_add(b));
                    other.received = other.received.zip(received).map(|(a, b)| a.saturating_add(b));
                }
                None => {
                    let (capture, frame) = (self.capture_name(&capture), self.by.frame(frame, self.removed));
                    kept.push(NameEvidence { name, source, capture, frame, bytes, sent, received });
                }
            }
        }
        let gone = (before - kept.len()) as u64;
        (kept, gone)
    }

    fn address(&mut self, address: &str, is_hidden: bool) -> Option<String> {
        // Rows hold addresses as text; what is none is not shown.
        let ip: IpAddr = address.parse().ok()?;
        if is_hidden && scope(ip) == Scope::Global {
            self.removed.remove(What::Person, address);
            return None;
        }
        let is_own = self.own.contains(&ip) || self.own.iter().any(|own| is_of_one_network(*own, ip));
        Some(self.by.address(ip, is_own, What::Address, self.removed).to_string())
    }

    fn exclusion(&mut self, line: ExclusionLine) -> ExclusionLine {
        let ExclusionLine { country, verdict, says, reach_km, least_km } = line;
        if !self.is_exact {
            return ExclusionLine { country, verdict, says, reach_km, least_km };
        }
        // The distance was measured from the exact place.
        self.removed.remove(What::Place, &says);
        let name = country.name().unwrap_or(country.code());
        let says = match verdict.as_str() {
            "ruled out" => format!("{name} is ruled out by the round trip"),
            verdict => format!("{name} {verdict}"),
        };
        ExclusionLine { country, verdict, says, reach_km: 0, least_km: 0 }
    }

    fn opinion(&mut self, line: OpinionLine) -> OpinionLine {
        let OpinionLine { source, country, bytes, verdict } = line;
        OpinionLine { source: self.database_name(source), country, bytes, verdict }
    }

    pub(super) fn database_name(&mut self, name: String) -> String {
        match self.databases.get(&name) {
            Some(label) => {
                self.removed.replace(What::File, &name, label);
                label.clone()
            }
            None => name,
        }
    }

    /// What a capture is called in place of its name.
    pub(super) fn capture_name(&mut self, name: &str) -> String {
        let label = self.captures.get(name).cloned().unwrap_or_default();
        self.removed.replace(What::File, name, &label);
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        self.removed.replace(What::File, file, &label);
        label
    }

    /// A time as date and distance from the first packet.
    pub(super) fn time(&mut self, time: &str) -> String {
        let moved = self.clock.moved_text(time);
        remember_time(time, &moved, self.removed);
        moved
    }
}

/// Notes a time that was moved, to the minute and in the forms in which outputs write it.
pub(super) fn remember_time(time: &str, moved: &str, removed: &mut Removed) {
    let minute = |time: &str| time.get(..16).map(str::to_owned);
    if let (Some(time), Some(moved)) = (minute(time), minute(moved)) {
        removed.replace(What::Time, &time, &moved);
        removed.replace(What::Time, &time.replace('T', " "), &moved.replace('T', " "));
    }
}

fn unless<T>(is_person: bool, values: Vec<T>) -> Vec<T> {
    if is_person { Vec::new() } else { values }
}

/// Whether two addresses are in one IPv6 network of a household.
fn is_of_one_network(own: IpAddr, ip: IpAddr) -> bool {
    let network = |ip: Ipv6Addr| u128::from(ip) >> 64;
    matches!((own, ip), (IpAddr::V6(own), IpAddr::V6(ip)) if network(own) == network(ip))
}
