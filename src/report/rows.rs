//! Endpoints of a map to the rows of the report: one for those of which the same may be said, in one network.

use super::model::{Candidate, Destination, ExclusionLine, NameEvidence, OpinionLine, RttLine, RunLine};
use super::paths::Paths;
use super::tally::{Runs, name};
use super::time::rfc3339;
use crate::analysis::{Judgements, Known};
use crate::app::{Catalogue, EvidenceKind};
use crate::capture::FrameId;
use crate::place::{Country, Place};
use crate::route::{
    AddressSums, DestinationKey, DestinationSums, Exchange, NameSums, NamedFor, Payload, Traffic, Where,
};
use crate::standing::{Confirmation, Exclusion, Standing, Verdict};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Names and addresses listed per row.
const LISTED: usize = 32;
/// The name shown for all networks of a place that are not kept apart.
const OTHER_NETWORKS: &str = "other networks";

/// Makes rows.
pub(super) struct Rows<'a> {
    pub(super) judgements: &'a Judgements,
    pub(super) catalogue: &'a Catalogue,
    pub(super) paths: &'a Paths,
    /// The name of the capture with this ordinal.
    pub(super) capture: &'a (dyn Fn(FrameId) -> String + Sync),
}

/// What is the same for all endpoints of a row.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    exchange: Exchange,
    standing: Standing,
    candidates: Vec<Country>,
    age: &'static str,
    /// Independent sources that name the candidates, where one does.
    lineages: Vec<usize>,
    is_by_round_trip: bool,
}

/// An endpoint with its sums and what may be said of it.
type Endpoint<'a> = (IpAddr, &'a AddressSums, Option<&'a Known>);

