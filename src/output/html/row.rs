//! One destination of a report as the page's script reads it. What is empty is left out, since a page may hold thousands.

use super::tables::Tables;
use crate::output::escape::visible;
use crate::output::words;
use crate::report::{Destination, Exchange, Standing};
use serde::Serialize;

/// A row. Numbers that stand for a text, an operator or a network are positions in the tables of the page.
#[derive(Serialize)]
pub(super) struct Row {
    /// App; none where no app could be named.
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    app: Option<usize>,
    /// What may be said of the place: a letter of [`standing`].
    #[serde(rename = "s")]
    standing: char,
    /// Places are stale.
    #[serde(rename = "y", skip_serializing_if = "is_none")]
    is_stale: u8,
    /// The countries that the endpoints may be in, and the city that a database gives.
    #[serde(rename = "c", skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<(String, String)>,
    /// Countries that round trips exclude: country, verdict, in a sentence, reach in km, distance in km.
    #[serde(rename = "x", skip_serializing_if = "Vec::is_empty")]
    exclusions: Vec<(String, usize, usize, u32, u32)>,
    #[serde(rename = "b", skip_serializing_if = "Option::is_none")]
    confirmed_by: Option<usize>,
    /// Source, country.
    #[serde(rename = "p", skip_serializing_if = "Vec::is_empty")]
    opinions: Vec<(usize, String)>,
    #[serde(rename = "r", skip_serializing_if = "String::is_empty")]
    registered: String,
    #[serde(rename = "n")]
    network: usize,
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    operator: Option<usize>,
    /// Operators, jurisdictions, whether two sources are known, sent, received.
    #[serde(rename = "l", skip_serializing_if = "Vec::is_empty")]
    run_by: Vec<(usize, String, u8, u64, u64)>,
    /// Whose service, and shared services.
    #[serde(rename = "h", skip_serializing_if = "Vec::is_empty")]
    parties: Vec<usize>,
    #[serde(rename = "v", skip_serializing_if = "Vec::is_empty")]
    services: Vec<usize>,
    /// Kinds of evidence for the app, most bytes first.
    #[serde(rename = "e", skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<usize>,
    #[serde(rename = "m", skip_serializing_if = "Option::is_none")]
    misfit: Option<usize>,
    #[serde(rename = "u")]
    sent: u64,
    #[serde(rename = "d")]
    received: u64,
    #[serde(rename = "k")]
    flows: u64,
    #[serde(rename = "f")]
    frame: u64,
    /// Capture of that frame.
    #[serde(rename = "j", skip_serializing_if = "is_first")]
    capture: usize,
    /// Name, source, frame; and the capture, where it is not the first.
    #[serde(rename = "q", skip_serializing_if = "Vec::is_empty")]
    names: Vec<Name>,
    #[serde(rename = "Q", skip_serializing_if = "Option::is_none")]
    names_total: Option<u64>,
    #[serde(rename = "i", skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<String>,
    #[serde(rename = "I", skip_serializing_if = "Option::is_none")]
    addresses_total: Option<u64>,
    /// Milliseconds, source, flows.
    #[serde(rename = "z", skip_serializing_if = "Option::is_none")]
    rtt: Option<(f64, usize, u64)>,
    /// Countries seen on the way, and the letter of what may be said of the hops there.
    #[serde(rename = "g", skip_serializing_if = "Vec::is_empty")]
    on_path: Vec<(String, char)>,
    /// Paths, and how many there are.
    #[serde(rename = "w", skip_serializing_if = "Vec::is_empty")]
    paths: Vec<usize>,
    #[serde(rename = "W", skip_serializing_if = "Option::is_none")]
    paths_total: Option<usize>,
    /// First and last packet, in ms since the first of the captures.
    #[serde(rename = "t")]
    times: (i64, i64),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Name {
    OfFirst(String, usize, u64),
    Of(String, usize, u64, usize),
}

fn is_none(flag: &u8) -> bool {
    *flag == 0
}

fn is_first(position: &usize) -> bool {
    *position == 0
}

impl Row {
    pub(super) fn of(app: Option<usize>, row: &Destination, tables: &mut Tables) -> Self {
        let is_person = row.exchange == Exchange::Person;
        let (sent, received) = match row.exchange {
            Exchange::Answered => (row.payload.sent, row.payload.received),
            Exchange::Tried => (row.payload.tried, 0),
            Exchange::Person => (row.payload.person_sent, row.payload.person_received),
        };
        let candidates = row.candidates.iter().map(|one| {
            let city = one.city.as_deref().filter(|_| !is_person).unwrap_or_default();
            (tables.place(one.country, &one.label), visible(city).into_owned())
        });
        let candidates: Vec<_> = candidates.collect();
        let exclusions = row.exclusions.iter().map(|one| {
            let (verdict, says) = (tables.text(&one.verdict), tables.text(&one.says));
            (tables.excluded(one.country, &one.verdict), verdict, says, one.reach_km, one.least_km)
        });
        let exclusions = exclusions.collect();
        let opinions = row.opinions.iter().filter(|_| !is_person).map(|one| {
            let country = one.country.map(|country| tables.country(country)).unwrap_or_default();
            (tables.text(&super::head::file(&one.source)), country)
        });
        let opinions = opinions.collect();
        let network = (
            row.asn,
            visible(row.as_name.as_deref().unwrap_or_default()).into_owned(),
            row.as_country.map(|country| tables.country(country)).unwrap_or_default(),
        );
        let operator = row.operator.as_deref().map(|name| {
            let law = row.jurisdiction.map(|law| tables.country(law)).unwrap_or_default();
            let also = tables.codes(&row.also);
            tables.operators.position((visible(name).into_owned(), law, also))
        });
        let run_by = row.run_by.iter().map(|one| {
            let laws = tables.codes(&one.jurisdictions);
            (tables.text(&one.operators.join(", ")), laws, u8::from(one.is_twofold), one.sent, one.received)
        });
        let run_by = run_by.collect();
        let capture = |name: &str, tables: &Tables| tables.captures.get(name).copied().unwrap_or(0);
        let listed = tables.listed;
        let names = row.names.iter().take(listed).map(|one| {
            let from = capture(&one.capture, tables);
            let (name, source) = (visible(&one.name).into_owned(), tables.text(&one.source));
            if from == 0 { Name::OfFirst(name, source, one.frame) } else { Name::Of(name, source, one.frame, from) }
        });
        let names: Vec<_> = names.collect();
        let is_hidden = is_hidden(row);
        let addresses: Vec<String> =
            row.addresses.iter().filter(|_| !is_hidden).take(listed).map(|one| visible(one).into_owned()).collect();
        let on_path = row.on_path.iter().filter(|_| !is_hidden).map(|one| {
            let letter = letter(if one.standing == Standing::Disputed { 2 } else { 1 }, one.standing);
            (tables.labelled(one.country, &one.label), letter)
        });
        let on_path = on_path.collect();
        let paths: Vec<usize> =
            row.paths.iter().filter(|_| !is_hidden).filter_map(|at| tables.paths.get(at).copied()).collect();
        Self {
            app,
            standing: standing(row),
            on_path,
            paths_total: Some(row.paths.len()).filter(|total| !is_hidden && *total != paths.len()),
            paths,
            is_stale: u8::from(row.age == "stale"),
            exclusions,
            confirmed_by: row.confirmed_by.as_ref().map(|why| tables.text(why)),
            opinions,
            registered: if is_person { String::new() } else { tables.codes(&row.registered_countries) },
            network: tables.networks.position(network),
            operator,
            run_by,
            parties: row.parties.iter().map(|one| tables.text(words::party(one.0))).collect(),
            services: row.services.iter().map(|one| tables.text(one)).collect(),
            evidence: row.evidence.iter().map(|one| tables.text(one.0.word())).collect(),
            misfit: row.misfit.as_ref().map(|misfit| tables.text(misfit)),
            sent,
            received,
            flows: row.traffic.flows,
            frame: row.first_frame.1,
            capture: capture(&row.first_frame.0, tables),
            names_total: Some(row.names_total).filter(|total| *total != names.len() as u64),
            names,
            addresses_total: Some(row.addresses_total).filter(|total| !is_hidden && *total != addresses.len() as u64),
            addresses,
            rtt: row.rtt.as_ref().map(|rtt| ((rtt.ms * 10.0).round() / 10.0, tables.text(&rtt.source), rtt.samples)),
            times: (since(&row.first_seen, tables.start_ns), since(&row.last_seen, tables.start_ns)),
            candidates,
        }
    }
}

/// The letter of what may be said of a place.
pub(super) const fn standing(row: &Destination) -> char {
    match row.exchange {
        Exchange::Tried => 'n',
        Exchange::Person => 'p',
        Exchange::Answered => letter(row.candidates.len(), row.standing),
    }
}

/// The letter of a standing with so many countries.
pub(super) const fn letter(candidates: usize, standing: Standing) -> char {
    match (candidates, standing) {
        (1, Standing::Confirmed) => 'c',
        (1, _) => 'r',
        (2.., _) => 'd',
        (0, Standing::RuledOut) => 'x',
        (0, Standing::Contradicted) => 'f',
        (0, Standing::RegistryOnly) => 'g',
        (0, Standing::Anycast) => 'a',
        (0, Standing::Unrouted) => 'u',
        (0, _) => 'k',
    }
}

/// Whether the addresses may be of a person who was called: what did not answer and has no name may be.
pub(super) fn is_hidden(row: &Destination) -> bool {
    row.exchange == Exchange::Person || (row.exchange == Exchange::Tried && row.names.is_empty())
}

/// Nanoseconds since 1970 UTC.
pub(super) fn nanoseconds(time: &str) -> Option<i128> {
    time.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_nanosecond)
}

/// Milliseconds since the first packet.
fn since(time: &str, start_ns: i128) -> i64 {
    nanoseconds(time).and_then(|ns| i64::try_from((ns - start_ns) / 1_000_000).ok()).unwrap_or(0)
}
