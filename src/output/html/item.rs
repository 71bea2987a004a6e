//! What the drawer shows of a destination, as text that the script only has to insert.

use crate::output::escape::visible;
use crate::output::map::Map;
use crate::output::words::{self, CountryNames};
use crate::output::{palette, units};
use crate::place::Country;
use crate::report::{Destination, Exchange, Report};
use serde::Serialize;

/// Key, value, and whether it is doubtful.
type Row = (&'static str, String, bool);

/// One destination in words. All text is visible characters only.
#[derive(Serialize)]
pub(super) struct Item {
    title: String,
    subtitle: String,
    color: usize,
    /// Headed lists of key, value and whether it is doubtful.
    groups: Vec<(&'static str, Vec<Row>)>,
    /// Headed lists of a text and a note.
    lists: Vec<(&'static str, Vec<(String, String)>)>,
}

/// The items of all routes, in their order.
pub(super) fn items(report: &Report, map: &Map<'_>) -> Vec<Item> {
    let names = CountryNames::of(report);
    map.routes
        .iter()
        .map(|route| {
            let app = route.app.and_then(|app| report.apps.get(app));
            let destination = route.destination;
            let share = units::share(destination.share);
            let subtitle = match app {
                Some(app) => format!("{share} of {}", app.name),
                None => "no app could be named for it".to_owned(),
            };
            let mut item = Item {
                title: title(destination),
                subtitle,
                color: palette::index(route.app),
                groups: vec![
                    ("Where", place(destination, &names)),
                    ("Who", who(destination, &names)),
                    ("How much", amounts(report, destination)),
                ],
                lists: lists(report, destination),
            };
            if let Some(app) = app {
                let evidence = app.evidence.iter();
                let evidence = evidence
                    .map(|evidence| {
                        let text = format!("by {} {}", evidence.kind.word(), units::share(evidence.share));
                        (text, evidence.rule.clone())
                    })
                    .collect();
                item.lists.push(("Why this app (all its traffic)", evidence));
            }
            item.made_visible()
        })
        .collect()
}

impl Item {
    fn made_visible(mut self) -> Self {
        let show = |text: &mut String| *text = visible(text).into_owned();
        show(&mut self.title);
        show(&mut self.subtitle);
        self.groups.iter_mut().flat_map(|group| &mut group.1).for_each(|row| show(&mut row.1));
        for (text, note) in self.lists.iter_mut().flat_map(|list| &mut list.1) {
            show(text);
            show(note);
        }
        self
    }
}

fn title(destination: &Destination) -> String {
    destination.label.clone()
}

fn place(destination: &Destination, names: &CountryNames<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    let is_doubtful = destination.confirmed_by.is_none();
    let why = match (&destination.confirmed_by, destination.standing.why_unplaced()) {
        (Some(why), _) => format!(": {why}"),
        (None, Some(why)) if destination.candidates.is_empty() && destination.exchange == Exchange::Answered => {
            format!(": {why}")
        }
        _ => String::new(),
    };
    rows.push(("Standing", format!("{}{why}", words::standing(destination)), is_doubtful));
    if let Some(months) = destination.gap_months.filter(|months| *months > 3) {
        rows.push(("Age", format!("tables and captures are {months} months apart"), destination.age == "stale"));
    }
    for exclusion in &destination.exclusions {
        rows.push(("Excluded", exclusion.says.clone(), true));
    }
    for opinion in &destination.opinions {
        let country = opinion.country.map_or("unknown".to_owned(), |country| names.name(country));
        let verdict = opinion.verdict.as_ref().map_or_else(String::new, |verdict| format!(", {verdict}"));
        let text = format!("{country}{verdict}, says {} (of {})", opinion.source, units::bytes(opinion.bytes));
        rows.push(("Database", text, opinion.verdict.is_some()));
    }
    for candidate in &destination.candidates {
        if let Some(city) = &candidate.city {
            rows.push(("City", format!("given as {city}, {} (not checked)", candidate.label), true));
        }
    }
    let countries: Vec<_> = destination.registered_countries.iter().map(|country| names.name(*country)).collect();
    if !countries.is_empty() {
        rows.push(("Block registered", countries.join(", "), false));
    }
    match &destination.rtt {
        Some(rtt) => rows.push((
            "Round trip",
            format!(
                "{}, {}, the smallest of {}",
                units::milliseconds(rtt.ms),
                rtt.source,
                units::plural(rtt.samples, "flow", "flows")
            ),
            false,
        )),
        None => rows.push(("Round trip", "none measured".to_owned(), false)),
    }
    rows
}

fn who(destination: &Destination, names: &CountryNames<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(operator) = &destination.operator {
        rows.push(("Operator", operator.clone(), false));
    }
    if let Some(country) = destination.jurisdiction {
        let others: Vec<_> = destination.also.iter().map(|country| names.name(*country)).collect();
        let also = if others.is_empty() { String::new() } else { format!(", also {}", others.join(", ")) };
        rows.push(("Jurisdiction", format!("{}{also}", names.name(country)), false));
    }
    if let Some(asn) = destination.asn {
        rows.push(("Network", format!("AS{asn} {}", destination.as_name.as_deref().unwrap_or_default()), false));
    }
    if let Some(country) = destination.as_country {
        rows.push(("AS registered", names.name(country), false));
    }
    for (party, bytes) in &destination.parties {
        rows.push(("Whose service", format!("{} ({})", words::party(*party), units::bytes(*bytes)), false));
    }
    if !destination.services.is_empty() {
        rows.push(("Shared services", destination.services.join(", "), false));
    }
    if rows.is_empty() {
        rows.push(("Network", "not known".to_owned(), true));
    }
    rows
}

fn amounts(report: &Report, destination: &Destination) -> Vec<Row> {
    let traffic = &destination.traffic;
    let payload = &destination.payload;
    let unanswered = payload.tried > 0;
    vec![
        ("Sent", format!("{} bytes", units::count(payload.sent)), false),
        ("Received", format!("{} bytes", units::count(payload.received)), false),
        (
            "Not answered",
            format!("{} bytes in {}", units::count(payload.tried), units::plural(payload.tried_flows, "flow", "flows")),
            unanswered,
        ),
        (
            "Frames",
            format!(
                "{} bytes in {}",
                units::count(traffic.bytes()),
                units::plural(traffic.packets(), "packet", "packets")
            ),
            false,
        ),
        ("Flows", units::count(traffic.flows), false),
        ("Evidence", evidence(destination), destination.misfit.is_some()),
        (
            "First",
            format!(
                "{}, {}",
                words::moment(&destination.first_seen, report),
                words::frame(destination.first_frame.1, &destination.first_frame.0)
            ),
            false,
        ),
        ("Last", words::moment(&destination.last_seen, report), false),
    ]
}

/// What the app is known by, and whether the name fits the network.
fn evidence(destination: &Destination) -> String {
    let kinds: Vec<String> =
        destination.evidence.iter().map(|(kind, bytes)| format!("{} {}", kind.word(), units::bytes(*bytes))).collect();
    let kinds = if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") };
    destination.misfit.as_ref().map_or(kinds.clone(), |misfit| format!("{kinds}; does not fit: {misfit}"))
}

fn lists(report: &Report, destination: &Destination) -> Vec<(&'static str, Vec<(String, String)>)> {
    let more = |total: u64, shown: usize| {
        let left = total.saturating_sub(shown as u64);
        (left > 0).then(|| (format!("+{left} more"), String::new()))
    };
    let mut names: Vec<_> = destination
        .names
        .iter()
        .map(|name| {
            let capture = if report.captures.len() > 1 { format!(" of {}", name.capture) } else { String::new() };
            let frame = if name.frame == 0 { String::new() } else { format!(", frame {}{capture}", name.frame) };
            let note = format!("{}{frame}, {}", name.source, units::bytes(name.bytes));
            (name.name.clone(), note)
        })
        .collect();
    names.extend(more(destination.names_total, destination.names.len()));
    if names.is_empty() {
        names.push(("none seen".to_owned(), String::new()));
    }
    let mut addresses: Vec<_> = destination.addresses.iter().map(|address| (address.clone(), String::new())).collect();
    addresses.extend(more(destination.addresses_total, destination.addresses.len()));
    vec![("Names", names), ("Addresses", addresses)]
}

/// The country codes of a list, for a line of a table.
pub(super) fn codes(countries: &[Country]) -> String {
    countries.iter().map(Country::code).collect::<Vec<_>>().join("/")
}