impl Rows<'_> {
    /// The rows of a destination of an app; of no app, if none is given.
    pub(super) fn of(
        &self,
        app: Option<&str>,
        key: &DestinationKey,
        sums: &DestinationSums,
        total: u64,
    ) -> Vec<Destination> {
        let mut groups: BTreeMap<Group, Vec<Endpoint<'_>>> = BTreeMap::new();
        for (&address, one) in sums.addresses.iter() {
            let known = self.judgements.get(address);
            groups.entry(group(key, one, known)).or_default().push((address, one, known));
        }
        let mut rest = (sums.traffic, sums.payload);
        for (_, one, _) in groups.values().flatten() {
            rest = (rest.0.without(&one.traffic), rest.1.without(&one.payload));
        }
        let is_split = groups.len() + usize::from(rest.0.flows > 0) > 1;
        let row = |(group, mut endpoints): (Group, Vec<Endpoint<'_>>)| {
            endpoints.sort_by_key(|(address, one, _)| (one.first_frame, *address));
            self.row(app, key, sums, group, &endpoints, is_split, total)
        };
        let mut rows: Vec<Destination> = groups.into_iter().map(row).collect();
        if rest.0.flows > 0 || rows.is_empty() {
            rows.push(self.rest(key, sums, rest, total));
        }
        rows
    }

    #[expect(clippy::too_many_arguments, reason = "a row is made of all of them, and nothing else takes them")]
    fn row(
        &self,
        app: Option<&str>,
        key: &DestinationKey,
        sums: &DestinationSums,
        group: Group,
        endpoints: &[Endpoint<'_>],
        is_split: bool,
        total: u64,
    ) -> Destination {
        let mut traffic = Traffic::default();
        let mut payload = Payload::default();
        endpoints.iter().for_each(|(_, one, _)| {
            traffic.add(&one.traffic);
            payload.add(&one.payload);
        });
        // Where many networks are summed, the facts of the first do not hold for all.
        let first = endpoints.iter().find_map(|(_, _, known)| known.map(|known| &known.place));
        let facts: Place = first.filter(|_| !key.is_rest).map(|place| (**place).clone()).unwrap_or_default();
        let of_row = |sums: &NameSums| !is_split || endpoints.iter().any(|(address, ..)| sums.may_be_of(*address));
        let is_of_row = |address: IpAddr| endpoints.iter().any(|(one, ..)| *one == address);
        let names: Vec<_> = sums.ranked_names().into_iter().filter(|(_, sums)| of_row(sums)).collect();
        let names_total = if is_split { names.len() as u64 } else { sums.names.total() };
        let exclusions: BTreeSet<(Country, Verdict)> = verdicts(endpoints).collect();
        let rtt = endpoints.iter().filter_map(|(_, one, _)| one.rtt).min();
        let samples = endpoints.iter().map(|(_, one, _)| one.rtt_samples).sum();
        let is_person = group.exchange == Exchange::Person;
        let shown = if is_person { &[] } else { endpoints };
        let paths = self.paths.to(shown.iter().map(|(address, ..)| *address), names.iter().map(|(name, _)| &***name));
        let first_frame = endpoints.iter().map(|(_, one, _)| one.first_frame).min().unwrap_or_default();
        let registered: BTreeSet<Country> = endpoints
            .iter()
            .filter_map(|(_, _, known)| known.and_then(|known| known.place.registered_country))
            .collect();
        Destination {
            exchange: group.exchange,
            standing: group.standing,
            age: group.age.to_owned(),
            gap_months: endpoints
                .iter()
                .filter_map(|(_, _, known)| known.and_then(|known| known.judged.gap_months))
                .max(),
            label: label(&group),
            candidates: candidates(&group, endpoints),
            exclusions: exclusion_lines(&exclusions, endpoints),
            confirmed_by: (group.standing == Standing::Confirmed).then(|| match group.is_by_round_trip {
                true => "only this country is within reach of the round trip".to_owned(),
                false => "independent sources agree".to_owned(),
            }),
            opinions: if is_person { Vec::new() } else { opinions(endpoints, &exclusions) },
            registered_countries: registered.into_iter().collect(),
            names: names
                .into_iter()
                .take(LISTED)
                .map(|(name, sums)| self.name(name, sums, !is_split || sums.is_only_of(is_of_row)))
                .collect(),
            names_total,
            addresses: shown.iter().take(LISTED).map(|(address, ..)| address.to_string()).collect(),
            addresses_total: if is_split { endpoints.len() as u64 } else { sums.addresses.total() },
            on_path: self.paths.countries(&paths),
            paths: paths.into_iter().collect(),
            rtt: rtt.map(|(ns, source)| RttLine { ms: ns as f64 / 1e6, source: source.word().to_owned(), samples }),
            first_frame: ((self.capture)(first_frame), first_frame.number()),
            first_seen: rfc3339(endpoints.iter().map(|(_, one, _)| one.first_seen_ns).min().unwrap_or_default()),
            last_seen: rfc3339(endpoints.iter().map(|(_, one, _)| one.last_seen_ns).max().unwrap_or_default()),
            misfit: self.misfit(app, sums, &facts),
            run_by: self.run_by(app, endpoints),
            payload,
            ..self.frame(key, sums, &facts, traffic, total)
        }
    }

    /// What all rows of a destination have.
    fn frame(
        &self,
        key: &DestinationKey,
        sums: &DestinationSums,
        facts: &Place,
        traffic: Traffic,
        total: u64,
    ) -> Destination {
        let text = |text: &Option<Arc<str>>| text.as_deref().map(str::to_owned);
        let mut parties: Vec<_> = sums.parties.iter().map(|(&party, &bytes)| (party, bytes)).collect();
        parties.sort_by_key(|&(party, bytes)| (Reverse(bytes), party));
        let mut evidence: Vec<_> = sums.evidence.iter().map(|(&kind, &bytes)| (kind, bytes)).collect();
        evidence.sort_by_key(|&(kind, bytes)| (Reverse(bytes), kind));
        let service = |id: &Arc<str>| {
            self.catalogue.service(id).map_or_else(|| id.to_string(), |service| service.name.to_string())
        };
        let first = sums.first_frame.unwrap_or_default();
        Destination {
            exchange: Exchange::Answered,
            standing: Standing::Unknown,
            age: "fresh".to_owned(),
            gap_months: None,
            candidates: Vec::new(),
            label: Standing::Unknown.word().to_owned(),
            exclusions: Vec::new(),
            confirmed_by: None,
            opinions: Vec::new(),
            registered_countries: Vec::new(),
            asn: key.asn,
            as_name: if key.is_rest { Some(OTHER_NETWORKS.to_owned()) } else { text(&facts.as_name) },
            as_country: facts.as_country,
            operator: text(&facts.operator),
            jurisdiction: facts.jurisdiction,
            also: facts.also.to_vec(),
            parties,
            services: sums.services.iter().map(service).collect(),
            evidence,
            misfit: None,
            payload: Payload::default(),
            run_by: Vec::new(),
            traffic,
            share: if total == 0 { 0.0 } else { traffic.bytes() as f64 / total as f64 },
            names: Vec::new(),
            names_total: 0,
            addresses: Vec::new(),
            addresses_total: 0,
            rtt: None,
            paths: Vec::new(),
            on_path: Vec::new(),
            first_frame: ((self.capture)(first), first.number()),
            first_seen: rfc3339(sums.first_seen_ns.unwrap_or_default()),
            last_seen: rfc3339(sums.last_seen_ns.unwrap_or_default()),
        }
    }

    /// The row of endpoints whose addresses are not kept, because there are too many.
    fn rest(&self, key: &DestinationKey, sums: &DestinationSums, rest: (Traffic, Payload), total: u64) -> Destination {
        let standing = if key.place == Where::Local { Standing::Local } else { Standing::Unknown };
        let kept = sums.addresses.iter().count() as u64;
        let frame = self.frame(key, sums, &Place::default(), rest.0, total);
        Destination {
            standing,
            label: standing.word().to_owned(),
            payload: rest.1,
            addresses_total: sums.addresses.total().saturating_sub(kept),
            ..frame
        }
    }

    /// The payload of endpoints by who runs them, most bytes sent first.
    fn run_by(&self, app: Option<&str>, endpoints: &[Endpoint<'_>]) -> Vec<RunLine> {
        let mut parts: BTreeMap<Runs, (u64, u64)> = BTreeMap::new();
        for (_, one, known) in endpoints {
            let Some(place) = known.map(|known| &known.place) else { continue };
            let network = place.operator_group.as_ref().map(|group| (group, place.jurisdiction));
            let mut add = |name: &NamedFor, sent: u64, received: u64| {
                if sent > 0 || received > 0 {
                    let sum = parts.entry(Runs::of(app, network, name, self.catalogue)).or_default();
                    *sum = (sum.0 + sent, sum.1 + received);
                }
            };
            let mut rest = (one.payload.sent, one.payload.received);
            for (name, sent, received) in one.named.iter() {
                rest = (rest.0.saturating_sub(*sent), rest.1.saturating_sub(*received));
                add(name, *sent, *received);
            }
            add(&NamedFor::Nobody, rest.0, rest.1);
        }
        let line = |(runs, (sent, received)): (Runs, (u64, u64))| RunLine {
            operators: runs.operators.iter().map(|group| group.to_string()).collect(),
            jurisdictions: runs.jurisdictions,
            is_twofold: runs.is_twofold,
            sent,
            received,
        };
        let is_said = |(runs, _): &(Runs, (u64, u64))| !runs.operators.is_empty();
        let mut lines: Vec<RunLine> = parts.into_iter().filter(is_said).map(line).collect();
        lines.sort_by_key(|line| Reverse((line.sent, line.received)));
        lines
    }

    fn name(&self, name: &str, sums: &NameSums, is_whole: bool) -> NameEvidence {
        NameEvidence {
            name: name.to_owned(),
            source: sums.source.word().to_owned(),
            capture: (self.capture)(sums.frame),
            frame: sums.frame.number(),
            bytes: sums.bytes,
            sent: is_whole.then_some(sums.sent),
            received: is_whole.then_some(sums.received),
        }
    }

    /// What is said where a name of the app stands on an address of a company that serves only itself, and is another.
    fn misfit(&self, app: Option<&str>, sums: &DestinationSums, facts: &Place) -> Option<String> {
        let app = self.catalogue.app(app?)?;
        let network = facts.operator_group.as_deref().filter(|_| facts.is_content)?;
        let is_named = sums.evidence.contains_key(&EvidenceKind::Name);
        (is_named && *network != *app.group).then(|| format!("a name of {} on an address of {network}", app.name))
    }
}

fn group(key: &DestinationKey, sums: &AddressSums, known: Option<&Known>) -> Group {
    let payload = &sums.payload;
    let exchange = if payload.tried_flows == sums.traffic.flows {
        Exchange::Tried
    } else if payload.sent + payload.received == 0 && payload.person_sent + payload.person_received > 0 {
        Exchange::Person
    } else {
        Exchange::Answered
    };
    let Some(Known { judged, .. }) = known else {
        let standing = if key.place == Where::Local { Standing::Local } else { Standing::Unknown };
        return Group {
            exchange,
            standing,
            candidates: Vec::new(),
            age: "fresh",
            lineages: Vec::new(),
            is_by_round_trip: false,
        };
    };
    // Nothing is said of where it is that something was only sent to, or where a person's device is.
    let is_placed = exchange == Exchange::Answered;
    Group {
        exchange,
        standing: judged.standing,
        candidates: if is_placed { judged.candidates.clone() } else { Vec::new() },
        age: judged.age(),
        lineages: if is_placed { judged.lineages.clone() } else { Vec::new() },
        is_by_round_trip: judged.confirmation == Some(Confirmation::RoundTrip),
    }
}

fn label(group: &Group) -> String {
    match (group.exchange, group.candidates.as_slice()) {
        (Exchange::Tried, _) => "no answer".to_owned(),
        (Exchange::Person, _) => "a person's device".to_owned(),
        (Exchange::Answered, []) => group.standing.word().to_owned(),
        (Exchange::Answered, candidates) => candidates.iter().map(name).collect::<Vec<_>>().join(" or "),
    }
}

fn candidates(group: &Group, endpoints: &[Endpoint<'_>]) -> Vec<Candidate> {
    let one = |(at, &country): (usize, &Country)| {
        let point = mean(country, endpoints).or_else(|| country.centroid());
        Candidate {
            country,
            label: name(&country),
            city: city(country, endpoints),
            latitude: point.map(|point| point.0),
            longitude: point.map(|point| point.1),
            lineages: group.lineages.get(at).copied().unwrap_or(0),
        }
    };
    group.candidates.iter().enumerate().map(one).collect()
}

fn verdicts<'a>(endpoints: &'a [Endpoint<'_>]) -> impl Iterator<Item = (Country, Verdict)> + 'a {
    exclusions(endpoints).map(|exclusion| (exclusion.country, exclusion.verdict))
}

fn exclusions<'a>(endpoints: &'a [Endpoint<'_>]) -> impl Iterator<Item = &'a Exclusion> + 'a {
    endpoints.iter().filter_map(|(_, _, known)| *known).flat_map(|known| &known.judged.exclusions)
}

/// One line for each country and verdict, with the least round trip.
fn exclusion_lines(all: &BTreeSet<(Country, Verdict)>, endpoints: &[Endpoint<'_>]) -> Vec<ExclusionLine> {
    let line = |&(country, verdict): &(Country, Verdict)| {
        let of_it = exclusions(endpoints).filter(|one| (one.country, one.verdict) == (country, verdict));
        let least = of_it.min_by_key(|one| one.round_trip_ns)?;
        Some(ExclusionLine {
            country,
            verdict: word(verdict).to_owned(),
            says: least.to_string(),
            reach_km: least.reach_km(),
            least_km: least.least_km,
        })
    };
    all.iter().filter_map(line).collect()
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::RuledOut => "ruled out",
        Verdict::Contradicted => "does not fit the round trip",
    }
}

/// What each database says, most bytes first.
fn opinions(endpoints: &[Endpoint<'_>], excluded: &BTreeSet<(Country, Verdict)>) -> Vec<OpinionLine> {
    let mut sums: BTreeMap<(Arc<str>, Option<Country>), u64> = BTreeMap::new();
    for (_, one, known) in endpoints {
        for opinion in known.iter().flat_map(|known| &known.place.opinions) {
            *sums.entry((Arc::clone(&opinion.source), opinion.country)).or_default() += one.traffic.bytes();
        }
        if let Some(published) = known.and_then(|known| known.place.published.as_ref()) {
            let source = format!("{} {}", published.operator, published.region);
            *sums.entry((source.into(), Some(published.country))).or_default() += one.traffic.bytes();
        }
    }
    let verdict = |country: Option<Country>| {
        let one = excluded.iter().find(|one| Some(one.0) == country);
        one.map(|one| word(one.1).to_owned())
    };
    let line = |((source, country), bytes): ((Arc<str>, Option<Country>), u64)| OpinionLine {
        source: source.to_string(),
        country,
        bytes,
        verdict: verdict(country),
    };
    let mut lines: Vec<OpinionLine> = sums.into_iter().map(line).collect();
    lines.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| (&a.source, a.country).cmp(&(&b.source, b.country))));
    lines
}

/// The city that most bytes went to by databases that name this country.
fn city(country: Country, endpoints: &[Endpoint<'_>]) -> Option<String> {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, one, known) in endpoints {
        let place = known.map(|known| &known.place).filter(|place| place.country == Some(country));
        if let Some(city) = place.and_then(|place| place.city.as_deref()) {
            *sums.entry(city).or_default() += one.traffic.bytes();
        }
    }
    sums.into_iter().max_by_key(|&(city, bytes)| (bytes, Reverse(city))).map(|(city, _)| city.to_owned())
}

/// The mean of the coordinates that databases which name this country give, weighted by bytes. It is computed on the sphere, so that
/// the date line does not disturb it, and in the order of the endpoints, because sums of floating-point numbers depend on it.
fn mean(country: Country, endpoints: &[Endpoint<'_>]) -> Option<(f64, f64)> {
    let (mut x, mut y, mut z) = (0.0, 0.0, 0.0);
    for (_, one, known) in endpoints {
        let opinions = known.iter().flat_map(|known| &known.place.opinions);
        let point = opinions.filter(|opinion| opinion.country == Some(country)).find_map(|opinion| opinion.coordinates);
        let Some((latitude, longitude)) = point else { continue };
        let (latitude, longitude) = (f64::from(latitude).to_radians(), f64::from(longitude).to_radians());
        let weight = one.traffic.bytes() as f64;
        x += weight * latitude.cos() * longitude.cos();
        y += weight * latitude.cos() * longitude.sin();
        z += weight * latitude.sin();
    }
    let length = (x * x + y * y + z * z).sqrt();
    let round = |degrees: f64| (degrees * 100.0).round() / 100.0;
    (length > 0.0).then(|| (round((z / length).asin().to_degrees()), round(y.atan2(x).to_degrees())))
}
