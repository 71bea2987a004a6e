//! What the page's script draws from: the rows of a report with short keys, each repeated text once. Its other half is
//! `page/src/data.ts`. All text is made of visible characters here; the script puts it into the page as text only.

use super::row::Row;
use crate::output::escape::visible;
use crate::place::Country;
use crate::report::Report;
use crate::standing::GLASS_KM_PER_MS;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Names and addresses in the page altogether, about: a page with few rows lists all that the report has.
const LISTED_IN_ALL: usize = 1600;
/// Names and addresses of a row that are listed at least.
const LISTED_AT_LEAST: usize = 4;
/// Steps of the timeline; many rows share fewer, so that a row stays small.
const STEPS: u64 = 60;
const STEPS_OF_MANY: u64 = 24;
const MANY_ROWS: usize = 300;

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
    /// Name, degrees north and east of the countries that rows speak of.
    countries: BTreeMap<String, (String, f64, f64)>,
    rows: Vec<Row>,
}

/// An app: id, name, who runs the service, its jurisdiction, further ones.
type App = (String, String, String, String, String);

/// Texts by position, each once.
#[derive(Default)]
pub(super) struct Table<T> {
    items: Vec<T>,
    positions: HashMap<T, usize>,
}

impl<T: Clone + Eq + std::hash::Hash> Table<T> {
    pub(super) fn position(&mut self, item: T) -> usize {
        if let Some(known) = self.positions.get(&item) {
            return *known;
        }
        self.items.push(item.clone());
        self.positions.insert(item, self.items.len() - 1);
        self.items.len() - 1
    }
}

/// What rows refer to.
pub(super) struct Tables {
    pub(super) texts: Table<String>,
    pub(super) operators: Table<(String, String, String)>,
    pub(super) networks: Table<(Option<u32>, String, String)>,
    pub(super) countries: BTreeMap<String, (String, f64, f64)>,
    pub(super) captures: HashMap<String, usize>,
    pub(super) clock: Clock,
    /// Names, and addresses, of a row that are listed.
    pub(super) listed: usize,
}

/// The timeline.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    pub(super) start_ns: i128,
    pub(super) step_ns: i128,
    pub(super) steps: u64,
}

impl Tables {
    pub(super) fn text(&mut self, text: &str) -> usize {
        self.texts.position(visible(text).into_owned())
    }

    /// The code of a country, whose name and place the page then knows.
    pub(super) fn country(&mut self, country: Country, label: Option<&str>) -> String {
        let code = country.code().to_owned();
        if !self.countries.contains_key(&code) {
            let name = visible(label.or(country.name()).unwrap_or(country.code())).into_owned();
            let (latitude, longitude) = country.centroid().unwrap_or_default();
            self.countries.insert(code.clone(), (name, latitude, longitude));
        }
        code
    }

    pub(super) fn codes(&mut self, countries: &[Country]) -> String {
        let codes: Vec<String> = countries.iter().map(|country| self.country(*country, None)).collect();
        codes.join(",")
    }
}

impl Data {
    /// The data of a report.
    pub(super) fn of(report: &Report) -> Self {
        let rows: usize =
            report.apps.iter().map(|app| app.destinations.len()).sum::<usize>() + report.unattributed_routes.len();
        let clock = Clock::of(report, if rows > MANY_ROWS { STEPS_OF_MANY } else { STEPS });
        let mut captures = HashMap::new();
        report.captures.iter().enumerate().for_each(|(at, one)| {
            captures.entry(one.name.clone()).or_insert(at);
        });
        let mut tables = Tables {
            texts: Table::default(),
            operators: Table::default(),
            networks: Table::default(),
            countries: BTreeMap::new(),
            captures,
            clock,
            listed: (LISTED_IN_ALL / rows.max(1)).max(LISTED_AT_LEAST),
        };
        let apps = report.apps.iter().map(|app| {
            let text = |text: &Option<String>| visible(text.as_deref().unwrap_or_default()).into_owned();
            let runs = if app.operator.is_some() { text(&app.operator) } else { text(&app.developer) };
            let law = app.jurisdiction.map(|law| tables.country(law, None)).unwrap_or_default();
            let also = tables.codes(&app.also);
            (visible(&app.id).into_owned(), visible(&app.name).into_owned(), runs, law, also)
        });
        let apps = apps.collect();
        let rows = report
            .apps
            .iter()
            .enumerate()
            .flat_map(|(at, app)| app.destinations.iter().map(move |row| (Some(at), row)))
            .chain(report.unattributed_routes.iter().map(|row| (None, row)))
            .filter(|(_, row)| row.standing.is_shared())
            .map(|(app, row)| Row::of(app, row, &mut tables))
            .collect();
        let from = report.vantage.as_ref().map(|vantage| {
            let home = home(&vantage.label).map(|home| tables.country(home, None)).unwrap_or_default();
            let at = (vantage.latitude, vantage.longitude);
            (visible(&vantage.label).into_owned(), at.0, at.1, vantage.radius_km, home)
        });
        Self {
            title: super::head::title(report),
            made_by: crate::output::generator::GENERATOR,
            captures: report.captures.iter().map(|one| super::head::file(&one.name)).collect(),
            start: clock.start_ns as f64 / 1e9,
            step: clock.step_ns as f64 / 1e9,
            steps: clock.steps,
            from,
            km_per_ms: GLASS_KM_PER_MS,
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
        }
    }
}

impl Clock {
    fn of(report: &Report, steps: u64) -> Self {
        let start_ns = report.first_seen.as_deref().and_then(super::row::nanoseconds).unwrap_or(0);
        let whole = i128::from(report.duration_ns).max(1);
        // Each step begins at the same distance; the last packet is in the last.
        let step_ns = (whole / i128::from(steps) + 1).max(1);
        Self { start_ns, step_ns, steps }
    }
}

/// The country of a place as `--from` labels it: `Taipei, TW`, `Taiwan`.
fn home(label: &str) -> Option<Country> {
    let code = label.rsplit(", ").next().filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()));
    code.and_then(Country::new).or_else(|| Country::find(label))
}
