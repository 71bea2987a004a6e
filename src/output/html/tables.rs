//! What the rows of a page refer to by position, each once: texts, operators, networks, captures; and countries by code.

use crate::output::escape::visible;
use crate::place::Country;
use crate::report::Report;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Texts by position, each once.
pub(super) struct Table<T> {
    pub(super) items: Vec<T>,
    positions: HashMap<T, usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { items: Vec::new(), positions: HashMap::new() }
    }
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

/// Name, degrees north and east; and the verdict on a country that round trips exclude wherever a database names it, which its name is never
/// shown without.
pub(super) type CountryLine = (String, f64, f64, Option<String>);

/// What rows refer to.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) texts: Table<String>,
    pub(super) operators: Table<(String, String, String)>,
    pub(super) networks: Table<(Option<u32>, String, String)>,
    pub(super) countries: BTreeMap<String, CountryLine>,
    /// Those that an endpoint may be in.
    pub(super) places: BTreeSet<Country>,
    pub(super) captures: HashMap<String, usize>,
    /// Places of paths in the page, by their places in the report.
    pub(super) paths: HashMap<usize, usize>,
    /// The first packet of the captures, in ns since 1970 UTC.
    pub(super) start_ns: i128,
    /// Names, and addresses, of a row that are listed.
    pub(super) listed: usize,
}

impl Tables {
    pub(super) fn text(&mut self, text: &str) -> usize {
        self.texts.position(visible(text).into_owned())
    }

    /// The code of a country that is spoken of.
    pub(super) fn country(&mut self, country: Country) -> String {
        let code = country.code().to_owned();
        self.countries.entry(code.clone()).or_insert_with(|| line(country, None, None));
        code
    }

    /// The same under this name, unless an endpoint gave it one.
    pub(super) fn labelled(&mut self, country: Country, label: &str) -> String {
        let code = country.code().to_owned();
        self.countries.entry(code.clone()).or_insert_with(|| line(country, Some(label), None));
        code
    }

    /// The same under the name that the report gives it.
    pub(super) fn named(&mut self, country: Country, report: &Report) -> String {
        self.labelled(country, &name_of(report, country))
    }

    /// The code of a country that an endpoint may be in.
    pub(super) fn place(&mut self, country: Country, label: &str) -> String {
        let code = country.code().to_owned();
        if self.places.insert(country) {
            self.countries.insert(code.clone(), line(country, Some(label), None));
        }
        code
    }

    /// The code of a country that round trips exclude.
    pub(super) fn excluded(&mut self, country: Country, verdict: &str) -> String {
        let code = country.code().to_owned();
        if !self.places.contains(&country) {
            self.countries.insert(code.clone(), line(country, None, Some(verdict)));
        }
        code
    }

    pub(super) fn codes(&mut self, countries: &[Country]) -> String {
        let codes: Vec<String> = countries.iter().map(|country| self.country(*country)).collect();
        codes.join(",")
    }
}

/// The name that the report gives a country, or else its own.
pub(super) fn name_of(report: &Report, country: Country) -> String {
    let known = report.countries.iter().find(|one| one.country == country);
    known.map_or_else(|| country.name().unwrap_or(country.code()).to_owned(), |known| known.label.clone())
}

fn line(country: Country, label: Option<&str>, verdict: Option<&str>) -> CountryLine {
    let (latitude, longitude) = country.centroid().unwrap_or_default();
    let name = visible(label.or(country.name()).unwrap_or(country.code())).into_owned();
    (name, latitude, longitude, verdict.map(|verdict| visible(verdict).into_owned()))
}
