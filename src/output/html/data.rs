//! What the page's script draws from: the rows of a report with short keys, each repeated text once. Its other half is
//! `page/src/data.ts`. All text is made of visible characters here; the script puts it into the page as text only.

use super::paths::PathRow;
use super::row::{self, Row};
use super::sites::SiteRow;
use super::tables::{CountryLine, Tables};
use crate::output::escape::visible;
use crate::place::Country;
use crate::report::Report;
use crate::standing::GLASS_KM_PER_MS;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Names and addresses in the page altogether, about: a page with few rows lists all that the report has.
const LISTED_IN_ALL: usize = 1600;
/// Names and addresses of a row that are listed at least.
const LISTED_AT_LEAST: usize = 3;
/// Steps of the timeline.
const STEPS: u64 = 60;

/// The whole data of a page.
#[derive(Serialize)]
pub(super) struct Data {
    title: String,
    /// `whither 0.1.0`.
    made_by: &'static str,
    /// Names of the captures, without folders.
    captures: Vec<String>,
    /// First packet, seconds since 1970 UTC.
    start: f64,
    /// Seconds of a step of the timeline, and how many there are.
    step: f64,
    steps: u64,
    /// Label, degrees north and east, radius in km, country.
    from: Option<(String, f64, f64, f64, String)>,
    /// Kilometres that light in glass fibre goes there and back in a millisecond.
    km_per_ms: f64,
    /// Whether times count from the first packet, which is put at midnight.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_redacted: bool,
    /// What a reader must know first, where the tables are too far away to confirm anything.
    stale: Option<String>,
    /// Name and date of what places are read from, for citations.
    sources: Vec<String>,
    apps: Vec<App>,
    /// Name, jurisdiction, further jurisdictions.
    operators: Vec<(String, String, String)>,
    /// AS number, name, country of registration.
    networks: Vec<(Option<u32>, String, String)>,
    texts: Vec<String>,
    /// The countries that rows speak of.
    countries: BTreeMap<String, CountryLine>,
    rows: Vec<Row>,
    /// Sites and services that are in no entry of the catalogue.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sites: Vec<SiteRow>,
    /// Paths to destinations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    paths: Vec<PathRow>,
}

/// An app: id, name, who runs the service, its jurisdiction, further ones.
type App = (String, String, String, String, String);

impl Data {
    /// The data of a report.
    pub(super) fn of(report: &Report) -> Self {
        let rows: usize =
            report.apps.iter().map(|app| app.destinations.len()).sum::<usize>() + report.unattributed_routes.len();
        let start_ns = report.first_seen.as_deref().and_then(row::nanoseconds).unwrap_or(0);
        // Each step begins at the same distance; the last packet is in the last.
        let step_ns = report.duration_ns / STEPS + 1;
        let mut captures = HashMap::new();
        report.captures.iter().enumerate().for_each(|(at, one)| {
            captures.entry(one.name.clone()).or_insert(at);
        });
        let mut tables = Tables {
            captures,
            start_ns,
            listed: (LISTED_IN_ALL / rows.max(1)).max(LISTED_AT_LEAST),
            ..Tables::default()
        };
        let apps = report.apps.iter().map(|app| {
            let text = |text: &Option<String>| visible(text.as_deref().unwrap_or_default()).into_owned();
            let runs = if app.operator.is_some() { text(&app.operator) } else { text(&app.developer) };
            let law = app.jurisdiction.map(|law| tables.country(law)).unwrap_or_default();
            let also = tables.codes(&app.also);
            (visible(&app.id).into_owned(), visible(&app.name).into_owned(), runs, law, also)
        });
        let apps = apps.collect();
        let shown = report.apps.iter().flat_map(|app| &app.destinations).chain(&report.unattributed_routes);
        let paths = super::paths::rows(report, shown.filter(|row| !row::is_hidden(row)), &mut tables);
        let rows = report
            .apps
            .iter()
            .enumerate()
            .flat_map(|(at, app)| app.destinations.iter().map(move |row| (Some(at), row)))
            .chain(report.unattributed_routes.iter().map(|row| (None, row)))
            .filter(|(_, row)| row.standing.is_shared())
            .map(|(app, row)| Row::of(app, row, &mut tables))
            .collect();
        let sites = super::sites::rows(report, &mut tables);
        let from = report.vantage.as_ref().map(|vantage| {
            let home = home(&vantage.label).map(|home| tables.country(home)).unwrap_or_default();
            let at = (vantage.latitude, vantage.longitude);
            (visible(&vantage.label).into_owned(), at.0, at.1, vantage.radius_km, home)
        });
        Self {
            title: super::head::title(report),
            made_by: crate::output::generator::GENERATOR,
            captures: report.captures.iter().map(|one| super::head::file(&one.name)).collect(),
            start: start_ns as f64 / 1e9,
            step: step_ns as f64 / 1e9,
            steps: STEPS,
            from,
            km_per_ms: GLASS_KM_PER_MS,
            is_redacted: report.redaction.is_some(),
            stale: super::head::stale(report),
            sources: report
                .databases
                .iter()
                .map(|one| super::head::file(&format!("{} {}", one.name, one.date)))
                .collect(),
            apps,
            operators: tables.operators.items,
            networks: tables.networks.items,
            texts: tables.texts.items,
            countries: tables.countries,
            rows,
            sites,
            paths,
        }
    }
}

/// The country of a place as `--from` labels it: `Taipei, TW`, `Taiwan`.
fn home(label: &str) -> Option<Country> {
    let code = label.rsplit(", ").next().filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()));
    code.and_then(Country::new).or_else(|| Country::find(label))
}
